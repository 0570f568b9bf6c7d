import { describe, expect, it } from 'vitest'
import { MATROSKA_RULE } from '../../src/parser/completion.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import type { SkippedRange } from '../../src/parser/resyncing-reader.js'
import { concat, EBML_HEADER, element } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { hex } from '../helpers/hex.js'
import { expectResync, outline, parse, parseResyncing, segmentOf } from './fragment-harness.js'

/** 36 bytes: a header, a Segment, a Cluster at 1 ms and a block of one byte. */
const SOUND = segmentOf('1F43B675 FF E7 81 01 A3 85 81 0000 80 AA')
const BLOCK = '1@1K AA'
/** After these bytes no header and no element follows: `00` is no ID. */
const GARBAGE = '00 11 22 33 44 55 66 77'

describe('resync', () => {
  it('goes on at the next EBML header and tells the range it skipped', () => {
    expectResync(
      [SOUND, GARBAGE, SOUND],
      [
        ['0+36 damaged', BLOCK, 'invalid-id at 36 Segment/Cluster'],
        ['44+36 complete', BLOCK],
      ],
      ['36-44 invalid-id'],
    )
  })

  it('goes on after garbage at the beginning', () => {
    expectResync([GARBAGE, SOUND], [['8+36 complete', BLOCK]], ['0-8 not-ebml'])
  })

  it('skips to the end when no header follows', () => {
    expectResync(
      [SOUND, GARBAGE, GARBAGE],
      [['0+36 damaged', BLOCK, 'invalid-id at 36 Segment/Cluster']],
      ['36-52 invalid-id'],
    )
    expectResync([GARBAGE], [], ['0-8 not-ebml'])
  })

  it('goes on at the very header that showed the damage', () => {
    // A Cluster that promises 63 bytes is followed by a new document after 13.
    const cut = segmentOf('1F43B675 BF E7 81 01 A3 85 81 0000 80 AA')
    expectResync(
      [cut, SOUND],
      [
        ['0+36 damaged', BLOCK, 'unexpected-document at 36 Segment/Cluster/EBML'],
        ['36+36 complete', BLOCK],
      ],
      ['36-36 unexpected-document'],
    )
  })

  it('finds a header inside the header that is damaged, in a chunk or carried', () => {
    // E7, and a size of 8 bytes that begins with 01 and holds 1A 45 DF A3 8B 42 82: the lost bytes were in between.
    const lost = segmentOf('1F43B675 BF E7 01')
    expectResync(
      [lost, SOUND],
      [
        ['0+26 damaged', 'unexpected-document at 26 Segment/Cluster'],
        ['28+36 complete', BLOCK],
      ],
      ['26-28 unexpected-document'],
    )
  })

  it('finds a header inside the header of a block, wherever the chunks are cut', () => {
    // As the Producer SDK codes its sizes: of the header's size of 8 bytes a block's took two, and the chunk may end there.
    const wide = concat('1A45DFA3 010000000000000B', "4282 88 'matroska'")
    const next = concat(wide, SOUND.subarray(EBML_HEADER.length))
    expectResync(
      [segmentOf('1F43B675 FF E7 81 01 A3 01'), next],
      [
        ['0+29 damaged', 'unexpected-document at 29 Segment/Cluster'],
        ['31+43 complete', BLOCK],
      ],
      ['29-31 unexpected-document'],
    )
  })

  it('goes on after each of several damages in one chunk', () => {
    const damaged = ['36 damaged', BLOCK] as const
    expectResync(
      [SOUND, GARBAGE, SOUND, '00', SOUND, SOUND, GARBAGE, SOUND],
      [
        [`0+${damaged[0]}`, BLOCK, 'invalid-id at 36 Segment/Cluster'],
        [`44+${damaged[0]}`, BLOCK, 'invalid-id at 80 Segment/Cluster'],
        ['81+36 complete', BLOCK],
        [`117+${damaged[0]}`, BLOCK, 'invalid-id at 153 Segment/Cluster'],
        ['161+36 complete', BLOCK],
      ],
      ['36-44 invalid-id', '80-81 invalid-id', '153-161 invalid-id'],
    )
  })

  it.each([
    ['a size of 0', '1A45DFA3 80'],
    ['an unknown size', "1A45DFA3 FF 4282 88 'matroska'"],
    ['a size over 256', "1A45DFA3 4101 4282 88 'matroska'"],
    ['a size of no width', '1A45DFA3 00 4282 88'],
    ['no DocType', '1A45DFA3 88 4286 81 01 42F7 81 01'],
    ['an empty DocType', '1A45DFA3 83 4282 80'],
    ['a DocType that reaches past it', "1A45DFA3 87 4282 88 'matroska'"],
    ['an element in it of unknown size', "1A45DFA3 8D 4286 FF 4282 88 'matroska'"],
    ['an ID in it of no width', "1A45DFA3 8C 00 4282 88 'matroska'"],
    ['a size in it of no width', "1A45DFA3 8D EC 00 4282 88 'matroska'"],
    ['its first three bytes only', '1A45DF'],
    ['nothing but its first byte', '1A 1A 1A'],
  ])('is not taken in by a header with %s', (_name, fake) => {
    const length = hex(fake).length
    expectResync(
      ['00', fake, SOUND],
      [[`${1 + length}+36 complete`, BLOCK]],
      [`0-${1 + length} not-ebml`],
    )
  })

  it('finds a header that begins inside a fake one', () => {
    expectResync(['00 1A45DFA3 90', SOUND], [['6+36 complete', BLOCK]], ['0-6 not-ebml'])
    expectResync(['00 1A', SOUND], [['2+36 complete', BLOCK]], ['0-2 not-ebml'])
    expectResync(['00 1A45', SOUND], [['3+36 complete', BLOCK]], ['0-3 not-ebml'])
    expectResync(['00 1A45DFA3', SOUND], [['5+36 complete', BLOCK]], ['0-5 not-ebml'])
  })

  it('takes a header of 256 bytes, whose size may be eight bytes wide', () => {
    const header = concat(
      '1A45DFA3 01 00000000 0001 00',
      "4282 84 'webm'",
      element('EC', '00'.repeat(246)),
    )
    expect(header).toHaveLength(12 + 256)
    expectResync(['00', header, '18538067 FF 1F43B675 80'], [['1+278 complete']], ['0-1 not-ebml'])
  })

  it('finds nothing in a header that the end of the input cut', () => {
    for (let length = 1; length < 16; length += 1) {
      const end = 1 + length
      expectResync(['00', EBML_HEADER.slice(0, length)], [], [`0-${end} not-ebml`])
    }
  })

  it('does not try a header again that led nowhere, but the ones behind it', () => {
    // Plausible, and followed by what is no Segment.
    const decoy = concat(EBML_HEADER, '00')
    expectResync(
      ['00', decoy, decoy, SOUND],
      [['35+36 complete', BLOCK]],
      ['0-1 not-ebml', '17-18 not-ebml', '34-35 not-ebml'],
    )
  })

  it('says of a document that was cut by damage what was in it', () => {
    const cut = segmentOf(element('1654AE6B', 'AE 83 D7 81 01'), '1F43B675 FF A3 85 81 0005 80 CC')
    everySplit(concat(cut, GARBAGE, SOUND), (chunks) => {
      const [first, second] = parseResyncing(chunks).fragments
      expect(first.tracks).toHaveLength(1)
      expect(first.frames).toHaveLength(1)
      expect(second.tracks).toEqual([])
    })
  })

  it('tells of errors with the range that was skipped', () => {
    const ranges: SkippedRange[] = []
    const parser = new FragmentParser(MATROSKA_RULE, {
      onDamage: 'resync',
      onSkip: (range) => ranges.push(range),
    })
    const [damaged] = parser.push(concat(SOUND, GARBAGE, SOUND))
    expect(ranges).toHaveLength(1)
    expect(ranges[0].error).toBe(damaged.errors[0])
    expect(parser.failure).toBeUndefined()
  })

  it('does without onSkip', () => {
    const { fragments, failure } = parse(concat(GARBAGE, SOUND), { onDamage: 'resync' })
    expect(failure).toBeUndefined()
    expect(fragments).toHaveLength(1)
  })
})

