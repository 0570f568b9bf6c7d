/** Which comparisons a run consists of. */
import { join } from 'node:path'
import { CONTENDERS, OURS } from './contenders/registry.js'
import { inputFromFile, inputNamed } from './inputs/store.js'
import { ROOT } from './paths.js'
import type { Level } from './contenders/contender.js'
import type { ChunkPlan } from './inputs/chunks.js'
import type { RecipeName } from './inputs/recipes.js'
import type { StoredInput } from './inputs/store.js'
import type { Comparison, Effort, Entry } from './rounds.js'

export const FULL_EFFORT: Effort = { rounds: 5, warmUpMs: 600, measureMs: 400, limitMs: 20_000 }
export const QUICK_EFFORT: Effort = { rounds: 5, warmUpMs: 450, measureMs: 200, limitMs: 4_000 }

const KIB = 1024

/** What a file is repeated to: as much as the other inputs hold. */
export const FILE_TARGET_BYTES = 2_000_000

/** Tens to thousands of times slower than the others: a few comparisons say so, the rest would only take minutes. */
const SLOWEST = 'ebml'

/** Inputs in which many frames lie in two chunks or more. */
const SLICED_INPUTS = new Set(['video', 'mid', 'huge'])

/** A recipe's name, or the path of a file of this repository. */
type InputName = RecipeName | `samples/${string}`

const FULL: readonly (readonly [Level, InputName, ChunkPlan])[] = [
  ['fragments', 'audio', 64 * KIB],
  ['fragments', 'mid', 64 * KIB],
  ['fragments', 'video', 64 * KIB],
  ['fragments', 'tiny', 64 * KIB],
  ['fragments', 'laced', 64 * KIB],
  ['fragments', 'unknown', 64 * KIB],
  ['fragments', 'samples/media/camera.mkv', 64 * KIB],
  ['fragments', 'samples/media/connect.mkv', 64 * KIB],
  ['fragments', 'audio', 16 * KIB],
  ['fragments', 'mid', 16 * KIB],
  ['fragments', 'video', 16 * KIB],
  ['fragments', 'huge', 'drip'],
  ['fragments', 'drip', 1],
  ['unread', 'audio', 64 * KIB],
  ['unread', 'mid', 64 * KIB],
  ['unread', 'video', 64 * KIB],
  ['elements', 'audio', 64 * KIB],
  ['elements', 'video', 64 * KIB],
  ['elements', 'tiny', 64 * KIB],
  ['frames', 'audio', 64 * KIB],
  ['frames', 'video', 64 * KIB],
  ['frames', 'file', 64 * KIB],
  ['iterator', 'audio', 64 * KIB],
  ['iterator', 'video', 64 * KIB],
]

const QUICK: typeof FULL = [
  ['fragments', 'audio', 64 * KIB],
  ['fragments', 'mid', 64 * KIB],
  ['fragments', 'video', 64 * KIB],
  ['fragments', 'tiny', 64 * KIB],
  ['unread', 'audio', 64 * KIB],
  ['elements', 'audio', 64 * KIB],
]

/** What can be compared by itself; our other ways to a frame's bytes stand beside `fragments`. */
export const LEVELS: readonly string[] = [...new Set(FULL.map(([level]) => level))]

export function comparisons(isQuick: boolean): readonly Comparison[] {
  return (isQuick ? QUICK : FULL).map(([level, input, chunks]) =>
    comparison(level, findInput(input), chunks),
  )
}

function findInput(name: InputName): StoredInput {
  if (!isSample(name)) return inputNamed(name)
  return inputFromFile(join(ROOT, name), FILE_TARGET_BYTES)
}

function isSample(name: InputName): name is `samples/${string}` {
  return name.startsWith('samples/')
}

/** A file without AWS tags has Clusters, not fragments: on it, frames are compared. */
export function comparisonsForFile(input: StoredInput): readonly Comparison[] {
  const levels: readonly Level[] = input.isGetMedia ? ['fragments', 'frames'] : ['frames']
  return levels.map((level) => comparison(level, input, 64 * KIB))
}

export function comparison(level: Level, input: StoredInput, chunks: ChunkPlan): Comparison {
  const isBasic = level === 'fragments' && chunks === 64 * KIB
  const entries: Entry[] = []
  for (const { name, levels } of CONTENDERS) {
    const isTooSlowHere = name === SLOWEST && !isBasic && level !== 'elements'
    if (levels.includes(level) && !isTooSlowHere) entries.push({ contender: name, level })
    // The other ways to a frame that lies in several chunks belong beside the first.
    if (name === OURS && SLICED_INPUTS.has(input.name) && level === 'fragments') {
      entries.push({ contender: name, level: 'scratch' }, { contender: name, level: 'slices' })
    }
    if (isBasic && levels.includes('floor')) entries.push({ contender: name, level: 'floor' })
  }
  return { level, input, chunks, entries }
}
