/**
 * The consumer from socket to frame: through the real SDK over loopback HTTP and HTTPS, against the simulator in a process
 * of its own, beside a client that drains the same body with a bare `data` listener.
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

/** The bare listener; the consumer with every view taken, and with all that has to be joined in one memory. */
export type EndToEndReader = 'drain' | 'fragments' | 'scratch'

/** What the server tells once it listens. */
export interface ServerFacts {
  readonly endpoint: string
  readonly certificate: string | undefined
  /** How often the input stands in `warm-up` and in `measured`. */
  readonly repeats: readonly number[]
}

export interface ClientJob {
  readonly endpoint: string
  readonly expected: Expected
  readonly repeats: readonly number[]
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

// Four times: until the optimising compiler is done with what runs once a fragment, too.
const WARM_UP_MEGABYTES = 300
const MEASURED_MEGABYTES = 1000

export async function measureEndToEnd(rounds: number): Promise<readonly EndToEnd[]> {
  const results: EndToEnd[] = []
  for (const protocol of ['https', 'http'] as const) {
    results.push(...(await measureOne('video', protocol, ['fragments', 'scratch'], rounds)))
    // In audio hardly anything has to be joined.
    results.push(...(await measureOne('audio', protocol, ['fragments'], rounds)))
  }
  return results
}

async function measureOne(
  input: RecipeName,
  protocol: 'http' | 'https',
  ways: readonly Exclude<EndToEndReader, 'drain'>[],
  rounds: number,
): Promise<readonly EndToEnd[]> {
  const { expected } = inputNamed(input)
  const server = spawn(
    process.execPath,
    [
      join(COMPILED, 'end-to-end-server.js'),
      input,
      protocol,
      String(WARM_UP_MEGABYTES),
      String(MEASURED_MEGABYTES),
    ],
    { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const runs: Record<EndToEndReader, ClientMeasurement[]> = {
    drain: [],
    fragments: [],
    scratch: [],
  }
  try {
    const [line] = (await Promise.race([
      once(createInterface(server.stdout), 'line'),
      once(server, 'exit').then(() => {
        throw new Error('the simulator did not start')
      }),
    ])) as [string]
    const { endpoint, certificate, repeats } = JSON.parse(line) as ServerFacts
    const job: ClientJob = { endpoint, expected, repeats }
    const environment = trust(certificate)
    for (let round = 0; round < rounds; round += 1) {
      for (const reader of rotate(['drain', ...ways] as const, round)) {
        const args = [reader, JSON.stringify(job)]
        const options = { environment, limitMs: 120_000 }
        runs[reader].push(await runChild<ClientMeasurement>('end-to-end-child.js', args, options))
      }
    }
  } finally {
    server.stdin.end()
    if (server.exitCode === null) await once(server, 'exit')
  }
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
    cpuSecondsPerGigabyte: spreadOf(runs.map(({ cpuNs, bytes }) => cpuNs / bytes)),
    megabytesPerSecond: spreadOf(runs.map(({ wallNs, bytes }) => (bytes * 1e3) / wallNs)),
    peakRssBytes: spreadOf(runs.map(({ peakRssBytes }) => peakRssBytes)),
  }
}
