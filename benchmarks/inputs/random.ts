/** A seeded generator: the same inputs on every machine and in every year. `Math.random` cannot be seeded. */

const POOL_BYTES = 1 << 20

/** Mulberry32: 32 bits of state, good enough for media that nobody decodes. */
export class Random {
  #state: number
  #pool: Buffer | undefined

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** An integer of 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + (this.next() % (high - low + 1))
  }

  /** Lower-case letters. */
  word(length: number): string {
    let text = ''
    for (let i = 0; i < length; i += 1) text += String.fromCharCode(97 + (this.next() % 26))
    return text
  }

  /** Bytes cut out of one pool of noise at a random place: generating 24 MB byte by byte would take seconds. */
  bytes(length: number): Buffer {
    this.#pool ??= this.#fillPool()
    if (length > POOL_BYTES) {
      return Buffer.concat([this.bytes(POOL_BYTES), this.bytes(length - POOL_BYTES)])
    }
    const start = this.next() % (POOL_BYTES - length + 1)
    return this.#pool.subarray(start, start + length)
  }

  #fillPool(): Buffer {
    const pool = Buffer.alloc(POOL_BYTES)
    for (let i = 0; i < POOL_BYTES; i += 4) pool.writeUInt32LE(this.next(), i)
    return pool
  }
}
