import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  compareFragmentNumbers,
  decodeFragmentNumber,
  encodeFragmentNumber,
  isFragmentNumber,
} from '../../src/tags/fragment-number.js'

const digits = fc.stringMatching(/^[0-9]{1,128}$/)

describe('compareFragmentNumbers', () => {
  it('orders numbers of 47 digits that a Number cannot tell apart', () => {
    const a = '91343852333181432392682062626313242658700943230'
    const b = '91343852333181432392682062626313242658700943231'
    expect(Number(a)).toBe(Number(b))
    expect(compareFragmentNumbers(a, b)).toBeLessThan(0)
    expect(compareFragmentNumbers(b, a)).toBeGreaterThan(0)
    expect(compareFragmentNumbers(a, a)).toBe(0)
  })

  it('orders numbers of different length, where the order of the texts is the other one', () => {
    expect(['10', '9'].sort()).toEqual(['10', '9'])
    expect(compareFragmentNumbers('9', '10')).toBeLessThan(0)
  })

  it('ignores leading zeros', () => {
    expect(compareFragmentNumbers('007', '7')).toBe(0)
    expect(compareFragmentNumbers('000', '0')).toBe(0)
    expect(compareFragmentNumbers('0010', '9')).toBeGreaterThan(0)
  })

  it('agrees with BigInt on any two numbers of up to 128 digits', () => {
    fc.assert(
      fc.property(digits, digits, (a, b) => {
        const difference = BigInt(a) - BigInt(b)
        const sign = difference === 0n ? 0 : difference < 0n ? -1 : 1
        expect(Math.sign(compareFragmentNumbers(a, b))).toBe(sign)
      }),
    )
  })

  it.each(['', '-1', '1.5', ' 1', '1 ', '1n', '0x10', 'abc', '１', '1\n', '1'.repeat(129)])(
    'throws a TypeError for %j on either side',
    (text) => {
      expect(() => compareFragmentNumbers(text, '1')).toThrow(TypeError)
      expect(() => compareFragmentNumbers('1', text)).toThrow(TypeError)
      expect(isFragmentNumber(text)).toBe(false)
    },
  )

  it('quotes no more than 32 characters of what it refuses, without control characters', () => {
    expect(() => compareFragmentNumbers(`\u001b[31m${'x'.repeat(100_000)}`, '1')).toThrow(
      /^"\[31mx{28}" is not a fragment number/,
    )
    expect(() => compareFragmentNumbers('1\u009b\u007f\u202e2', '1')).toThrow(/^"12" is not/)
  })
})

describe('decodeFragmentNumber', () => {
  it('reads the sequence and the server time of a number from the AWS parser library', () => {
    const parts = decodeFragmentNumber('91343852333181432412489103236310005892133364608')
    expect(parts?.serverTimestampMs).toBeGreaterThan(Date.UTC(2017, 0))
    expect(parts?.serverTimestampMs).toBeLessThan(Date.UTC(2019, 0))
    expect(parts?.sequence).toBeGreaterThan(0n)
  })

  it.each([
    ['', 'no digit'],
    ['abc', 'no number'],
    ['1', 'a small number'],
    [(2n ** 156n - 1n).toString(), 'one below the layout'],
    [(2n ** 157n).toString(), 'one above the layout'],
    [(2n ** 156n + (8_640_000_000_000_001n << 28n)).toString(), 'a time that no Date can hold'],
    ['9'.repeat(128), '128 digits'],
    ['9'.repeat(129), '129 digits'],
  ])('gives undefined for %s (%s)', (text) => {
    expect(decodeFragmentNumber(text)).toBeUndefined()
  })

  it('ignores leading zeros', () => {
    const text = (2n ** 156n).toString()
    expect(decodeFragmentNumber(`000${text}`)).toEqual({
      sequence: 0n,
      serverTimestampMs: 0,
      random: 0,
    })
  })
})

describe('encodeFragmentNumber', () => {
  const parts = fc.record({
    sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    serverTimestampMs: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
    random: fc.integer({ min: 0, max: 2 ** 28 - 1 }),
  })

  it('is undone by decodeFragmentNumber', () => {
    fc.assert(
      fc.property(parts, (value) => {
        const text = encodeFragmentNumber(value)
        expect(isFragmentNumber(text)).toBe(true)
        expect(decodeFragmentNumber(text)).toEqual(value)
      }),
    )
  })

  it('gives numbers that increase with the sequence, then with the time', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const order = (value: typeof a): bigint =>
          (value.sequence << 92n) + (BigInt(value.serverTimestampMs) << 28n) + BigInt(value.random)
        const sign = order(a) === order(b) ? 0 : order(a) < order(b) ? -1 : 1
        const compared = compareFragmentNumbers(encodeFragmentNumber(a), encodeFragmentNumber(b))
        expect(Math.sign(compared)).toBe(sign)
      }),
    )
  })

  it.each([
    { sequence: -1n },
    { sequence: 2n ** 64n },
    { serverTimestampMs: -1 },
    { serverTimestampMs: 0.5 },
    { serverTimestampMs: Number.NaN },
    { serverTimestampMs: 8_640_000_000_000_002 },
    { random: -1 },
    { random: 0.5 },
    { random: 2 ** 28 },
  ])('refuses a part out of range: %s', (part) => {
    expect(() =>
      encodeFragmentNumber({ sequence: 0n, serverTimestampMs: 0, random: 0, ...part }),
    ).toThrow(RangeError)
  })
})
