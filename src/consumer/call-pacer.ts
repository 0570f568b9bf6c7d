import { type Clock, sleep } from './clock.js'

/** Four calls a second leave one of the five that AWS allows for somebody else who reads the stream. */
const MIN_CALL_SPACING_MS = 250

/**
 * Keeps calls of one operation at least 250 ms apart, whatever asks for them: GetMedia and GetDataEndpoint are limited to
 * 5 a second and stream.
 *
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/limits.html
 */
export class CallPacer {
  readonly #clock: Clock
  #nextAtMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when the next call may be made; rejects with the signal's reason when that comes first. */
  async wait(signal: AbortSignal): Promise<void> {
    // Again after the wait: a timer may fire a fraction of a millisecond early.
    for (;;) {
      const waitMs = this.#nextAtMs - this.#clock.monotonicMs()
      if (waitMs <= 0) break
      await sleep(this.#clock, waitMs, signal)
    }
    this.#nextAtMs = this.#clock.monotonicMs() + MIN_CALL_SPACING_MS
  }
}
