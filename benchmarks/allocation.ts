/**
 * How many bytes a contender allocates per frame and per fragment.
 *
 * The process runs with a young generation so large that nothing is collected while it measures, so the growth of the
 * heap is what was allocated. Two inputs that differ in frames per fragment give two equations:
 *
 *     growth = fragments × perFragment + frames × perFrame
 *
 * Of 8 KB frames every eighth lies in two chunks of 64 KiB and is joined in memory of its own: the growth of the array
 * buffers over the input's length is the new memory for each byte.
 *
 * Run by the harness with `--expose-gc --min-semi-space-size=1024 --max-semi-space-size=1024`.
 */
import { readFileSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as turnOfTheLoop, setTimeout } from 'node:timers/promises'
import { contenderNamed } from './contenders/registry.js'
import { cut } from './inputs/chunks.js'
import { audioWithBlocks } from './inputs/recipes.js'
import { inputNamed } from './inputs/store.js'
import { Tally } from './tally.js'
import type { Level, Work } from './contenders/contender.js'

export interface Allocation {
  readonly level: Level
  readonly bytesPerFrame: number
  readonly bytesPerFragment: number
  /** Bytes of new array buffers for each byte of video. */
  readonly newMemoryShare: number
}

type PushWork = Extract<Work, { kind: 'push' }>

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

async function measureGrowth(work: PushWork, blocks: number): Promise<Growth> {
  const input = audioWithBlocks(blocks, INPUT_BYTES)
  const bytes = await smallestGrowth(
    work,
    input.writer.bytes,
    ({ heapUsed, arrayBuffers }) => heapUsed + arrayBuffers,
  )
  const frames = input.fragments.reduce((sum, fragment) => sum + fragment.frames.length, 0)
  return { bytes, frames, fragments: input.fragments.length }
}

async function measureCopies(work: PushWork): Promise<number> {
  const bytes = readFileSync(inputNamed('video').path)
  return (await smallestGrowth(work, bytes, ({ arrayBuffers }) => arrayBuffers)) / bytes.length
}

/** How much `sizeOf` grows in a pass. */
async function smallestGrowth(
  work: PushWork,
  bytes: Buffer,
  sizeOf: (usage: NodeJS.MemoryUsage) => number,
): Promise<number> {
  const chunks = cut(bytes, 65_536)
  const pass = (): void => {
    const feed = work.open(new Tally())
    for (const chunk of chunks) feed.push(chunk)
    feed.end()
  }
  for (let i = 0; i < WARM_UP_PASSES; i += 1) pass()
  global.gc?.()
  // The buffers collected are freed by another thread, and are off the books with the next one made.
  await setTimeout(50)
  void new Uint8Array(1)
  await turnOfTheLoop()
  let collections = 0
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length
  })
  observer.observe({ entryTypes: ['gc'] })
  let smallest = Infinity
  for (let i = 0; i < MEASURED_PASSES; i += 1) {
    const before = process.memoryUsage()
    pass()
    const after = process.memoryUsage()
    // Memory of before was freed meanwhile: that growth means nothing.
    if (after.arrayBuffers < before.arrayBuffers) continue
    // The smallest: the first passes after a collection also rebuild what the compiler threw away.
    smallest = Math.min(smallest, sizeOf(after) - sizeOf(before))
  }
  await turnOfTheLoop()
  await turnOfTheLoop()
  observer.disconnect()
  if (collections > 0) throw new Error('the heap was collected while it was measured')
  if (smallest === Infinity) throw new Error('memory was freed in every pass')
  return smallest
}

/** Two equations, two unknowns. */
export function solve(
  few: Growth,
  many: Growth,
): Pick<Allocation, 'bytesPerFrame' | 'bytesPerFragment'> {
  const determinant = few.fragments * many.frames - many.fragments * few.frames
  return {
    bytesPerFragment: (few.bytes * many.frames - many.bytes * few.frames) / determinant,
    bytesPerFrame: (few.fragments * many.bytes - many.fragments * few.bytes) / determinant,
  }
}

export async function measureAllocation(contender: string, level: Level): Promise<Allocation> {
  const work = await workOf(contender, level)
  const few = await measureGrowth(work, FEW_BLOCKS)
  const many = await measureGrowth(work, MANY_BLOCKS)
  return { level, ...solve(few, many), newMemoryShare: await measureCopies(work) }
}

async function workOf(contender: string, level: Level): Promise<PushWork> {
  const work = (await contenderNamed(contender).load())[level]
  if (work === undefined) throw new Error(`${contender} has no level ${level}`)
  if (work.kind !== 'push') throw new Error('allocations are measured where chunks are pushed')
  return work
}
