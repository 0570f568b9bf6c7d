// A Tag that lies whole in a chunk is read in one loop when it is plain, and element by element otherwise. Nobody must notice.
import { describe, expect, it } from 'vitest'
import { FragmentLedger } from '../../src/parser/ledger.js'
import type { ParserLimits } from '../../src/parser/limits.js'
import { resolveLimits } from '../../src/parser/limits.js'
import { TagCollector } from '../../src/parser/tag-collector.js'
import { concat, element, openElement } from '../helpers/ebml-bytes.js'
import { parse, segmentOf } from './fragment-harness.js'

const NAME = "45A3 84 'NAME'"
const TEXT = "4487 85 'value'"
const SIMPLE = element('67C8', NAME, TEXT)
const EMPTY_TARGETS = '63C0 80'

/** The data of a Tag, and whether it is one that is read in the loop. */
const SHAPES: Readonly<Record<string, readonly [data: Uint8Array, isPlain: boolean]>> = {
  'nothing at all': [concat(), true],
  'one SimpleTag': [SIMPLE, true],
  'three SimpleTags': [concat(SIMPLE, SIMPLE, SIMPLE), true],
  'Targets that say nothing, first': [concat(EMPTY_TARGETS, SIMPLE), true],
  'Targets that say nothing, last': [concat(SIMPLE, EMPTY_TARGETS), true],
  'an empty name and an empty text': [element('67C8', '45A3 80', '4487 80'), true],
  'a text with padding behind a NUL': [element('67C8', NAME, "4487 85 'va' 00 'ue'"), true],
  'a text that is not ASCII': [element('67C8', NAME, '4487 84 C3A9 E9 C3'), true],
  'sizes of four bytes': [
    concat('67C8 10000013', "45A3 10000004 'NAME'", "4487 10000003 'abc'"),
    true,
  ],
  'sizes of eight bytes': [
    concat(
      '67C8 01 0000000000001C',
      "45A3 01 00000000000004 'NAME'",
      "4487 01 00000000000004 'text'",
    ),
    true,
  ],
  'Targets that name a track': [concat(element('63C0', '63C5 81 07'), SIMPLE), false],
  'Targets of a size that runs out of the Tag': [concat(SIMPLE, '63C0 81'), false],
  'a name and no text': [element('67C8', NAME), false],
  'the text before the name': [element('67C8', TEXT, NAME), false],
  'a language': [element('67C8', NAME, "447A 83 'fra'", TEXT), false],
  'a language behind the text': [element('67C8', NAME, TEXT, "447A 83 'fra'"), false],
  'a binary': [element('67C8', NAME, '4485 82 00FF'), false],
  'a nested SimpleTag': [element('67C8', NAME, TEXT, SIMPLE), false],
  'a Void inside': [element('67C8', 'EC 80', NAME, TEXT), false],
  'a Void between': [concat(SIMPLE, 'EC 80', SIMPLE), false],
  'a CRC-32': [concat('BF 84 00000000', SIMPLE), false],
  'a SimpleTag of unknown size': [concat(SIMPLE, openElement('67C8', 1, NAME, TEXT)), false],
  'a SimpleTag longer than the Tag': [concat(SIMPLE, '67C8 90', NAME), false],
  'a name longer than its SimpleTag': [element('67C8', "45A3 8F 'NAME'"), false],
  'a text longer than its SimpleTag': [element('67C8', NAME, "4487 8F 'value'"), false],
  'a size wider than eight bytes': [concat('67C8 00 0000000000000010', NAME, TEXT), false],
  'a name with one': [element('67C8', "45A3 00 0000000000000004 'NAME'", TEXT), false],
  'half a header': [concat(SIMPLE, '67'), false],
  'a size without its bytes': [concat(SIMPLE, '67C8 10'), false],
}

const LIMITS: readonly ParserLimits[] = [
  {},
  { maxDepth: 3 },
  { maxDepth: 4 },
  ...[1, 2, 3].map((maxTagsPerFragment) => ({ maxTagsPerFragment })),
  ...[3, 4, 5, 8].map((maxStringBytes) => ({ maxStringBytes })),
  ...[8, 9, 10, 26, 27, 28].map((maxFragmentBytes) => ({ maxFragmentBytes })),
  ...Array.from({ length: 18 }, (_, i) => ({ maxElementsPerFragment: i + 1 })),
]

function outcome(chunks: readonly Uint8Array[], limits: ParserLimits): unknown {
  const { fragments, failure } = parse(chunks, { ...limits, verifyCrc32: true })
  return {
    failure: failure?.message,
    fragments: fragments.map((fragment) => ({
      tags: fragment.tags,
      errors: fragment.errors.map(({ message }) => message),
      reason: fragment.incompleteReason,
    })),
  }
}

describe('a Tag', () => {
  it.each(Object.entries(SHAPES))('of %s reads alike whole and byte by byte', (_, [data]) => {
    for (const limits of LIMITS) {
      const bytes = segmentOf(element('1254C367', element('7373', data)), '1F43B675 80')
      const bits = Array.from(bytes, (byte) => Uint8Array.of(byte))
      expect(outcome([bytes], limits)).toEqual(outcome(bits, limits))
    }
  })

  it.each(Object.entries(SHAPES))(
    'of %s is read in one loop only if plain',
    (_, [data, isPlain]) => {
      const tags = new TagCollector()
      const ledger = new FragmentLedger(resolveLimits({}))
      tags.begin('before')
      // The data ends with the chunk: nothing behind it may be read.
      expect(tags.readPlain(data, 0, data.length, ledger)).toBe(isPlain)
      if (!isPlain) expect(tags.take()).toEqual([])
      expect(ledger.elements > 0 || data.length === 0).toBe(isPlain || data.length === 0)
    },
  )
})
