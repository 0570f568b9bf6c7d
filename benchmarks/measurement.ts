/** What goes into a measured process and what comes out of it. */
import type { Level } from './contenders/contender.js'
import type { ChunkPlan } from './inputs/chunks.js'
import type { Expected } from './inputs/expected.js'

export interface Measurement {
  readonly passes: number
  readonly wallNsPerPass: number
  /** User and system time of all threads: the collector and the compiler are not free. */
  readonly cpuNsPerPass: number
  readonly gcNsPerPass: number
  readonly peakRssBytes: number
}

export interface Wrong {
  readonly wrong: string
}

export interface MeasureOptions {
  readonly contender: string
  readonly level: Level
  /** Path of the bytes, and what they hold. */
  readonly path: string
  readonly expected: Expected
  readonly chunks: ChunkPlan
  readonly warmUpMs: number
  readonly measureMs: number
}
