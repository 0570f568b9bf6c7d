import { describe, expect, it } from 'vitest'
import { readBlockHeader, readLaces } from '../../src/parser/block.js'
import { hex } from '../helpers/hex.js'

const XIPH = 0x02
const FIXED = 0x04
const EBML = 0x06

function headerOf(source: string): ReturnType<typeof readBlockHeader> {
  // Bytes before and after, which it must not look at.
  const block = hex(source)
  const bytes = hex(`81 81 ${source} 81 00 00 80`)
  return readBlockHeader(bytes, 2, 2 + block.length)
}

/** The sizes of the frames in `[count − 1][sizes…]` followed by `length` bytes of frames. */
function laceSizes(flags: number, head: string, length: number): number[] | undefined {
  const bytes = new Uint8Array(hex(head).length + length + 4)
  bytes.set(hex(head), 4)
  const positions = readLaces(bytes, 4, bytes.length, flags)
  if (positions === undefined) return undefined
  expect(positions[0]).toBe(bytes.length - length)
  expect(positions.at(-1)).toBe(bytes.length)
  return positions.slice(1).map((position, i) => position - positions[i])
}

describe('readBlockHeader', () => {
  it.each([
    ['81', 1, 1],
    ['FE', 126, 1],
    // RFC 9559 §10.1: one byte for all below 0x80, two below 0x4000.
    ['FF', 127, 1],
    ['40 7F', 127, 2],
    ['7F FF', 16_383, 2],
    ['40 01', 1, 2],
    ['20 00 01', 1, 3],
    ['10 00 00 01', 1, 4],
    ['08 00 00 00 01', 1, 5],
    ['04 00 00 00 00 01', 1, 6],
    ['02 00 00 00 00 00 01', 1, 7],
    ['01 00 00 00 00 00 00 01', 1, 8],
    ['01 1F FF FF FF FF FF FF', 2 ** 53 - 1, 8],
  ])('reads a track number of [%s] as %d, %d bytes wide', (track, trackNumber, width) => {
    expect(headerOf(`${track} 00 05 80 AA`)).toEqual({
      trackNumber,
      relativeTimestamp: 5,
      flags: 0x80,
      length: width + 3,
    })
  })

  it.each([
    ['00 00', 0],
    ['00 01', 1],
    ['00 FF', 255],
    ['01 00', 256],
    ['7F FF', 32_767],
    ['80 00', -32_768],
    ['FF FF', -1],
    ['FF 00', -256],
  ])('reads the relative timestamp [%s] as the signed %d', (source, relativeTimestamp) => {
    expect(headerOf(`81 ${source} 00`)).toMatchObject({ relativeTimestamp })
  })

  it('needs no byte of payload', () => {
    expect(headerOf('81 00 00 80')).toMatchObject({ length: 4 })
  })

  it.each(['', '81', '81 00', '81 00 00', '40', '40 01 00 00', '01 00 00 00 00 00 00 01 00 00'])(
    'answers undefined for [%s], which is cut',
    (source) => {
      expect(headerOf(source)).toBeUndefined()
    },
  )

  it.each([
    ['no VINT', '00 00 00 00 00 00 00 00 00 00 00 00'],
    ['all ones in eight bytes', '01 FF FF FF FF FF FF FF 00 00 80'],
    ['over 2^53 − 1', '01 FF FF FF FF FF FF FE 00 00 80'],
  ])('answers undefined for a track number that is %s', (_name, source) => {
    expect(headerOf(source)).toBeUndefined()
  })
})

describe('readLaces, Xiph', () => {
  it('reads the vector of RFC 9559 §10.3.2: 800, 500, 1000', () => {
    expect(laceSizes(XIPH, '02 FF FF FF 23 FF F5', 2300)).toEqual([800, 500, 1000])
  })

  it('ends a size of 255 with a 00', () => {
    expect(laceSizes(XIPH, '01 FF 00', 260)).toEqual([255, 5])
    expect(laceSizes(XIPH, '01 FF FF 00', 511)).toEqual([510, 1])
  })

  it('has frames of no bytes', () => {
    expect(laceSizes(XIPH, '02 00 00', 0)).toEqual([0, 0, 0])
    expect(laceSizes(XIPH, '02 03 00', 3)).toEqual([3, 0, 0])
  })

  it('has a single frame without a size, and 256 frames with 255', () => {
    expect(laceSizes(XIPH, '00', 9)).toEqual([9])
    expect(laceSizes(XIPH, `FF ${'01'.repeat(255)}`, 258)).toEqual([
      ...Array.from({ length: 255 }, () => 1),
      3,
    ])
  })

  it.each([
    ['sizes that add up to one byte too many', '02 03 03', 5],
    ['a size that never ends', '01 FF FF FF', 0],
    ['too few sizes', '05 01 01', 0],
  ])('answers undefined for %s', (_name, head, length) => {
    expect(laceSizes(XIPH, head, length)).toBeUndefined()
  })
})

