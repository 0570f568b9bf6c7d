import type { Clock } from '../../src/consumer/clock.js'

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
}

/**
 * Time that passes only when nothing else can happen: once the process has nothing to do but wait, the next timer fires
 * at once and the clock stands where it was due. Hours of back-off take microseconds, in the right order.
 *
 * For sources in memory, which answer without the event loop; real sockets need real time.
 */
export class VirtualClock implements Clock {
  #nowMs = 0
  readonly #startMs: number
  readonly #timers = new Set<Timer>()
  #isScheduled = false
  #isFrozen = false

  constructor(startMs = 1_700_000_000_000) {
    this.#startMs = startMs
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#startMs + this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, callback }
    this.#timers.add(timer)
    this.#schedule()
    return () => {
      this.#timers.delete(timer)
    }
  }

  /** Stops time for good: no timer fires any more. For tests that wait for something real. */
  freeze(): void {
    this.#isFrozen = true
  }

  /** Lets time pass without firing anything, as when the process is blocked. */
  block(ms: number): void {
    this.#nowMs += ms
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isFrozen) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (this.#isFrozen) return
      this.#fire()
      if (this.#timers.size > 0) this.#schedule()
    })
  }

  #fire(): void {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (next === undefined || timer.dueMs < next.dueMs) next = timer
    }
    if (next === undefined) return
    this.#timers.delete(next)
    this.#nowMs = Math.max(this.#nowMs, next.dueMs)
    next.callback()
  }
}

/**
 * Real time, run faster: for tests with real sockets, where bytes need real time and back-off should not. A delay of
 * 250 ms takes 250 ms divided by the factor; shared with the simulator, both see the same time.
 */
export class FastClock implements Clock {
  readonly #factor: number
  readonly #startedAtMs = performance.now()
  readonly #startMs = Date.now()

  constructor(factor = 100) {
    this.#factor = factor
  }

  now(): number {
    return this.#startMs + this.monotonicMs()
  }

  monotonicMs(): number {
    return (performance.now() - this.#startedAtMs) * this.#factor
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = setTimeout(callback, Math.min(delayMs / this.#factor, 0x7fff_ffff))
    return () => clearTimeout(timer)
  }
}
