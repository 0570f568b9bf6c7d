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
  /** Where the chunk goes on after the header that was completed last. */
  resumeAt = 0

  /** A header begins in `chunk[start, end)` and is cut there. */
  begin(chunk: Uint8Array, start: number, end: number): void {
    this.length = 0
    for (let i = start; i < end; i += 1) this.bytes[this.length++] = chunk[i]
  }

  /**
   * Takes bytes of `chunk[start, end)` until the header is whole, or the chunk is used up; answers the position after
   * them.
   */
  complete(chunk: Uint8Array, start: number, end: number): number {
    let pos = start
    while (pos < end && this.length < this.#width()) this.bytes[this.length++] = chunk[pos++]
    this.resumeAt = pos
    return pos
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
