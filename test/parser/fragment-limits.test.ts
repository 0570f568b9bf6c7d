// Every limit at n and at n + 1, with its code, however the bytes are cut.
import { describe, expect, it } from 'vitest'
import type { FragmentParserOptions } from '../../src/parser/fragment-parser.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import { MATROSKA_RULE } from '../../src/parser/completion.js'
import type { ParserLimits } from '../../src/parser/limits.js'
import type { Part } from '../helpers/ebml-bytes.js'
import { concat, EBML_HEADER, element, openElement, simpleTag } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { outline, parse, segmentOf } from './fragment-harness.js'

type Options = FragmentParserOptions<undefined>

/** The structural error that stops the stream in every cut, or undefined when none does. */
function failureOf(bytes: Uint8Array, options: Options): string | undefined {
  const seen = new Set<string | undefined>()
  everySplit(bytes, (chunks) => {
    const { failure, fragments } = parse(chunks, options)
    const last = fragments.at(-1)
    if (last?.incompleteReason === 'damaged') expect(last.errors.at(-1)).toBe(failure)
    seen.add(failure?.message.replace(/^.*\(([^)]*)\)$/, '$1'))
  })
  expect(seen.size).toBe(1)
  return [...seen][0]
}

/** The content errors of the only fragment, the same in every cut. */
function errorsOf(bytes: Uint8Array, options: Options): string[] {
  const seen = new Set<string>()
  everySplit(bytes, (chunks) => {
    const { failure, fragments } = parse(chunks, options)
    expect(failure).toBeUndefined()
    expect(fragments).toHaveLength(1)
    seen.add(fragments[0].errors.map(({ code, offset }) => `${code} at ${offset}`).join())
  })
  expect(seen.size).toBe(1)
  return [...seen][0].split(',').filter((error) => error !== '')
}

