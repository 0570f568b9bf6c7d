// Looking for the next header must not cost more than once over the bytes. Ratios of two sizes, with a wide margin:
// quadratic work would make the larger one eight times dearer per byte.
import { describe, expect, it } from 'vitest'
import { MATROSKA_RULE } from '../../src/parser/completion.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import type { Frame } from '../../src/parser/frame.js'
import { findHeader, judgeHeader } from '../../src/parser/resync.js'
import { concat, EBML_HEADER, element } from '../helpers/ebml-bytes.js'
import { hex, toHex } from '../helpers/hex.js'
import { segmentOf } from './fragment-harness.js'

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

describe('the cost of looking for headers where nothing is damaged', () => {
  const fake = hex('1A45DFA3 83 4286 80')

  it.each([
    ['an unregistered element', 'FE 10 F00000'],
    ['a misplaced element', 'D7 10 F00000'],
    ['a Void', 'EC 10 F00000'],
    ['a block', 'A3 10 F00000'],
  ])('is linear in %s full of false headers', (_name, header) => {
    const bytes = concat(segmentOf('1F43B675 FF', header), repeated(fake, 4 * MIB))
    expectLinear(bytes)
    expectLinear(bytes, 1400)
  })

  it('is linear in bytes that come one by one, of candidates that are decided late', () => {
    const candidates = repeated(hex('1A45DFA3 4100 EC 40 00'), MIB / 16)
    expectLinear(concat(segmentOf('1F43B675 FF', 'FE 10 F00000'), candidates), 1)
  })
})

describe('findHeader', () => {
  it('finds what a search byte by byte finds', () => {
    const pieces = [EBML_HEADER, hex('1A45DFA3 83 4286 80'), hex('1A45'), hex('A3'), hex('00 11')]
    let seed = 1
    const random = (limit: number): number => {
      seed = (seed * 48_271) % 0x7fffffff
      return seed % limit
    }
    for (let run = 0; run < 500; run += 1) {
      const bytes = concat(...Array.from({ length: 8 }, () => pieces[random(pieces.length)]))
      const from = random(bytes.length + 1)
      const end = from + random(bytes.length - from + 1)
      let expected = from
      while (expected < end && judgeHeader(bytes, expected, end) === 'no') expected += 1
      expect(findHeader(bytes, from, end)).toBe(expected)
    }
  })
})

describe('what is held back', () => {
  const push = (
    parser: FragmentParser<undefined>,
    ...chunks: readonly Uint8Array[]
  ): Frame<undefined>[] =>
    chunks.flatMap((chunk) => parser.push(chunk)).flatMap(({ frames }) => frames)

  it('is 267 bytes at most: one more tells what it is', () => {
    // The longest header, with nothing behind its DocType but a Void.
    const longest = concat('1A45DFA3 01 00000000 0001 00', 'EC 40FD', new Uint8Array(253))
    const frames: string[] = []
    const parser = new FragmentParser(MATROSKA_RULE, {
      onDamage: 'resync',
      onFrame: ({ data }) => frames.push(toHex(data)),
    })
    parser.push(segmentOf('1F43B675 FF A3 85 81 0000 80 AA', element('FE', longest)))
    const first = segmentOf(
      '1F43B675 FF',
      element('FE', longest.subarray(0, 267), '00'),
      'A3 85 81 0000 80 BB',
    )
    for (const byte of first) parser.push(Uint8Array.of(byte))
    expect(frames).toEqual(['AA', 'BB'])
  })

  it('is no part of a chunk in which no header is cut: frames are views of it', () => {
    const parser = new FragmentParser(MATROSKA_RULE, { onDamage: 'resync' })
    const chunk = concat(
      segmentOf('1F43B675 FF', element('A3', '81 0000 80', new Uint8Array(300))),
      EBML_HEADER,
    )
    const frames = push(parser, chunk)
    expect(frames).toHaveLength(1)
    expect(frames[0].data.buffer).toBe(chunk.buffer)
  })

  it('comes with the next chunk, or with the end', () => {
    const parser = new FragmentParser(MATROSKA_RULE, { onDamage: 'resync' })
    parser.push(segmentOf('1F43B675 FF A3 88 81 0000 80 1A45DFA3'))
    const [{ frames, isComplete }] = parser.end()
    expect(isComplete).toBe(true)
    expect(frames.map(({ data }) => toHex(data))).toEqual(['1A45DFA3'])
  })
})
