/** What the process holds: objects, and the bytes of array buffers beside them. */
export interface Held {
  readonly heapBytes: number
  readonly arrayBufferBytes: number
}

/** Memory in use once all that can be collected is. The test process runs with `--expose-gc`. */
export function held(): Held {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('run with --expose-gc')
  // The second one frees what the finalizers of the first let go.
  gc()
  gc()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return { heapBytes: heapUsed, arrayBufferBytes: arrayBuffers }
}

/** How much more is held than at `before`. */
export function growthSince(before: Held): Held {
  const now = held()
  return {
    heapBytes: now.heapBytes - before.heapBytes,
    arrayBufferBytes: now.arrayBufferBytes - before.arrayBufferBytes,
  }
}

/**
 * How much more is held than at `before`, objects and array buffers together: at most so much when the answer is below
 * `limitBytes`, exactly so much when it is not. What is used is never less than what is held, so where that is little
 * enough already nothing needs to be collected, which takes far longer than what these suites look at.
 */
export function growthWithin(limitBytes: number, before: Held): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  const used = heapUsed + arrayBuffers - before.heapBytes - before.arrayBufferBytes
  if (used < limitBytes) return used
  const { heapBytes, arrayBufferBytes } = growthSince(before)
  return heapBytes + arrayBufferBytes
}

export const MIB = 1024 * 1024
