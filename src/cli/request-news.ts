import type { RequestRecord } from '../simulator/index.js'

/** Finds the requests that have ended since it last looked, however long the log has become. */
export class RequestNews {
  /** How much of the log has been looked at. */
  #seen = 0
  /** Of that, what had not ended. */
  #running: readonly RequestRecord[] = []

  /** @param requests the log, oldest first: what was in it before is still there. */
  next(requests: readonly RequestRecord[]): readonly RequestRecord[] {
    const candidates = [...this.#running, ...requests.slice(this.#seen)]
    this.#seen = requests.length
    this.#running = candidates.filter(({ ended }) => ended === undefined)
    return candidates.filter(({ ended }) => ended !== undefined)
  }
}
