/**
 * The consumer from socket to frame: through the real SDK over loopback HTTP and HTTPS, against the simulator in a process
 * of its own, beside a client that drains the same body with a bare `data` listener. And the same for many streams at once.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { runChild } from './child.js'
import { inputNamed } from './inputs/store.js'
import { CACHE, COMPILED, ROOT } from './paths.js'
import { rotate } from './rounds.js'
import { spreadOf } from './statistics.js'
import type { Level } from './contenders/contender.js'
import type { Expected } from './inputs/expected.js'
import type { RecipeName } from './inputs/recipes.js'
import type { Spread } from './statistics.js'

/**
 * The bare listener, and one that holds each fragment's chunks until all are there; the consumer with every view taken, with
 * all that has to be joined in one memory, and frame by frame.
 */
export type EndToEndReader = 'drain' | 'hold' | 'fragments' | 'scratch' | 'frames'

export interface ServerJob {
  readonly input: RecipeName
  readonly protocol: 'http' | 'https'
  readonly streams: readonly { readonly name: string; readonly megabytes: number }[]
}

export interface StreamFacts {
  readonly name: string
  /** How often it holds the input. */
  readonly repeats: number
}

/** What the server tells once it listens. */
export interface ServerFacts {
  readonly endpoint: string
  readonly certificate: string | undefined
  readonly streams: readonly StreamFacts[]
}

export interface ClientJob {
  readonly endpoint: string
  readonly expected: Expected
  readonly warmUp: StreamFacts
  /** Read at once. */
  readonly measured: readonly StreamFacts[]
  /** Leaves the beginning and the end out of the measurement. */
  readonly isSteady: boolean
}

export interface ClientMeasurement {
  readonly bytes: number
  readonly wallNs: number
  /** Of the client's process only. */
  readonly cpuNs: number
  readonly peakRssBytes: number
}

export interface EndToEnd {
  readonly input: string
  /** How the consumer's views are taken. */
  readonly level: Level
  readonly protocol: 'http' | 'https'
  readonly drain: EndToEndFigures
  readonly consumer: EndToEndFigures
  /** CPU time of the consumer over that of the drain, round by round. */
  readonly cpuRatio: Spread
  readonly aboveDrainBytes: Spread
}

export interface EndToEndFigures {
  readonly cpuSecondsPerGigabyte: Spread
  readonly megabytesPerSecond: Spread
  readonly peakRssBytes: Spread
}

/** One reader on so many streams at once, over HTTPS. */
export interface StreamsAtOnce {
  readonly input: string
  readonly reader: EndToEndReader
  readonly streams: number
  readonly cpuSecondsPerGigabyte: Spread
  /** CPU time per byte over that of one stream, round by round. */
  readonly ratio: Spread
  readonly peakRssBytes: Spread
}

// Four times: until the optimising compiler is done with what runs once a fragment, too.
const WARM_UP = { name: 'warm-up', megabytes: 300 }
const MEASURED_MEGABYTES = 1000
/** The first is what the others are compared with. */
const AT_ONCE = [1, 8, 64]
export const AT_ONCE_ROUNDS = 3

export async function measureEndToEnd(rounds: number): Promise<readonly EndToEnd[]> {
  const results: EndToEnd[] = []
  for (const protocol of ['https', 'http'] as const) {
    results.push(...(await measureOne('video', protocol, ['fragments', 'scratch'], rounds)))
    // In audio hardly anything has to be joined.
    results.push(...(await measureOne('audio', protocol, ['fragments'], rounds)))
  }
  return results
}

/** What one process pays for reading many streams at once. */
export async function measureStreamsAtOnce(): Promise<readonly StreamsAtOnce[]> {
  return [
    ...(await measureAtOnce('video', ['drain', 'hold', 'fragments', 'scratch', 'frames'])),
    ...(await measureAtOnce('audio', ['drain', 'hold', 'fragments'])),
  ]
}