describe('maxFragmentBytes', () => {
  const block = (length: number): Uint8Array => element('A3', '81 0000 80', '00'.repeat(length - 4))
  const clusterOf = (...parts: readonly Part[]): Uint8Array =>
    segmentOf(openElement('1F43B675', 1, ...parts))

  it('counts the bytes of blocks', () => {
    const bytes = clusterOf(block(60), block(40))
    expect(failureOf(bytes, { maxFragmentBytes: 100 })).toBeUndefined()
    expect(failureOf(bytes, { maxFragmentBytes: 99 })).toBe(
      'fragment-too-large at byte 88, Segment/Cluster/SimpleBlock',
    )
  })

  it('counts texts and binaries of headers and tags', () => {
    const tags = element('1254C367', element('7373', simpleTag('abcd', 'efghij')))
    const tracks = element('1654AE6B', element('AE', "86 84 'V_xx'", '63A2 86 000000000000'))
    const bytes = segmentOf(tracks, tags, '1F43B675 80')
    expect(failureOf(bytes, { maxFragmentBytes: 20 })).toBeUndefined()
    expect(failureOf(bytes, { maxFragmentBytes: 19 })).toBe(
      `fragment-too-large at byte ${bytes.length - 5 - 9}, Segment/Tags/Tag/SimpleTag/TagString`,
    )
  })

  it('counts additions', () => {
    const group = element(
      'A0',
      'A1 84 81 0000 00',
      element('75A1', element('A6', 'A5 86 000000000000')),
    )
    expect(failureOf(clusterOf(group), { maxFragmentBytes: 10 })).toBeUndefined()
    expect(failureOf(clusterOf(group), { maxFragmentBytes: 9 })).toContain('fragment-too-large')
  })

  it('does not count Void, unregistered elements, or what is stepped over', () => {
    const padding = ['EC', '4100', 'AF', '1C53BB6B'].flatMap((id) => [
      element(id, '00'.repeat(10)),
      element(id, '00'.repeat(10)),
    ])
    const bytes = segmentOf(...padding, openElement('1F43B675', 1, block(10), ...padding))
    expect(failureOf(bytes, { maxFragmentBytes: 10 })).toBeUndefined()
  })

  it('begins anew with each fragment', () => {
    const cluster = element('1F43B675', block(90))
    const bytes = segmentOf(cluster, cluster, cluster)
    expect(failureOf(bytes, { maxFragmentBytes: 90 })).toBeUndefined()
  })

  it('refuses a block by its size, before its bytes are there', () => {
    const bytes = concat(clusterOf(), 'A3 10 0F4240 81 0000 80')
    const { failure } = parse(bytes, { maxFragmentBytes: 999_999 })
    expect(failure).toMatchObject({ code: 'fragment-too-large', offset: 26 })
    expect(parse(bytes, { maxFragmentBytes: 1_000_000 }).failure).toBeUndefined()
  })

  it('refuses what is too large to be stepped over also when it lies whole in a chunk', () => {
    const bytes = segmentOf('1F43B675 FF', element('AF', '00'.repeat(1_048_577)), block(10))
    for (const chunks of [[bytes], [bytes.slice(0, 1000), bytes.slice(1000)]]) {
      const { failure } = parse(chunks, { maxFragmentBytes: 1000 })
      expect(failure).toMatchObject({ code: 'element-too-large', offset: 26 })
    }
  })

  it('bounds how far frames lie apart also when each of them was cut by a chunk', () => {
    const long = block(3004)
    const padding = element('EC', '00'.repeat(60_000))
    const parser = new FragmentParser(MATROSKA_RULE, { maxFragmentBytes: 1_000_000 })
    parser.push(concat(segmentOf('1F43B675 FF'), padding, long.slice(0, 1500)))
    const chunk = concat(long.slice(1500), padding, long.slice(0, 1500))
    let pushed = 0
    while (parser.failure === undefined && pushed < 200) {
      parser.push(chunk.slice())
      pushed += 1
    }
    expect(parser.failure).toMatchObject({ code: 'fragment-too-large' })
    expect(pushed).toBeLessThan(60)
  })

  it('is of one frame, not of the fragment, in frame-level mode', () => {
    const bytes = clusterOf(block(60), block(40), block(60), block(60))
    const options: Options = { collectFrames: false, maxFragmentBytes: 60 }
    expect(failureOf(bytes, options)).toBeUndefined()
    expect(failureOf(bytes, { ...options, maxFragmentBytes: 59 })).toBe(
      'fragment-too-large at byte 26, Segment/Cluster/SimpleBlock',
    )
  })
})

