// Looking for the next header must not cost more than once over the bytes. Ratios of two sizes, with a wide margin:
// quadratic work would make the larger one eight times dearer per byte.
import { describe, expect, it } from 'vitest'
import { MATROSKA_RULE } from '../../src/parser/completion.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import { DocumentScanner } from '../../src/parser/resync.js'
import { concat, EBML_HEADER } from '../helpers/ebml-bytes.js'
import { hex } from '../helpers/hex.js'

const MIB = 1024 * 1024

function repeated(pattern: Uint8Array, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  bytes.set(pattern)
  for (let filled = pattern.length; filled < length; filled *= 2) {
    bytes.copyWithin(filled, 0, Math.min(filled, length - filled))
  }
  return bytes
}

/** Milliseconds of CPU that resynchronising through these bytes takes: the least of three runs, or the first below `enough`. */
function costOf(bytes: Uint8Array, chunkSize: number, enough = 0): number {
  let least = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3 && least >= enough; run += 1) {
    const parser = new FragmentParser(MATROSKA_RULE, { onDamage: 'resync' })
    const before = process.cpuUsage()
    for (let at = 0; at < bytes.length; at += chunkSize) {
      parser.push(bytes.subarray(at, at + chunkSize))
    }
    parser.end()
    const { user, system } = process.cpuUsage(before)
    least = Math.min(least, (user + system) / 1000)
  }
  return least
}

/** Eight times the bytes may take thirty-two times as long; what is quadratic takes sixty-four times. */
function expectLinear(bytes: Uint8Array, chunkSize = bytes.length): void {
  const smallMs = costOf(bytes.subarray(0, bytes.length / 8), chunkSize)
  const limitMs = 32 * Math.max(smallMs, 2)
  expect(costOf(bytes, chunkSize, limitMs)).toBeLessThan(limitMs)
}

describe('the cost of a resync', () => {
  it.each([
    ['first bytes of headers', hex('1A')],
    ['headers without a DocType', hex('1A45DFA3 83 4286 80')],
    ['headers of 256 bytes that hold headers', hex('1A45DFA3 4100 EC 40 00')],
    ['zeros', hex('00')],
    ['blocks that look like headers nearly', hex('1A45DFA2')],
  ])('is linear in one chunk full of %s', (_name, pattern) => {
    const bytes = concat('00', repeated(pattern, 4 * MIB))
    expectLinear(bytes)
  })

  it('is linear up to a chunk of 16 MiB', () => {
    const bytes = concat('00', repeated(hex('1A45DFA3 83 4286 80'), 16 * MIB))
    expectLinear(bytes)
  })

  it('is linear where each header is plausible and leads nowhere', () => {
    const bytes = concat('00', repeated(concat(EBML_HEADER, '00'), MIB / 4))
    expectLinear(bytes)
  })

  it('is linear in the number of chunks, too', () => {
    const bytes = concat('00', repeated(hex('1A45DFA3 83 4286 80'), 4 * MIB))
    expectLinear(bytes, 1400)
  })
})

describe('DocumentScanner', () => {
  it('looks at no byte twice but those of one candidate: 268 at most', () => {
    // A candidate that is never decided by single bytes: 256 bytes of Void in it.
    const scanner = new DocumentScanner()
    scanner.start(0, new Uint8Array(0))
    const bytes = concat('1A45DFA3 4100 EC 40FD', new Uint8Array(253), EBML_HEADER)
    const found: number[] = []
    for (const byte of bytes) {
      const result = scanner.scan(Uint8Array.of(byte))
      if (result !== undefined) found.push(result.offset)
    }
    expect(found).toEqual([bytes.length - EBML_HEADER.length])
  })

  it('answers every byte from the header on, those of earlier calls too', () => {
    const scanner = new DocumentScanner()
    scanner.start(100, hex('00 1A45'))
    expect(scanner.scan(hex('DFA3 8B 42'))).toBeUndefined()
    expect(scanner.scan(new Uint8Array(0))).toBeUndefined()
    const found = scanner.scan(hex("82 88 'matroska' 0102"))
    expect(found?.offset).toBe(101)
    expect(found?.unread).toEqual(concat(EBML_HEADER, '0102'))
  })

  it('does not copy a chunk when nothing was carried', () => {
    const scanner = new DocumentScanner()
    scanner.start(0, new Uint8Array(0))
    const chunk = concat('00', EBML_HEADER)
    expect(scanner.scan(chunk)?.unread.buffer).toBe(chunk.buffer)
  })
})
