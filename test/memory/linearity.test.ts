// Four times the input may take four times as long, not sixteen. The bound is wide and the best of a few runs counts, so
// that a busy machine does not fail it; what is quadratic passes it by far.
import { describe, expect, it } from 'vitest'
import { FragmentParser, ID, MATROSKA_RULE } from '../../src/parser/index.js'
import { GetMediaParser } from '../../src/tags/index.js'
import { concatBytes, uintElement } from '../../src/simulator/ebml-writer.js'
import { chunksOf, drain } from '../helpers/drain.js'
import { MIB } from './memory.js'
import { DOCUMENT_START, fragmentBytes, header, noise } from './streams.js'

const FACTOR = 4
const MAX_RATIO = 12
const ATTEMPTS = 4

function oneBlock(bytes: number): Uint8Array {
  return concatBytes([
    DOCUMENT_START,
    header(ID.Cluster, 2 ** 30),
    uintElement(ID.Timestamp, 0),
    header(ID.SimpleBlock, bytes),
    Uint8Array.of(0x81, 0, 0, 0x80),
    noise(bytes - 4, 1),
  ])
}

function manyFragments(bytes: number): Uint8Array {
  const one = fragmentBytes(1, [noise(320, 1), noise(320, 2), noise(2000, 3)])
  return concatBytes(Array.from({ length: Math.ceil(bytes / one.length) }, () => one))
}

/** Half of all documents is unreadable. */
function damaged(bytes: number): Uint8Array {
  const one = fragmentBytes(1, [noise(320, 1)])
  const broken = concatBytes([DOCUMENT_START, Uint8Array.of(0, 0), noise(300, 5), one])
  return concatBytes(Array.from({ length: Math.ceil(bytes / broken.length) }, () => broken))
}

const CASES = [
  { name: 'one block', make: oneBlock },
  { name: 'many fragments', make: manyFragments },
  { name: 'damage after damage', make: damaged },
] as const

const CHUNK_SIZES = [
  { chunkSize: 1, bytes: MIB / 4 },
  { chunkSize: 7, bytes: MIB },
  { chunkSize: 1400, bytes: 2 * MIB },
  { chunkSize: 16_384, bytes: 4 * MIB },
  { chunkSize: 65_536, bytes: 4 * MIB },
] as const

/** The streams of a case, each made once. */
function streamsOf(make: (bytes: number) => Uint8Array): (bytes: number) => Uint8Array {
  const made = new Map<number, Uint8Array>()
  return (bytes) => {
    const stream = made.get(bytes) ?? make(bytes)
    made.set(bytes, stream)
    return stream
  }
}

/** Milliseconds of CPU: what else a busy machine does meanwhile does not count. */
function timeMs(input: Uint8Array, chunkSize: number): number {
  const options = { onDamage: 'resync', maxFragmentBytes: 1e9, maxSlicesPerFragment: 1e9 } as const
  const parser =
    input.length % 2 === 0
      ? new GetMediaParser(options)
      : new FragmentParser(MATROSKA_RULE, options)
  const before = process.cpuUsage()
  drain(parser as FragmentParser<unknown>, chunksOf(input, chunkSize))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

describe('time', () => {
  for (const { name, make } of CASES) {
    const streamOf = streamsOf(make)
    for (const { chunkSize, bytes } of CHUNK_SIZES) {
      it(`is linear in the input: ${name}, in chunks of ${chunkSize} bytes`, () => {
        const small = streamOf(bytes)
        const large = streamOf(FACTOR * bytes)
        timeMs(small, chunkSize)
        let ratio = Number.POSITIVE_INFINITY
        for (let attempt = 0; attempt < ATTEMPTS && ratio > MAX_RATIO; attempt += 1) {
          const smallMs = Math.max(timeMs(small, chunkSize), timeMs(small, chunkSize))
          ratio = Math.min(ratio, timeMs(large, chunkSize) / smallMs)
        }
        expect(ratio).toBeLessThan(MAX_RATIO)
      }, 120_000)
    }
  }
})
