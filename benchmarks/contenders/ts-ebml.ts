/** `ts-ebml` 3.0.2: `decode(chunk)` answers an array of elements; blocks are taken apart by its own `tools.ebmlBlock`. */
import { Decoder, tools } from 'ts-ebml'
import { fromMemory } from './from-memory.js'
import { PlainModel } from './plain-model.js'
import type { EBMLElementDetail } from 'ts-ebml'
import type { Feed, Works } from './contender.js'
import type { ModelLevel } from './plain-model.js'
import type { Tally } from '../tally.js'

function openElements(tally: Tally): Feed {
  const decoder = new Decoder()
  return {
    push(chunk) {
      const elements = decode(decoder, chunk)
      for (let i = 0; i < elements.length; i += 1) {
        const element = elements[i]
        if (element.type !== 'm') {
          tally.leaves += 1
          tally.leafBytes += element.dataSize
        } else if (!element.isEnd) {
          tally.masters += 1
        }
      }
    },
    end() {},
  }
}

function openModel(level: ModelLevel): (tally: Tally) => Feed {
  return (tally) => {
    const decoder = new Decoder()
    const model = new PlainModel(tally, level)
    return {
      push(chunk) {
        const elements = decode(decoder, chunk)
        for (let i = 0; i < elements.length; i += 1) report(model, elements[i])
      },
      end() {},
    }
  }
}

/** Its type asks for an ArrayBuffer; its code, like its README, takes a Buffer. */
function decode(decoder: Decoder, chunk: Buffer): EBMLElementDetail[] {
  return decoder.decode(chunk as unknown as ArrayBuffer)
}

function report(model: PlainModel, element: EBMLElementDetail): void {
  if (element.type === 'm') reportMaster(model, element.name, element.isEnd)
  else reportLeaf(model, element)
}

function reportMaster(model: PlainModel, name: string, isEnd: boolean): void {
  if (isEnd) {
    if (name === 'BlockGroup') model.endGroup()
    else if (name === 'Tags') model.endTags()
  } else if (name === 'EBML') model.startDocument()
  else if (name === 'Cluster') model.startCluster()
  else if (name === 'TrackEntry') model.startTrack()
  else if (name === 'BlockGroup') model.startGroup()
}

function reportLeaf(
  model: PlainModel,
  element: Exclude<EBMLElementDetail, { readonly type: 'm' }>,
): void {
  switch (element.name) {
    case 'SimpleBlock':
    case 'Block': {
      const block = tools.ebmlBlock(element.data)
      const { frames } = block
      if (frames.length === 1) {
        model.frame(block.trackNumber, block.timecode, block.keyframe, frames[0])
      } else {
        model.lacedFrames(block.trackNumber, block.timecode, block.keyframe, frames)
      }
      break
    }
    case 'Timestamp':
      model.clusterTimestamp(element.value as number)
      break
    case 'TimestampScale':
      model.timestampScale(element.value as number)
      break
    case 'TagName':
      model.tagName(element.value as string)
      break
    case 'TagString':
      model.tagString(element.value as string)
      break
    case 'TrackNumber':
      model.trackNumber(element.value as number)
      break
    case 'TrackUID':
      model.trackUid(element.value as number)
      break
    case 'TrackType':
      model.trackType(element.value as number)
      break
    case 'Name':
      model.trackName(element.value as string)
      break
    case 'CodecID':
      model.codecId(element.value as string)
      break
    case 'CodecPrivate':
      model.codecPrivate(element.data)
      break
    case 'DefaultDuration':
      model.defaultDuration(element.value as number)
      break
    case 'CodecDelay':
      model.codecDelay(element.value as number)
      break
    case 'ReferenceBlock':
      model.referenceBlock()
      break
    default:
      break
  }
}

async function iterate(chunks: readonly Buffer[], tally: Tally): Promise<void> {
  const decoder = new Decoder()
  const model = new PlainModel(tally, 'fragments')
  for await (const chunk of fromMemory(chunks)) {
    for (const element of decode(decoder, chunk)) report(model, element)
  }
}

export const tsEbml: Works = {
  elements: { kind: 'push', open: openElements },
  frames: { kind: 'push', open: openModel('frames') },
  fragments: { kind: 'push', open: openModel('fragments') },
  unread: { kind: 'push', open: openModel('unread') },
  iterator: { kind: 'async', read: iterate },
}
