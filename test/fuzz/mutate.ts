import { DICTIONARY } from './dictionary.js'
import type { Random } from './random.js'

/** Inputs do not grow beyond this: small ones are tried faster, and the parser is linear. */
const MAX_BYTES = 8192

type Mutation = (input: Uint8Array, random: Random, pool: readonly Uint8Array[]) => Uint8Array

function splice(input: Uint8Array, at: number, removed: number, inserted: Uint8Array): Uint8Array {
  const rest = input.subarray(Math.min(input.length, at + removed))
  const result = new Uint8Array(at + inserted.length + rest.length)
  result.set(input.subarray(0, at))
  result.set(inserted, at)
  result.set(rest, at + inserted.length)
  return result
}

/** Mostly short stretches, now and then a long one. */
function someLength(random: Random, limit: number): number {
  return random.below(Math.min(limit, 1 << random.below(12)) + 1)
}

function part(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length)
  return bytes.subarray(at, at + someLength(random, bytes.length - at))
}

const MUTATIONS: readonly Mutation[] = [
  function flipBit(input, random) {
    const result = input.slice()
    if (result.length > 0) result[random.below(result.length)] ^= 1 << random.below(8)
    return result
  },
  function setByte(input, random) {
    const result = input.slice()
    const bytes = [0x00, 0xff, 0x80, 0x7f, 0x01, 0xec, 0xbf, 0xa3, 0xa0, random.below(256)]
    if (result.length > 0) result[random.below(result.length)] = random.pick(bytes)
    return result
  },
  function add(input, random) {
    const result = input.slice()
    if (result.length > 0) result[random.below(result.length)] += random.below(9) - 4
    return result
  },
  function insertWord(input, random) {
    return splice(input, random.below(input.length + 1), 0, random.pick(DICTIONARY))
  },
  function overwriteWord(input, random) {
    const word = random.pick(DICTIONARY)
    return splice(input, random.below(input.length + 1), word.length, word)
  },
  function remove(input, random) {
    const at = random.below(input.length)
    return splice(input, at, someLength(random, input.length - at), new Uint8Array(0))
  },
  function repeat(input, random) {
    const piece = part(input, random)
    return splice(input, random.below(input.length + 1), 0, piece)
  },
  function truncate(input, random) {
    return input.slice(0, random.below(input.length + 1))
  },
  function insertNoise(input, random) {
    return splice(input, random.below(input.length + 1), 0, random.bytes(someLength(random, 64)))
  },
  function cross(input, random, pool) {
    return splice(
      input,
      random.below(input.length + 1),
      someLength(random, input.length),
      part(random.pick(pool), random),
    )
  },
  function append(input, random, pool) {
    return splice(input, input.length, 0, random.pick(pool))
  },
]

/** One to four mutations of an input. */
export function mutate(input: Uint8Array, random: Random, pool: readonly Uint8Array[]): Uint8Array {
  let result = input
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    result = random.pick(MUTATIONS)(result, random, pool)
  }
  return result.length > MAX_BYTES ? result.slice(0, MAX_BYTES) : result
}
