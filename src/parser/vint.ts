/**
 * Variable-size integers of RFC 8794 §4: a run of leading zero bits says how many bytes follow.
 *
 * The reader's hot loop has the one- and two-byte cases written out; everything else comes here.
 */

/** The size of an element that does not say where it ends (RFC 8794 §6.2: all data bits are ones, at any width). */
export const UNKNOWN_SIZE = -1

/** The largest element size that can be counted exactly: 2^53 − 1 bytes. */
export const MAX_SIZE: number = Number.MAX_SAFE_INTEGER

/** What {@link readVint} answers for a value over {@link MAX_SIZE}. */
export const TOO_LARGE = -2

/** Width in bytes, 1 to 8, of the VINT that begins with `first`; 9 when `first` is 0 and no legal width exists. */
export function vintWidth(first: number): number {
  // 24 of the 32 bits that clz32 counts lie above the byte.
  return Math.clz32(first) - 23
}

/**
 * Reads the data bits of a VINT of `width` bytes at `at`; the caller has checked that they are all there.
 * Answers {@link UNKNOWN_SIZE} for all ones and {@link TOO_LARGE} above 2^53 − 1.
 */
export function readVint(bytes: Uint8Array, at: number, width: number): number {
  const mask = 0xff >> width
  const leading = bytes[at] & mask
  let isAllOnes = leading === mask
  let value = leading
  for (let i = 1; i < width; i += 1) {
    const byte = bytes[at + i]
    if (byte !== 0xff) isAllOnes = false
    // Multiplication, not a shift: shifts stop at 32 bits.
    value = value * 256 + byte
  }
  if (isAllOnes) return UNKNOWN_SIZE
  return value > MAX_SIZE ? TOO_LARGE : value
}

/** Reads an element ID of `width` bytes (1 to 4) at `at`, marker bits kept as RFC 9559 writes them. */
export function readId(bytes: Uint8Array, at: number, width: number): number {
  let id = bytes[at]
  for (let i = 1; i < width; i += 1) id = id * 256 + bytes[at + i]
  return id
}

/** True for the IDs RFC 8794 §5 reserves: all data bits zero, or all one. */
export function isReservedId(id: number, width: number): boolean {
  const dataBits = 2 ** (7 * width)
  const data = id % dataBits
  return data === 0 || data === dataBits - 1
}
