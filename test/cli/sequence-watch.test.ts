import { expect, it } from 'vitest'
import { SequenceWatch } from '../../src/cli/sequence-watch.js'
import { numberOf } from './streams.js'

const findings = (...numbers: readonly (string | undefined)[]): unknown[] => {
  const watch = new SequenceWatch()
  return numbers.map((number) => watch.next(number))
}

it('finds nothing odd about neighbours, and cannot tell of the first', () => {
  expect(findings(numberOf(1), numberOf(2), numberOf(3))).toEqual([undefined, undefined, undefined])
})

it('finds the numbers that are missing', () => {
  expect(findings(numberOf(1), numberOf(3), numberOf(1003)).slice(1)).toEqual([
    { type: 'gap', missing: 1n },
    { type: 'gap', missing: 999n },
  ])
})

it('finds numbers that are not greater than the one before', () => {
  expect(findings(numberOf(5), numberOf(5), numberOf(4)).slice(1)).toEqual([
    { type: 'not-greater' },
    { type: 'not-greater' },
  ])
})

it('passes over what is no fragment number, and knows no gap in another layout', () => {
  expect(findings(numberOf(1), undefined, 'noon', numberOf(2), '12', '14')).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    { type: 'not-greater' },
    undefined,
  ])
})