describe('resync after a limit', () => {
  it('goes on behind the block that was too large', () => {
    const large = segmentOf('1F43B675 FF', element('A3', '81 0000 80', '00'.repeat(40)))
    everySplit(concat(SOUND, large, SOUND), (chunks) => {
      const parsed = parseResyncing(chunks, { maxFragmentBytes: 20 })
      expect({ fragments: outline(parsed), skips: parsed.skips }).toEqual({
        fragments: [
          ['0+36 complete', BLOCK],
          ['36+26 damaged', 'fragment-too-large at 62 Segment/Cluster/SimpleBlock'],
          ['108+36 complete', BLOCK],
        ],
        skips: ['62-108 fragment-too-large'],
      })
    })
  })

  it('goes on behind elements that were too many', () => {
    const many = segmentOf('1F43B675 FF', 'E7 84 00000001', 'A7 84 00000001', 'AB 84 00000001')
    everySplit(concat(many, SOUND), (chunks) => {
      const parsed = parseResyncing(chunks, { maxElementsPerFragment: 6 })
      expect({ fragments: outline(parsed), skips: parsed.skips }).toEqual({
        fragments: [
          ['0+38 damaged', 'too-many-elements at 38 Segment/Cluster/PrevSize'],
          ['44+36 complete', BLOCK],
        ],
        skips: ['38-44 too-many-elements'],
      })
    })
  })

  it('goes on behind masters that were too deep', () => {
    const deep = segmentOf(element('1F43B675', element('A0', element('75A1', 'A6 82 A580'))))
    everySplit(concat(deep, SOUND), (chunks) => {
      const parsed = parseResyncing(chunks, { maxDepth: 4 })
      expect(parsed.skips).toEqual(['31-35 depth-exceeded'])
      expect(outline(parsed)[1]).toEqual(['35+36 complete', BLOCK])
    })
  })

  it('goes on behind slices that were too many, wherever the header of the block was cut', () => {
    const block = element('A3', '81 0000 80', '00'.repeat(6000))
    const bytes = concat(segmentOf('1F43B675 FF', element('EC', '00'.repeat(1200)), block), SOUND)
    const blockAt = 26 + 3 + 1200
    const soundAt = bytes.length - SOUND.length
    for (const first of [
      blockAt - 1,
      blockAt,
      blockAt + 1,
      blockAt + 2,
      blockAt + 3,
      blockAt + 4,
    ]) {
      for (const size of [1100, 1500, 2000, 2900]) {
        const chunks = [bytes.slice(0, first)]
        for (let at = first; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size))
        const parsed = parseResyncing(chunks, { maxSlicesPerFragment: 1 })
        expect(parsed.skips, `${first}, ${size}`).toEqual([`${blockAt}-${soundAt} too-many-slices`])
        expect(outline(parsed)[1]).toEqual([`${soundAt}+36 complete`, BLOCK])
      }
    }
  })

  it('goes on behind a block whose header came in pieces, long before the rest', () => {
    const large = segmentOf(
      '1F43B675 FF',
      element('EC', '00'.repeat(300)),
      element('A3', '81 0000 80', '00'.repeat(900)),
    )
    const bytes = concat(large, SOUND, element('EC', '00'.repeat(300)))
    const blockAt = 26 + 3 + 300
    for (const pieces of [[1, 1, 1], [1, 2], [2, 1], [3], [1, 1, 2], [2, 2]]) {
      const cuts = [0, blockAt]
      for (const piece of pieces) cuts.push(cuts[cuts.length - 1] + piece)
      const chunks = cuts.map((from, i) => bytes.slice(from, cuts[i + 1]))
      const parsed = parseResyncing(chunks, { maxFragmentBytes: 800 })
      expect(parsed.skips, pieces.join()).toEqual([`${blockAt}-${large.length} fragment-too-large`])
      expect(outline(parsed)[1]).toEqual([`${large.length}+339 complete`, BLOCK])
    }
  })
})

