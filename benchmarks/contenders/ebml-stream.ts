/**
 * `ebml-stream` 1.0.3: a Transform of bytes into tags. `write()` hands its tags to the `data` listener before it
 * returns, so the harness need not wait for `drain`, which spares it a turn of the event loop per chunk.
 */
import { Readable } from 'node:stream'
import {
  Block,
  EbmlDataTag,
  EbmlStreamDecoder,
  EbmlTagId,
  EbmlTagPosition,
  SimpleBlock,
} from 'ebml-stream'
import { fromMemory } from './from-memory.js'
import { PlainModel } from './plain-model.js'
import type { EbmlMasterTag, EbmlTag } from 'ebml-stream'
import type { Feed, Works } from './contender.js'
import type { ModelLevel } from './plain-model.js'
import type { Tally } from '../tally.js'

function openElements(tally: Tally): Feed {
  const decoder = new EbmlStreamDecoder()
  decoder.on('data', (tag: EbmlTag) => {
    if (tag.position === EbmlTagPosition.Content) {
      tally.leaves += 1
      tally.leafBytes += tag.size
    } else if (tag.position === EbmlTagPosition.Start) {
      tally.masters += 1
    }
  })
  return feed(decoder)
}

function openModel(level: ModelLevel, bufferTagIds: EbmlTagId[]): (tally: Tally) => Feed {
  return (tally) => {
    const decoder = new EbmlStreamDecoder({ bufferTagIds })
    const model = new PlainModel(tally, level)
    decoder.on('data', (tag: EbmlTag) => report(model, tag))
    return feed(decoder)
  }
}

function feed(decoder: EbmlStreamDecoder): Feed {
  return {
    push(chunk) {
      decoder.write(chunk)
    },
    end() {
      decoder.end()
    },
  }
}

function report(model: PlainModel, tag: EbmlTag): void {
  if (tag instanceof EbmlDataTag) {
    reportLeaf(model, tag)
  } else if (tag.position === EbmlTagPosition.Start) {
    startMaster(model, tag.id)
  } else if (tag.position === EbmlTagPosition.End) {
    endMaster(model, tag.id)
  } else {
    startMaster(model, tag.id)
    for (const child of (tag as EbmlMasterTag).Children) report(model, child)
    endMaster(model, tag.id)
  }
}

function startMaster(model: PlainModel, id: number): void {
  if (id === EbmlTagId.EBML) model.startDocument()
  else if (id === EbmlTagId.Cluster) model.startCluster()
  else if (id === EbmlTagId.TrackEntry) model.startTrack()
  else if (id === EbmlTagId.BlockGroup) model.startGroup()
}

function endMaster(model: PlainModel, id: number): void {
  if (id === EbmlTagId.BlockGroup) model.endGroup()
  else if (id === EbmlTagId.Tags) model.endTags()
}

function reportLeaf(model: PlainModel, tag: EbmlDataTag): void {
  if (tag instanceof Block) {
    const isKeyframe = tag instanceof SimpleBlock && tag.keyframe
    model.frame(tag.track, tag.value, isKeyframe, tag.payload)
    return
  }
  switch (tag.id) {
    case EbmlTagId.Timecode:
      model.clusterTimestamp(tag.data)
      break
    case EbmlTagId.TimecodeScale:
      model.timestampScale(tag.data)
      break
    case EbmlTagId.TagName:
      model.tagName(tag.data)
      break
    case EbmlTagId.TagString:
      model.tagString(tag.data)
      break
    case EbmlTagId.TrackNumber:
      model.trackNumber(tag.data)
      break
    case EbmlTagId.TrackUID:
      model.trackUid(tag.data)
      break
    case EbmlTagId.TrackType:
      model.trackType(tag.data)
      break
    case EbmlTagId.Name:
      model.trackName(tag.data)
      break
    case EbmlTagId.CodecID:
      model.codecId(tag.data)
      break
    case EbmlTagId.CodecPrivate:
      model.codecPrivate(tag.data)
      break
    case EbmlTagId.DefaultDuration:
      model.defaultDuration(tag.data)
      break
    case EbmlTagId.CodecDelay:
      model.codecDelay(tag.data)
      break
    case EbmlTagId.ReferenceBlock:
      model.referenceBlock()
      break
    default:
      break
  }
}

async function iterate(chunks: readonly Buffer[], tally: Tally): Promise<void> {
  const model = new PlainModel(tally, 'fragments')
  const tags = Readable.from(fromMemory(chunks)).pipe(new EbmlStreamDecoder())
  for await (const tag of tags) report(model, tag as EbmlTag)
}

export const ebmlStream: Works = {
  elements: { kind: 'push', open: openElements },
  frames: { kind: 'push', open: openModel('frames', []) },
  fragments: { kind: 'push', open: openModel('fragments', []) },
  unread: { kind: 'push', open: openModel('unread', []) },
  iterator: { kind: 'async', read: iterate },
}

const BUFFERED = [EbmlTagId.Tracks, EbmlTagId.Tags, EbmlTagId.Cluster]

/** Clusters, Tracks and Tags arrive whole, with their children, which spares a stream event per frame. */
export const ebmlStreamBuffered: Works = {
  fragments: { kind: 'push', open: openModel('fragments', BUFFERED) },
  unread: { kind: 'push', open: openModel('unread', BUFFERED) },
}
