// Where fragments of a KVS payload begin and end, in every shape that was met.
import { describe, expect, it } from 'vitest'
import type { GetMediaParserOptions } from '../../src/tags/get-media-parser.js'
import { GetMediaParser } from '../../src/tags/get-media-parser.js'
import type { Part } from '../helpers/ebml-bytes.js'
import { concat, EBML_HEADER, element, openElement, tagsOf } from '../helpers/ebml-bytes.js'
import { everyCut, everySplit } from '../helpers/every-split.js'
import {
  awsTags,
  CLUSTER,
  documentOf,
  fragmentOf,
  headOf,
  openingTagOf,
  parseGetMediaChunks,
  summariesOf,
  tailOf,
} from './get-media-stream.js'

const LIST: GetMediaParserOptions = { source: 'GetMediaForFragmentList' }

/** Expects these summaries however the bytes are cut. */
function expectFragments(
  parts: readonly Part[],
  summaries: readonly string[],
  options: GetMediaParserOptions = {},
): void {
  everySplit(concat(...parts), (chunks) => {
    const { fragments, failure } = parseGetMediaChunks(chunks, options)
    expect(failure).toBeUndefined()
    expect(summariesOf(fragments)).toEqual(summaries)
    expect(fragments.flatMap(({ errors }) => errors)).toEqual([])
  })
}

describe('a fragment of GetMedia', () => {
  it('ends where its closing tags end', () => {
    const one = fragmentOf('17')
    const two = fragmentOf('18')
    expectFragments(
      [one, two],
      [`0+${one.length} #17 complete 1 ->17`, `${one.length}+${two.length} #18 complete 1 ->18`],
    )
  })

  it('is given with the last byte of its closing tags, not with the next header', () => {
    const bytes = fragmentOf('17')
    const parser = new GetMediaParser()
    const counts = Array.from(bytes, (byte) => parser.push(Uint8Array.of(byte)).length)
    expect(counts.slice(0, -1).every((count) => count === 0)).toBe(true)
    expect(counts.at(-1)).toBe(1)
    expect(parser.end()).toEqual([])
  })

  it('has Cues and tags of the producer between its Cluster and its closing tags', () => {
    const bytes = fragmentOf(
      '17',
      '1C53BB6B 82 BB80',
      tagsOf(['A', '1']),
      'EC 81 00',
      tagsOf(['B', '2']),
    )
    everySplit(bytes, (chunks) => {
      const { fragments } = parseGetMediaChunks(chunks)
      expect(summariesOf(fragments)).toEqual([`0+${bytes.length} #17 complete 1 ->17`])
      expect(fragments[0].tags.map(({ name, position }) => [name, position])).toEqual([
        ['A', 'after'],
        ['B', 'after'],
      ])
    })
  })

  it('has tags of the producer before it, even before Info, and beside the service’s', () => {
    const mixed = element(
      '1254C367',
      element('7373', element('67C8', "45A3 81 'B'", "4487 81 '2'")),
      openingTagOf('17'),
    )
    const bytes = documentOf(tagsOf(['A', '1']), '1549A966 80', mixed, CLUSTER, tailOf('17'))
    everySplit(bytes, (chunks) => {
      const [fragment] = parseGetMediaChunks(chunks).fragments
      expect(fragment.metadata.fragmentNumber).toBe('17')
      expect(fragment.tags.map(({ name, position }) => [name, position])).toEqual([
        ['A', 'before'],
        ['B', 'before'],
      ])
    })
  })

  it('may have no Info, no Tracks and an EBML header of three elements', () => {
    const header = concat("1A45DFA3 93 4286 81 01 4282 88 'matroska' 4287 81 02")
    const bytes = concat(header, openElement('18538067', 1, headOf('17'), CLUSTER, tailOf('17')))
    expectFragments([bytes], [`0+${bytes.length} #17 complete 1 ->17`])
  })

  it('may have a Cluster of known size, and a Segment of known size', () => {
    const cluster = element('1F43B675', 'E7 81 01', 'A3 85 81 0000 80 AA')
    const bytes = concat(EBML_HEADER, element('18538067', headOf('17'), cluster, tailOf('17')))
    expectFragments(
      [bytes, bytes],
      [
        `0+${bytes.length} #17 complete 1 ->17`,
        `${bytes.length}+${bytes.length} #17 complete 1 ->17`,
      ],
    )
  })

  it('may be followed by a Void, which is no fragment', () => {
    const one = fragmentOf('17')
    expectFragments(
      [one, 'EC 83 000000', fragmentOf('18')],
      [
        `0+${one.length} #17 complete 1 ->17`,
        `${one.length + 5}+${one.length} #18 complete 1 ->18`,
      ],
    )
    expectFragments([one, 'EC 83 000000'], [`0+${one.length} #17 complete 1 ->17`])
  })

  it('holds all the Clusters between its opening and its closing tags', () => {
    const second = openElement('1F43B675', 1, 'E7 81 09', 'A3 85 81 0000 80 BB')
    const bytes = documentOf(headOf('17'), CLUSTER, second, tailOf('17'))
    everySplit(bytes, (chunks) => {
      for (const collectFrames of [true, false]) {
        const { fragments } = parseGetMediaChunks(chunks, { collectFrames })
        expect(fragments).toHaveLength(1)
        expect(fragments[0]).toMatchObject({
          timestampMs: 1,
          timestampNs: 1_000_000n,
          isComplete: true,
        })
        const times = fragments[0].frames.map(({ timestampMs }) => timestampMs)
        expect(times).toEqual(collectFrames ? [1, 9] : [])
      }
    })
  })

  it('has the time of its first Cluster although that is empty', () => {
    const bytes = documentOf(headOf('17'), '1F43B675 83 E7 81 05', CLUSTER, tailOf('17'))
    expect(parseGetMediaChunks(bytes).fragments[0].timestampMs).toBe(5)
  })
})

