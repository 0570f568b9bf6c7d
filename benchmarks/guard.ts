/**
 * The regression guard: in about a minute, by ratio against a rival of the same run, never by time, and by the CPU time of the
 * best run of each, which a busy machine disturbs least: medians of such short runs were once a third of the usual. The
 * limits stand at about half of what is reached: a busy machine does not fail an honest change, a lost fast path fails.
 *
 * Video with every payload in memory of its own is not among them: joining its frames there is as fast as the machine's
 * memory, which neighbours use too. How much of it is copied is counted instead.
 */
import { runChild } from './child.js'
import { OURS } from './contenders/registry.js'
import { bestCpuRatioTo } from './goals.js'
import { inputNamed } from './inputs/store.js'
import { runComparison } from './rounds.js'
import { format } from './statistics.js'
import type { Allocation } from './allocation.js'
import type { Level } from './contenders/contender.js'
import type { RecipeName } from './inputs/recipes.js'
import type { Effort } from './rounds.js'

const RIVAL = 'ts-ebml'
const EFFORT: Effort = { rounds: 5, warmUpMs: 450, measureMs: 200, limitMs: 20_000 }

/** Level, input, and how many times our CPU time the rival takes at least; beside `scratch` it runs `fragments`. */
export const RATIO_LIMITS: readonly (readonly [Level, RecipeName, number])[] = [
  ['fragments', 'audio', 3],
  ['fragments', 'tiny', 4],
  ['scratch', 'video', 3.5],
  ['unread', 'audio', 4],
  ['unread', 'video', 5.5],
  ['elements', 'audio', 18],
]

/** At most so many bytes of heap per frame, and per fragment besides. */
export const ALLOCATION_LIMITS: readonly (readonly [Level, number, number])[] = [
  ['fragments', 290, 6_000],
  ['scratch', 290, 6_000],
  ['unread', 195, 6_000],
]

/** New memory for each byte of video: three of ten lie in frames that cross a chunk's end. */
const COPY_LIMIT = 0.36
/** Where nothing is joined, or in memory that is there: only what is too small for a view of its own. */
const SMALL_COPY_LIMIT = 0.01

/** Prints each check; true when all hold. */
export async function runGuard(): Promise<boolean> {
  const checks = [...(await checkRatios()), ...(await checkAllocations())]
  for (const { text, holds } of checks) console.log(`${holds ? 'ok  ' : 'FAIL'} ${text}`)
  return checks.every(({ holds }) => holds)
}

interface Check {
  readonly text: string
  readonly holds: boolean
}

async function checkRatios(): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const [level, name, limit] of RATIO_LIMITS) {
    const rivalLevel = level === 'scratch' ? 'fragments' : level
    const entries = [
      { contender: OURS, level },
      { contender: RIVAL, level: rivalLevel },
    ]
    const comparison = { level: rivalLevel, input: inputNamed(name), chunks: 65_536, entries }
    const ratio = bestCpuRatioTo(await runComparison(comparison, EFFORT, false), RIVAL, level) ?? 0
    checks.push({
      text: `${level}, ${name}: ${RIVAL} takes ${format(ratio)} times our CPU time, at least ${limit}`,
      holds: ratio >= limit,
    })
  }
  return checks
}

async function checkAllocations(): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const [level, perFrame, perFragment] of ALLOCATION_LIMITS) {
    const { bytesPerFrame, bytesPerFragment, newMemoryShare } = await runAllocation(level)
    const copyLimit = level === 'fragments' ? COPY_LIMIT : SMALL_COPY_LIMIT
    checks.push(
      {
        text: `${level}: ${bytesPerFrame.toFixed(0)} bytes allocated per frame, at most ${perFrame}`,
        holds: bytesPerFrame <= perFrame,
      },
      {
        text: `${level}: ${bytesPerFragment.toFixed(0)} bytes allocated per fragment, at most ${perFragment}`,
        holds: bytesPerFragment <= perFragment,
      },
      {
        text: `${level}: ${(newMemoryShare * 100).toFixed(1)} % of video in new memory, at most ${copyLimit * 100} %`,
        holds: newMemoryShare <= copyLimit,
      },
    )
  }
  return checks
}

/** The best of three processes: how much the optimiser keeps off the heap differs from one to the next by a quarter. */
export async function runAllocation(level: Level): Promise<Allocation> {
  const runs: Allocation[] = []
  for (let i = 0; i < 3; i += 1) {
    runs.push(
      await runChild<Allocation>('allocation-child.js', [OURS, level], {
        // So large a young generation that nothing is collected while it is measured.
        nodeArguments: ['--expose-gc', '--min-semi-space-size=1024', '--max-semi-space-size=1024'],
      }),
    )
  }
  return runs.reduce((best, run) => (run.bytesPerFrame < best.bytesPerFrame ? run : best))
}
