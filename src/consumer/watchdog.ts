import type { CancelTimer, Clock } from './clock.js'

// A timer that comes this late was held up with everything else: the process was blocked or asleep, not waiting, and what
// it waits for may lie in the socket.
const BLOCKED_MS = 250

/**
 * Measures for how long something awaited has not come: only while it is running, from its start or the last sign of
 * life, and not while the process was blocked, once in a row: a process that is blocked again and again would wait for
 * ever. One timer, however often there is a sign.
 */
export class Watchdog {
  readonly #clock: Clock
  readonly #onExpired: () => void
  #limitMs = 0
  #lastSignAtMs = 0
  /** The sign of life that a process back from a block was taken for; the next one has to be real. */
  #excuseAtMs: number | undefined
  #cancelTimer: CancelTimer | undefined

  constructor(clock: Clock, onExpired: () => void) {
    this.#clock = clock
    this.#onExpired = onExpired
  }

  /** Begins to count, from now; a count that was running is given up. */
  start(limitMs: number): void {
    this.stop()
    this.#limitMs = limitMs
    this.#lastSignAtMs = this.#clock.monotonicMs()
    this.#arm(limitMs)
  }

  /** A sign of life: counts from now. Cheap enough for every chunk. */
  touch(): void {
    this.#lastSignAtMs = this.#clock.monotonicMs()
  }

  /** Stops counting. */
  stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #arm(delayMs: number): void {
    const dueAtMs = this.#clock.monotonicMs() + delayMs
    this.#cancelTimer = this.#clock.setTimer(() => this.#check(dueAtMs), Math.max(1, delayMs))
  }

  #check(dueAtMs: number): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - dueAtMs > BLOCKED_MS && this.#lastSignAtMs !== this.#excuseAtMs) {
      this.#lastSignAtMs = nowMs
      this.#excuseAtMs = nowMs
    }
    const leftMs = this.#lastSignAtMs + this.#limitMs - nowMs
    if (leftMs > 0) {
      this.#arm(leftMs)
      return
    }
    this.#cancelTimer = undefined
    this.#onExpired()
  }
}
