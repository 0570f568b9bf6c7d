import type { Content } from '../../src/simulator/ebml-writer.js'
import {
  concatBytes,
  createRandom,
  element,
  encodeId,
  encodeUnknownSize,
  encodeVint,
  simpleBlock,
  stringElement,
  uintElement,
} from '../../src/simulator/ebml-writer.js'
import { ID } from '../../src/parser/index.js'

/** EBML header and the beginning of a Segment of unknown size. */
export const DOCUMENT_START: Uint8Array = concatBytes([
  element(ID.EBML, stringElement(ID.DocType, 'matroska')),
  encodeId(ID.Segment),
  encodeUnknownSize(8),
])

/** ID and size of an element whose bytes are made elsewhere, or never. */
export function header(id: number, size: number): Uint8Array {
  return concatBytes([encodeId(id), encodeVint(size, 8)])
}

/** A Tags element with one tag per pair. */
export function tagsElement(pairs: Readonly<Record<string, string>>): Uint8Array {
  const simpleTags = Object.entries(pairs).map(([name, value]) =>
    element(ID.SimpleTag, [stringElement(ID.TagName, name), stringElement(ID.TagString, value)]),
  )
  return element(ID.Tags, element(ID.Tag, simpleTags))
}

/** Bytes that look like nothing, the same for the same seed. */
export function noise(length: number, seed: number): Uint8Array {
  const random = createRandom(seed)
  const words = new Uint32Array(Math.ceil(length / 4))
  for (let i = 0; i < words.length; i += 1) words[i] = random()
  return new Uint8Array(words.buffer, 0, length)
}

/** One GetMedia fragment with tracks of its own. */
export function fragmentBytes(index: number, frames: readonly Uint8Array[]): Uint8Array {
  const number = String(10n ** 40n + BigInt(index))
  const track: Content = [
    uintElement(ID.TrackNumber, 1),
    uintElement(ID.TrackUID, index + 1),
    uintElement(ID.TrackType, 1),
    stringElement(ID.CodecID, 'V_MPEG4/ISO/AVC'),
    element(ID.CodecPrivate, noise(4000, index + 1)),
  ]
  const blocks = frames.map((frame, i) =>
    simpleBlock({ trackNumber: 1, relativeTimestamp: i, frames: [frame], isKeyframe: i === 0 }),
  )
  return concatBytes([
    DOCUMENT_START,
    element(ID.Info, stringElement(ID.Title, `fragment ${index}`)),
    element(ID.Tracks, element(ID.TrackEntry, track)),
    tagsElement({
      AWS_KINESISVIDEO_FRAGMENT_NUMBER: number,
      AWS_KINESISVIDEO_SERVER_TIMESTAMP: `${1_500_000_000 + index}.000`,
      AWS_KINESISVIDEO_PRODUCER_TIMESTAMP: `${1_500_000_000 + index}.000`,
      [`PRODUCER_TAG_${index}`]: `value ${index}`,
    }),
    element(ID.Cluster, [uintElement(ID.Timestamp, index * 1000), ...blocks]),
    tagsElement({ AWS_KINESISVIDEO_CONTINUATION_TOKEN: number }),
  ])
}
