import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleChild } from '../helpers/bundle.js'

let folder: string
let child: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kvs-fragments-'))
  child = path.join(folder, 'child.mjs')
  await bundleChild(new URL('../helpers/signal-child.ts', import.meta.url), child)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly lines: readonly string[]
  /** Temporary files that were left behind. */
  readonly leftovers: readonly string[]
}

/** Runs a process that listens to the signal in this way and is sent it so many times during a save. */
async function run(signal: string, listening: string, count: number): Promise<Ended> {
  const directory = await mkdtemp(path.join(folder, 'store-'))
  const args = [child, directory, signal, listening, String(count)]
  const running = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  running.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const ended = await new Promise<Pick<Ended, 'code' | 'signal'>>((resolve, reject) => {
    running.on('error', reject)
    running.on('close', (code, by) => resolve({ code, signal: by }))
  })
  const names = await readdir(directory, { recursive: true })
  return {
    ...ended,
    lines: output.split('\n').filter((line) => line !== ''),
    leftovers: names.filter((name) => /\.json\.\d+$/.test(name)),
  }
}

describe('a signal during a save of FileCheckpointStore', () => {
  it.concurrent.each([
    ['SIGINT', 'once', 1, ['heard', 'saved; listeners left: 0']],
    ['SIGTERM', 'once', 1, ['heard', 'saved; listeners left: 0']],
    ['SIGHUP', 'once', 1, ['heard', 'saved; listeners left: 0']],
    ['SIGINT', 'on and off', 1, ['heard', 'saved; listeners left: 0']],
    ['SIGINT', 'once and again', 2, ['heard', 'heard', 'saved; listeners left: 0']],
    ['SIGINT', 'on', 3, ['heard', 'heard', 'heard', 'saved; listeners left: 1']],
  ] as const)(
    '%s is left to a listener of %s (sent %s times)',
    async (signal, how, count, lines) => {
      expect(await run(signal, how, count)).toEqual({ code: 0, signal: null, lines, leftovers: [] })
    },
  )

  it.concurrent.each([
    ['SIGINT', 'none', 1, []],
    ['SIGTERM', 'none', 1, []],
    // The second one has no listener any more.
    ['SIGINT', 'once', 2, ['heard']],
    ['SIGTERM', 'on and off', 2, ['heard']],
  ] as const)(
    '%s ends a process whose listeners are %s (sent %s times), and leaves nothing half written',
    async (signal, how, count, lines) => {
      expect(await run(signal, how, count)).toEqual({ code: null, signal, lines, leftovers: [] })
    },
  )
})