describe('a merged file', () => {
  it('has several fragments in one Segment, each from its opening tags to its closing ones', () => {
    const start = documentOf('1549A966 80', element('1654AE6B', 'AE 83 D7 81 01'))
    const run = (number: string): Uint8Array => concat(headOf(number), CLUSTER, tailOf(number))
    const length = run('17').length
    everySplit(concat(start, run('17'), run('18'), run('19')), (chunks) => {
      const { fragments } = parseGetMediaChunks(chunks)
      expect(summariesOf(fragments)).toEqual([
        `0+${start.length + length} #17 complete 1 ->17`,
        `${start.length + length}+${length} #18 complete 1 ->18`,
        `${start.length + 2 * length}+${length} #19 complete 1 ->19`,
      ])
      expect(fragments.map(({ tracks }) => tracks.length)).toEqual([1, 1, 1])
    })
  })

  it('whose closing tags are missing has a fragment from opening tags to opening tags', () => {
    const start = documentOf()
    const run = (number: string): Uint8Array => concat(headOf(number), CLUSTER)
    const length = run('17').length
    const bytes = [start, run('17'), run('18')]
    const summaries = (reason: string): string[] => [
      `0+${start.length + length} #17 ${reason} 1 ->…`,
      `${start.length + length}+${length} #18 ${reason} 1 ->…`,
    ]
    expectFragments(bytes, summaries('missing-closing-tags'))
    expectFragments(bytes, summaries('complete'), LIST)
  })

  it('gives tags that open a fragment to that one, also those of the producer among them', () => {
    const opening = element(
      '1254C367',
      element('7373', element('67C8', "45A3 81 'A'", "4487 81 '1'")),
      openingTagOf('18'),
    )
    everySplit(documentOf(headOf('17'), CLUSTER, opening, CLUSTER, tailOf('18')), (chunks) => {
      const [first, second] = parseGetMediaChunks(chunks).fragments
      expect(first.tags).toEqual([])
      expect(second.tags.map(({ name, position }) => [name, position])).toEqual([['A', 'before']])
      expect(second.metadata.fragmentNumber).toBe('18')
    })
  })
})

describe('closing tags', () => {
  it('may tell the number of their fragment once more: they open no other', () => {
    const closing = (number: string): Uint8Array =>
      awsTags(['FRAGMENT_NUMBER', number], ['CONTINUATION_TOKEN', '17'])
    for (const number of ['17', '']) {
      const bytes = documentOf(headOf('17'), CLUSTER, closing(number))
      expectFragments([bytes], [`0+${bytes.length} #17 complete 1 ->17`])
    }
    // Of another number, they are those of a fragment without a Cluster.
    const first = documentOf(headOf('16'), CLUSTER)
    const second = closing('17')
    expectFragments(
      [first, second],
      [
        `0+${first.length} #16 missing-closing-tags 1 ->…`,
        `${first.length}+${second.length} #17 complete 0 ->17`,
      ],
    )
  })
})

