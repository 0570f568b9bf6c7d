/**
 * The inside of a SimpleBlock or Block (RFC 9559 §10): header and lacing. Pure functions of contiguous bytes.
 *
 * ```text
 * block := [track VINT][int16 relative timestamp][flags] (no lacing: payload | lacing: [count − 1][sizes…] payloads)
 * ```
 */
import { MAX_SIZE, vintWidth } from './vint.js'

/** SimpleBlock: every frame in it is a keyframe. */
export const FLAG_KEYFRAME = 0x80
/** Decode, but do not show. */
export const FLAG_INVISIBLE = 0x08
/** Bits 0x06 of the flags: 00 none, 02 Xiph, 04 fixed-size, 06 EBML (RFC 9559 §10.2). */
export const LACING_MASK = 0x06
/** SimpleBlock: may be dropped when the player is late. */
export const FLAG_DISCARDABLE = 0x01

/** The longest block header without lace sizes: an 8-byte track number, the timestamp and the flags. */
export const MAX_BLOCK_HEADER_BYTES = 11

const LACING_XIPH = 0x02
const LACING_FIXED = 0x04

/** A block's header; `length` is its own size in bytes. */
export interface BlockHeader {
  /** The number of the track in its Segment. */
  readonly trackNumber: number
  /** Ticks after the Cluster's timestamp, −32,768 to 32,767. */
  readonly relativeTimestamp: number
  /** The flag byte: see `FLAG_KEYFRAME` and its siblings. */
  readonly flags: number
  /** Size of the header in bytes, lace sizes not included. */
  readonly length: number
}

/** Reads the header at `start`; undefined when the block is too short for it or the track number is no VINT up to 2^53 − 1. */
export function readBlockHeader(
  bytes: Uint8Array,
  start: number,
  end: number,
): BlockHeader | undefined {
  const width = start < end ? vintWidth(bytes[start]) : 9
  const at = start + width
  if (width > 8 || at + 3 > end) return undefined
  // RFC 9559 §10.1: one byte for all below 0x80, so 0xFF is track 127.
  const trackNumber = readNumber(bytes, start, width)
  if (trackNumber > MAX_SIZE) return undefined
  return {
    trackNumber,
    // int16, big-endian: the first byte is sign-extended through bit 31.
    relativeTimestamp: ((bytes[at] << 24) >> 16) | bytes[at + 1],
    flags: bytes[at + 2],
    length: width + 3,
  }
}

/**
 * Where the frames of a laced block lie: `count + 1` positions, frame i being `[result[i], result[i + 1])`. `start` is the
 * first byte after the flags, `end` that after the block. Undefined when the lace sizes do not add up (RFC 9559 §10.3).
 */
export function readLaces(
  bytes: Uint8Array,
  start: number,
  end: number,
  flags: number,
): number[] | undefined {
  if (start >= end) return undefined
  const count = bytes[start] + 1
  const at = start + 1
  switch (flags & LACING_MASK) {
    case LACING_XIPH:
      return readXiphLaces(bytes, at, end, count)
    case LACING_FIXED:
      return readFixedLaces(at, end, count)
    default:
      return readEbmlLaces(bytes, at, end, count)
  }
}

function readFixedLaces(at: number, end: number, count: number): number[] | undefined {
  const size = (end - at) / count
  if (!Number.isInteger(size)) return undefined
  const positions = [at]
  for (let i = 1; i <= count; i += 1) positions.push(at + i * size)
  return positions
}

/** RFC 9559 §10.3.2: each size but the last is a run of 255s and one smaller byte, summed. */
function readXiphLaces(
  bytes: Uint8Array,
  from: number,
  end: number,
  count: number,
): number[] | undefined {
  const sizes: number[] = []
  let at = from
  for (let i = 0; i < count - 1; i += 1) {
    let size = 0
    let byte = 255
    while (byte === 255) {
      if (at >= end) return undefined
      byte = bytes[at]
      at += 1
      size += byte
    }
    sizes.push(size)
  }
  return placeFrames(at, end, sizes)
}

/** RFC 9559 §10.3.3: the first size is a VINT, the next ones are differences, biased VINTs; the last is what is left. */
function readEbmlLaces(
  bytes: Uint8Array,
  from: number,
  end: number,
  count: number,
): number[] | undefined {
  const sizes: number[] = []
  let at = from
  let size = 0
  for (let i = 0; i < count - 1; i += 1) {
    if (at >= end) return undefined
    const width = vintWidth(bytes[at])
    if (width > 8 || at + width > end) return undefined
    size = i === 0 ? readNumber(bytes, at, width) : size + readDifference(bytes, at, width)
    at += width
    if (!(size >= 0 && size <= end - at)) return undefined
    sizes.push(size)
  }
  return placeFrames(at, end, sizes)
}

/** Unlike an element size, a track number or lace size of all ones is just a number. */
function readNumber(bytes: Uint8Array, at: number, width: number): number {
  let value = bytes[at] & (0xff >> width)
  for (let i = 1; i < width; i += 1) value = value * 256 + bytes[at + i]
  return value
}

/** RFC 9559 §10.3.3: a difference is stored with 2^(7n−1) − 1 added. */
function readDifference(bytes: Uint8Array, at: number, width: number): number {
  if (width < 8) return readNumber(bytes, at, width) - (2 ** (7 * width - 1) - 1)
  // 55 bits do not fit a double, so the bias 2^55 − 1 comes off the halves: 0x7fffff and 0xffffffff.
  const high = readNumber(bytes, at, 4) & 0xffffff
  const low =
    bytes[at + 4] * 0x1000000 + ((bytes[at + 5] << 16) | (bytes[at + 6] << 8) | bytes[at + 7])
  return (high - 0x7fffff) * 0x100000000 + (low - 0xffffffff)
}

/** The last frame takes what the others leave. */
function placeFrames(from: number, end: number, sizes: readonly number[]): number[] | undefined {
  const positions = [from]
  let at = from
  for (const size of sizes) {
    at += size
    positions.push(at)
  }
  if (at > end) return undefined
  positions.push(end)
  return positions
}
