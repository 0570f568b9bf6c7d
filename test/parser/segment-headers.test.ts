// Info and Tracks repeat byte for byte in every fragment of a stream and are remembered. Nobody must notice.
import { describe, expect, it } from 'vitest'
import { MATROSKA_RULE } from '../../src/parser/completion.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import type { FragmentParserOptions } from '../../src/parser/fragment-parser.js'
import type { Part } from '../helpers/ebml-bytes.js'
import { concat, element } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { hex } from '../helpers/hex.js'
import { parse, parseResyncing, run, segmentOf } from './fragment-harness.js'

const INFO = element('1549A966', '2AD7B1 83 0F4240', "7BA9 84 'live'")
const TRACKS = element(
  '1654AE6B',
  element('AE', 'D7 81 01', '63A2 83 010203', element('E0', 'B0 82 0780')),
  element('AE', 'D7 81 02', element('E1', 'B5 84 46BB8000')),
)
const documentOf = (...parts: readonly Part[]): Uint8Array => segmentOf(...parts, '1F43B675 80')

describe('headers that repeat', () => {
  it('give every fragment the same Info and Tracks, however they were cut', () => {
    const one = documentOf(INFO, TRACKS)
    const [first] = parse(one).fragments
    everySplit(concat(one, one), (chunks) => {
      const { fragments } = parse(chunks)
      expect(fragments.map(({ info }) => info)).toEqual([first.info, first.info])
      expect(fragments.map(({ tracks }) => tracks)).toEqual([first.tracks, first.tracks])
    })
  })

  it('are noticed when a single bit of them changes', () => {
    const one = documentOf(INFO, TRACKS)
    const at = one.lastIndexOf(0x03)
    const other = one.slice()
    other[at] = 0x04
    const { fragments } = parse([one, other, one, other])
    expect(fragments.map(({ tracks }) => tracks[0].codecPrivate)).toEqual([
      hex('010203'),
      hex('010204'),
      hex('010203'),
      hex('010204'),
    ])
  })

  it('are noticed when they are longer or shorter', () => {
    const lengths = [1, 2, 1, 5000, 5000, 1]
    const { fragments } = parse(
      lengths.map((length) =>
        documentOf(element('1549A966', element('7BA9', `'${'t'.repeat(length)}'`))),
      ),
    )
    expect(fragments.map(({ info }) => info?.title?.length)).toEqual(lengths)
  })

  it('are not those of a Segment that has none', () => {
    const { fragments } = parse([documentOf(INFO, TRACKS), documentOf(), documentOf(INFO)])
    expect(fragments.map(({ info }) => info !== undefined)).toEqual([true, false, true])
    expect(fragments.map(({ tracks }) => tracks.length)).toEqual([2, 0, 0])
  })

  it('are not those of the other kind, although their bytes are the same', () => {
    const { fragments } = parse([
      documentOf('1549A966 80', '1654AE6B 80'),
      documentOf('1654AE6B 80'),
    ])
    expect(fragments.map(({ info }) => info !== undefined)).toEqual([true, false])
  })

  it('are not changed by the chunk they were remembered from', () => {
    const chunk = concat(documentOf(INFO, TRACKS), element('EC', '00'.repeat(300)))
    const parser = new FragmentParser(MATROSKA_RULE)
    parser.push(chunk)
    const [first] = parser.end()
    chunk.fill(0)
    const [second] = run(parser, [
      concat(documentOf(INFO, TRACKS), element('EC', '00'.repeat(300))),
    ]).fragments
    expect(second.tracks).toEqual(first.tracks)
    expect(second.tracks[0].codecPrivate).toEqual(hex('010203'))
  })

  it('undo header stripping and count CodecDelay in every fragment', () => {
    const encoding = element('6D80', element('6240', element('5034', '4254 81 03', '4255 81 FF')))
    const tracks = element('1654AE6B', element('AE', 'D7 81 01', '56AA 83 0F4240', encoding))
    const one = segmentOf(tracks, element('1F43B675', 'E7 81 05', 'A3 85 81 0000 80 AA'))
    for (const { frames } of parse([one, one, one]).fragments) {
      expect(frames[0].data).toEqual(hex('FFAA'))
      expect(frames[0].timestampMs).toBe(4)
    }
  })
})

describe('a parser that has read the headers before', () => {
  const one = documentOf(INFO, TRACKS)

  it.each<[string, (limit: number) => FragmentParserOptions<undefined>]>([
    ['maxElementsPerFragment', (limit) => ({ maxElementsPerFragment: limit })],
    ['maxFragmentBytes', (limit) => ({ maxFragmentBytes: limit })],
  ])('meets %s at the same byte as one that has not', (_name, optionsOf) => {
    for (let limit = 1; limit < 40; limit += 1) {
      const options = optionsOf(limit)
      const fresh = run(new FragmentParser(MATROSKA_RULE, options), [one]).failure?.message
      const parser = new FragmentParser(MATROSKA_RULE, options)
      for (let i = 0; i < 3; i += 1) {
        expect(run(parser, [one]).failure?.message, `${limit}`).toBe(fresh)
        parser.reset()
      }
      const again = parseResyncing([one, one, one], options)
      const alone = parseResyncing([one], options)
      expect(again.fragments.length).toBe(3 * alone.fragments.length)
    }
  })

  it('tells of their errors again', () => {
    const bad = documentOf(element('1654AE6B', element('AE', 'D7 89 000000000000000001')))
    const { fragments } = parse([bad, bad, bad])
    expect(fragments.map(({ errors }) => errors.map(({ offset }) => offset))).toEqual([
      [28],
      [28 + bad.length],
      [28 + 2 * bad.length],
    ])
  })

  it('tells of their errors again although the list was full the first time', () => {
    const bad = element('1654AE6B', element('AE', 'D7 89 000000000000000001'))
    const many = Array.from({ length: 70 }, () => 'D7 80')
    const { fragments } = parse([segmentOf(...many, bad, '1F43B675 80'), documentOf(bad)])
    expect(fragments.map(({ errors }) => errors.length)).toEqual([64, 1])
  })
})