describe('opening tags of another number', () => {
  it('begin another fragment although the open one has no Cluster', () => {
    const one = documentOf(headOf('17'))
    const two = concat(headOf('18'), CLUSTER, tailOf('18'))
    expectFragments(
      [one, two],
      [
        `0+${one.length} #17 missing-cluster 0 ->…`,
        `${one.length}+${two.length} #18 complete 1 ->18`,
      ],
    )
  })

  it('are not those that come again, nor those without a number', () => {
    const bytes = documentOf(headOf('17'), headOf('17'), headOf(''), CLUSTER, tailOf('17'))
    expectFragments([bytes], [`0+${bytes.length} #17 complete 1 ->17`])
  })
})

describe('closing tags that are missing', () => {
  it('leave the fragment incomplete at the next header', () => {
    const one = documentOf(headOf('17'), CLUSTER)
    const two = fragmentOf('18')
    expectFragments(
      [one, two],
      [
        `0+${one.length} #17 missing-closing-tags 1 ->…`,
        `${one.length}+${two.length} #18 complete 1 ->18`,
      ],
    )
  })

  it('leave it incomplete at a clean end, wherever that is between two elements', () => {
    const tags = tagsOf(['A', '1'])
    for (const trailer of ['', '1C53BB6B 80', tags]) {
      const bytes = documentOf(headOf('17'), CLUSTER, trailer)
      expectFragments([bytes], [`0+${bytes.length} #17 missing-closing-tags 1 ->…`])
    }
  })

  it('leave it without the errors of the opening tags that end it: those are of the next fragment', () => {
    // A TagDefault of nine bytes.
    const odd = element('67C8', '4484 89 000000000000000000')
    const next = element('1254C367', openingTagOf('18'), element('7373', odd))
    const bytes = concat(documentOf(headOf('17'), CLUSTER), next, CLUSTER, tailOf('18'))
    everySplit(bytes, (chunks) => {
      const { fragments, failure } = parseGetMediaChunks(chunks, {})
      expect(failure).toBeUndefined()
      const facts = fragments.map(({ metadata, offset, errors }) => [
        metadata.fragmentNumber,
        errors.map((error) => `${error.code}, ${error.offset >= offset}`),
      ])
      expect(facts).toEqual([
        ['17', []],
        ['18', ['invalid-value-size, true']],
      ])
    })
  })

  it('leave it with its own 64 errors, and the next fragment with its own', () => {
    const odd = element('67C8', '4484 89 000000000000000000')
    const many = element('1254C367', element('7373', ...Array<Uint8Array>(70).fill(odd)))
    const next = element('1254C367', openingTagOf('18'), element('7373', odd))
    const bytes = concat(documentOf(headOf('17'), many, CLUSTER), next, CLUSTER, tailOf('18'))
    everySplit(bytes, (chunks) => {
      const { fragments } = parseGetMediaChunks(chunks, {})
      expect(fragments.map(({ errors }) => errors.length)).toEqual([64, 1])
    })
  })

  it('are no fault of a document whose Segment has a known size', () => {
    const bytes = concat(EBML_HEADER, element('18538067', headOf('17'), CLUSTER))
    expectFragments([bytes], [`0+${bytes.length} #17 missing-closing-tags 1 ->…`])
    expectFragments([bytes], [`0+${bytes.length} #17 complete 1 ->…`], LIST)
  })
})

