/** A running total at a time. */
interface Sample {
  readonly timeMs: number
  readonly total: number
}

/** How fast a running total grows, over the last ten seconds. */
export class RateMeter {
  static readonly WINDOW_MS = 10_000
  #samples: Sample[] = []

  /** Takes in the total at a time; answers the growth per second since the oldest one in the window. */
  perSecond(total: number, timeMs: number): number {
    this.#samples.push({ timeMs, total })
    const isOld = (sample: Sample): boolean => timeMs - sample.timeMs > RateMeter.WINDOW_MS
    // The last one that is too old is where the window begins.
    while (this.#samples.length > 2 && isOld(this.#samples[1])) this.#samples.shift()
    const first = this.#samples[0]
    const spanMs = timeMs - first.timeMs
    return spanMs > 0 ? ((total - first.total) * 1000) / spanMs : 0
  }
}