async function measureOne(
  input: RecipeName,
  protocol: 'http' | 'https',
  ways: readonly ('fragments' | 'scratch')[],
  rounds: number,
): Promise<readonly EndToEnd[]> {
  const runs = { drain: [], fragments: [], scratch: [] } as Record<
    'drain' | 'fragments' | 'scratch',
    ClientMeasurement[]
  >
  const streams = [WARM_UP, { name: 'measured', megabytes: MEASURED_MEGABYTES }]
  await withServer({ input, protocol, streams }, async (run) => {
    for (let round = 0; round < rounds; round += 1) {
      for (const reader of rotate(['drain', ...ways] as const, round)) {
        runs[reader].push(await run(reader, ['measured'], false))
      }
    }
  })
  return ways.map((level) => ({
    input,
    level,
    protocol,
    drain: toFigures(runs.drain),
    consumer: toFigures(runs[level]),
    cpuRatio: spreadOf(runs[level].map(({ cpuNs }, round) => cpuNs / runs.drain[round].cpuNs)),
    aboveDrainBytes: spreadOf(
      runs[level].map(({ peakRssBytes }, round) => peakRssBytes - runs.drain[round].peakRssBytes),
    ),
  }))
}

async function measureAtOnce(
  input: RecipeName,
  readers: readonly EndToEndReader[],
): Promise<readonly StreamsAtOnce[]> {
  const groups = AT_ONCE.map((count) =>
    Array.from({ length: count }, (_, i) => ({
      name: `${count}-${i}`,
      megabytes: MEASURED_MEGABYTES / count,
    })),
  )
  const cases = readers.flatMap((reader) =>
    groups.map((group) => ({ reader, group, runs: [] as ClientMeasurement[] })),
  )
  const job: ServerJob = { input, protocol: 'https', streams: [WARM_UP, ...groups.flat()] }
  await withServer(job, async (run) => {
    for (let round = 0; round < AT_ONCE_ROUNDS; round += 1) {
      for (const { reader, group, runs } of rotate(cases, round)) {
        const names = group.map(({ name }) => name)
        runs.push(await run(reader, names, true))
      }
    }
  })
  return readers.flatMap((reader) => {
    const ofReader = cases.filter((each) => each.reader === reader)
    const [single] = ofReader
    return ofReader.map(({ group, runs }) => {
      const costs = runs.map(costOf)
      return {
        input,
        reader,
        streams: group.length,
        cpuSecondsPerGigabyte: spreadOf(costs),
        ratio: spreadOf(costs.map((cost, round) => cost / costOf(single.runs[round]))),
        peakRssBytes: spreadOf(runs.map(({ peakRssBytes }) => peakRssBytes)),
      }
    })
  })
}

/** CPU seconds per gigabyte. */
function costOf({ cpuNs, bytes }: ClientMeasurement): number {
  return cpuNs / bytes
}

/** Runs a client that reads the streams of these names at once. */
type RunClient = (
  reader: EndToEndReader,
  names: readonly string[],
  isSteady: boolean,
) => Promise<ClientMeasurement>

async function withServer(job: ServerJob, use: (run: RunClient) => Promise<void>): Promise<void> {
  const { expected } = inputNamed(job.input)
  const server = spawn(
    process.execPath,
    [join(COMPILED, 'end-to-end-server.js'), JSON.stringify(job)],
    { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  try {
    const [line] = (await Promise.race([
      once(createInterface(server.stdout), 'line'),
      once(server, 'exit').then(() => {
        throw new Error('the simulator did not start')
      }),
    ])) as [string]
    const { endpoint, certificate, streams } = JSON.parse(line) as ServerFacts
    const environment = trust(certificate)
    await use((reader, names, isSteady) => {
      const client: ClientJob = {
        endpoint,
        expected,
        warmUp: streams[0],
        measured: streams.filter(({ name }) => names.includes(name)),
        isSteady,
      }
      return runChild<ClientMeasurement>('end-to-end-child.js', [reader, JSON.stringify(client)], {
        environment,
        limitMs: 120_000,
      })
    })
  } finally {
    server.stdin.end()
    if (server.exitCode === null) await once(server, 'exit')
  }
}

/** The SDK's own TLS settings stay as they are: Node is told to trust the simulator's certificate. */
function trust(certificate: string | undefined): Readonly<Record<string, string>> {
  if (certificate === undefined) return {}
  mkdirSync(CACHE, { recursive: true })
  const path = join(CACHE, 'simulator.pem')
  writeFileSync(path, certificate)
  return { NODE_EXTRA_CA_CERTS: path }
}

function toFigures(runs: readonly ClientMeasurement[]): EndToEndFigures {
  return {
    cpuSecondsPerGigabyte: spreadOf(runs.map(costOf)),
    megabytesPerSecond: spreadOf(runs.map(({ wallNs, bytes }) => (bytes * 1e3) / wallNs)),
    peakRssBytes: spreadOf(runs.map(({ peakRssBytes }) => peakRssBytes)),
  }
}
