/** Longer elements are read anew each time: comparing and keeping them would cost more than it saves. */
const LARGEST_REMEMBERED_BYTES = 4096

/** What an element was read as, and what that cost: it is counted again each time it is not read again. */
export interface KnownElement<T> {
  readonly value: T
  readonly elements: number
  readonly bytes: number
}

/**
 * The last value of an element that every fragment repeats byte for byte, Tracks and Info: reading it again costs as much
 * as thirty frames, comparing it as much as two.
 */
export class ElementMemory<T> {
  #bytes: Uint8Array | undefined
  #known: KnownElement<T> | undefined
  #pending: Uint8Array | undefined

  /**
   * The value of the element with the data `bytes[start, end)` when it is the one last kept; otherwise undefined, and
   * the data is held for {@link keep}.
   */
  recall(bytes: Uint8Array, start: number, end: number): KnownElement<T> | undefined {
    this.#pending = undefined
    const length = end - start
    if (length > LARGEST_REMEMBERED_BYTES) return undefined
    const known = this.#bytes
    if (known !== undefined && isSame(known, bytes, start, length)) return this.#known
    const pending = new Uint8Array(length)
    pending.set(bytes.subarray(start, end))
    this.#pending = pending
    return undefined
  }

  /** What the data last asked for was read as. */
  keep(known: KnownElement<T>): void {
    if (this.#pending === undefined) return
    this.#bytes = this.#pending
    this.#known = known
    this.#pending = undefined
  }

  /** The data last asked for is not to be kept: it was cut, or something in it was wrong. */
  forget(): undefined {
    this.#pending = undefined
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (known.length !== length) return false
  for (let i = 0; i < length; i += 1) {
    if (known[i] !== bytes[start + i]) return false
  }
  return true
}
