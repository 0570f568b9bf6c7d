/**
 * A small deterministic EBML writer (RFC 8794, with the blocks of RFC 9559). It only writes: the
 * same arguments give the same bytes on every machine, and illegal values throw a RangeError.
 */
import { CRC32_START, updateCrc32 } from '../parser/crc32.js'
import { ID } from '../parser/schema.js'

/** Width in bytes of a size VINT (RFC 8794 §6.2 allows one to eight). */
export type VintWidth = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** The bytes of an element's body: one piece, or pieces that follow each other. */
export type Content = Uint8Array | readonly Uint8Array[]

/** How {@link element} codes its size. */
export interface ElementOptions {
  /** Width of the size field in bytes. Default: the narrowest that holds the size; 8 if unknown. */
  readonly sizeWidth?: VintWidth | undefined
  /** Write all ones instead of the size (RFC 8794 §6.2: unknown). Default false. */
  readonly unknownSize?: boolean | undefined
}

/** Options of {@link stringElement}. */
export interface StringOptions extends ElementOptions {
  /** Pad with NULs to this many bytes (RFC 8794 §13 lets a reader stop at the first NUL). */
  readonly paddedBytes?: number | undefined
}

/** Options of {@link uintElement} and {@link intElement}. */
export interface IntegerOptions extends ElementOptions {
  /** Bytes of the value, 0 to 8. Default: the fewest that hold it, at least one. */
  readonly valueWidth?: number | undefined
}

/** Lacing of a block (RFC 9559 §10.3). */
export type Lacing = 'none' | 'xiph' | 'fixed' | 'ebml'

/** One block: several frames need a lacing. */
export interface Block {
  /** Track number, 1 or more. */
  readonly trackNumber: number
  /** Ticks since the Cluster's Timestamp, a signed 16-bit number. */
  readonly relativeTimestamp: number
  /** The payloads, one per frame: exactly one without lacing, 1 to 256 with it. */
  readonly frames: readonly Uint8Array[]
  /** Default 'none'. */
  readonly lacing?: Lacing | undefined
  /** Flag 0x80, which only a SimpleBlock carries. Default false. */
  readonly isKeyframe?: boolean | undefined
  /** Flag 0x08. Default false. */
  readonly isInvisible?: boolean | undefined
  /** Flag 0x01, which only a SimpleBlock carries. Default false. */
  readonly isDiscardable?: boolean | undefined
  /** Width of the track number's VINT. Default: the narrowest. */
  readonly trackNumberWidth?: VintWidth | undefined
}

/** Joins byte pieces into one new array. */
export function concatBytes(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const piece of pieces) length += piece.length
  const joined = new Uint8Array(length)
  let position = 0
  for (const piece of pieces) {
    joined.set(piece, position)
    position += piece.length
  }
  return joined
}

/** An element ID as it is written, marker bit included (RFC 8794 §5). */
export function encodeId(id: number): Uint8Array {
  if (!Number.isInteger(id) || id < 0x80 || id > 0x1fffffff) {
    throw new RangeError(`no element ID: 0x${id.toString(16)}`)
  }
  return bigEndian(BigInt(id), byteCount(BigInt(id)))
}

/**
 * A VINT (RFC 8794 §4). All ones are reserved for "unknown", so a value of `2^(7 width) - 1` takes
 * one more byte, or throws a RangeError when `width` forbids it.
 */
export function encodeVint(value: number | bigint, width?: VintWidth): Uint8Array {
  const wide = BigInt(value)
  let bytes = width ?? 1
  if (width === undefined) while (bytes < 8 && wide >= vintLimit(bytes)) bytes++
  if (wide < 0n || wide >= vintLimit(bytes)) {
    throw new RangeError(`${value} does not fit a VINT of ${bytes} bytes`)
  }
  return bigEndian(wide | (1n << BigInt(7 * bytes)), bytes)
}

/** The size field that says "unknown": all ones, at any width (RFC 8794 §6.2). */
export function encodeUnknownSize(width: VintWidth = 8): Uint8Array {
  return bigEndian((1n << BigInt(7 * width + 1)) - 1n, width)
}

/** ID, size and body of one element. */
export function element(id: number, content: Content, options: ElementOptions = {}): Uint8Array {
  const body = content instanceof Uint8Array ? [content] : content
  let length = 0
  for (const piece of body) length += piece.length
  const size = options.unknownSize
    ? encodeUnknownSize(options.sizeWidth)
    : encodeVint(length, options.sizeWidth)
  return concatBytes([encodeId(id), size, ...body])
}

/** An unsigned integer element (RFC 8794 §7.2). */
export function uintElement(
  id: number,
  value: number | bigint,
  options: IntegerOptions = {},
): Uint8Array {
  const wide = BigInt(value)
  const width = options.valueWidth ?? Math.max(1, byteCount(wide))
  if (wide < 0n || wide >= 1n << BigInt(8 * width)) {
    throw new RangeError(`${value} does not fit ${width} unsigned bytes`)
  }
  return element(id, bigEndian(wide, width), options)
}

/** A signed integer element (RFC 8794 §7.1), in two's complement. */
export function intElement(
  id: number,
  value: number | bigint,
  options: IntegerOptions = {},
): Uint8Array {
  const wide = BigInt(value)
  let width = options.valueWidth ?? 1
  const fits = (): boolean => BigInt.asIntN(8 * width, wide) === wide
  if (options.valueWidth === undefined) while (width < 8 && !fits()) width++
  if (!fits()) throw new RangeError(`${value} does not fit ${width} signed bytes`)
  return element(id, bigEndian(BigInt.asUintN(8 * width, wide), width), options)
}