describe('maxElementsPerFragment', () => {
  // EBML, DocType, Segment: 3 elements before these.
  it.each<[string, readonly Part[], number]>([
    ['blocks', ['1F43B675 FF', 'A3 84 81 0000 80', 'A3 84 81 0000 80'], 6],
    ['numbers', ['1F43B675 FF', 'E7 80', 'A7 80', 'AB 80'], 7],
    ['Voids', ['EC 80', 'EC 80', '1F43B675 FF', 'EC 80'], 7],
    ['elements that are not registered', ['4100 80', '1F43B675 FF', '4100 81 00'], 6],
    ['masters that are stepped over', ['114D9B74 80', '1C53BB6B 82 BB80', '1F43B675 FF'], 6],
    [
      'groups and what is in them',
      ['1F43B675 FF', element('A0', 'A1 84 81 0000 00', 'FB 81 00')],
      7,
    ],
    ['laced frames, each one', ['1F43B675 FF', 'A3 89 81 0000 84 03 AABBCCDD'], 8],
    ['tags', [element('1254C367', element('7373', simpleTag('a', 'b'))), '1F43B675 FF'], 9],
    [
      'headers',
      ['1549A966 85 4D80 82 7878', element('1654AE6B', 'AE 83 D7 81 01'), '1F43B675 FF'],
      9,
    ],
  ])('counts %s', (_name, parts, count) => {
    const bytes = segmentOf(...parts)
    expect(failureOf(bytes, { maxElementsPerFragment: count })).toBeUndefined()
    expect(failureOf(bytes, { maxElementsPerFragment: count - 1 })).toContain('too-many-elements')
  })

  it('is exact although another fragment follows', () => {
    const cluster = element('1F43B675', 'E7 80', 'A3 84 81 0000 80')
    const bytes = segmentOf(cluster, cluster, cluster)
    expect(failureOf(bytes, { maxElementsPerFragment: 6 })).toBeUndefined()
    expect(failureOf(bytes, { maxElementsPerFragment: 5 })).toContain(
      'too-many-elements at byte 28',
    )
  })

  it('stops elements that are misplaced, too', () => {
    const bytes = segmentOf('1F43B675 FF', 'D7 80', 'D7 80', 'D7 80', 'D7 80')
    expect(failureOf(bytes, { maxElementsPerFragment: 8 })).toBeUndefined()
    expect(failureOf(bytes, { maxElementsPerFragment: 7 })).toContain(
      'too-many-elements at byte 32',
    )
  })

  it('is of one frame, not of the fragment, in frame-level mode', () => {
    const bytes = segmentOf('1F43B675 FF', 'A3 84 81 0000 80'.repeat(20))
    expect(failureOf(bytes, { collectFrames: false, maxElementsPerFragment: 5 })).toBeUndefined()
    expect(failureOf(bytes, { maxElementsPerFragment: 5 })).toContain('too-many-elements')
  })

  it('begins anew with each document', () => {
    const one = segmentOf('1F43B675 82 E7 80')
    const bytes = concat(one, one, one)
    expect(failureOf(bytes, { maxElementsPerFragment: 5 })).toBeUndefined()
  })

  it('stops what would never end: a Cluster of empty elements', () => {
    const bytes = segmentOf('1F43B675 FF', 'EC80'.repeat(2_000_000))
    const { failure, fragments } = parse(bytes)
    expect(failure).toMatchObject({ code: 'too-many-elements' })
    expect(fragments[0].incompleteReason).toBe('damaged')
  })
})

describe('maxSlicesPerFragment', () => {
  const payload = '00'.repeat(5000)
  const clusterOf = (count: number): Uint8Array =>
    segmentOf(
      openElement(
        '1F43B675',
        1,
        ...Array.from({ length: count }, () => element('A3', '81 0000 80', payload)),
      ),
    )
  const chunksOf = (bytes: Uint8Array, size: number): Uint8Array[] =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.slice(i * size, (i + 1) * size),
    )

  it('counts the slices of frames that lie in several chunks', () => {
    // The block takes bytes 26 to 5,033: parts of two chunks of 2,000 and more, and of one that is 1,033 long.
    const chunks = chunksOf(clusterOf(1), 2000)
    expect(parse(chunks, { maxSlicesPerFragment: 3 }).failure).toBeUndefined()
    expect(parse(chunks, { maxSlicesPerFragment: 2 }).failure).toMatchObject({
      code: 'too-many-slices',
      offset: 26,
      path: 'Segment/Cluster/SimpleBlock',
    })
  })

  it('adds up over the frames of a fragment', () => {
    const chunks = chunksOf(clusterOf(3), 2000)
    const needed = parse(chunks).fragments[0].frames.reduce(
      (sum, { slices }) => sum + slices.length,
      0,
    )
    expect(needed).toBeGreaterThan(6)
    expect(parse(chunks, { maxSlicesPerFragment: needed }).failure).toBeUndefined()
    expect(parse(chunks, { maxSlicesPerFragment: needed - 1 }).failure).toMatchObject({
      code: 'too-many-slices',
    })
  })

  it('counts small parts that are joined as one, and frames in one chunk not at all', () => {
    expect(parse(chunksOf(clusterOf(1), 1), { maxSlicesPerFragment: 2 }).failure).toBeUndefined()
    expect(parse(clusterOf(3), { maxSlicesPerFragment: 1 }).failure).toBeUndefined()
  })

  it('is of one frame in frame-level mode', () => {
    const chunks = chunksOf(clusterOf(9), 2000)
    const options: Options = { collectFrames: false, maxSlicesPerFragment: 4 }
    expect(parse(chunks, options).failure).toBeUndefined()
    expect(parse(chunks, { ...options, maxSlicesPerFragment: 2 }).failure).toBeDefined()
  })
})

