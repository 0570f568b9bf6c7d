// In-band errors come in documents of every shape, and none may be lost.
import { describe, expect, it } from 'vitest'
import { GetMediaParser } from '../../src/tags/get-media-parser.js'
import type { Part } from '../helpers/ebml-bytes.js'
import { concat, simpleTag } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import {
  awsTags,
  CLUSTER,
  documentOf,
  fragmentOf,
  headOf,
  parseGetMediaChunks,
  summariesOf,
  tailOf,
} from './get-media-stream.js'

/** Expects these summaries however the bytes are cut. */
function expectFragments(parts: readonly Part[], summaries: readonly string[]): void {
  everySplit(concat(...parts), (chunks) => {
    const { fragments, failure } = parseGetMediaChunks(chunks)
    expect(failure).toBeUndefined()
    expect(summariesOf(fragments)).toEqual(summaries)
    expect(fragments.flatMap(({ errors }) => errors)).toEqual([])
  })
}

describe('a document with an in-band error', () => {
  const error = awsTags(['ERROR_ID', '3002'], ['ERROR_CODE', 'X'])
  const about = awsTags(['FRAGMENT_NUMBER', '18'], ['ERROR_ID', '3002'])

  it.each<[string, Uint8Array, string]>([
    ['alone', documentOf(error), '#… missing-cluster 0 ->… !3002'],
    ['alone, with a number', documentOf(about), '#18 missing-cluster 0 ->… !3002'],
    [
      'after Info and Tracks',
      documentOf('1549A966 80', '1654AE6B 80', error),
      '#… missing-cluster 0 ->… !3002',
    ],
    ['after opening tags', documentOf(headOf('17'), error), '#17 missing-cluster 0 ->… !3002'],
    ['before opening tags', documentOf(error, headOf('17')), '#17 missing-cluster 0 ->… !3002'],
    [
      'before a Cluster',
      documentOf(headOf('17'), error, CLUSTER),
      '#17 missing-closing-tags 1 ->… !3002',
    ],
    [
      'after a Cluster',
      documentOf(headOf('17'), CLUSTER, error),
      '#17 missing-closing-tags 1 ->… !3002',
    ],
    [
      'after a Cluster, about another',
      documentOf(headOf('17'), CLUSTER, about),
      '#17 missing-closing-tags 1 ->… !3002',
    ],
    [
      'after a Cluster without tags',
      documentOf(CLUSTER, error),
      '#… missing-closing-tags 1 ->… !3002',
    ],
    [
      'in a whole fragment',
      documentOf(headOf('17'), CLUSTER, error, tailOf('17')),
      '#17 complete 1 ->17 !3002',
    ],
    [
      'before the number of its fragment',
      documentOf(about, headOf('17'), CLUSTER, tailOf('17')),
      '#17 complete 1 ->17 !3002',
    ],
    [
      'in the closing tags',
      documentOf(
        headOf('17'),
        CLUSTER,
        awsTags(['ERROR_ID', '3002'], ['CONTINUATION_TOKEN', '17']),
      ),
      '#17 complete 1 ->17 !3002',
    ],
  ])('is never lost: %s', (_name, bytes, summary) => {
    expectFragments([bytes], [`0+${bytes.length} ${summary}`])
    const before = fragmentOf('16')
    expectFragments(
      [before, bytes],
      [`0+${before.length} #16 complete 1 ->16`, `${before.length}+${bytes.length} ${summary}`],
    )
  })

  it('behind the closing tags of a fragment is a fragment of its own', () => {
    const one = fragmentOf('17')
    expectFragments(
      [one, error],
      [
        `0+${one.length} #17 complete 1 ->17`,
        `${one.length}+${error.length} #… missing-cluster 0 ->… !3002`,
      ],
    )
  })
})

describe('error tags that were cut', () => {
  const tags = awsTags(['ERROR_ID', '4500'], ['CONTINUATION_TOKEN', '17'], ['ERROR_CODE', 'X'])
  const lastTag = simpleTag('AWS_KINESISVIDEO_ERROR_CODE', 'X')

  it('tell of the error once its tag was whole, in a response that was cut or damaged', () => {
    const start = documentOf(headOf('17'), CLUSTER)
    for (const cut of [1, lastTag.length]) {
      const head = concat(start, tags.subarray(0, tags.length - cut))
      everySplit(head, (chunks) => {
        const ids: (number | undefined)[] = []
        const { fragments } = parseGetMediaChunks(chunks, {
          onServiceError: ({ id }) => ids.push(id),
        })
        expect(summariesOf(fragments)).toEqual([`0+${head.length} #17 truncated 1 ->… !4500`])
        expect(ids).toEqual([4500])
      })
    }
    const damaged = concat(start, tags.subarray(0, tags.length - lastTag.length), '00 00')
    everySplit(damaged, (chunks) => {
      const { fragments, failure } = parseGetMediaChunks(chunks)
      expect(failure).toMatchObject({ code: 'invalid-id' })
      expect(summariesOf(fragments)).toEqual([`0+${damaged.length - 2} #17 damaged 1 ->… !4500`])
    })
  })

  it('are the fragment where there is nothing else', () => {
    const start = documentOf()
    const bytes = concat(start, tags.subarray(0, tags.length - lastTag.length), '00 00')
    const { fragments } = parseGetMediaChunks(bytes)
    expect(summariesOf(fragments)).toEqual([`0+${bytes.length - 2} #… damaged 0 ->… !4500`])
  })

  it('stop the parser like others when onServiceError throws, and lose nothing that was read', () => {
    const thrown = new Error('mine')
    const onServiceError = (): never => {
      throw thrown
    }
    const damaged = concat(documentOf(tags.subarray(0, tags.length - lastTag.length)), '00 00')
    for (const onDamage of ['throw', 'resync'] as const) {
      const parser = new GetMediaParser({ onServiceError, onDamage })
      const fragments = parser.push(concat(fragmentOf('16'), damaged))
      expect(parser.failure).toBe(thrown)
      expect(fragments.map(({ isComplete }) => isComplete)).toEqual([true, false])
    }
    const cut = new GetMediaParser({ onServiceError })
    expect(cut.push(concat(fragmentOf('16'), documentOf(tags.subarray(0, -1))))).toHaveLength(1)
    expect(cut.end()).toMatchObject([{ incompleteReason: 'truncated' }])
    expect(cut.failure).toBe(thrown)
  })
})
