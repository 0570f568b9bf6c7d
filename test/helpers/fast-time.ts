import { FastClock } from './consumer-clock.js'

/** How much faster than real time: the 250 ms that the consumer leaves between two calls are 12. */
const FACTOR = 20

/**
 * From here on a delay is a limit of patience, such as the 10 s that a store has for a save: it takes the time it says. What is
 * waited for is not faster than ever, and on a busy machine half a second is soon over.
 */
const PATIENCE_MS = 10_000

class PatientClock extends FastClock {
  override setTimer(callback: () => void, delayMs: number): () => void {
    return super.setTimer(callback, delayMs < PATIENCE_MS ? delayMs : delayMs * FACTOR)
  }
}

/** Fast time for this process. The processes that {@link FAST_TIME} is given to have the same pace. */
export function fastClock(): FastClock {
  return new PatientClock(FACTOR)
}

// What `systemClock` is made of. Text, because the process loads it before anything else.
const PRELOAD = `
const { Date, performance, setTimeout } = globalThis
const sinceMs = Date.now()
const now = performance.now.bind(performance)
performance.now = () => now() * ${FACTOR}
Date.now = () => Math.floor(sinceMs + performance.now())
globalThis.setTimeout = (callback, ms, ...args) =>
  setTimeout(callback, ms < ${PATIENCE_MS} ? ms / ${FACTOR} : ms, ...args)
`

/** Arguments of Node that make time pass faster for a program that knows nothing of it. */
export const FAST_TIME: readonly string[] = [
  '--import',
  `data:text/javascript,${encodeURIComponent(PRELOAD).replaceAll("'", '%27')}`,
]