describe('maxDepth', () => {
  const options = (maxDepth: number): ParserLimits => ({ maxDepth })

  it('counts the masters that are open at once', () => {
    // Segment, Cluster, BlockGroup, BlockAdditions, BlockMore.
    const group = element('A0', element('75A1', element('A6', 'A5 80')))
    const bytes = segmentOf(element('1F43B675', group))
    expect(failureOf(bytes, options(5))).toBeUndefined()
    expect(failureOf(bytes, options(4))).toBe(
      'depth-exceeded at byte 31, Segment/Cluster/BlockGroup/BlockAdditions/BlockMore',
    )
  })
})

describe('maxStringBytes', () => {
  it('is of texts: numbers and checksums are read however small it is', () => {
    const cluster = element('1F43B675', 'BF 84 01020304', 'E7 88 00000000000004D2')
    everySplit(segmentOf("1549A966 85 7BA9 82 'hi'", cluster), (chunks) => {
      const { fragments } = parse(chunks, { maxStringBytes: 1, verifyCrc32: true })
      expect(fragments[0].timestampMs).toBe(1234)
      // DocType and Title are texts.
      expect(fragments[0].errors.map(({ code }) => code)).toEqual([
        'string-too-large',
        'string-too-large',
        'crc-mismatch',
      ])
    })
  })

  it('leaves a longer text out, in headers and tags', () => {
    const bytes = segmentOf(
      element('1549A966', "7BA9 8A '0123456789'", "4D80 8B '0123456789a'"),
      element(
        '1254C367',
        element('7373', simpleTag('a', '0123456789'), simpleTag('b', '0123456789a')),
      ),
      '1F43B675 80',
    )
    const errors = errorsOf(bytes, { maxStringBytes: 10 })
    expect(errors.map((error) => error.split(' ')[0])).toEqual([
      'string-too-large',
      'string-too-large',
    ])
    expect(errors[0]).toBe('string-too-large at 39')
    expect(errorsOf(bytes, { maxStringBytes: 11 })).toEqual([])
    const [fragment] = parse(bytes, { maxStringBytes: 10 }).fragments
    expect(fragment.info).toMatchObject({ title: '0123456789', muxingApp: undefined })
    expect(fragment.tags.map(({ value }) => value)).toEqual(['0123456789', undefined])
  })

  it('is 64 KiB by default', () => {
    const titleOf = (length: number): Uint8Array =>
      segmentOf(element('1549A966', element('7BA9', `'${'x'.repeat(length)}'`)), '1F43B675 80')
    const [within] = parse(titleOf(65_536)).fragments
    expect(within.info?.title).toHaveLength(65_536)
    const [over] = parse(titleOf(65_537)).fragments
    expect(over.errors.map(({ code }) => code)).toEqual(['string-too-large'])
    expect(over.info?.title).toBeUndefined()
  })
})

