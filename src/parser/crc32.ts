/** CRC-32 as EBML wants it (RFC 8794 §11.3.1): ISO 3309, reflected, polynomial `0xEDB88320`, stored little-endian. */

const TABLE = new Uint32Array(256)
for (let n = 0; n < 256; n += 1) {
  let c = n
  for (let bit = 0; bit < 8; bit += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1
  TABLE[n] = c
}

/** The running value before the first byte. */
export const CRC32_START = 0xffffffff

/** Carries a running value over `bytes[start, end)`. Begin with {@link CRC32_START}; the complement is the checksum. */
export function updateCrc32(
  running: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let crc = running
  for (let i = start; i < end; i += 1) crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8)
  return crc
}

interface OpenCheck {
  readonly depth: number
  readonly expected: number
  running: number
}

/** Follows every CRC-32 element whose parent is still open. A parent's checksum covers its children's, so they nest. */
export class Crc32Checker {
  readonly #open: OpenCheck[] = []
  /** Up to where the chunk at hand has been counted. */
  #position = 0

  /**
   * The CRC-32 element of the master at `depth` was read, with the value in `bytes[start, end)`; what follows `position` in
   * the chunk at hand is checked against it. A value that is not of four bytes checks nothing.
   */
  begin(
    depth: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    chunk: Uint8Array,
    position: number,
  ): void {
    if (end - start !== 4) return
    this.advance(chunk, position)
    const value =
      bytes[start] | (bytes[start + 1] << 8) | (bytes[start + 2] << 16) | (bytes[start + 3] << 24)
    this.#open.push({ depth, expected: value >>> 0, running: CRC32_START })
  }

  /** A new chunk is at hand, to be counted from `position` on. */
  startChunk(position: number): void {
    this.#position = position
  }

  /** Counts the chunk at hand up to `position`; nothing when that was passed already. */
  advance(chunk: Uint8Array, position: number): void {
    if (position <= this.#position) return
    this.update(chunk, this.#position, position)
    this.#position = position
  }

  /** Counts bytes of the stream, in order, each once. */
  update(bytes: Uint8Array, start: number, end: number): void {
    for (const check of this.#open) check.running = updateCrc32(check.running, bytes, start, end)
  }

  /** Counts the `length` bytes of a header that was carried over; the chunk at hand goes on at `position` after it. */
  skipTo(position: number, carried: Uint8Array, length: number): void {
    this.update(carried, 0, length)
    this.#position = position
  }

  /** The master at `depth` ended. True when it had a checksum and the bytes do not match it. */
  isBrokenAt(depth: number): boolean {
    const last = this.#open.at(-1)
    if (last === undefined || last.depth !== depth) return false
    this.#open.pop()
    return ~last.running >>> 0 !== last.expected
  }

  /** Forgets everything that is open. */
  reset(): void {
    this.#open.length = 0
  }
}