/** A float element of 0, 4 or 8 bytes (RFC 8794 §7.3). Default 8. */
export function floatElement(
  id: number,
  value: number,
  valueWidth: 0 | 4 | 8 = 8,
  options: ElementOptions = {},
): Uint8Array {
  const bytes = new Uint8Array(valueWidth)
  const view = new DataView(bytes.buffer)
  if (valueWidth === 4) view.setFloat32(0, value)
  if (valueWidth === 8) view.setFloat64(0, value)
  return element(id, bytes, options)
}

/** A string or UTF-8 element (RFC 8794 §7.4, §7.5), NUL-padded on demand. */
export function stringElement(id: number, value: string, options: StringOptions = {}): Uint8Array {
  const text = new TextEncoder().encode(value)
  const padded = new Uint8Array(options.paddedBytes ?? text.length)
  if (padded.length < text.length) {
    throw new RangeError(`'${value}' is longer than ${padded.length} bytes`)
  }
  padded.set(text)
  return element(id, padded, options)
}

/** A Void element with `bodyBytes` zeros (RFC 8794 §11.3.2). */
export function voidElement(bodyBytes: number, options: ElementOptions = {}): Uint8Array {
  return element(ID.Void, new Uint8Array(bodyBytes), options)
}

/** A body that starts with the CRC-32 element of what follows (RFC 8794 §11.3.1). */
export function withCrc32(content: Content): Uint8Array[] {
  const body = content instanceof Uint8Array ? content : concatBytes(content)
  const sum = ~updateCrc32(CRC32_START, body, 0, body.length)
  const littleEndian = Uint8Array.of(sum, sum >>> 8, sum >>> 16, sum >>> 24)
  return [element(ID.CRC32, littleEndian), body]
}

/** A SimpleBlock (RFC 9559 §10.2). */
export function simpleBlock(block: Block, options: ElementOptions = {}): Uint8Array {
  return element(ID.SimpleBlock, blockBody(block, true), options)
}

/**
 * A Block element, the first child of a BlockGroup (RFC 9559 §10.1). It has no keyframe flag: the
 * BlockGroup says so with the absence of a ReferenceBlock.
 */
export function blockElement(block: Block, options: ElementOptions = {}): Uint8Array {
  return element(ID.Block, blockBody(block, false), options)
}

/**
 * A seeded source of unsigned 32-bit numbers (xorshift), the only source of variety in synthetic
 * media: equal seeds give equal streams. A seed of 0 is replaced, since xorshift cannot leave it.
 */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0 || 0x9e3779b9
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>>= 0)
  }
}

function blockBody(block: Block, isSimple: boolean): Uint8Array[] {
  const { relativeTimestamp, frames, lacing = 'none' } = block
  if (
    !Number.isInteger(relativeTimestamp) ||
    (relativeTimestamp << 16) >> 16 !== relativeTimestamp
  ) {
    throw new RangeError(`a block's relative timestamp is 16 bits signed: ${relativeTimestamp}`)
  }
  if (frames.length < 1 || frames.length > (lacing === 'none' ? 1 : 256)) {
    throw new RangeError(`${frames.length} frames in a block with lacing '${lacing}'`)
  }
  let flags = { none: 0x00, xiph: 0x02, fixed: 0x04, ebml: 0x06 }[lacing]
  if (isSimple && block.isKeyframe) flags |= 0x80
  if (block.isInvisible) flags |= 0x08
  if (isSimple && block.isDiscardable) flags |= 0x01
  return [
    encodeVint(block.trackNumber, block.trackNumberWidth),
    Uint8Array.of(relativeTimestamp >> 8, relativeTimestamp, flags),
    ...laceSizes(frames, lacing),
    ...frames,
  ]
}

/** The frame count and the sizes of all frames but the last (RFC 9559 §10.3). */
function laceSizes(frames: readonly Uint8Array[], lacing: Lacing): Uint8Array[] {
  if (lacing === 'none') return []
  const count = Uint8Array.of(frames.length - 1)
  const sizes = frames.slice(0, -1).map((frame) => frame.length)
  if (lacing === 'fixed') {
    if (frames.some((frame) => frame.length !== frames[0]!.length)) {
      throw new RangeError('fixed lacing needs frames of one size')
    }
    return [count]
  }
  if (lacing === 'xiph') {
    return [count, ...sizes.map((size) => xiphSize(size))]
  }
  const coded = sizes.map((size, i) =>
    i === 0 ? encodeVint(size) : encodeSizeDifference(size - sizes[i - 1]!),
  )
  return [count, ...coded]
}

function xiphSize(size: number): Uint8Array {
  const coded = new Uint8Array(Math.floor(size / 255) + 1).fill(255)
  coded[coded.length - 1] = size % 255
  return coded
}

/** RFC 9559 §10.3.3: a difference is shifted by 2^(7 n - 1) - 1 to be never negative. */
function encodeSizeDifference(difference: number): Uint8Array {
  for (let width = 1; width <= 8; width++) {
    const bias = (1n << BigInt(7 * width - 1)) - 1n
    const shifted = BigInt(difference) + bias
    if (shifted >= 0n && shifted <= 2n * bias) return encodeVint(shifted, width as VintWidth)
  }
  throw new RangeError(`no lace size difference: ${difference}`)
}

function vintLimit(width: number): bigint {
  return (1n << BigInt(7 * width)) - 1n
}

function byteCount(value: bigint): number {
  let bytes = 0
  for (let rest = value; rest > 0n; rest >>= 8n) bytes++
  return bytes
}

function bigEndian(value: bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(width)
  let rest = value
  for (let i = width - 1; i >= 0; i--, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}
