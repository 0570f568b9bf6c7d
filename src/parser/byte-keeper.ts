import { sliceRange } from './body-collector.js'

/**
 * Holds on to the chunks of a stream while the fragment at hand may still need them, so that it can be handed on as it
 * came. Nothing is copied: what is answered are views.
 */
export class ByteKeeper {
  readonly #maxBytes: number
  #chunks: Uint8Array[] = []
  /** Absolute offset of the first byte held. */
  #start = 0
  #end = 0

  /** Lets go of everything when more than `maxBytes` would have to be held. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** A stream begins. */
  reset(): void {
    this.#chunks = []
    this.#start = 0
    this.#end = 0
  }

  /** The next bytes of the stream. */
  add(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#end += bytes.length
    const last = this.#chunks.at(-1)
    // Small chunks are gathered side by side: they stay one view.
    if (last?.buffer === bytes.buffer && last.byteOffset + last.length === bytes.byteOffset) {
      const length = last.length + bytes.length
      this.#chunks[this.#chunks.length - 1] = new Uint8Array(last.buffer, last.byteOffset, length)
    } else {
      this.#chunks.push(bytes)
    }
  }

  /** The bytes from `from` to `to`, in order; undefined when some of them are not held any more. */
  slices(from: number, to: number): Uint8Array[] | undefined {
    if (from < this.#start || to > this.#end) return undefined
    return sliceRange(this.#chunks, from - this.#start, to - this.#start)
  }

  /** What lies before `offset` is not needed any more. */
  release(offset: number): void {
    let count = 0
    for (const { length } of this.#chunks) {
      if (this.#start + length > offset) break
      this.#start += length
      count += 1
    }
    if (count > 0) this.#chunks = this.#chunks.slice(count)
    // A chunk may be a whole file: only what is needed of it counts.
    const passed = offset - this.#start
    if (passed > 0 && this.#chunks.length > 0) {
      this.#chunks[0] = this.#chunks[0].subarray(passed)
      this.#start = offset
    }
    if (this.#end - this.#start <= this.#maxBytes) return
    this.#chunks = []
    this.#start = this.#end
  }
}