describe('maxBinaryBytes', () => {
  it('leaves a longer binary out: CodecPrivate, TagBinary, BlockAdditional', () => {
    const bytes = segmentOf(
      element('1654AE6B', element('AE', '63A2 84 01020304'), element('AE', '63A2 85 0102030405')),
      element('1254C367', element('7373', '67C8 88 4485 85 0102030405')),
      element(
        '1F43B675',
        element('A0', 'A1 84 81 0000 00', element('75A1', element('A6', 'A5 85 0102030405'))),
      ),
    )
    const errors = errorsOf(bytes, { maxBinaryBytes: 4 })
    expect(errors.map((error) => error.split(' ')[0])).toEqual([
      'binary-too-large',
      'binary-too-large',
      'binary-too-large',
    ])
    expect(errorsOf(bytes, { maxBinaryBytes: 5 })).toEqual([])
    const [fragment] = parse(bytes, { maxBinaryBytes: 4 }).fragments
    expect(fragment.tracks.map(({ codecPrivate }) => codecPrivate?.length)).toEqual([4, undefined])
    expect(fragment.tags[0].binary).toBeUndefined()
    expect(fragment.frames[0].additions).toEqual([])
  })

  it('is no limit for blocks, Voids and unregistered elements', () => {
    const long = '00'.repeat(50)
    const bytes = segmentOf(
      element(
        '1F43B675',
        element('A3', '81 0000 80', long),
        element('EC', long),
        element('4100', long),
      ),
    )
    expect(errorsOf(bytes, { maxBinaryBytes: 1 })).toEqual([])
  })
})

describe('maxTagsPerFragment', () => {
  const tags = element(
    '1254C367',
    element('7373', simpleTag('a', '1'), element('67C8', "45A3 81 'b'", simpleTag('c', '1'))),
  )

  it('leaves further tags out, nested ones counted', () => {
    const bytes = segmentOf(tags, '1F43B675 80')
    expect(errorsOf(bytes, { maxTagsPerFragment: 3 })).toEqual([])
    expect(errorsOf(bytes, { maxTagsPerFragment: 2 })).toHaveLength(1)
    expect(errorsOf(bytes, { maxTagsPerFragment: 2 })[0]).toContain('too-many-tags')
    const [fragment] = parse(bytes, { maxTagsPerFragment: 2 }).fragments
    expect(fragment.tags).toMatchObject([{ name: 'a' }, { name: 'b', children: [] }])
    const [first] = parse(bytes, { maxTagsPerFragment: 1 }).fragments
    expect(first.tags.map(({ name }) => name)).toEqual(['a'])
  })

  it('counts over all Tags of a fragment, and anew for the next', () => {
    const bytes = segmentOf(tags, '1F43B675 80', tags, '1F43B675 80')
    everySplit(bytes, (chunks) => {
      const [first, second] = parse(chunks, { maxTagsPerFragment: 5 }).fragments
      expect(first.errors.map(({ code }) => code)).toEqual(['too-many-tags'])
      expect(second.errors).toEqual([])
    })
    const many = concat(segmentOf(tags, '1F43B675 80'), segmentOf(tags, '1F43B675 80'))
    expect(
      parse(many, { maxTagsPerFragment: 3 }).fragments.flatMap(({ errors }) => errors),
    ).toEqual([])
  })
})

describe('maxTracks', () => {
  it('leaves further tracks out', () => {
    const entries = ['01', '02', '03'].map((number) =>
      element('AE', 'D7 81', number, "536E 81 'n'"),
    )
    const bytes = segmentOf(element('1654AE6B', ...entries), '1F43B675 80')
    expect(errorsOf(bytes, { maxTracks: 3 })).toEqual([])
    expect(errorsOf(bytes, { maxTracks: 2 })).toEqual([
      `too-many-tracks at ${26 + 2 * entries[0].length}`,
    ])
    const [fragment] = parse(bytes, { maxTracks: 2 }).fragments
    expect(fragment.tracks.map(({ number }) => number)).toEqual([1, 2])
  })
})

describe('a limit that stops the stream', () => {
  it('gives what was read until then, the open fragment as damaged', () => {
    const block = 'A3 85 81 0000 80 AA'
    const bytes = concat(
      segmentOf('1F43B675 FF', block),
      segmentOf('1F43B675 FF', block, block, block),
      EBML_HEADER,
    )
    everySplit(bytes, (chunks) => {
      expect(outline(parse(chunks, { maxElementsPerFragment: 6 }))).toEqual([
        ['0+33 complete', '1@0K AA'],
        [
          '33+40 damaged',
          '1@0K AA',
          '1@0K AA',
          'too-many-elements at 73 Segment/Cluster/SimpleBlock',
        ],
      ])
    })
  })
})
