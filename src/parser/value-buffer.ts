const FIRST_BYTES = 256

/** A scalar that the end of a chunk cut. Used over and over: what it holds is valid until the next value. */
export class ValueBuffer {
  #bytes = new Uint8Array(0)
  #length = 0

  /** The value so far is in the first {@link length} bytes. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  /** Bytes of the value that are here. */
  get length(): number {
    return this.#length
  }

  /** A new value begins. */
  clear(): void {
    this.#length = 0
  }

  /** Adds `chunk[start, end)`. Grows by doubling as bytes really arrive: a declared size allocates nothing. */
  append(chunk: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2, FIRST_BYTES))
      grown.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = grown
    }
    for (let i = start; i < end; i += 1) this.#bytes[this.#length + i - start] = chunk[i]
    this.#length = length
  }
}
