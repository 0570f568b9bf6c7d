/** Peak resident set above that of a process that drains the same chunks and parses nothing. */
import { runChild } from './child.js'
import { OURS } from './contenders/registry.js'
import { inputNamed } from './inputs/store.js'
import { spreadOf } from './statistics.js'
import type { Level } from './contenders/contender.js'
import type { RecipeName } from './inputs/recipes.js'
import type { Spread } from './statistics.js'

export interface MemoryUse {
  readonly contender: string
  readonly level: Level
  readonly input: string
  readonly megabytes: number
  readonly aboveDrainBytes: Spread
  /** Two fragments of this input and 16 MB. */
  readonly allowedBytes: number
}

const FLOOR = 'floor: count lengths'
const CASES: readonly (readonly [RecipeName, number])[] = [
  ['audio', 50],
  ['audio', 500],
  ['video', 50],
  ['video', 500],
  ['huge', 200],
]

export async function measureMemory(
  contenders: readonly string[],
  rounds: number,
): Promise<readonly MemoryUse[]> {
  const results: MemoryUse[] = []
  for (const [name, megabytes] of CASES) {
    const drained = await peaks(FLOOR, 'floor', name, megabytes, rounds)
    const { bytes, fragments } = inputNamed(name).expected
    const ways: (readonly [contender: string, Level])[] = []
    for (const contender of contenders) {
      // Rivals at the shorter length only: some take minutes for the longer.
      if (contender === OURS || megabytes <= 50) ways.push([contender, 'fragments'])
      // In audio hardly anything has to be joined.
      if (contender === OURS && name !== 'audio') ways.push([contender, 'scratch'])
    }
    for (const [contender, level] of ways) {
      const used = await peaks(contender, level, name, megabytes, rounds)
      const floor = spreadOf(drained).median
      results.push({
        contender,
        level,
        input: name,
        megabytes,
        aboveDrainBytes: spreadOf(used.map((peak) => peak - floor)),
        allowedBytes: (2 * bytes) / fragments + 16e6,
      })
    }
  }
  return results
}

async function peaks(
  contender: string,
  level: Level,
  input: string,
  megabytes: number,
  rounds: number,
): Promise<readonly number[]> {
  const args = [contender, level, input, String(megabytes)]
  const results: number[] = []
  for (let i = 0; i < rounds; i += 1) {
    results.push(await runChild<number>('memory-child.js', args, { limitMs: 120_000 }))
  }
  return results
}
