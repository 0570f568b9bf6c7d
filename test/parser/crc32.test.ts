import { describe, expect, it } from 'vitest'
import { CRC32_START, updateCrc32 } from '../../src/parser/crc32.js'
import { hex } from '../helpers/hex.js'

function crc32(bytes: Uint8Array): number {
  return ~updateCrc32(CRC32_START, bytes, 0, bytes.length) >>> 0
}

describe('updateCrc32', () => {
  it.each([
    ['', 0x00000000],
    ["'123456789'", 0xcbf43926],
    ['00 00 00 00', 0x2144df1c],
    ['FF FF FF FF', 0xffffffff],
    ["'The quick brown fox jumps over the lazy dog'", 0x414fa339],
  ])('gives the published checksum of [%s]', (source, checksum) => {
    expect(crc32(hex(source))).toBe(checksum)
  })

  it('may be carried over pieces cut anywhere', () => {
    const bytes = hex("'123456789'")
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const first = updateCrc32(CRC32_START, bytes, 0, cut)
      expect(~updateCrc32(first, bytes, cut, bytes.length) >>> 0).toBe(0xcbf43926)
    }
  })

  it('looks at nothing outside of its range', () => {
    const bytes = hex("FF FF '123456789' FF")
    expect(~updateCrc32(CRC32_START, bytes, 2, 11) >>> 0).toBe(0xcbf43926)
  })
})