describe('readLaces, fixed-size', () => {
  it('shares the bytes out equally', () => {
    expect(laceSizes(FIXED, '02', 2400)).toEqual([800, 800, 800])
    expect(laceSizes(FIXED, '00', 7)).toEqual([7])
    expect(laceSizes(FIXED, '03', 0)).toEqual([0, 0, 0, 0])
  })

  it('answers undefined when they cannot be shared out equally', () => {
    expect(laceSizes(FIXED, '02', 7)).toBeUndefined()
    expect(laceSizes(FIXED, '07', 1)).toBeUndefined()
  })
})

describe('readLaces, EBML', () => {
  it('reads the vector of RFC 9559 §10.3.3: 800, 500, 1000 are 43 20 and 5E D3', () => {
    expect(laceSizes(EBML, '02 43 20 5E D3', 2300)).toEqual([800, 500, 1000])
  })

  it.each([
    ['a difference of −63, the least that one byte holds', '02 C0 80', [64, 1, 7]],
    ['+63, the greatest', '02 81 FE', [1, 64, 7]],
    ['0', '02 85 BF', [5, 5, 7]],
    ['−8191 in two bytes', '02 60 00 40 00', [8192, 1, 7]],
    ['+8191 in two bytes', '02 81 7F FE', [1, 8192, 7]],
    ['0 in three bytes', '02 85 2F FF FF', [5, 5, 7]],
    ['0 in seven bytes', '02 85 02 FF FFFFFFFF FF', [5, 5, 7]],
    ['0 in eight bytes', '02 85 01 7F FFFFFFFF FFFF', [5, 5, 7]],
    ['+1 in eight bytes', '02 85 01 80 00000000 0000', [5, 6, 7]],
    ['−1 in eight bytes', '02 85 01 7F FFFFFFFF FFFE', [5, 4, 7]],
    ['+1 in four bytes', '02 85 18 00 00 00', [5, 6, 7]],
    ['several', '04 82 C0 BE BF', [2, 3, 2, 2, 7]],
  ])('reads %s', (_name, head, sizes) => {
    const length = sizes.reduce((sum, size) => sum + size, 0)
    expect(laceSizes(EBML, head, length)).toEqual(sizes)
  })

  it('takes a size of all ones for a number: lace sizes cannot be unknown', () => {
    expect(laceSizes(EBML, '01 FF', 130)).toEqual([127, 3])
    expect(laceSizes(EBML, '02 81 FF', 73)).toEqual([1, 65, 7])
  })

  it('has a single frame without a size', () => {
    expect(laceSizes(EBML, '00', 9)).toEqual([9])
  })

  it.each([
    ['a size that is no VINT', '01 00', 9],
    ['a size that is cut', '01 40', 0],
    ['no size at all', '01', 0],
    ['a size over the block', '01 8A', 9],
    ['a difference that makes a size negative', '02 85 80', 90],
    ['sizes that add up to more than the block', '02 85 BF', 9],
    ['a difference of 2^55', '02 81 01 FF FF FF FF FF FF FE', 90],
  ])('answers undefined for %s', (_name, head, length) => {
    expect(laceSizes(EBML, head, length)).toBeUndefined()
  })
})

describe('readLaces', () => {
  it.each([XIPH, FIXED, EBML])('answers undefined for flags %d without a frame count', (flags) => {
    expect(readLaces(hex('02'), 1, 1, flags)).toBeUndefined()
  })

  it('looks at the lacing bits only: the others may be set', () => {
    expect(laceSizes(0xf9 | FIXED, '01', 4)).toEqual([2, 2])
  })

  it('does not read past the block for a size that would lie there', () => {
    // Three frames, one size in the block: the next byte belongs to the next element.
    expect(readLaces(hex('02 81 81 81'), 0, 2, EBML)).toBeUndefined()
    expect(readLaces(hex('02 00 00 00'), 0, 2, XIPH)).toBeUndefined()
  })
})
