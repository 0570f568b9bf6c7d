/** Time for the simulator: the machine's, or one that tests wind forward by hand. */

/** Where the simulator takes the time and its timers from. */
export interface Clock {
  /** Milliseconds since 1970. May jump, back as well. */
  now(): number
  /** Milliseconds from an arbitrary zero that never go backwards: what every wait and limit counts in. */
  monotonicMs(): number
  /**
   * Calls back once after `delayMs` milliseconds, unless the returned function is called before.
   * Calling it later, or twice, does nothing.
   */
  setTimer(callback: () => void, delayMs: number): () => void
}

// Node fires a timer beyond 2^31 - 1 ms at once instead of late.
const LONGEST_DELAY_MS = 0x7fffffff

/** The machine's time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_DELAY_MS))
    return () => clearTimeout(timer)
  },
}

interface ManualTimer {
  readonly dueMs: number
  readonly order: number
  readonly callback: () => void
}

/**
 * A clock that stands still until it is told to move, so that a test of 45 minutes takes none. Only
 * time stands still: bytes on sockets need real time, so wait for what they bring about (see
 * `Simulator.whenRequests` and {@link ManualClock.whenDueWithin}) before moving on.
 */
export class ManualClock implements Clock {
  #nowMs: number
  #nextOrder = 0
  readonly #timers = new Set<ManualTimer>()
  readonly #watchers = new Set<() => void>()

  /** `startMs` is the first time it tells. Default 1,700,000,000,000, in November 2023. */
  constructor(startMs = 1_700_000_000_000) {
    this.#nowMs = startMs
  }

  /** How many timers are waiting. */
  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#nowMs
  }

  /** The same: this clock never jumps. */
  monotonicMs(): number {
    return this.#nowMs
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer: ManualTimer = {
      dueMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#nextOrder++,
      callback,
    }
    this.#timers.add(timer)
    for (const watcher of this.#watchers) watcher()
    return () => void this.#timers.delete(timer)
  }

  /**
   * Moves on by `ms` milliseconds and fires what became due, in the order of time and then of
   * setting; timers that these set within the span fire too. Throws what a callback throws.
   */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms
    for (let timer = this.#next(); timer && timer.dueMs <= endMs; timer = this.#next()) {
      this.#timers.delete(timer)
      this.#nowMs = Math.max(this.#nowMs, timer.dueMs)
      timer.callback()
    }
    this.#nowMs = endMs
  }

  /** Resolves when a timer is waiting that is due within `ms` milliseconds from then. */
  whenDueWithin(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        const timer = this.#next()
        if (!timer || timer.dueMs > this.#nowMs + ms) return
        this.#watchers.delete(check)
        resolve()
      }
      this.#watchers.add(check)
      check()
    })
  }

  #next(): ManualTimer | undefined {
    let first: ManualTimer | undefined
    for (const timer of this.#timers) {
      const isEarlier =
        !first ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order)
      if (isEarlier) first = timer
    }
    return first
  }
}
