import { describe, expect, it } from 'vitest'
import {
  blockElement,
  createRandom,
  element,
  encodeId,
  encodeUnknownSize,
  encodeVint,
  floatElement,
  intElement,
  simpleBlock,
  stringElement,
  uintElement,
  voidElement,
  withCrc32,
} from '../../src/simulator/ebml-writer.js'
import { hex } from './sdk.js'

const a = Uint8Array.of(0xaa)
const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(length)

describe('encodeVint', () => {
  it('takes the narrowest width, and one more for the value that means unknown', () => {
    expect(hex(encodeVint(0))).toBe('80')
    expect(hex(encodeVint(126))).toBe('fe')
    expect(hex(encodeVint(127))).toBe('407f')
    expect(hex(encodeVint(16_382))).toBe('7ffe')
    expect(hex(encodeVint(16_383))).toBe('203fff')
    expect(hex(encodeVint(2n ** 53n - 1n))).toBe('011fffffffffffff')
  })

  it('writes any of the eight widths', () => {
    const widths = [1, 2, 3, 4, 5, 6, 7, 8] as const
    expect(widths.map((width) => hex(encodeVint(5, width)))).toEqual([
      '85',
      '4005',
      '200005',
      '10000005',
      '0800000005',
      '040000000005',
      '02000000000005',
      '0100000000000005',
    ])
    expect(widths.map((width) => hex(encodeUnknownSize(width)))).toEqual([
      'ff',
      '7fff',
      '3fffff',
      '1fffffff',
      '0fffffffff',
      '07ffffffffff',
      '03ffffffffffff',
      '01ffffffffffffff',
    ])
  })

  it('refuses what does not fit', () => {
    expect(() => encodeVint(127, 1)).toThrow(RangeError)
    expect(() => encodeVint(-1)).toThrow(RangeError)
    expect(() => encodeVint(2n ** 56n - 1n)).toThrow(RangeError)
  })
})

describe('elements', () => {
  it('writes IDs of one to four bytes', () => {
    expect(hex(encodeId(0xa3))).toBe('a3')
    expect(hex(encodeId(0x1a45dfa3))).toBe('1a45dfa3')
    expect(() => encodeId(0x7f)).toThrow(RangeError)
  })

  it('writes known and unknown sizes', () => {
    expect(hex(element(0xec, [a, a]))).toBe('ec82aaaa')
    expect(hex(element(0xec, a, { sizeWidth: 4 }))).toBe('ec10000001aa')
    expect(hex(element(0x1f43b675, a, { unknownSize: true, sizeWidth: 1 }))).toBe('1f43b675ffaa')
    expect(hex(voidElement(3))).toBe('ec83000000')
  })

  it('writes numbers', () => {
    expect(hex(uintElement(0xe7, 0))).toBe('e78100')
    expect(hex(uintElement(0xe7, 0, { valueWidth: 0 }))).toBe('e780')
    expect(hex(uintElement(0xe7, 256))).toBe('e7820100')
    expect(hex(uintElement(0xe7, 1, { valueWidth: 8 }))).toBe('e7880000000000000001')
    expect(hex(intElement(0xfb, -1))).toBe('fb81ff')
    expect(hex(intElement(0xfb, 128))).toBe('fb820080')
    expect(hex(intElement(0xfb, -40, { valueWidth: 2 }))).toBe('fb82ffd8')
    expect(hex(floatElement(0xb5, 8000))).toBe('b58840bf400000000000')
    expect(hex(floatElement(0xb5, 8000, 4))).toBe('b58445fa0000')
    expect(hex(floatElement(0xb5, 0, 0))).toBe('b580')
    expect(() => uintElement(0xe7, 256, { valueWidth: 1 })).toThrow(RangeError)
    expect(() => intElement(0xfb, 128, { valueWidth: 1 })).toThrow(RangeError)
  })

  it('pads strings with NULs', () => {
    expect(hex(stringElement(0x86, 'é'))).toBe('8682c3a9')
    expect(hex(stringElement(0x86, 'ab', { paddedBytes: 4 }))).toBe('868461620000')
    expect(() => stringElement(0x86, 'abc', { paddedBytes: 2 })).toThrow(RangeError)
  })

  it('puts a CRC-32 in front of what it covers', () => {
    // The check value of CRC-32: 0xCBF43926 for '123456789', stored little-endian.
    const [checksum] = withCrc32(new TextEncoder().encode('123456789'))
    expect(hex(checksum!)).toBe('bf842639f4cb')
  })
})

describe('blocks', () => {
  it('writes the header of a SimpleBlock', () => {
    const block = { trackNumber: 1, relativeTimestamp: -2, frames: [a], isKeyframe: true }
    expect(hex(simpleBlock(block))).toBe('a38581fffe80aa')
    expect(hex(simpleBlock({ ...block, trackNumber: 300, isDiscardable: true }))).toBe(
      'a386412cfffe81aa',
    )
    expect(hex(simpleBlock({ ...block, trackNumberWidth: 8, isInvisible: true }))).toBe(
      'a38c0100000000000001fffe88aa',
    )
    expect(hex(blockElement(block, { sizeWidth: 2 }))).toBe('a1400581fffe00aa')
  })

  it('laces as RFC 9559 §10.3 shows it', () => {
    const block = { trackNumber: 1, relativeTimestamp: 0 }
    const laceHead = (lacing: 'xiph' | 'ebml' | 'fixed', sizes: readonly number[]): string => {
      const frames = sizes.map((size) => bytes(size))
      const total = sizes.reduce((sum, size) => sum + size, 0)
      const body = blockElement({ ...block, lacing, frames }, { sizeWidth: 4 }).subarray(9)
      return hex(body.subarray(0, body.length - total))
    }
    expect(laceHead('ebml', [800, 500, 1000])).toBe('024320' + '5ed3')
    expect(laceHead('xiph', [800, 500, 1000])).toBe('02' + 'ffffff23' + 'fff5')
    expect(laceHead('xiph', [255, 1])).toBe('01' + 'ff00')
    expect(laceHead('fixed', [3, 3, 3])).toBe('02')
    // Differences 0, 63, 199,936 and -199,999, shifted by 2^6 - 1 or 2^20 - 1.
    expect(laceHead('ebml', [1, 1, 64, 200_000, 1, 1])).toBe('05' + '81bffe' + '330cff' + '2cf2c0')
  })

  it('refuses what a block cannot hold', () => {
    const block = { trackNumber: 1, relativeTimestamp: 0, frames: [a, a] }
    expect(() => simpleBlock(block)).toThrow(/2 frames/)
    expect(() => simpleBlock({ ...block, lacing: 'fixed', frames: [a, bytes(2)] })).toThrow(
      /one size/,
    )
    expect(() => simpleBlock({ ...block, frames: [a], relativeTimestamp: 32_768 })).toThrow(
      /16 bits/,
    )
    expect(() => simpleBlock({ ...block, lacing: 'xiph', frames: Array(257).fill(a) })).toThrow(
      /257/,
    )
  })
})

describe('createRandom', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    const take = (seed: number): number[] => {
      const random = createRandom(seed)
      return [random(), random(), random()]
    }
    expect(take(7)).toEqual(take(7))
    expect(take(7)).not.toEqual(take(8))
    expect(take(0).every((value) => value > 0 && value <= 0xffffffff)).toBe(true)
  })
})
