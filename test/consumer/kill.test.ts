import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../src/simulator/ebml-writer.js'
import { bundleChild } from '../helpers/bundle.js'
import { createLog } from '../helpers/consumer-service.js'

const KILLS_PER_CHAIN = 50
const indexOf = new Map(createLog(600).map(({ index, fragmentNumber }) => [fragmentNumber, index]))
let folder: string
let child: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kvs-fragments-'))
  child = path.join(folder, 'child.mjs')
  await bundleChild(new URL('../helpers/consumer-child.ts', import.meta.url), child)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs the child until it kills itself; answers what it told. */
function run(args: readonly string[]): Promise<{ signal: string | null; lines: string[] }> {
  return new Promise((resolve, reject) => {
    const running = spawn(process.execPath, [child, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    running.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
    running.on('error', reject)
    running.on('close', (_code, signal) => {
      resolve({ signal, lines: output.split('\n').filter((line) => line !== '') })
    })
  })
}

/** Kills one process after the other on the same checkpoint, and checks that each goes on where it must. */
async function chain(seed: number, commit: 'auto' | 'manual'): Promise<number> {
  const directory = path.join(folder, `chain-${seed}`)
  const random = createRandom(seed)
  let next = 0
  let saved = -1
  let repeated = 0
  for (let n = 0; n < KILLS_PER_CHAIN; n += 1) {
    // Some die while claiming, some after a few fragments, all in the middle of something.
    const killAt = 1 + (random() % 120)
    const { signal, lines } = await run([directory, commit, `${killAt}`, `${seed}`])
    expect(signal).toBe('SIGKILL')
    let expected: number | undefined
    for (const line of lines) {
      const [what, number] = line.split(' ')
      const index = indexOf.get(number) ?? -1
      if (what === 'saved') {
        saved = Math.max(saved, index)
        continue
      }
      if (expected === undefined) {
        // Nothing lost: it begins no later than behind the last one yielded. Nothing repeated that was known to be saved.
        expect(index).toBeLessThanOrEqual(next)
        expect(index).toBeGreaterThan(saved)
        repeated += next - index
      } else {
        expect(index).toBe(expected)
      }
      expected = index + 1
      next = Math.max(next, expected)
    }
  }
  // As measured it is 56 to 140: how many steps the files take of those until a kill is the machine's.
  expect(next).toBeGreaterThan(KILLS_PER_CHAIN / 2)
  return repeated
}

describe('a process that is killed at 200 seeded points', () => {
  it.concurrent.each([
    [1, 'manual'],
    [2, 'manual'],
    [3, 'auto'],
    [4, 'auto'],
  ] as const)(
    'loses nothing and repeats nothing that was saved (seed %s, commit %s)',
    async (seed, commit) => {
      const repeated = await chain(seed, commit)
      // With a commit awaited after each fragment, only the one at hand can be repeated.
      if (commit === 'manual') expect(repeated).toBeLessThanOrEqual(KILLS_PER_CHAIN)
    },
    300_000,
  )
})
