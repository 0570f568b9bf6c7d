import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTimestamp, parseTimestampMs } from '../../src/tags/timestamp.js'

const MAX_TIMESTAMP_MS = 8_640_000_000_000_000
const timestamps = fc.integer({ min: 0, max: MAX_TIMESTAMP_MS })

describe('parseTimestampMs', () => {
  it.each([
    ['1511852109.126', 1511852109126],
    ['0.000', 0],
    ['0', 0],
    ['12.5', 12500],
    ['12.05', 12050],
    ['1511852109', 1511852109000],
    ['0001.001', 1001],
    // Times a thousand in floating point gives 1511852109128.9998 and 4350.000000000001.
    ['1511852109.129', 1511852109129],
    ['4.350', 4350],
    ['8640000000000.000', MAX_TIMESTAMP_MS],
  ])('reads %s', (text, timestampMs) => {
    expect(parseTimestampMs(text)).toBe(timestampMs)
  })

  it('cuts decimals after the third off and does not round', () => {
    expect(parseTimestampMs('1.9999')).toBe(1999)
    expect(parseTimestampMs('1.000999999999')).toBe(1000)
  })

  it.each([
    ['', 'the empty text'],
    ['abc', 'letters'],
    ['1.5.2', 'two points'],
    ['-1.000', 'a minus sign'],
    ['+1.000', 'a plus sign'],
    ['1e3', 'an exponent'],
    ['.5', 'no digit before the point'],
    ['1.', 'no digit after the point'],
    ['1:0', 'what follows 9'],
    ['1/0', 'what is before 0'],
    ['1.:', 'what follows 9, behind the point'],
    ['1.000/', 'what is before 0, behind the decimals that count'],
    [' 1.0', 'a blank'],
    ['1.0\n', 'a line end'],
    ['１.０', 'digits that are not ASCII'],
    ['Infinity', 'a word'],
    ['9'.repeat(40), '40 digits'],
    ['8640000000000.001', 'a time that no Date can hold'],
    ['9007199254740993', 'seconds beyond 2^53'],
    [`1.${'0'.repeat(63)}`, 'more than 64 characters'],
    ['0'.repeat(1_000_000), 'a million digits'],
  ])('gives undefined for %j', (text) => {
    expect(parseTimestampMs(text)).toBeUndefined()
  })

  it('gives an integer in the range of Date or undefined for any text', () => {
    const texts = fc.oneof(fc.string(), fc.stringMatching(/^-?[0-9]{0,25}\.?[0-9]{0,25}$/))
    fc.assert(
      fc.property(texts, (text) => {
        const timestampMs = parseTimestampMs(text)
        if (timestampMs === undefined) return
        expect(Number.isInteger(timestampMs)).toBe(true)
        expect(new Date(timestampMs).getTime()).toBe(timestampMs)
      }),
    )
  })

  it('reads what a number with decimals looks like, and nothing else', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9./:-]{0,6}$/), (text) => {
        expect(parseTimestampMs(text) !== undefined).toBe(/^\d+(?:\.\d+)?$/.test(text))
      }),
      { numRuns: 1000 },
    )
  })

  it('agrees with exact arithmetic on every number of decimals', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 8_639_999_999_999 }),
        fc.stringMatching(/^[0-9]{1,12}$/),
        (seconds, decimals) => {
          const exact = (BigInt(`${seconds}${decimals}`) * 1000n) / 10n ** BigInt(decimals.length)
          expect(parseTimestampMs(`${seconds}.${decimals}`)).toBe(Number(exact))
        },
      ),
    )
  })
})

describe('formatTimestamp', () => {
  it.each([
    [1511852109126, '1511852109.126'],
    [0, '0.000'],
    [-0, '0.000'],
    [7, '0.007'],
    [1000, '1.000'],
    [MAX_TIMESTAMP_MS, '8640000000000.000'],
    [MAX_TIMESTAMP_MS - 1, '8639999999999.999'],
  ])('writes %d', (timestampMs, text) => {
    expect(formatTimestamp(timestampMs)).toBe(text)
  })

  it('is undone by parseTimestampMs', () => {
    fc.assert(
      fc.property(timestamps, (timestampMs) => {
        expect(parseTimestampMs(formatTimestamp(timestampMs))).toBe(timestampMs)
      }),
    )
  })

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, MAX_TIMESTAMP_MS + 2])(
    'refuses %d',
    (timestampMs) => {
      expect(() => formatTimestamp(timestampMs)).toThrow(RangeError)
    },
  )
})
