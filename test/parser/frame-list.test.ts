// Usual blocks are only noted until their fragment ends; read one by one, as for onFrame, they are the same frames.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MATROSKA_RULE } from '../../src/parser/completion.js'
import type { FragmentParserOptions } from '../../src/parser/fragment-parser.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import type { Part } from '../helpers/ebml-bytes.js'
import { concat, EBML_HEADER, element, openElement, wideElement } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { lineOf, linesOf, parse, segmentOf } from './fragment-harness.js'

/** What is told of the bytes, in chunks of 64 KiB. */
function told(bytes: Uint8Array, options: FragmentParserOptions<undefined>): unknown {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += 65_536) chunks.push(bytes.slice(at, at + 65_536))
  const { fragments, failure } = parse(chunks, options)
  return { failure: failure?.message, fragments: fragments.map((fragment) => linesOf(fragment)) }
}

const zeros = (length: number): Uint8Array => new Uint8Array(length).fill(0xee)

/** A SimpleBlock with all there may be in its header, and a size as wide as it may be written. */
const anyBlock = fc
  .record({
    track: fc.constantFrom('80', '81', 'FE', 'FF', '4001', '407F'),
    time: fc.constantFrom('0000', '0001', '7FFF', '8000', 'FFFF'),
    flags: fc.constantFrom('00', '80', '09', '89', '02', '04', '06'),
    length: fc.oneof(fc.nat(12), fc.constantFrom(122, 123, 124, 130, 16_378, 16_379, 20_000)),
    width: fc.integer({ min: 1, max: 8 }),
  })
  .map(({ track, time, flags, length, width }) => {
    const body = concat(track, time, flags, zeros(length))
    const narrowest = [1, 2, 3].find((n) => body.length < 2 ** (7 * n) - 1) ?? 4
    return wideElement('A3', Math.max(width, narrowest), body)
  })

const anyPart: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 12, arbitrary: anyBlock },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      element('A0', element('A1', '81 0005 00 AABB'), element('9B', '07')),
      element('EC', zeros(3)),
      element('A7', '05'),
      element('A3', ''),
      element('A3', '81 00'),
      element('AF', '81 0000 00 11'),
      concat('A3 FF'),
      concat('A3 7FFF'),
      concat('A3 01000001 00000000'),
      concat('A3 01000000 80000000'),
    ),
  },
)

describe('blocks that are noted', () => {
  it('become the frames that they are one by one, with every limit where it was', () => {
    const anyLimits = fc.record(
      {
        maxElementsPerFragment: fc.integer({ min: 1, max: 30 }),
        maxFragmentBytes: fc.integer({ min: 1, max: 60_000 }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.array(anyPart, { maxLength: 25 }), anyLimits, (parts, limits) => {
        const bytes = segmentOf(openElement('1F43B675', 1, 'E7 81 05', ...parts))
        const oneByOne = told(bytes, { ...limits, onFrame: () => {} })
        expect(told(bytes, limits)).toEqual(oneByOne)
      }),
      { numRuns: 600 },
    )
  })

  it('stay in their order beside blocks of other kinds, however the bytes are cut', () => {
    const plain = (byte: string): Uint8Array => element('A3', `81 0000 80 ${byte}`)
    const group = (byte: string): Uint8Array => element('A0', element('A1', `81 0000 00 ${byte}`))
    const laced = element('A3', '81 0000 84 01 C1C2')
    const parts: Part[] = [
      ...['01', '02'].map(plain),
      group('03'),
      plain('04'),
      laced,
      element('A3', '4080 0000 80 05'),
      ...['06', '07', '08'].map(plain),
    ]
    everySplit(segmentOf(openElement('1F43B675', 1, 'E7 81 00', ...parts)), (chunks) => {
      const [{ frames }] = parse(chunks).fragments
      expect(frames.map(({ data }) => [...data])).toEqual(
        [1, 2, 3, 4, 0xc1, 0xc2, 5, 6, 7, 8].map((byte) => [byte]),
      )
    })
  })

  it.each([1, 700, 70_000])('may be %i, in one fragment after the other', (count) => {
    const blocks = (time: string): Uint8Array => {
      const block = element('A3', `81 ${time} 80 55`)
      const all = new Uint8Array(count * block.length)
      for (let i = 0; i < count; i += 1) all.set(block, i * block.length)
      return all
    }
    const clusters = ['0001', '0002', '0003'].map((time) =>
      openElement('1F43B675', 1, 'E7 81 00', blocks(time), element('EC', zeros(20))),
    )
    const { fragments } = parse(segmentOf(...clusters))
    expect(fragments.map(({ frames }) => frames.length)).toEqual([count, count, count])
    for (const [i, { frames }] of fragments.entries()) {
      expect(frames.every((frame) => frame.timestampMs === i + 1)).toBe(true)
    }
  })

  it('may not lie further apart than those that are read one by one', () => {
    const block = element('A3', '81 0000 80', zeros(1000))
    const padding = element('EC', zeros(100_000))
    const parts = Array.from({ length: 60 }, () => [block, block, block, padding]).flat()
    const bytes = segmentOf(openElement('1F43B675', 1, 'E7 81 00', ...parts))
    const limits = { maxFragmentBytes: 1_000_000 }
    const oneByOne = told(bytes, { ...limits, onFrame: () => {} })
    expect(oneByOne).toMatchObject({ failure: expect.stringContaining('bytes apart') as string })
    expect(told(bytes, limits)).toEqual(oneByOne)
  })

  it('are there when the fragment is cut or damaged', () => {
    const block = element('A3', '81 0007 80 AB')
    const cut = segmentOf(openElement('1F43B675', 1, 'E7 81 00', block, block, block.slice(0, 5)))
    const [truncated] = parse(cut).fragments
    expect(truncated.frames.map((frame) => lineOf(frame))).toEqual(['1@7K AB', '1@7K AB'])
    const [damaged] = parse(concat(cut.slice(0, -5), '00 00')).fragments
    expect(damaged.incompleteReason).toBe('damaged')
    expect(damaged.frames).toHaveLength(2)
  })

  it('are forgotten with the stream', () => {
    const blocks = ['0001', '0002', '0003'].map((time) => element('A3', `81 ${time} 80 AB`))
    const parser = new FragmentParser(MATROSKA_RULE)
    parser.push(
      segmentOf(openElement('1F43B675', 1, 'E7 81 00', ...blocks, element('EC', zeros(20)))),
    )
    parser.reset()
    const block = element('A3', '81 0009 80 CD', zeros(20))
    const next = segmentOf(openElement('1F43B675', 1, 'E7 81 00', block), EBML_HEADER)
    const [{ frames }] = parser.push(next)
    expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([9])
  })
})
