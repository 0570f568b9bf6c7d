// A content error never loses the structure: the element is left out, what is around it stands.
import { describe, expect, it } from 'vitest'
import type { FragmentParserOptions } from '../../src/parser/fragment-parser.js'
import type { Part } from '../helpers/ebml-bytes.js'
import { element, simpleTag } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { outline, parse, segmentOf } from './fragment-harness.js'

const BEFORE = 'A3 85 81 0000 80 01'
const AFTER = 'A3 85 81 0000 80 02'

/** The lines of one Cluster (its data begins at byte 26) with `parts` between two sound blocks, without the first line. */
function linesBetween(...parts: readonly Part[]): readonly string[] {
  const bytes = segmentOf(element('1F43B675', BEFORE, ...parts, AFTER), '1F43B675 80')
  let lines: readonly string[] = []
  everySplit(bytes, (chunks) => {
    const parsed = parse(chunks)
    expect(parsed.failure).toBeUndefined()
    const [first, second] = outline(parsed)
    expect(first.slice(1, 3)).toEqual(['1@0K 01', '1@0K 02'])
    expect(parsed.fragments[0].isComplete).toBe(true)
    // Errors belong to their fragment.
    expect(second).toHaveLength(1)
    lines = first.slice(3)
  })
  return lines
}

describe('invalid-block', () => {
  it.each([
    ['no bytes', ''],
    ['a track number only', '81'],
    ['half a timestamp', '8100'],
    ['no flags', '810000'],
    ['a track number cut', '4001 00'],
    ['a track number that is no VINT', '00 000080 AA 0000 0000 0000'],
    ['a track number over 2^53 − 1', '01FFFFFFFFFFFFFF 0000 80 AA'],
  ])('is a block with %s', (_name, content) => {
    expect(linesBetween(element('A3', content))).toEqual([
      'invalid-block at 33 Segment/Cluster/SimpleBlock',
    ])
    expect(linesBetween(element('A0', element('A1', content)))).toEqual([
      'invalid-block at 35 Segment/Cluster/BlockGroup/Block',
    ])
  })
})

describe('invalid-lacing', () => {
  it.each([
    ['Xiph sizes over the block', '81 0000 82 02 05 05 AA'],
    ['an endless Xiph size', '81 0000 82 01 FF FF'],
    ['fixed sizes that do not divide', '81 0000 84 01 AABBCC'],
    ['EBML sizes over the block', '81 0000 86 01 85 AA'],
    ['an EBML size below 0', '81 0000 86 02 82 80 AABBCC'],
    ['no frame count', '81 0000 82'],
  ])('is a block with %s', (_name, content) => {
    expect(linesBetween(element('A3', content))).toEqual([
      'invalid-lacing at 33 Segment/Cluster/SimpleBlock',
    ])
    expect(linesBetween(element('A0', element('A1', content)))).toEqual([
      'invalid-lacing at 35 Segment/Cluster/BlockGroup/Block',
    ])
  })
})

describe('invalid-value-size', () => {
  it('is a Timestamp of nine bytes: the Cluster keeps 0', () => {
    expect(linesBetween('E7 89 000000000000000001')).toEqual([
      'invalid-value-size at 33 Segment/Cluster/Timestamp',
    ])
  })

  it('is a number in a BlockGroup: the frame is there, without what it would have said', () => {
    const bytes = segmentOf(
      element('1F43B675', element('A0', 'A1 84 81 0000 00', '9B 89 000000000000000005')),
    )
    everySplit(bytes, (chunks) => {
      const [fragment] = parse(chunks).fragments
      expect(fragment.frames.map(({ durationMs }) => durationMs)).toEqual([undefined])
      expect(fragment.errors.map(({ code }) => code)).toEqual(['invalid-value-size'])
    })
  })

  it.each([
    ['a float of 2 bytes', element('E1', 'B5 82 0000'), 'Audio/SamplingFrequency'],
    [
      'a float of 10 bytes, as old drafts had it',
      element('E1', 'B5 8A 00000000000000000000'),
      'Audio/SamplingFrequency',
    ],
    ['an unsigned integer of 9 bytes', '73C5 89 000000000000000001', 'TrackUID'],
    ['a signed integer of 9 bytes', '537F 89 000000000000000001', 'TrackOffset'],
  ])('is %s: the track keeps its default', (_name, part, path) => {
    const bytes = segmentOf(element('1654AE6B', element('AE', part, 'D7 81 07')), '1F43B675 80')
    everySplit(bytes, (chunks) => {
      const [fragment] = parse(chunks).fragments
      expect(fragment.errors.map((error) => [error.code, error.path])).toEqual([
        ['invalid-value-size', `Segment/Tracks/TrackEntry/${path}`],
      ])
      expect(fragment.tracks[0]).toMatchObject({ number: 7, uid: 0n })
      expect(fragment.tracks[0].audio?.samplingFrequency ?? 8000).toBe(8000)
    })
  })

  it('is a date of 4 bytes', () => {
    const bytes = segmentOf(element('1549A966', '4461 84 00000000'), '1F43B675 80')
    everySplit(bytes, (chunks) => {
      const [fragment] = parse(chunks).fragments
      expect(fragment.errors.map(({ code, offset }) => [code, offset])).toEqual([
        ['invalid-value-size', 26],
      ])
      expect(fragment.info?.dateUtcMs).toBeUndefined()
    })
  })

  it('is a UID in the Targets of a tag', () => {
    const tag = element('7373', element('63C0', '63C5 89 000000000000000001'), simpleTag('a', 'b'))
    const bytes = segmentOf(element('1254C367', tag), '1F43B675 80')
    everySplit(bytes, (chunks) => {
      const [fragment] = parse(chunks).fragments
      expect(fragment.errors.map(({ code }) => code)).toEqual(['invalid-value-size'])
      expect(fragment.tags).toMatchObject([{ name: 'a', targets: { trackUids: [] } }])
    })
  })

  it('is told of every fragment, although Tracks repeat', () => {
    const bad = segmentOf(
      element('1654AE6B', element('AE', '73C5 89 000000000000000001')),
      '1F43B675 80',
    )
    const { fragments } = parse([bad, bad, bad])
    expect(fragments.map(({ errors }) => errors.length)).toEqual([1, 1, 1])
  })

  it('is a number of 100,000 bytes, of which none is kept', () => {
    const bytes = segmentOf(element('1F43B675', element('E7', '00'.repeat(100_000)), AFTER))
    const [fragment] = parse(bytes).fragments
    expect(fragment.errors.map(({ code }) => code)).toEqual(['invalid-value-size'])
    expect(fragment.frames).toHaveLength(1)
  })
})

