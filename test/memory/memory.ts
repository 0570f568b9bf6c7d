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

export const MIB = 1024 * 1024
