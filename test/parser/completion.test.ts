import { describe, expect, it } from 'vitest'
import type { CompletionRule, FragmentEnd } from '../../src/parser/completion.js'
import { MATROSKA_RULE, reasonFor } from '../../src/parser/completion.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import { concat, tagsOf } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { run, segmentOf } from './fragment-harness.js'

describe('reasonFor', () => {
  const end = (
    hasCluster: boolean,
    isClusterEnded: boolean,
    cause: FragmentEnd['cause'],
  ): FragmentEnd => ({ hasCluster, isClusterEnded, cause })

  it('finds nothing wrong where the Cluster was read to its end, whatever came then', () => {
    for (const cause of ['next', 'end', 'truncated', 'damaged'] as const) {
      expect(reasonFor(end(true, true, cause))).toBeUndefined()
    }
  })

  it('names what cut the Cluster', () => {
    expect(reasonFor(end(true, false, 'truncated'))).toBe('truncated')
    expect(reasonFor(end(true, false, 'damaged'))).toBe('damaged')
  })

  it('names a Cluster that never came, or what kept it from coming', () => {
    expect(reasonFor(end(false, true, 'next'))).toBe('missing-cluster')
    expect(reasonFor(end(false, true, 'end'))).toBe('missing-cluster')
    expect(reasonFor(end(false, true, 'truncated'))).toBe('truncated')
    expect(reasonFor(end(false, true, 'damaged'))).toBe('damaged')
  })

  it('is how plain Matroska judges', () => {
    expect(MATROSKA_RULE.judgeEnd(undefined, end(false, true, 'end'))).toBe('missing-cluster')
    expect(MATROSKA_RULE.isHoldingClusters(undefined)).toBe(false)
    expect(MATROSKA_RULE.isOpening(undefined, [], true)).toBe(false)
    expect(MATROSKA_RULE.wallClockMs(undefined)).toBeUndefined()
  })
})

describe('a rule of one’s own', () => {
  interface Names {
    readonly names: string[]
  }
  // Fragments end at the tags named END; a tag named BEGIN begins one.
  const rule: CompletionRule<Names> = {
    createMetadata: () => ({ names: [] }),
    isOpening: (_metadata, tags, hasCluster) =>
      hasCluster && tags.some(({ name }) => name === 'BEGIN'),
    readTags: (metadata, tags) => {
      metadata.names.push(...tags.map(({ name }) => name))
      return {
        producerTags: tags.filter(({ name }) => name !== 'END'),
        isClosing: tags.some(({ name }) => name === 'END'),
      }
    },
    isHoldingClusters: () => true,
    judgeEnd: (_metadata, { cause }) => (cause === 'next' ? undefined : 'missing-closing-tags'),
    wallClockMs: () => 1_000_000,
  }
  const cluster = '1F43B675 89 E7 81 01 A3 84 81 0000 80'

  it('says where fragments begin and end, and what their tags mean', () => {
    const bytes = segmentOf(
      tagsOf(['A', '1']),
      cluster,
      cluster,
      tagsOf(['END', '1']),
      cluster,
      tagsOf(['BEGIN', '1']),
      cluster,
    )
    everySplit(bytes, (chunks) => {
      const { fragments } = run(new FragmentParser(rule), chunks)
      expect(fragments.map(({ metadata }) => metadata.names)).toEqual([['A', 'END'], [], ['BEGIN']])
      expect(fragments.map(({ tags }) => tags.map(({ name }) => name))).toEqual([
        ['A'],
        [],
        ['BEGIN'],
      ])
      expect(fragments.map(({ incompleteReason }) => incompleteReason)).toEqual([
        undefined,
        undefined,
        'missing-closing-tags',
      ])
    })
  })

  it('gives frames their wall clock', () => {
    const bytes = segmentOf('1F43B675 89 E7 81 05 A3 84 81 0003 80')
    const [{ frames }] = run(new FragmentParser(rule), [concat(bytes)]).fragments
    expect(frames[0].wallClockMs).toBe(1_000_003)
  })

  it('stops the parser when it throws', () => {
    const thrown = new Error('mine')
    const parser = new FragmentParser({
      ...rule,
      readTags: () => {
        throw thrown
      },
    })
    expect(run(parser, [segmentOf(cluster, tagsOf(['A', '1']))]).failure).toBe(thrown)
  })
})
