import { describe, expect, it } from 'vitest'
import {
  isReservedId,
  MAX_SIZE,
  readId,
  readVint,
  TOO_LARGE,
  UNKNOWN_SIZE,
  vintWidth,
} from '../../src/parser/vint.js'
import { hex } from '../helpers/hex.js'

function read(source: string): number {
  const bytes = hex(source)
  return readVint(bytes, 0, vintWidth(bytes[0]))
}

describe('vintWidth', () => {
  it('counts the leading zeros of the first byte, plus one', () => {
    expect([0x80, 0x40, 0x20, 0x10, 0x08, 0x04, 0x02, 0x01].map(vintWidth)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ])
  })

  it('looks at no bit after the marker', () => {
    expect([0xff, 0x7f, 0x3f, 0x1f, 0x0f, 0x07, 0x03].map(vintWidth)).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('answers 9 for a first byte of 00, which no VINT has', () => {
    expect(vintWidth(0)).toBe(9)
  })
})

describe('readVint', () => {
  it.each([
    ['82', 2],
    ['40 02', 2],
    ['20 00 02', 2],
    ['10 00 00 02', 2],
    ['08 00 00 00 02', 2],
    ['04 00 00 00 00 02', 2],
    ['02 00 00 00 00 00 02', 2],
    ['01 00 00 00 00 00 00 02', 2],
  ])('reads the 2 of RFC 8794 §4.4 from %s, whatever its width', (source, value) => {
    expect(read(source)).toBe(value)
  })

  it.each([
    ['80', 0],
    ['01 00 00 00 00 00 00 00', 0],
    ['FE', 126],
    ['40 7F', 127],
    ['7F FE', 2 ** 14 - 2],
    ['3F FF FE', 2 ** 21 - 2],
    ['1F FF FF FE', 2 ** 28 - 2],
    ['0F FF FF FF FE', 2 ** 35 - 2],
    ['07 FF FF FF FF FE', 2 ** 42 - 2],
    ['03 FF FF FF FF FF FE', 2 ** 49 - 2],
    ['08 80 00 00 01', 2 ** 31 + 1],
    ['09 00 00 00 01', 2 ** 32 + 1],
  ])('reads %s as %d', (source, value) => {
    expect(read(source)).toBe(value)
  })

  it.each([
    'FF',
    '7F FF',
    '3F FF FF',
    '1F FF FF FF',
    '0F FF FF FF FF',
    '07 FF FF FF FF FF',
    '03 FF FF FF FF FF FF',
    '01 FF FF FF FF FF FF FF',
  ])('reads %s, all ones, as the unknown size', (source) => {
    expect(read(source)).toBe(UNKNOWN_SIZE)
  })

  it('takes a one in every bit but one of any byte for a number', () => {
    expect(read('7F FD')).toBe(2 ** 14 - 3)
    expect(read('3E FF FF')).toBe(0x1effff)
    expect(read('1F FF FE FF')).toBe(0xffffeff)
  })

  it('reads 2^53 − 1, the largest size that can be counted', () => {
    expect(read('01 1F FF FF FF FF FF FF')).toBe(MAX_SIZE)
    expect(MAX_SIZE).toBe(2 ** 53 - 1)
  })

  it.each([
    ['2^53', '01 20 00 00 00 00 00 00'],
    ['2^53 + 1, which a double rounds down to 2^53', '01 20 00 00 00 00 00 01'],
    ['2^56 − 2, one less than unknown', '01 FF FF FF FF FF FF FE'],
    ['2^56 − 2^48, whose rounding must not make it all ones', '01 FF 00 00 00 00 00 00'],
  ])('answers too large for %s', (_name, source) => {
    expect(read(source)).toBe(TOO_LARGE)
  })

  it('reads at a position, and nothing around it', () => {
    expect(readVint(hex('FF FF 40 02 FF'), 2, 2)).toBe(2)
  })
})

describe('readId', () => {
  it.each([
    ['EC', 0xec],
    ['42 82', 0x4282],
    ['2A D7 B1', 0x2ad7b1],
    ['1A 45 DF A3', 0x1a45dfa3],
    ['1F FF FF FE', 0x1ffffffe],
  ])('keeps the marker of %s', (source, id) => {
    const bytes = hex(source)
    expect(readId(bytes, 0, vintWidth(bytes[0]))).toBe(id)
  })

  it('reads at a position', () => {
    expect(readId(hex('00 00 42 82 00'), 2, 2)).toBe(0x4282)
  })
})

describe('isReservedId', () => {
  it.each([
    [0x80, 1],
    [0xff, 1],
    [0x4000, 2],
    [0x7fff, 2],
    [0x200000, 3],
    [0x3fffff, 3],
    [0x10000000, 4],
    [0x1fffffff, 4],
  ])('is true of %d at width %d: all zeros or all ones', (id, width) => {
    expect(isReservedId(id, width)).toBe(true)
  })

  it.each([
    [0x81, 1],
    [0xfe, 1],
    [0x4001, 2],
    [0x407f, 2],
    [0x7ffe, 2],
    [0x1a45dfa3, 4],
    [0x1ffffffe, 4],
  ])('is false of %d at width %d', (id, width) => {
    expect(isReservedId(id, width)).toBe(false)
  })
})
