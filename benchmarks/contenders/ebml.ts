/** `ebml` 3.0.0: the Transform that `ebml-stream` was rewritten from. */
import { Decoder } from 'ebml'
import { PlainModel } from './plain-model.js'
import type { EbmlEvent, EbmlTag } from 'ebml'
import type { Feed, Works } from './contender.js'
import type { ModelLevel } from './plain-model.js'
import type { Tally } from '../tally.js'

function openElements(tally: Tally): Feed {
  const decoder = new Decoder()
  decoder.on('data', ([kind, tag]: EbmlEvent) => {
    if (kind === 'tag') {
      tally.leaves += 1
      tally.leafBytes += tag.dataSize
    } else if (kind === 'start') {
      tally.masters += 1
    }
  })
  return feed(decoder)
}

function openModel(level: ModelLevel): (tally: Tally) => Feed {
  return (tally) => {
    const decoder = new Decoder()
    const model = new PlainModel(tally, level)
    decoder.on('data', (event: EbmlEvent) => report(model, event))
    return feed(decoder)
  }
}

function feed(decoder: Decoder): Feed {
  return {
    push(chunk) {
      decoder.write(chunk)
    },
    end() {
      decoder.end()
    },
  }
}

function report(model: PlainModel, [kind, tag]: EbmlEvent): void {
  if (kind === 'tag') {
    reportLeaf(model, tag)
  } else if (kind === 'start') {
    if (tag.name === 'EBML') model.startDocument()
    else if (tag.name === 'Cluster') model.startCluster()
    else if (tag.name === 'TrackEntry') model.startTrack()
    else if (tag.name === 'BlockGroup') model.startGroup()
  } else if (tag.name === 'BlockGroup') {
    model.endGroup()
  } else if (tag.name === 'Tags') {
    model.endTags()
  }
}

function reportLeaf(model: PlainModel, tag: EbmlTag): void {
  switch (tag.name) {
    case 'SimpleBlock':
    case 'Block':
      model.frame(tag.track, tag.value as number, tag.keyframe, tag.payload)
      break
    case 'Timecode':
      model.clusterTimestamp(Number(tag.value))
      break
    case 'TimecodeScale':
      model.timestampScale(tag.value as number)
      break
    case 'TagName':
      model.tagName(tag.value as string)
      break
    case 'TagString':
      model.tagString(tag.value as string)
      break
    case 'TrackNumber':
      model.trackNumber(tag.value as number)
      break
    case 'TrackUID':
      model.trackUid(tag.value)
      break
    case 'TrackType':
      model.trackType(tag.value as number)
      break
    case 'Name':
      model.trackName(tag.value as string)
      break
    case 'CodecID':
      model.codecId(tag.value as string)
      break
    case 'CodecPrivate':
      model.codecPrivate(tag.data)
      break
    case 'DefaultDuration':
      model.defaultDuration(tag.value as number)
      break
    case 'CodecDelay':
      model.codecDelay(tag.value as number)
      break
    case 'ReferenceBlock':
      model.referenceBlock()
      break
    default:
      break
  }
}

export const ebml: Works = {
  elements: { kind: 'push', open: openElements },
  frames: { kind: 'push', open: openModel('frames') },
  fragments: { kind: 'push', open: openModel('fragments') },
  unread: { kind: 'push', open: openModel('unread') },
}
