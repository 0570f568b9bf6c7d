import { vintWidth } from './vint.js'

/** RFC 9559 §4: an element ID has at most 4 bytes. */
export const MAX_ID_WIDTH = 4
/** RFC 8794 §6: an element size has at most 8 bytes. */
export const MAX_SIZE_WIDTH = 8

/** An element header that the end of a chunk cut: 12 bytes at most, the only ones that are copied. */
export class HeaderCarry {
  /** The header so far is in the first {@link length} bytes. */
  readonly bytes: Uint8Array = new Uint8Array(MAX_ID_WIDTH + MAX_SIZE_WIDTH)
  /** 0: nothing is carried. */
  length = 0
  // The header that was completed in the chunk at hand, or right before it, for a search after a failure in it.
  #offset = -1
  #completeLength = 0
  #resumeAt = 0
  /** It ended with its chunk: the next one goes on where it ends. */
  #isHeld = false

  /** Where the chunk goes on after the header that was completed last. */
  get resumeAt(): number {
    return this.#resumeAt
  }

  /** A stream begins. */
  reset(): void {
    this.length = 0
    this.#offset = -1
    this.#isHeld = false
  }

  /** `chunk[start, end)` is at hand now: what was completed before lies behind it, unless it ended where this begins. */
  startChunk(start: number, end: number): void {
    if (start === end) return
    if (this.#isHeld) this.#resumeAt = start
    else this.#offset = -1
    this.#isHeld = false
  }

  /** The header in `bytes[start, end)`, at absolute `offset`, is whole and ends with the chunk. */
  hold(bytes: Uint8Array, start: number, end: number, offset: number): void {
    for (let i = start; i < end; i += 1) this.bytes[i - start] = bytes[i]
    this.#offset = offset
    this.#completeLength = end - start
    this.#isHeld = true
  }

  /** A header begins in `chunk[start, end)` and is cut there. */
  begin(chunk: Uint8Array, start: number, end: number): void {
    this.length = 0
    for (let i = start; i < end; i += 1) this.bytes[this.length++] = chunk[i]
  }

  /**
   * Takes bytes of `chunk[start, end)` until the header is whole, or the chunk is used up; answers the position after
   * them. `base` is the absolute offset of the chunk's index 0.
   */
  complete(chunk: Uint8Array, start: number, end: number, base: number): number {
    let pos = start
    while (pos < end && this.length < this.#width()) this.bytes[this.length++] = chunk[pos++]
    this.#offset = base + pos - this.length
    this.#completeLength = this.length
    this.#resumeAt = pos
    return pos
  }

  /** The header that was completed in the chunk at hand or right before it, when it began at absolute `offset`. */
  headerAt(offset: number): Uint8Array | undefined {
    return offset === this.#offset ? this.bytes.subarray(0, this.#completeLength) : undefined
  }

  /** The width of the header as far as it can be told; one more than there is while it cannot. */
  #width(): number {
    const idWidth = Math.min(vintWidth(this.bytes[0]), MAX_ID_WIDTH)
    if (this.length <= idWidth) return idWidth + 1
    const sizeWidth = vintWidth(this.bytes[idWidth])
    // No header goes on after a size that begins with 00: it is wrong as it stands.
    return idWidth + (sizeWidth > MAX_SIZE_WIDTH ? 1 : sizeWidth)
  }
}
