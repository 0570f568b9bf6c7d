import { expect, it } from 'vitest'
import { counted, dateTime, duration, grouped } from '../../src/cli/quantities.js'

it('groups digits by thousands', () => {
  expect([0, 999, 1000, 2_503_485, 2 ** 53].map(grouped)).toEqual([
    '0',
    '999',
    '1,000',
    '2,503,485',
    '9,007,199,254,740,992',
  ])
})

it('counts in the singular and the plural', () => {
  expect([counted(1, 'frame'), counted(0, 'frame'), counted(2000, 'entry', 'entries')]).toEqual([
    '1 frame',
    '0 frames',
    '2,000 entries',
  ])
})

it('shows durations in seconds below a minute, and as a clock does from there on', () => {
  expect([0, 15_858, 59_999, 60_000, 7_336_747, 360_000_000].map(duration)).toEqual([
    '0.000 s',
    '15.858 s',
    '59.999 s',
    '0:01:00',
    '2:02:16',
    '100:00:00',
  ])
})

it('shows times in UTC', () => {
  expect(dateTime(1_511_852_109_126)).toBe('2017-11-28 06:55:09.126')
})