describe('misplaced-element', () => {
  it('is a known element where it may not stand', () => {
    expect(linesBetween('AE 83 D7 81 01', 'D7 81 01')).toEqual([
      'misplaced-element at 33 Segment/Tracks/TrackEntry',
      'misplaced-element at 38 Segment/Tracks/TrackEntry/TrackNumber',
    ])
  })

  it('is not an element that is not registered', () => {
    expect(linesBetween('4100 82 0000', '81 80', 'EC 80', 'BF 80')).toEqual([])
  })
})

describe('crc-mismatch', () => {
  const options: FragmentParserOptions<undefined> = { verifyCrc32: true }

  it('leaves nothing out: the frames are there, and the fragment is complete', () => {
    const bytes = segmentOf(element('1F43B675', 'BF 84 00000000', BEFORE), '1F43B675 80')
    everySplit(bytes, (chunks) => {
      const [first, second] = outline(parse(chunks, options))
      expect(first).toEqual(['0+39 complete', '1@0K 01', 'crc-mismatch at 26 Segment/Cluster'])
      expect(second).toHaveLength(1)
    })
  })

  it('is not looked for by default', () => {
    const bytes = segmentOf(element('1F43B675', 'BF 84 00000000', BEFORE))
    expect(parse(bytes).fragments[0].errors).toEqual([])
  })

  it('is told of every fragment, although Info repeats', () => {
    const bad = segmentOf(element('1549A966', 'BF 84 00000000', "4D80 81 'x'"), '1F43B675 80')
    const { fragments } = parse([bad, bad], options)
    expect(fragments.map(({ errors }) => errors.map(({ code }) => code))).toEqual([
      ['crc-mismatch'],
      ['crc-mismatch'],
    ])
  })
})

describe('the list of errors', () => {
  it('has at most 64 of one fragment, the first ones', () => {
    const bytes = segmentOf(
      element('1F43B675', ...Array.from({ length: 100 }, () => 'A3 80'), BEFORE),
      element('1F43B675', 'A3 80'),
    )
    const [first, second] = parse(bytes).fragments
    expect(first.errors).toHaveLength(64)
    expect(first.errors[63].offset).toBe(27 + 63 * 2)
    expect(first.frames).toHaveLength(1)
    expect(second.errors).toHaveLength(1)
  })

  it('has the first of each kind, however many of another there were before', () => {
    const tags = Array.from({ length: 100 }, () => simpleTag('n', 'xx'))
    const bytes = segmentOf(
      element('1254C367', element('7373', ...tags, element('63C5', '00'.repeat(9)))),
      element('1F43B675', element('A3', '81 0000 02'), 'A3 80'),
    )
    const [{ errors }] = parse(bytes, { maxStringBytes: 1 }).fragments
    expect(errors).toHaveLength(64)
    expect(errors.slice(-4).map(({ code }) => code)).toEqual([
      'string-too-large',
      'misplaced-element',
      'invalid-lacing',
      'invalid-block',
    ])
  })

  it('has the structural error last when the fragment is damaged, however many there were', () => {
    const errors = Array.from({ length: 100 }, () => 'A3 80')
    const bytes = segmentOf('1F43B675 FF', ...errors, '00')
    const { fragments, failure } = parse(bytes)
    expect(fragments[0].errors).toHaveLength(64)
    expect(fragments[0].errors[63]).toBe(failure)
    expect(fragments[0].incompleteReason).toBe('damaged')
  })

  it('has messages of cause and remedy, with names of the schema and no text of the stream', () => {
    const bytes = segmentOf(element('1F43B675', element('A3', "'secret text'")))
    const [error] = parse(bytes).fragments[0].errors
    expect(error.message).toBe(
      'lace sizes that do not add up to the block; it was left out (invalid-lacing at byte 26, Segment/Cluster/SimpleBlock)',
    )
  })
})
