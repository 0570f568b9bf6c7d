import { checkInput, MODES } from './check-input.js'
import type { Seed } from './corpus.js'
import { mutate } from './mutate.js'
import { Random } from './random.js'

/** Inputs that showed something new are kept for further mutation, up to this many. */
const MAX_POOL = 2000

/** An input that broke a promise. */
export interface Finding {
  readonly input: Uint8Array
  readonly mode: string
  readonly sizes: readonly number[]
  readonly error: unknown
}

/** What a run did. */
export interface FuzzResult {
  readonly inputs: number
  /** Kinds of runs seen: by error codes, places, numbers of fragments and frames. */
  readonly kinds: number
  readonly finding: Finding | undefined
}

/**
 * Mutates seeds and checks the parser with what comes out, until `isDone` says so or something is found. An input of a new
 * kind becomes a seed itself, which leads the search from error to error without instrumented code.
 */
export function fuzz(
  seeds: readonly Seed[],
  seed: number,
  isDone: (inputs: number) => boolean,
): FuzzResult {
  // Nearly every input ends in an error, and its stack would take longer than the parsing.
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return search(seeds, seed, isDone)
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function search(
  seeds: readonly Seed[],
  seed: number,
  isDone: (inputs: number) => boolean,
): FuzzResult {
  const random = new Random(seed)
  const pool = seeds.map(({ bytes }) => bytes)
  const kinds = new Set<string>()
  let inputs = 0
  while (!isDone(inputs)) {
    const input = mutate(random.pick(pool), random, pool)
    const mode = random.pick(MODES)
    const sizes = chunkSizes(random)
    inputs += 1
    try {
      const kind = `${mode.name} ${checkInput(input, mode, sizes)}`
      if (!kinds.has(kind)) {
        kinds.add(kind)
        if (pool.length < MAX_POOL) pool.push(input)
      }
    } catch (error) {
      return { inputs, kinds: kinds.size, finding: { input, mode: mode.name, sizes, error } }
    }
  }
  return { inputs, kinds: kinds.size, finding: undefined }
}

function chunkSizes(random: Random): readonly number[] {
  if (random.below(3) === 0) return [1]
  return Array.from({ length: 1 + random.below(4) }, () => random.below(1 << random.below(11)))
}

/** Leaves out whatever can be left out of an input without `isBroken` becoming false. */
export function minimise(input: Uint8Array, isBroken: (input: Uint8Array) => boolean): Uint8Array {
  let smallest = input
  for (let length = Math.ceil(input.length / 2); length >= 1; length = Math.floor(length / 2)) {
    for (let at = 0; at < smallest.length;) {
      const shorter = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + length)])
      if (isBroken(shorter)) smallest = new Uint8Array(shorter)
      else at += length
    }
  }
  return smallest
}
