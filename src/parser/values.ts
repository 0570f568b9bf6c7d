/**
 * The value types of RFC 8794 §7, read from a contiguous range. Lengths are checked by {@link isLengthOf} first; the
 * readers do not look at them again. A length of 0 reads as 0 or "".
 */
import type { ElementKind } from './schema.js'

/** True when a value of `length` bytes is legal for its type: uint and int 0–8, float 0, 4 or 8, date 0 or 8. */
export function isLengthOf(kind: ElementKind, length: number): boolean {
  switch (kind) {
    case 'uint':
    case 'int':
      return length <= 8
    case 'float':
      return length === 0 || length === 4 || length === 8
    case 'date':
      return length === 0 || length === 8
    default:
      return true
  }
}

/** An unsigned integer of 0 to 8 bytes. Above 2^53 − 1 it is rounded to a double: {@link readUintBig} is exact. */
export function readUint(bytes: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let i = start; i < end; i += 1) value = value * 256 + bytes[i]
  return value
}

/** An unsigned integer of 0 to 8 bytes, exact; of more, the last 8 count. */
export function readUintBig(bytes: Uint8Array, start: number, end: number): bigint {
  // Up to six bytes are exact as a double, and BigInt arithmetic is dear.
  if (end - start <= 6) return BigInt(readUint(bytes, start, end))
  const split = end - 4
  const high = readUint(bytes, Math.max(start, end - 8), split)
  return (BigInt(high) << 32n) | BigInt(readUint(bytes, split, end))
}

/** A two's complement integer of 0 to 8 bytes, exact. */
export function readIntBig(bytes: Uint8Array, start: number, end: number): bigint {
  return BigInt.asIntN(8 * (end - start), readUintBig(bytes, start, end))
}

const FLOAT_SPACE = new DataView(new ArrayBuffer(8))

/** A big-endian IEEE 754 number of 0, 4 or 8 bytes; NaN for any other length. */
export function readFloat(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start
  if (length === 0) return 0
  if (length !== 4 && length !== 8) return Number.NaN
  for (let i = 0; i < length; i += 1) FLOAT_SPACE.setUint8(i, bytes[start + i])
  return length === 4 ? FLOAT_SPACE.getFloat32(0) : FLOAT_SPACE.getFloat64(0)
}

// RFC 8794 §7.6: a date counts nanoseconds from 2001-01-01T00:00:00 UTC.
const EPOCH_OF_DATES_MS = 978_307_200_000

/** A date of 8 bytes as milliseconds since 1970, sub-millisecond digits as decimals; 0 bytes mean 2001-01-01. */
export function readDateMs(bytes: Uint8Array, start: number, end: number): number {
  return EPOCH_OF_DATES_MS + Number(readIntBig(bytes, start, end)) / 1e6
}

// `ignoreBOM` keeps a leading U+FEFF: what the producer wrote is what the user gets. Malformed UTF-8 becomes U+FFFD.
const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** Makes a string of `this[start, end)`, one character for each byte. */
type Latin1Slice = (this: Uint8Array, start: number, end: number) => string
// On Node a short ASCII string costs 60 ns so, and 150 through a TextDecoder. Elsewhere there is none.
const latin1Slice = (globalThis as { Buffer?: { prototype: { latin1Slice?: Latin1Slice } } }).Buffer
  ?.prototype.latin1Slice

// A stream has few names, in every fragment again: those seen before cost no allocation.
const MEMORY_SLOTS = 1024
const SLOT_SHIFT = 32 - Math.log2(MEMORY_SLOTS)
const LONGEST_NAME = 64
const names: string[] = Array.from({ length: MEMORY_SLOTS }, () => '')

/**
 * A string (ASCII or UTF-8) up to its first NUL (RFC 8794 §13: what follows is padding). Never throws.
 */
export function readString(bytes: Uint8Array, start: number, end: number): string {
  return start === end ? '' : decode(bytes, start, end)
}

/** The same, for what there is little of and again and again, such as the names of tags. */
export function readName(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start
  if (length === 0) return ''
  if (length > LONGEST_NAME) return decode(bytes, start, end)
  // The length and three bytes tell names apart well enough; what is remembered is compared in full anyway.
  const sample =
    (length << 24) |
    (bytes[start + (length >> 2)] << 16) |
    (bytes[end - 1] << 8) |
    bytes[start + (length >> 1)]
  const slot = Math.imul(sample, 0x9e3779b1) >>> SLOT_SHIFT
  const remembered = names[slot]
  if (remembered.length === length && isSame(remembered, bytes, start)) return remembered
  const name = decode(bytes, start, end)
  // A character for each byte: it is ASCII. (Or U+FFFD for what is malformed, which equals no byte.)
  if (name.length === length) names[slot] = name
  return name
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  let stop = start
  let seen = 0
  for (; stop < end; stop += 1) {
    const byte = bytes[stop]
    if (byte === 0) break
    seen |= byte
  }
  if (seen < 0x80 && latin1Slice !== undefined) return latin1Slice.call(bytes, start, stop)
  return UTF8.decode(bytes.subarray(start, stop))
}

/** Whether the bytes from `start` on are those of `text`, one byte for each of its characters. */
function isSame(text: string, bytes: Uint8Array, start: number): boolean {
  for (let i = 0; i < text.length; i += 1) {
    if (text.charCodeAt(i) !== bytes[start + i]) return false
  }
  return true
}

/** A copy of its own of `bytes[start, end)`. Not `slice`: on a Node `Buffer` that is a view. */
export function copyBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const copy = new Uint8Array(end - start)
  copy.set(bytes.subarray(start, end))
  return copy
}
