// A file pushed as one chunk: what is read in one loop may not make more of it than the limits allow.
import { expect, it } from 'vitest'
import { FragmentParser, MATROSKA_RULE } from '../../src/parser/index.js'
import { element } from '../helpers/ebml-bytes.js'
import { segmentOf } from '../parser/fragment-harness.js'

const TAGS = 1_000_000
const MIB = 1024 * 1024

it('makes no million tags to find that a million are too many', () => {
  const tag = element('67C8', "45A3 81 'N'", "4487 81 'v'")
  const tags = new Uint8Array(TAGS * tag.length)
  for (let i = 0; i < TAGS; i += 1) tags.set(tag, i * tag.length)
  const chunk = segmentOf(element('1254C367', element('7373', tags)))
  const parser = new FragmentParser(MATROSKA_RULE)
  const before = process.resourceUsage().maxRSS
  const [fragment] = parser.push(chunk)
  // A tag takes some 100 bytes: all of them, 100 MB.
  expect((process.resourceUsage().maxRSS - before) / 1024).toBeLessThan(40)
  expect(fragment.incompleteReason).toBe('damaged')
  expect(parser.failure).toMatchObject({ code: 'too-many-elements' })
  expect(chunk.length).toBeGreaterThan(10 * MIB)
})
