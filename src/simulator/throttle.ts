/** Calls per second: how the service's limits on GetMedia and GetDataEndpoint count. */

/** Lets so many calls through in any one second, for each key. A refused call does not count. */
export class Throttle {
  readonly #perSecond: number
  readonly #callsMs = new Map<string, number[]>()

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Whether a call at this time, of a clock that never goes back, is within the limit; counts it if so. */
  admit(key: string, nowMs: number): boolean {
    const recent = (this.#callsMs.get(key) ?? []).filter((callMs) => callMs > nowMs - 1000)
    const isAdmitted = recent.length < this.#perSecond
    if (isAdmitted) recent.push(nowMs)
    this.#callsMs.set(key, recent)
    return isAdmitted
  }
}
