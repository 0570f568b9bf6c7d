// The same stream gives the same fragments whatever its bytes come in: chunks of any size and kind. Chunks of 256 bytes and
// more are kept as they are, smaller ones are gathered; the streams here are long enough for both.
import { describe, expect, it } from 'vitest'
import { concat, EBML_HEADER, element, openElement, simpleTag } from '../helpers/ebml-bytes.js'
import { outline, parseResyncing, segmentOf } from './fragment-harness.js'

/** A document with nothing in it but a Void: 300 bytes before and after, so that no cut makes a small chunk. */
const PADDING = concat(EBML_HEADER, element('18538067', element('EC', '00'.repeat(300))))
const LARGE = Uint8Array.from({ length: 700 }, (_, i) => i % 256)

const CAMERA = segmentOf(
  element('1549A966', '2AD7B1 83 0F4240', "4D80 84 'Lavf'"),
  element('1654AE6B', element('AE', 'D7 81 01', "536E 86 'camera'", '63A2 83 010203')),
  element('1254C367', element('7373', simpleTag('NAME', 'value'))),
  element(
    '1F43B675',
    'BF 84 00000000',
    'E7 82 0400',
    'A3 85 81 0000 80 AA',
    'A3 87 81 0003 84 01 BB CC',
  ),
  '1C53BB6B 80',
)
const PRODUCER_SDK = concat(
  EBML_HEADER,
  openElement(
    '18538067',
    8,
    openElement(
      '1F43B675',
      8,
      'E7 01 00000000 000001 05',
      'A3 01 00000000 000006 81 0000 80 AABB',
      'A3 01 00000000 000004 81 0001 00',
      'A0 01 00000000 000011 A1 85 81 0002 00 CC 9B 82 0014 FB 82 FFFE EC 80',
    ),
  ),
)
const BIG_BLOCKS = segmentOf(
  openElement(
    '1F43B675',
    1,
    element('A3', '81 0000 80', LARGE),
    element('A3', '81 0001 80', LARGE),
  ),
)

const STREAMS: readonly (readonly [string, Uint8Array])[] = [
  ['a camera', CAMERA],
  ['the Producer SDK', PRODUCER_SDK],
  ['large blocks', BIG_BLOCKS],
  [
    'errors of content',
    segmentOf('1F43B675 FF E7 89 000000000000000000 A3 80 D7 80 A3 84 81 0000 84'),
  ],
  ['damage', concat(CAMERA, '00 1A45DFA3 80', CAMERA)],
  ['a document that was cut by another', concat(segmentOf('1F43B675 C0 E7 81 01'), CAMERA)],
  ['a header in the header that is damaged', concat(segmentOf('1F43B675 BF E7 01'), CAMERA)],
  ['two damages', concat(CAMERA, '00', PRODUCER_SDK, '000000', CAMERA)],
  ['a size of no width', concat(segmentOf('1F43B675 FF E7 00'), CAMERA)],
]

interface Outcome {
  readonly fragments: readonly (readonly string[])[]
  readonly skips: readonly string[]
}

function outcomeOf(chunks: readonly Uint8Array[]): Outcome {
  const parsed = parseResyncing(chunks, { verifyCrc32: true })
  expect(parsed.failure).toBeUndefined()
  return { fragments: outline(parsed), skips: parsed.skips }
}

/** Chunks of `size` bytes, each with memory of its own. */
function chunksOf(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
    bytes.slice(i * size, (i + 1) * size),
  )
}

describe.each(STREAMS)('%s', (_name, stream) => {
  const bytes = concat(PADDING, stream, PADDING)
  const expected = outcomeOf([bytes.slice()])

  it('holds something', () => {
    expect(expected.fragments.length).toBeGreaterThan(0)
  })

  it('is the same in two chunks too large to be gathered, wherever it is cut', () => {
    for (let at = PADDING.length; at <= bytes.length - PADDING.length; at += 1) {
      expect(outcomeOf([bytes.slice(0, at), bytes.slice(at)]), `at ${at}`).toEqual(expected)
    }
  })

  it('is the same when a small chunk stands between two large ones', () => {
    for (let at = PADDING.length; at < bytes.length - PADDING.length; at += 1) {
      for (const width of [1, 2, 5]) {
        const chunks = [bytes.slice(0, at), bytes.slice(at, at + width), bytes.slice(at + width)]
        expect(outcomeOf(chunks), `${width} at ${at}`).toEqual(expected)
      }
    }
  })

  it('is the same in chunks of any size', () => {
    for (const size of [1, 2, 3, 4, 5, 7, 11, 13, 64, 100, 255, 256, 257, 300]) {
      expect(outcomeOf(chunksOf(bytes, size)), `${size}`).toEqual(expected)
    }
  })

  it('is the same as a Node Buffer, a view at an offset, views of one buffer, another subclass', () => {
    const shifted = new Uint8Array(bytes.length + 20).fill(0xa3)
    shifted.set(bytes, 13)
    const view = shifted.subarray(13, 13 + bytes.length)
    class Chunk extends Uint8Array {}
    for (const size of [10, 300, bytes.length]) {
      const pieces = chunksOf(bytes, size)
      const sources: readonly (readonly Uint8Array[])[] = [
        pieces.map((piece) => Buffer.from(piece)),
        pieces.map((_, i) => view.subarray(i * size, (i + 1) * size)),
        pieces.map((_, i) => Buffer.from(shifted.buffer, 13 + i * size, pieces[i].length)),
        pieces.map((piece) => Chunk.from(piece)),
      ]
      for (const [i, chunks] of sources.entries()) {
        expect(outcomeOf(chunks), `source ${i}, ${size}`).toEqual(expected)
      }
    }
  })
})

describe('frames of Buffers', () => {
  it('are plain Uint8Arrays, views of the same memory', () => {
    const buffer = Buffer.from(concat(PADDING, BIG_BLOCKS))
    for (const chunks of [
      [buffer],
      [buffer.subarray(0, 700), buffer.subarray(700)],
      Array.from(buffer, (byte) => Buffer.of(byte)),
    ]) {
      const [fragment] = parseResyncing(chunks).fragments
      for (const frame of fragment.frames) {
        expect(frame.data.constructor).toBe(Uint8Array)
        expect(frame.copy().constructor).toBe(Uint8Array)
        for (const slice of frame.slices) expect(slice.constructor).toBe(Uint8Array)
        expect(frame.data).toEqual(LARGE)
      }
    }
    const [{ frames }] = parseResyncing(buffer).fragments
    expect(frames[0].slices[0].buffer).toBe(buffer.buffer)
  })

  it('are views of a SharedArrayBuffer where the chunk is one', () => {
    const bytes = concat(PADDING, BIG_BLOCKS)
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
    shared.set(bytes)
    const [{ frames }] = parseResyncing(shared).fragments
    expect(frames[0].data).toEqual(LARGE)
    expect(frames[0].data.buffer).toBe(shared.buffer)
  })
})