describe('a payload that was cut', () => {
  const bytes = fragmentOf('17', '1C53BB6B 80')

  it('at any byte has a fragment that is not complete', () => {
    everyCut(bytes, (head) => {
      const { fragments, failure } = parseGetMediaChunks(head)
      expect(failure).toBeUndefined()
      expect(fragments.every(({ isComplete }) => !isComplete)).toBe(true)
      expect(fragments.length).toBe([0, 16, 28].includes(head.length) ? 0 : 1)
      for (const fragment of fragments) expect(fragment.byteLength).toBe(head.length)
    })
  })

  it('behind a whole fragment leaves that one whole', () => {
    const { length } = bytes
    everyCut(bytes, (head) => {
      const { fragments } = parseGetMediaChunks(concat(bytes, head))
      expect(summariesOf(fragments)[0]).toBe(`0+${length} #17 complete 1 ->17`)
      expect(
        fragments.slice(1).every(({ isComplete, offset }) => !isComplete && offset === length),
      ).toBe(true)
    })
  })

  it('says at which byte of the Cluster whether the frame was whole', () => {
    const clusterEnd = bytes.length - 5 - tailOf('17').length
    const [whole] = parseGetMediaChunks(bytes.slice(0, clusterEnd)).fragments
    expect(whole).toMatchObject({
      incompleteReason: 'missing-closing-tags',
      truncatedFrame: undefined,
    })
    const [cut] = parseGetMediaChunks(bytes.slice(0, clusterEnd - 1)).fragments
    expect(cut.incompleteReason).toBe('truncated')
    expect(cut.frames).toEqual([])
    expect(cut.truncatedFrame?.trackNumber).toBe(1)
  })
})

describe('GetMediaForFragmentList', () => {
  const one = documentOf(headOf('17'), CLUSTER, tagsOf(['A', '1']))
  const two = documentOf(headOf('18'), CLUSTER)

  it('has no closing tags: the next header and a clean end complete a fragment', () => {
    expectFragments(
      [one, two],
      [`0+${one.length} #17 complete 1 ->…`, `${one.length}+${two.length} #18 complete 1 ->…`],
      LIST,
    )
  })

  it('takes closing tags for the end when they do come', () => {
    const bytes = fragmentOf('17')
    expectFragments([bytes], [`0+${bytes.length} #17 complete 1 ->17`], LIST)
  })

  it('is not complete when it was cut inside an element', () => {
    const boundaries = new Set([two.length - 7, two.length - 10])
    everyCut(two, (head) => {
      const { fragments } = parseGetMediaChunks(head, LIST)
      const isWhole = fragments.length === 1 && fragments[0].isComplete
      // A Cluster of unknown size that ends between two of its elements may well have ended there.
      expect(isWhole).toBe(boundaries.has(head.length))
    })
  })

  it('is not complete without a Cluster', () => {
    const bytes = documentOf(headOf('17'))
    expectFragments([bytes], [`0+${bytes.length} #17 missing-cluster 0 ->…`], LIST)
  })
})

describe('a payload without AWS’s tags', () => {
  it('is ordinary Matroska: a fragment for each Cluster', () => {
    const start = documentOf('1549A966 80', tagsOf(['A', '1']))
    expectFragments(
      [start, CLUSTER, CLUSTER, '1C53BB6B 80'],
      [`0+${start.length + 15} #… complete 1 ->…`, `${start.length + 15}+20 #… complete 1 ->…`],
    )
  })
})

describe('a document without a Cluster', () => {
  it('of the producer’s tags is a fragment that is not complete', () => {
    const bytes = documentOf('1549A966 80', tagsOf(['END_OF_STREAM', '1']))
    expectFragments(
      [bytes, fragmentOf('18')],
      [
        `0+${bytes.length} #… missing-cluster 0 ->…`,
        `${bytes.length}+${fragmentOf('18').length} #18 complete 1 ->18`,
      ],
    )
  })

  it('with opening tags has their number', () => {
    const bytes = documentOf(headOf('17'))
    expectFragments([bytes], [`0+${bytes.length} #17 missing-cluster 0 ->…`])
  })

  it('with closing tags is complete: the service says there is no more to it', () => {
    const bytes = documentOf(headOf('17'), tagsOf(['END_OF_STREAM', '1']), tailOf('17'))
    expectFragments([bytes], [`0+${bytes.length} #17 complete 0 ->17`])
  })
})

describe('a Segment that restarts', () => {
  it('begins a fragment, and leaves the one before it without closing tags', () => {
    const one = documentOf(headOf('17'), CLUSTER)
    const two = openElement('18538067', 1, headOf('18'), CLUSTER, tailOf('18'))
    expectFragments(
      [one, two],
      [
        `0+${one.length} #17 missing-closing-tags 1 ->…`,
        `${one.length}+${two.length} #18 complete 1 ->18`,
      ],
    )
  })
})
