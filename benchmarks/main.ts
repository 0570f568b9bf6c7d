/** The command line of the benchmarks; see `benchmarks/README.md`. */
import { parseArgs } from 'node:util'
import { OURS } from './contenders/registry.js'
import { measureEndToEnd, measureStreamsAtOnce } from './end-to-end.js'
import { runAllocation, runGuard } from './guard.js'
import { judge } from './goals.js'
import { measureImports } from './import-time.js'
import { describeChunks } from './inputs/chunks.js'
import { pinInputs } from './inputs/pin.js'
import { inputFromFile } from './inputs/store.js'
import { machineLine } from './machine.js'
import { measureMemory } from './memory.js'
import {
  comparisons,
  comparisonsForFile,
  FILE_TARGET_BYTES,
  FULL_EFFORT,
  LEVELS,
  QUICK_EFFORT,
} from './plan.js'
import { resultsPage, writeReports } from './report.js'
import { runComparison } from './rounds.js'
import { measureScaling, measureStreamsBeside } from './scaling.js'
import { format, formatSpread } from './statistics.js'
import type { Allocation } from './allocation.js'
import type { Findings } from './goals.js'
import type { RunFacts } from './report.js'
import type { Comparison, Effort, Result } from './rounds.js'

/** Not part of a whole run: it takes more than half as long as all the rest, and judges nothing. */
const STREAMS = 'streams'
const SECTIONS = ['consumer', 'scaling', 'memory', 'imports', 'allocations', STREAMS]

const USAGE = `usage: npm run bench -- [--quick] [--only LEVEL[,LEVEL]] [FILE]
       npm run bench -- --guard

  (nothing)   everything but streams; writes benchmarks/RESULTS.md and the table in README.md
  --quick     the main comparisons, shorter; writes nothing
  --only      these levels in full (${LEVELS.join(', ')}), or sections (${SECTIONS.join(', ')}); writes nothing
  --guard     the regression guard of the continuous integration
  --pin       rewrite inputs/pinned.json after a recipe was changed on purpose
  FILE        compare on a Matroska file or GetMedia payload of your own; writes nothing`

const CONSUMER_ROUNDS = 5
const MEMORY_ROUNDS = 5
const IMPORT_ROUNDS = 15

export async function main(args: readonly string[]): Promise<number> {
  const options = {
    quick: { type: 'boolean', default: false },
    guard: { type: 'boolean', default: false },
    pin: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    only: { type: 'string' },
  } as const
  let parsed
  try {
    parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    console.error(USAGE)
    return 2
  }
  const { values, positionals } = parsed
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  if (values.pin) {
    pinInputs()
    return 0
  }
  if (values.guard) return (await runGuard()) ? 0 : 1
  const effort = values.quick ? QUICK_EFFORT : FULL_EFFORT
  const [file] = positionals
  if (file !== undefined) return compareOnFile(file, effort)
  const only = values.only?.split(',')
  const unknown = only?.find((name) => ![...LEVELS, ...SECTIONS].includes(name))
  if (unknown !== undefined) {
    console.error(`--only knows no "${unknown}"`)
    console.error(USAGE)
    return 2
  }
  return compareAll(effort, values.quick, only)
}

async function compareOnFile(file: string, effort: Effort): Promise<number> {
  let input
  try {
    input = inputFromFile(file, FILE_TARGET_BYTES)
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    console.error('FILE is the path of a Matroska file or of a saved GetMedia payload.')
    return 2
  }
  const facts = factsOf(`npm run bench -- ${file}`, effort)
  const results = await runAll(comparisonsForFile(input), effort, true)
  console.log(resultsPage({ ...NOTHING_FOUND, results }, facts))
  return 0
}

async function compareAll(
  effort: Effort,
  isQuick: boolean,
  only: readonly string[] | undefined,
): Promise<number> {
  const facts = factsOf(`npm run bench${isQuick ? ' -- --quick' : ''}`, effort)
  const isWanted = (section: string): boolean =>
    only === undefined ? !isQuick && section !== STREAMS : only.includes(section)
  const chosen = comparisons(isQuick && only === undefined).filter(
    ({ level }) => only === undefined || only.includes(level),
  )
  const findings: Findings = {
    results: await runAll(chosen, effort, false),
    endToEnd: isWanted('consumer')
      ? await announced('consumer end to end', () => measureEndToEnd(CONSUMER_ROUNDS))
      : [],
    scaling: isWanted('scaling') ? await announced('scaling', measureScaling) : [],
    streamsBeside: isWanted(STREAMS)
      ? await announced('many streams, from memory', measureStreamsBeside)
      : [],
    streamsAtOnce: isWanted(STREAMS)
      ? await announced('many streams, end to end', measureStreamsAtOnce)
      : [],
    memory: isWanted('memory')
      ? await announced('memory', () =>
          measureMemory([OURS, 'ts-ebml', 'ebml-stream'], MEMORY_ROUNDS),
        )
      : [],
    imports: isWanted('imports')
      ? await announced('import time', () => Promise.resolve(measureImports(IMPORT_ROUNDS)))
      : [],
    allocations: isWanted('allocations') ? await announced('allocations', measureAllocations) : [],
  }
  const isWhole = !isQuick && only === undefined
  if (isWhole) writeReports(findings, facts)
  else console.log(resultsPage(findings, facts))
  for (const { goal, asked, found, unit, isMet } of judge(findings)) {
    console.log(`${isMet ? 'met   ' : 'MISSED'} ${goal}: ${format(found)} ${unit}, asked ${asked}`)
  }
  return 0
}

const NOTHING_FOUND: Findings = {
  results: [],
  endToEnd: [],
  scaling: [],
  streamsBeside: [],
  streamsAtOnce: [],
  memory: [],
  imports: [],
  allocations: [],
}

async function measureAllocations(): Promise<readonly Allocation[]> {
  const allocations: Allocation[] = []
  for (const level of ['frames', 'fragments', 'scratch', 'unread'] as const) {
    allocations.push(await runAllocation(level))
  }
  return allocations
}

function factsOf(command: string, effort: Effort): RunFacts {
  return {
    command,
    machine: machineLine(),
    rounds: effort.rounds,
    date: new Date().toISOString().slice(0, 10),
  }
}

async function announced<T>(name: string, run: () => Promise<T>): Promise<T> {
  console.error(`… ${name}`)
  return run()
}

async function runAll(
  chosen: readonly Comparison[],
  effort: Effort,
  isForgiving: boolean,
): Promise<readonly Result[]> {
  const results: Result[] = []
  for (const comparison of chosen) {
    const { level, input, chunks } = comparison
    console.error(`… ${level}, ${input.name}, ${describeChunks(chunks)}`)
    const result = await runComparison(comparison, effort, isForgiving)
    for (const outcome of result.outcomes) {
      const { contender, level: entryLevel } = outcome.entry
      const told =
        'figures' in outcome
          ? `${formatSpread(outcome.figures.nsPerFrame)} ns/frame`
          : outcome.without
      const name = entryLevel === level ? contender : `${contender} (${entryLevel})`
      console.error(`    ${name.padEnd(28)} ${told}`)
    }
    results.push(result)
  }
  return results
}
