/** Takes back a timer; harmless once it has run. */
export type CancelTimer = () => void

/**
 * Where the consumer reads the time and waits. Everything that waits goes through it, so that a test can run an hour of
 * back-off in a millisecond.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970, as `Date.now()`. May jump. */
  now(): number
  /** Milliseconds from an arbitrary zero that never go backwards: for measuring how long something took. */
  monotonicMs(): number
  /** Calls `callback` once, `delayMs` milliseconds from now, unless it is cancelled before. */
  setTimer(callback: () => void, delayMs: number): CancelTimer
}

// Node fires a timer beyond 2^31 - 1 ms, which is 24 days, at once instead of late.
const LONGEST_DELAY_MS = 0x7fff_ffff

/** The process's own clock: `Date.now`, `performance.now` and `setTimeout`. Its timers keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(delayMs, LONGEST_DELAY_MS))
    return () => clearTimeout(timer)
  },
}

/**
 * Resolves after `delayMs`. Rejects with the signal's reason as soon as it is aborted; leaves neither a timer nor a
 * listener behind in either case. A delay of 0 or less resolves without a timer.
 */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error)
      return
    }
    if (delayMs <= 0) {
      resolve()
      return
    }
    const onAbort = (): void => {
      cancelTimer()
      reject(signal.reason as Error)
    }
    const cancelTimer = clock.setTimer(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    }, delayMs)
    signal.addEventListener('abort', onAbort, { once: true })
  })
}

/**
 * The outcome of `promise`, or the signal's reason when that is aborted first. For promises of others, which may not
 * heed the signal: what they bring too late is given to `onLate`, and their late rejection is not an unhandled one.
 */
export function raceAbort<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  onLate?: (value: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error)
      // What comes after the abort has nobody else to go to; nor has what goes wrong with it.
      promise.then(onLate).catch(() => undefined)
    }
    if (signal.aborted) {
      onAbort()
      return
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const settle = (): void => signal.removeEventListener('abort', onAbort)
    promise.then(
      (value) => {
        settle()
        resolve(value)
      },
      (error: unknown) => {
        settle()
        reject(error as Error)
      },
    )
  })
}

/** Resolves when `promise` has settled, either way, or after `limitMs`: true when it had by then. Never rejects. */
export function settlesWithin(
  clock: Clock,
  promise: Promise<unknown>,
  limitMs: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const cancelTimer = clock.setTimer(() => resolve(false), limitMs)
    const settle = (): void => {
      cancelTimer()
      resolve(true)
    }
    promise.then(settle, settle)
  })
}
