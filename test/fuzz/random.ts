/** A seeded source of numbers: equal seeds give equal runs on every machine. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** 32 bits (mulberry32, public domain). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }

  /** 0 to `limit` − 1; 0 when `limit` is 0. */
  below(limit: number): number {
    return limit === 0 ? 0 : this.next() % limit
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next())
  }
}
