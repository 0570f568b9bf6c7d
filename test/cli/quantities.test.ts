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
  expect(dateTime(8.64e15)).toBe('+275760-09-13 00:00:00.000')
  // What a stream may say and no Date can hold.
  expect(dateTime(8.64e15 + 1)).toBe('8640000000000001 ms since 1970')
  expect(dateTime(-9e30)).toBe('-9e+30 ms since 1970')
})
