import { ID } from './schema.js'
import { readVint, vintWidth } from './vint.js'

// An EBML header is a few dozen bytes; a longer one is taken for chance.
const MAX_HEADER_DATA_BYTES = 256
const FIRST_BYTE = 0x1a
const MAGIC = [FIRST_BYTE, 0x45, 0xdf, 0xa3]

/**
 * Looks for the next plausible EBML header in damaged bytes: `1A 45 DF A3`, a size of 1 to 256, and in it a DocType
 * element. Holds at most one candidate header (268 bytes) from chunk to chunk.
 */
export class DocumentScanner {
  #candidate = new Uint8Array(0)
  #candidateOffset = 0

  /** Begins at absolute `offset` with the few bytes of an earlier chunk that are still to be looked through. */
  start(offset: number, carried: Uint8Array): void {
    this.#candidate = carried.slice()
    this.#candidateOffset = offset
  }

  /**
   * Looks on in `bytes`, which follow those of the last call.
   *
   * @returns undefined when all was looked through; otherwise the absolute offset of the header and every byte from there
   *   on, to be read first.
   */
  scan(bytes: Uint8Array): { readonly offset: number; readonly unread: Uint8Array } | undefined {
    const window = concat(this.#candidate, bytes)
    let at = 0
    for (;;) {
      at = window.indexOf(FIRST_BYTE, at)
      if (at < 0) at = window.length
      const verdict = at === window.length ? 'cut' : judgeHeader(window, at)
      if (verdict === 'header') {
        return { offset: this.#candidateOffset + at, unread: window.subarray(at) }
      }
      if (verdict === 'cut') break
      at += 1
    }
    this.#candidateOffset += at
    this.#candidate = window.slice(at)
    return undefined
  }
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

/** Whether an EBML header stands at `at`: `cut` when there are too few bytes to tell. */
function judgeHeader(bytes: Uint8Array, at: number): 'header' | 'no' | 'cut' {
  for (let i = 0; i < MAGIC.length; i += 1) {
    if (at + i >= bytes.length) return 'cut'
    if (bytes[at + i] !== MAGIC[i]) return 'no'
  }
  const sizeAt = at + MAGIC.length
  if (sizeAt >= bytes.length) return 'cut'
  const width = vintWidth(bytes[sizeAt])
  if (width > 8) return 'no'
  if (sizeAt + width > bytes.length) return 'cut'
  const size = readVint(bytes, sizeAt, width)
  if (size < 1 || size > MAX_HEADER_DATA_BYTES) return 'no'
  const end = sizeAt + width + size
  if (end > bytes.length) return 'cut'
  return hasDocType(bytes, sizeAt + width, end) ? 'header' : 'no'
}

/** Walks the elements of an EBML header, all of them small. */
function hasDocType(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from
  while (at < end) {
    const idWidth = vintWidth(bytes[at])
    const sizeAt = at + idWidth
    if (idWidth > 4 || sizeAt >= end) return false
    const sizeWidth = vintWidth(bytes[sizeAt])
    if (sizeWidth > 8 || sizeAt + sizeWidth > end) return false
    const size = readVint(bytes, sizeAt, sizeWidth)
    if (size < 0) return false
    const isDocType = idWidth === 2 && ((bytes[at] << 8) | bytes[at + 1]) === ID.DocType
    at = sizeAt + sizeWidth + size
    if (at > end) return false
    if (isDocType) return size > 0
  }
  return false
}
