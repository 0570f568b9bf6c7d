/** Runs the contenders of a comparison in turn, round after round, each run in a fresh process. */
import { ChildTooSlow, runChild } from './child.js'
import { contenderNamed, OURS } from './contenders/registry.js'
import { spreadOf } from './statistics.js'
import type { Level } from './contenders/contender.js'
import type { ChunkPlan } from './inputs/chunks.js'
import type { StoredInput } from './inputs/store.js'
import type { MeasureOptions, Measurement, Wrong } from './measurement.js'
import type { Spread } from './statistics.js'

/** One contender of a comparison. Floors run at the level `floor`, whatever the comparison's. */
export interface Entry {
  readonly contender: string
  readonly level: Level
}

/** Several contenders doing the same work on the same chunks. */
export interface Comparison {
  readonly level: Level
  readonly input: StoredInput
  readonly chunks: ChunkPlan
  readonly entries: readonly Entry[]
}

export interface Effort {
  readonly rounds: number
  readonly warmUpMs: number
  readonly measureMs: number
  /** A process that takes longer is killed and has no figure. */
  readonly limitMs: number
}

export interface Figures {
  readonly nsPerFrame: Spread
  readonly megabytesPerSecond: Spread
  readonly cpuSecondsPerGigabyte: Spread
  /** Share of the time, 0 to 1. */
  readonly gcShare: Spread
  readonly peakRssBytes: Spread
}

export type Outcome =
  | { readonly entry: Entry; readonly figures: Figures }
  | { readonly entry: Entry; readonly without: string }

export interface Result {
  readonly comparison: Comparison
  readonly outcomes: readonly Outcome[]
}

/** A contender did not do the work; the first thing that is off says enough in a table. */
class WrongWork extends Error {
  readonly firstFault: string

  constructor(faults: string, where: string) {
    super(`${where}: ${faults}`)
    this.firstFault = faults.split(', ', 1)[0]
  }
}

/**
 * @throws Error when a run's tally is off, except where the input is a real file and the contender a rival: nobody promised
 *   that it can read that, so it has no figure. With `isForgiving`, for a file that a user names, that holds for all.
 */
export async function runComparison(
  comparison: Comparison,
  effort: Effort,
  isForgiving: boolean,
): Promise<Result> {
  const { input, chunks, level, entries } = comparison
  const runs = new Map<Entry, Measurement[]>()
  const without = new Map<Entry, string>()
  for (const entry of entries) {
    const cannot = contenderNamed(entry.contender).cannot?.(input.name, chunks, level)
    if (cannot === undefined) runs.set(entry, [])
    else without.set(entry, cannot)
  }
  for (let round = 0; round < effort.rounds; round += 1) {
    // Another one begins each round: nobody is always the one that runs on a rested machine.
    const turn = rotate([...runs.keys()], round)
    for (const entry of turn) {
      const problem = await runOnce(comparison, entry, effort, runs.get(entry) ?? [])
      if (problem === undefined) continue
      const isForgiven = isForgiving || (input.isRealFile && entry.contender !== OURS)
      if (problem instanceof ChildTooSlow) {
        without.set(entry, `${problem.message} for two passes`)
      } else if (problem instanceof WrongWork && isForgiven) {
        without.set(entry, `wrong: ${problem.firstFault}`)
      } else {
        throw problem
      }
      runs.delete(entry)
    }
  }
  return {
    comparison,
    outcomes: entries.map((entry) => {
      const measured = runs.get(entry)
      if (measured === undefined) return { entry, without: without.get(entry) ?? '' }
      return { entry, figures: toFigures(input, measured) }
    }),
  }
}

async function runOnce(
  { input, chunks }: Comparison,
  { contender, level }: Entry,
  effort: Effort,
  into: Measurement[],
): Promise<Error | undefined> {
  const options: MeasureOptions = {
    contender,
    level,
    path: input.path,
    expected: input.expected,
    chunks,
    warmUpMs: effort.warmUpMs,
    measureMs: effort.measureMs,
  }
  try {
    const result = await runChild<Measurement | Wrong>(
      'measure-child.js',
      [JSON.stringify(options)],
      { limitMs: effort.limitMs },
    )
    if ('wrong' in result) {
      return new WrongWork(result.wrong, `${contender}, ${level}, ${input.name}`)
    }
    into.push(result)
    return undefined
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** The same in turn, beginning with another one. */
export function rotate<T>(items: readonly T[], by: number): readonly T[] {
  const start = items.length === 0 ? 0 : by % items.length
  return [...items.slice(start), ...items.slice(0, start)]
}

function toFigures({ expected }: StoredInput, runs: readonly Measurement[]): Figures {
  const { bytes, frames } = expected
  return {
    nsPerFrame: spreadOf(runs.map((run) => run.wallNsPerPass / frames)),
    megabytesPerSecond: spreadOf(runs.map((run) => (bytes * 1e3) / run.wallNsPerPass)),
    cpuSecondsPerGigabyte: spreadOf(runs.map((run) => run.cpuNsPerPass / bytes)),
    gcShare: spreadOf(runs.map((run) => run.gcNsPerPass / run.wallNsPerPass)),
    peakRssBytes: spreadOf(runs.map((run) => run.peakRssBytes)),
  }
}