describe('the parser while it skips', () => {
  const options = { onDamage: 'resync' } as const

  it('can be reset, and begins at 0 again', () => {
    const skips: string[] = []
    const parser = new FragmentParser(MATROSKA_RULE, {
      ...options,
      onSkip: (range) => skips.push(`${range.startOffset}-${range.endOffset}`),
    })
    parser.push(hex(GARBAGE))
    parser.reset()
    expect(parser.push(SOUND)).toEqual([])
    expect(parser.end()).toHaveLength(1)
    expect(skips).toEqual([])
  })

  it('is ready for another stream after end, whose offsets begin at 0', () => {
    const skips: string[] = []
    const parser = new FragmentParser(MATROSKA_RULE, {
      ...options,
      onSkip: (range) => skips.push(`${range.startOffset}-${range.endOffset}`),
    })
    for (let i = 0; i < 3; i += 1) {
      parser.push(hex(GARBAGE))
      expect(parser.end()).toEqual([])
      parser.push(concat(GARBAGE, SOUND))
      expect(parser.end().map(({ offset }) => offset)).toEqual([8])
    }
    expect(skips).toEqual(['0-8', '0-8', '0-8', '0-8', '0-8', '0-8'])
  })

  it('gives frames that are not overwritten by what comes later', () => {
    const parser = new FragmentParser(MATROSKA_RULE, options)
    const fragments = []
    for (let i = 0; i < 200; i += 1) {
      for (const byte of concat(SOUND, GARBAGE)) fragments.push(...parser.push(Uint8Array.of(byte)))
    }
    fragments.push(...parser.end())
    expect(fragments).toHaveLength(200)
    for (const { frames } of fragments) expect(frames[0].data).toEqual(hex('AA'))
  })
})
