/**
 * The measured process: one contender, one level, one input. Prints one line of JSON.
 *
 *     node benchmarks/.cache/build/measure-child.js CONTENDER LEVEL INPUT [CHUNK] [MILLISECONDS] [WARM-UP]
 *
 * It can be run alone, under `--cpu-prof` for example. INPUT is the name of a recipe or a path to an input; for a path,
 * EXPECTED names the JSON file of what it holds.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { performance, PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { contenderNamed } from './contenders/registry.js'
import { cut } from './inputs/chunks.js'
import { inputNamed } from './inputs/store.js'
import { findMismatch } from './verify.js'
import { Tally } from './tally.js'
import type { Level, Work } from './contenders/contender.js'
import type { RecipeName } from './inputs/recipes.js'
import type { MeasureOptions, Measurement, Wrong } from './measurement.js'

/** A pass this slow has warmed up in the verifying pass. */
const SLOW_PASS_MS = 1000
const LOOK_EVERY_MS = 10

async function measure(options: MeasureOptions): Promise<Measurement | Wrong> {
  const works = await contenderNamed(options.contender).load()
  const work = works[options.level]
  if (work === undefined) throw new Error(`${options.contender} has no level ${options.level}`)
  const bytes = readFileSync(options.path)
  // A reader of whole files gets one chunk; whoever is pushed gets what sockets deliver.
  const chunks = cut(bytes, options.contender === 'mediabunny' ? bytes.length : options.chunks)

  const payloads = createHash('sha256')
  const verified = new Tally(payloads)
  const verifyStart = performance.now()
  await runOnce(work, chunks, verified)
  const verifyMs = performance.now() - verifyStart
  const wrong = findMismatch(options.level, verified, options.expected, payloads.digest('hex'))
  if (wrong !== undefined) return { wrong }

  if (verifyMs < SLOW_PASS_MS) await runFor(work, chunks, options, options.warmUpMs, 2)
  await turnOfTheLoop()

  let gcMs = 0
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) gcMs += entry.duration
  })
  observer.observe({ entryTypes: ['gc'] })
  const cpuStart = process.cpuUsage()
  const wallStart = process.hrtime.bigint()
  const passes = await runFor(work, chunks, options, options.measureMs, 1)
  const wallNs = Number(process.hrtime.bigint() - wallStart)
  const cpu = process.cpuUsage(cpuStart)
  // Entries of the collector are delivered in a later turn.
  await turnOfTheLoop()
  await turnOfTheLoop()
  observer.disconnect()
  return {
    passes,
    wallNsPerPass: wallNs / passes,
    cpuNsPerPass: ((cpu.user + cpu.system) * 1000) / passes,
    gcNsPerPass: (gcMs * 1e6) / passes,
    peakRssBytes: process.resourceUsage().maxRSS * 1024,
  }
}

/**
 * Windows are counted in CPU time: on a busy machine a window of wall time would hold too few passes for the compiler to
 * have done its work.
 */
function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function runFor(
  work: Work,
  chunks: readonly Buffer[],
  options: MeasureOptions,
  milliseconds: number,
  atLeast: number,
): Promise<number> {
  const end = cpuMs() + milliseconds
  let passes = 0
  let lookAgainAt = 0
  let isOver = false
  do {
    const tally = new Tally()
    if (work.kind === 'push') runPushed(work.open, chunks, tally)
    else await work.read(chunks, tally)
    const wrong = findMismatch(options.level, tally, options.expected)
    if (wrong !== undefined) throw new Error(`a later pass differs: ${wrong}`)
    passes += 1
    // Asking for CPU time takes microseconds, the time of day nanoseconds: a pass may be as short as 10 µs.
    if (performance.now() >= lookAgainAt) {
      lookAgainAt = performance.now() + LOOK_EVERY_MS
      isOver = cpuMs() >= end
    }
  } while (passes < atLeast || !isOver)
  return passes
}

async function runOnce(work: Work, chunks: readonly Buffer[], tally: Tally): Promise<void> {
  if (work.kind === 'push') runPushed(work.open, chunks, tally)
  else await work.read(chunks, tally)
}

function runPushed(
  open: Extract<Work, { kind: 'push' }>['open'],
  chunks: readonly Buffer[],
  tally: Tally,
): void {
  const feed = open(tally)
  for (let i = 0; i < chunks.length; i += 1) feed.push(chunks[i])
  feed.end()
}

/** `node measure-child.js '{…}'` from the harness, or the words of the comment above from a person. */
function parseArguments(args: readonly string[]): MeasureOptions {
  const [first] = args
  if (first?.startsWith('{')) return JSON.parse(first) as MeasureOptions
  const [contender, level, input, chunks = '65536', measureMs = '1000', warmUpMs = '600'] = args
  if (contender === undefined || level === undefined || input === undefined) {
    throw new Error(
      'usage: measure-child.js CONTENDER LEVEL INPUT [CHUNK] [MILLISECONDS] [WARM-UP]',
    )
  }
  const stored = inputNamed(input as RecipeName)
  return {
    contender,
    level: level as Level,
    path: stored.path,
    expected: stored.expected,
    chunks: chunks === 'drip' ? 'drip' : Number(chunks),
    warmUpMs: Number(warmUpMs),
    measureMs: Number(measureMs),
  }
}

const options = parseArguments(process.argv.slice(2))
const result = await measure(options)
console.log(JSON.stringify(result))
if (!process.argv[2]?.startsWith('{') && !('wrong' in result)) {
  const { bytes, frames } = options.expected
  console.error(
    `${(result.wallNsPerPass / frames).toFixed(1)} ns/frame, ` +
      `${(result.cpuNsPerPass / frames).toFixed(1)} CPU ns/frame, ` +
      `${(bytes / (result.wallNsPerPass / 1e3)).toFixed(0)} MB/s, ` +
      `${(result.cpuNsPerPass / bytes).toFixed(3)} CPU s/GB, ` +
      `GC ${((100 * result.gcNsPerPass) / result.wallNsPerPass).toFixed(1)} %`,
  )
}
