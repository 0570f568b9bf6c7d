import { describe, expect, it } from 'vitest'
import type { Truncation } from '../../src/parser/ebml-handler.js'
import { everySplit } from '../helpers/every-split.js'
import { hex } from '../helpers/hex.js'
import { readEvents } from './event-recorder.js'

const DOCUMENT = hex(`
  1A45DFA3 8B                # 0
    4282 88 'matroska'       # 5
  18538067 FF                # 16
    1549A966 86              # 21
      2AD7B1 82 03E8         # 26
    1F43B675 FF              # 32
      E7 81 05               # 37
      A3 86 81 0000 80 AABB  # 40
      A0 86                  # 48
        A1 84 81 0000 00     # 50
    1254C367 83              # 56
      7373 80                # 61
  18538067 80                # 64, up to 69`)

/** Where it may end: between the elements of a master of unknown size, and between documents. */
const CLEAN = [0, 16, 21, 32, 37, 40, 48, 56, 64, 69]

/** First and last length of a cut; the element it is in; the innermost element that is known by then. */
const CUTS: readonly (readonly [number, number, number, string])[] = [
  [1, 4, 0, ''],
  [5, 5, 0, 'EBML'],
  [6, 7, 5, 'EBML'],
  [8, 15, 5, 'EBML/DocType'],
  [17, 20, 16, ''],
  [22, 25, 21, 'Segment'],
  [26, 26, 21, 'Segment/Info'],
  [27, 29, 26, 'Segment/Info'],
  [30, 31, 26, 'Segment/Info/TimestampScale'],
  [33, 36, 32, 'Segment'],
  [38, 38, 37, 'Segment/Cluster'],
  [39, 39, 37, 'Segment/Cluster/Timestamp'],
  [41, 41, 40, 'Segment/Cluster'],
  [42, 47, 40, 'Segment/Cluster/SimpleBlock'],
  [49, 49, 48, 'Segment/Cluster'],
  [50, 50, 48, 'Segment/Cluster/BlockGroup'],
  [51, 51, 50, 'Segment/Cluster/BlockGroup'],
  [52, 55, 50, 'Segment/Cluster/BlockGroup/Block'],
  // A cut in a header: the Cluster has not ended, for it could have been a block.
  [57, 60, 56, 'Segment/Cluster'],
  [61, 61, 56, 'Segment/Tags'],
  [62, 63, 61, 'Segment/Tags'],
  [65, 68, 64, 'Segment'],
]

function truncationAt(length: number): Truncation | undefined {
  const cut = CUTS.find(([from, to]) => length >= from && length <= to)
  if (cut === undefined) return undefined
  return { offset: length, elementOffset: cut[2], path: cut[3] }
}

describe('the end of the input', () => {
  it('is clean or tells where the input stopped, at every byte and however it was cut before', () => {
    for (let length = 0; length <= DOCUMENT.length; length += 1) {
      const expected = truncationAt(length)
      expect(expected === undefined).toBe(CLEAN.includes(length))
      everySplit(DOCUMENT.subarray(0, length), (chunks) => {
        expect(readEvents(chunks).truncation, `cut after ${length}`).toEqual(expected)
      })
    }
  })

  it('ends what has an unknown size, innermost first, when it is clean', () => {
    expect(readEvents([DOCUMENT.subarray(0, 48)]).events.slice(-2)).toEqual([
      '48 -Cluster',
      '48 -Segment',
    ])
  })

  it('ends nothing when it is not', () => {
    for (let length = 0; length < DOCUMENT.length; length += 1) {
      if (CLEAN.includes(length)) continue
      const { events } = readEvents([DOCUMENT.subarray(0, length)])
      const ends = events.filter((event) => event.startsWith(`${length} -`))
      expect(ends, `cut after ${length}`).toEqual([])
    }
  })

  it('has handed on every byte of a body that came, and says how many did not', () => {
    for (const [length, slice] of [
      [43, '81 …5'],
      [44, '8100 …4'],
      [47, '81000080AA …1'],
    ] as const) {
      everySplit(DOCUMENT.subarray(0, length), (chunks) => {
        expect(readEvents(chunks).events.at(-1)).toBe(`40 SimpleBlock: ${slice}`)
      })
    }
    // Not even an empty slice: nothing of it has come.
    expect(readEvents([DOCUMENT.subarray(0, 42)]).events.at(-1)).toBe('37 Timestamp 05')
  })

  it('tells of an element that is being stepped over', () => {
    everySplit(DOCUMENT.subarray(0, 30), (chunks) => {
      expect(readEvents(chunks, { skip: ['Info'] }).truncation).toEqual({
        offset: 30,
        elementOffset: 21,
        path: 'Segment/Info',
      })
    })
  })
})

describe('the path of a cut', () => {
  it.each([
    ['EC 85 00', 'Segment/Cluster/Void'],
    ['BF 84 00', 'Segment/Cluster/CRC-32'],
    ['4100 85 00', 'Segment/Cluster/0x4100'],
    ['D7 82 00', 'Segment/Cluster/TrackNumber'],
  ])('names the masters that are open around %s', (source, path) => {
    const bytes = hex(`1A45DFA3 8B 4282 88 'matroska' 18538067 FF 1F43B675 FF ${source}`)
    everySplit(bytes, (chunks) => {
      expect(readEvents(chunks).truncation).toEqual({
        offset: bytes.length,
        elementOffset: 26,
        path,
      })
    })
  })
})
