/** Writes EBML into one growing buffer and counts what it wrote, so that a parser can be held to it. */

/** The element IDs that the inputs use, as RFC 9559 names them. */
export const ELEMENT_ID = {
  EBML: 0x1a45dfa3,
  EBMLVersion: 0x4286,
  EBMLReadVersion: 0x42f7,
  EBMLMaxIDLength: 0x42f2,
  EBMLMaxSizeLength: 0x42f3,
  DocType: 0x4282,
  DocTypeVersion: 0x4287,
  DocTypeReadVersion: 0x4285,
  Segment: 0x18538067,
  Info: 0x1549a966,
  TimestampScale: 0x2ad7b1,
  MuxingApp: 0x4d80,
  WritingApp: 0x5741,
  Tracks: 0x1654ae6b,
  TrackEntry: 0xae,
  TrackNumber: 0xd7,
  TrackUID: 0x73c5,
  TrackType: 0x83,
  Name: 0x536e,
  CodecID: 0x86,
  CodecPrivate: 0x63a2,
  DefaultDuration: 0x23e383,
  CodecDelay: 0x56aa,
  Video: 0xe0,
  PixelWidth: 0xb0,
  PixelHeight: 0xba,
  Audio: 0xe1,
  SamplingFrequency: 0xb5,
  Channels: 0x9f,
  Tags: 0x1254c367,
  Tag: 0x7373,
  SimpleTag: 0x67c8,
  TagName: 0x45a3,
  TagString: 0x4487,
  Cluster: 0x1f43b675,
  Timestamp: 0xe7,
  SimpleBlock: 0xa3,
  BlockGroup: 0xa0,
  Block: 0xa1,
  BlockDuration: 0x9b,
} as const

/** `'unknown'`: all ones in eight bytes (RFC 8794 §6.2), otherwise the width of the size field in bytes. */
export type MasterSize = 'unknown' | 2 | 4 | 8

export interface WriterOptions {
  /** Width of every leaf's size field; the Producer SDK writes 8. Default: as few bytes as it takes. */
  readonly leafSizeWidth?: 8
}

export class MatroskaWriter {
  length = 0
  masters = 0
  leaves = 0
  leafBytes = 0
  #bytes = Buffer.allocUnsafe(1 << 20)
  readonly #leafSizeWidth: number

  constructor(options: WriterOptions = {}) {
    this.#leafSizeWidth = options.leafSizeWidth ?? 0
  }

  /** What was written so far; the writer may go on in another buffer. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length)
  }

  master(id: number, size: MasterSize, writeBody: () => void): void {
    this.masters += 1
    this.#writeId(id)
    const sizeAt = this.length
    const width = size === 'unknown' ? 8 : size
    this.#reserve(width)
    this.length += width
    writeBody()
    if (size === 'unknown') {
      this.#bytes.fill(0xff, sizeAt + 1, sizeAt + 8)
      this.#bytes[sizeAt] = 0x01
    } else {
      this.#writeVintAt(sizeAt, this.length - sizeAt - width, width)
    }
  }

  uint(id: number, value: number | bigint): void {
    let digits = value.toString(16)
    if (digits.length % 2 === 1) digits = `0${digits}`
    this.binary(id, Buffer.from(digits, 'hex'))
  }

  float(id: number, value: number): void {
    const body = Buffer.alloc(8)
    body.writeDoubleBE(value)
    this.binary(id, body)
  }

  text(id: number, value: string): void {
    this.binary(id, Buffer.from(value, 'utf8'))
  }

  /** Returns where the body begins. */
  binary(id: number, ...parts: readonly Uint8Array[]): number {
    let length = 0
    for (const part of parts) length += part.length
    this.leaves += 1
    this.leafBytes += length
    this.#writeId(id)
    const width = this.#leafSizeWidth || vintWidth(length)
    this.#reserve(width + length)
    this.#writeVintAt(this.length, length, width)
    this.length += width
    const start = this.length
    for (const part of parts) {
      this.#bytes.set(part, this.length)
      this.length += part.length
    }
    return start
  }

  #writeId(id: number): void {
    this.#reserve(4)
    const width = id > 0xffffff ? 4 : id > 0xffff ? 3 : id > 0xff ? 2 : 1
    this.#bytes.writeUIntBE(id, this.length, width)
    this.length += width
  }

  #writeVintAt(at: number, value: number, width: number): void {
    const marked = vint(value, width)
    this.#bytes.set(marked, at)
  }

  #reserve(length: number): void {
    if (this.length + length <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.length + length))
    larger.set(this.bytes)
    this.#bytes = larger
  }
}

/** The fewest bytes that hold `value` and are not all ones, which would mean unknown. */
export function vintWidth(value: number): number {
  let width = 1
  while (value >= 2 ** (7 * width) - 1) width += 1
  return width
}

/** RFC 8794 §4: `value` with the marker bit of its width in front. */
export function vint(value: number, width: number = vintWidth(value)): Buffer {
  const bytes = Buffer.alloc(width)
  let rest = value
  for (let i = width - 1; i >= 0; i -= 1) {
    bytes[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  bytes[0] |= 0x80 >> (width - 1)
  return bytes
}
