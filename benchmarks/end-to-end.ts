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
import { spreadOf } from './statistics.js'
import type { Expected } from './inputs/expected.js'
import type { RecipeName } from './inputs/recipes.js'
import type { Spread } from './statistics.js'

export type EndToEndReader = 'drain' | 'consumer'

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
    for (const input of ['video', 'audio'] as const) {
      results.push(await measureOne(input, protocol, rounds))
    }
  }
  return results
}

async function measureOne(
  input: RecipeName,
  protocol: 'http' | 'https',
  rounds: number,
): Promise<EndToEnd> {
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
  const runs: Record<EndToEndReader, ClientMeasurement[]> = { drain: [], consumer: [] }
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
      const turn =
        round % 2 === 0 ? (['drain', 'consumer'] as const) : (['consumer', 'drain'] as const)
      for (const reader of turn) {
        const args = [reader, JSON.stringify(job)]
        const options = { environment, limitMs: 120_000 }
        runs[reader].push(await runChild<ClientMeasurement>('end-to-end-child.js', args, options))
      }
    }
  } finally {
    server.stdin.end()
    if (server.exitCode === null) await once(server, 'exit')
  }
  return {
    input,
    protocol,
    drain: toFigures(runs.drain),
    consumer: toFigures(runs.consumer),
    cpuRatio: spreadOf(runs.consumer.map(({ cpuNs }, round) => cpuNs / runs.drain[round].cpuNs)),
    aboveDrainBytes: spreadOf(
      runs.consumer.map(({ peakRssBytes }, round) => peakRssBytes - runs.drain[round].peakRssBytes),
    ),
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
    cpuSecondsPerGigabyte: spreadOf(runs.map(({ cpuNs, bytes }) => cpuNs / bytes)),
    megabytesPerSecond: spreadOf(runs.map(({ wallNs, bytes }) => (bytes * 1e3) / wallNs)),
    peakRssBytes: spreadOf(runs.map(({ peakRssBytes }) => peakRssBytes)),
  }
}
