/**
 * How many bytes a contender allocates per frame and per fragment.
 *
 * The process runs with a young generation so large that nothing is collected while it measures, so the growth of the
 * heap is what was allocated. Two inputs that differ in frames per fragment give two equations:
 *
 *     growth = fragments × perFragment + frames × perFrame
 *
 * Run by the harness with `--expose-gc --min-semi-space-size=1024 --max-semi-space-size=1024`.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { contenderNamed } from './contenders/registry.js'
import { cut } from './inputs/chunks.js'
import { audioWithBlocks } from './inputs/recipes.js'
import { Tally } from './tally.js'
import type { Level, Work } from './contenders/contender.js'

export interface Allocation {
  readonly level: Level
  readonly bytesPerFrame: number
  readonly bytesPerFragment: number
}

interface Growth {
  readonly bytes: number
  readonly frames: number
  readonly fragments: number
}

const INPUT_BYTES = 4 << 20
const FEW_BLOCKS = 20
const MANY_BLOCKS = 500
const WARM_UP_PASSES = 30
const MEASURED_PASSES = 8

async function measureGrowth(work: Work, blocks: number): Promise<Growth> {
  if (work.kind !== 'push') throw new Error('allocations are measured where chunks are pushed')
  const input = audioWithBlocks(blocks, INPUT_BYTES)
  const chunks = cut(input.writer.bytes, 65_536)
  const pass = (): void => {
    const feed = work.open(new Tally())
    for (const chunk of chunks) feed.push(chunk)
    feed.end()
  }
  for (let i = 0; i < WARM_UP_PASSES; i += 1) pass()
  global.gc?.()
  await turnOfTheLoop()
  let collections = 0
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length
  })
  observer.observe({ entryTypes: ['gc'] })
  let bytes = Infinity
  for (let i = 0; i < MEASURED_PASSES; i += 1) {
    const before = process.memoryUsage()
    pass()
    const after = process.memoryUsage()
    const grown = after.heapUsed - before.heapUsed + (after.arrayBuffers - before.arrayBuffers)
    // The smallest: the first passes after a collection also rebuild what the compiler threw away.
    bytes = Math.min(bytes, grown)
  }
  await turnOfTheLoop()
  await turnOfTheLoop()
  observer.disconnect()
  if (collections > 0) throw new Error('the heap was collected while it was measured')
  const frames = input.fragments.reduce((sum, fragment) => sum + fragment.frames.length, 0)
  return { bytes, frames, fragments: input.fragments.length }
}

/** Two equations, two unknowns. */
export function solve(few: Growth, many: Growth): Omit<Allocation, 'level'> {
  const determinant = few.fragments * many.frames - many.fragments * few.frames
  return {
    bytesPerFragment: (few.bytes * many.frames - many.bytes * few.frames) / determinant,
    bytesPerFrame: (few.fragments * many.bytes - many.fragments * few.bytes) / determinant,
  }
}

export async function measureAllocation(contender: string, level: Level): Promise<Allocation> {
  const work = (await contenderNamed(contender).load())[level]
  if (work === undefined) throw new Error(`${contender} has no level ${level}`)
  const few = await measureGrowth(work, FEW_BLOCKS)
  const many = await measureGrowth(work, MANY_BLOCKS)
  return { level, ...solve(few, many) }
}
