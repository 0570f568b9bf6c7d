/** Whether the time per byte stays the same: longer streams, more streams, larger blocks. */
import { runChild } from './child.js'
import type { Spread } from './statistics.js'

export type ScalingKind = 'length' | 'streams' | 'beside' | 'block' | 'memory'

export interface Scaling {
  readonly name: string
  /** Time per byte of the larger over the smaller; 1 is perfect. */
  readonly ratio: Spread
  readonly smallNsPerKilobyte: Spread
  readonly largeNsPerKilobyte: Spread
}

/** Each kind in a process of its own: what one keeps in memory must not slow the next. */
export async function measureScaling(): Promise<readonly Scaling[]> {
  const results: Scaling[] = []
  for (const kind of ['length', 'streams', 'block', 'memory'] as const) {
    results.push(...(await runChild<Scaling[]>('scaling-child.js', [kind], { limitMs: 300_000 })))
  }
  return results
}

/** Streams at once beside what rivals and a floor take for them. */
export async function measureStreamsBeside(): Promise<readonly Scaling[]> {
  return runChild<Scaling[]>('scaling-child.js', ['beside'], { limitMs: 600_000 })
}
