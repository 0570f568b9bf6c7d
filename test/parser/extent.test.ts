import { expect, it } from 'vitest'
import { MATROSKA_RULE } from '../../src/parser/completion.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import { concat, element } from '../helpers/ebml-bytes.js'
import { segmentOf } from './fragment-harness.js'

it('bounds how far frames lie apart also when each of them was cut by a chunk', () => {
  const block = element('A3', '81 0000 80', '00'.repeat(3000))
  const padding = element('EC', '00'.repeat(60_000))
  const parser = new FragmentParser(MATROSKA_RULE, { maxFragmentBytes: 1_000_000 })
  parser.push(concat(segmentOf('1F43B675 FF'), padding, block.slice(0, 1500)))
  const chunk = concat(block.slice(1500), padding, block.slice(0, 1500))
  let pushed = 0
  while (parser.failure === undefined && pushed < 200) {
    parser.push(chunk.slice())
    pushed += 1
  }
  expect(parser.failure).toMatchObject({ code: 'fragment-too-large' })
  expect(pushed).toBeLessThan(60)
})
