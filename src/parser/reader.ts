import { Crc32Checker } from './crc32.js'
import {
  BODY,
  BODY_PARENT_ID_BY_BYTE,
  indexOfId,
  KIND_BY_INDEX,
  MASTER,
  nameOf,
  PARENT_ID_BY_INDEX,
  SCALAR,
  UNREGISTERED,
} from './element-index.js'
import type { ContentErrorCode, StructureErrorCode } from './errors.js'
import { ParseError } from './errors.js'
import { findElement, GLOBAL, ID, ROOT } from './schema.js'
import {
  isReservedId,
  MAX_SIZE,
  readId,
  readVint,
  TOO_LARGE,
  UNKNOWN_SIZE,
  vintWidth,
} from './vint.js'

/**
 * What {@link EbmlReader} tells of the stream, in the order of its bytes.
 *
 * Ranges are borrowed: `bytes[start, end)` belongs to the caller of `write` (or to the reader's scratch space) and is
 * valid until the call returns. A handler that throws puts the reader into its failed state.
 */
export interface EbmlHandler {
  /**
   * A master element began. `size` is that of its data in bytes, −1 when unknown; `offset` is that of its first header
   * byte. `bytes[start, end)` is as much of its data as the chunk at hand has: all of it when `end - start` is `size`.
   * Answer true to be told of its children, false to have it stepped over unread (then it has no `onMasterEnd`).
   */
  onMasterStart(
    id: number,
    offset: number,
    size: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean
  /** A master element ended; `endOffset` is that of the first byte after it. Called innermost first. */
  onMasterEnd(id: number, endOffset: number): void
  /**
   * A number, date or string in one piece, whatever the chunks were; also CRC-32. Lengths are not judged here. A string
   * longer than the reader's `maxValueBytes` comes as `onBody` instead.
   */
  onValue(id: number, bytes: Uint8Array, start: number, end: number, offset: number): void
  /**
   * The next bytes of a binary or unregistered element, as they arrive; never copied. `bytesLeft` are still to come:
   * 0 marks the last slice. An empty element is one empty slice.
   */
  onBody(
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesLeft: number,
    offset: number,
  ): void
  /**
   * Something is wrong with one element but not with the structure: `misplaced-element` (known, but not allowed here;
   * stepped over) or `crc-mismatch`. Ignored when absent.
   */
  onContentError?(code: ContentErrorCode, id: number, offset: number): void
}

/** Settings of an {@link EbmlReader}. */
export interface EbmlReaderOptions {
  /** The most master elements that may be open at once. Default 16; beyond it, `depth-exceeded`. */
  readonly maxDepth?: number
  /**
   * The longest string that is put together from several chunks, in bytes. Default 65,536. A longer one goes to
   * `onBody` in slices, so that nothing is ever allocated because of a declared size.
   */
  readonly maxValueBytes?: number
  /** Verify CRC-32 elements (RFC 8794 §11.3.1). Default false: it reads every byte once more. */
  readonly verifyCrc32?: boolean
}

/** Where and in what the input stopped when it stopped too early. */
export interface Truncation {
  /** Absolute offset in bytes at which the input ended. */
  readonly offset: number
  /** Absolute offset of the innermost element that was not finished. */
  readonly elementOffset: number
  /**
   * That element, e.g. `Segment/Cluster/SimpleBlock`; when not even its header was whole, the elements it stands in.
   */
  readonly path: string
}

// The states, with the bytes read so far and the ways out. ^ is where the reader stands.
const READ_HEADER = 0 // ^[ID][size] -> master: READ_HEADER of its first child, or SKIP; scalar: READ_VALUE; else: READ_BODY
const READ_BODY = 1 // [ID][size]…^… -> READ_HEADER after the last byte
const READ_VALUE = 2 // [ID][size]…^… -> READ_HEADER after the last byte
const SKIP = 3 // [ID][size]…^… -> READ_HEADER after the last byte
const FAILED = 4 // -> READ_HEADER by reset() only

// RFC 8794 §5 and §6, RFC 9559 §4: an ID has at most 4 bytes, a size at most 8.
const MAX_ID_WIDTH = 4
const MAX_SIZE_WIDTH = 8
const MAX_HEADER_BYTES = MAX_ID_WIDTH + MAX_SIZE_WIDTH
/** The parent of what stands at the root: equal to no element's parent, so that all of it takes the careful path. */
const NO_PARENT = -3
/** Stands for the ID of an element whose ID could not be read. */
const UNREADABLE_ID = -1
const NOT_MUTED = Number.POSITIVE_INFINITY
const FIRST_SCRATCH_BYTES = 256

/**
 * A streaming EBML reader (RFC 8794) with the Matroska schema (RFC 9559): a state machine over chunks cut anywhere.
 *
 * It holds no media: bodies are handed on as ranges of the chunk they arrived in, and what is carried from chunk to
 * chunk is a header (12 bytes at most) or the scalar being read (`maxValueBytes` at most). It keeps an explicit
 * stack and never recurses. After a {@link ParseError} it is in its failed state: `write` and `end` throw that
 * error again until `reset`.
 */
export class EbmlReader {
  readonly #handler: EbmlHandler
  readonly #maxDepth: number
  readonly #maxValueBytes: number
  readonly #crc: Crc32Checker | undefined

  #state = READ_HEADER
  #failure: Error | undefined
  /** Absolute offset of index 0 of the chunk at hand; between writes, of the next byte to come. */
  #base = 0
  // The part of the chunk at hand that is to be read.
  #from = 0
  #end = 0
  #startOffset = 0
  #hasDocument = false

  // The open masters, outermost first. The innermost is mirrored in #parentId and #limit for the hot loop.
  readonly #ids: number[] = []
  readonly #limits: number[] = []
  readonly #isUnknownSize: boolean[] = []
  readonly #offsets: number[] = []
  readonly #dataStarts: number[] = []
  #depth = 0
  #parentId: number = NO_PARENT
  /** Where the innermost known-size master that is open ends: nothing may reach past it. */
  #limit: number = Number.POSITIVE_INFINITY
  /** Masters from this depth down are stepped over although their size is unknown. */
  #mutedDepth = NOT_MUTED

  // A header cut by the end of a chunk.
  readonly #carry = new Uint8Array(MAX_HEADER_BYTES)
  #carryLength = 0
  // The last header that was put together in the carry, for unreadFrom().
  #carriedOffset = -1
  #carriedLength = 0
  /** Where the chunk at hand goes on after it. */
  #carriedFrom = 0
  // The element being read in READ_BODY, READ_VALUE and SKIP.
  #id = 0
  #elementOffset = 0
  #bytesLeft = 0
  #scratch = new Uint8Array(0)
  #scratchLength = 0
  /** Up to where the chunk at hand has gone into the checksums. */
  #crcPosition = 0

  constructor(handler: EbmlHandler, options: EbmlReaderOptions = {}) {
    this.#handler = handler
    this.#maxDepth = options.maxDepth ?? 16
    this.#maxValueBytes = options.maxValueBytes ?? 65_536
    this.#crc = options.verifyCrc32 === true ? new Crc32Checker() : undefined
  }

  /** Bytes taken in so far, or the offset given to `reset` plus those since. */
  get offset(): number {
    return this.#base
  }

  /** The error that put the reader into its failed state. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /**
   * Reads a chunk, or the part `chunk[start, end)` of it, and calls the handler for all that is in it.
   *
   * @throws ParseError when the structure is damaged, or whatever the handler threw; from then on the reader has failed.
   */
  write(chunk: Uint8Array, start = 0, end: number = chunk.length): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#base -= start
    this.#from = start
    this.#end = end
    try {
      this.#read(chunk)
    } catch (error) {
      this.#state = FAILED
      this.#failure = error instanceof Error ? error : new Error(String(error))
      throw this.#failure
    }
  }

  /**
   * The input has ended. Masters of unknown size that are open end here (RFC 8794 §6.2).
   *
   * @returns undefined after a clean end; otherwise what was being read. Unfinished masters get no `onMasterEnd`.
   * @throws ParseError again, when the reader has failed.
   */
  end(): Truncation | undefined {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#state !== READ_HEADER) {
      return {
        offset: this.#base,
        elementOffset: this.#elementOffset,
        path: this.#pathOf(this.#id),
      }
    }
    if (this.#carryLength > 0) {
      return {
        offset: this.#base,
        elementOffset: this.#base - this.#carryLength,
        path: this.#openPath(),
      }
    }
    if (this.#limit !== Number.POSITIVE_INFINITY) {
      return {
        offset: this.#base,
        elementOffset: this.#offsets[this.#depth - 1],
        path: this.#openPath(),
      }
    }
    while (this.#depth > 0) this.#leaveMaster(this.#base)
    return undefined
  }

  /** Forgets the stream and begins another at absolute offset `offset` (default 0). Also the way out of a failure. */
  reset(offset = 0): void {
    this.#state = READ_HEADER
    this.#failure = undefined
    this.#base = offset
    this.#startOffset = offset
    this.#hasDocument = false
    this.#depth = 0
    this.#parentId = NO_PARENT
    this.#limit = Number.POSITIVE_INFINITY
    this.#mutedDepth = NOT_MUTED
    this.#carryLength = 0
    this.#bytesLeft = 0
    this.#scratchLength = 0
    this.#crc?.reset()
  }

  /**
   * After a failure at absolute `offset`: what a search for the next document has to look through before it goes on
   * with the next chunk. `carried` holds a header's bytes when they began in an earlier chunk (a view of the reader's
   * own space), `position` is where in the failed chunk the bytes after it begin.
   *
   * @internal
   */
  unreadFrom(offset: number): { readonly carried: Uint8Array; readonly position: number } {
    if (offset < this.#base && offset === this.#carriedOffset) {
      return { carried: this.#carry.subarray(0, this.#carriedLength), position: this.#carriedFrom }
    }
    const position = Math.max(this.#from, offset - this.#base)
    return { carried: this.#carry.subarray(0, 0), position }
  }

  #read(chunk: Uint8Array): void {
    const end = this.#end
    const handler = this.#handler
    const base = this.#base
    let pos = this.#from
    this.#crcPosition = pos
    // The rare resume stands out of line: most chunks begin inside a body or at a header.
    if (this.#state !== READ_HEADER) pos = this.#resumeElement(chunk)
    let isCarried = this.#carryLength > 0

    while (this.#state === READ_HEADER) {
      // [ID][size]: from the chunk, or from the carry where the chunk before cut it.
      let header = chunk
      let at = pos
      let available = end
      if (isCarried) {
        pos = this.#completeCarry(chunk)
        header = this.#carry
        at = 0
        available = this.#carryLength
      } else {
        while (base + pos === this.#limit) {
          if (this.#crc !== undefined) this.#advanceCrc(chunk, pos)
          this.#leaveMaster(base + pos)
        }
        if (pos === end) break
        if (BODY_PARENT_ID_BY_BYTE[chunk[pos]] === this.#parentId) {
          const next = this.#readRun(chunk, pos)
          if (next !== pos) {
            pos = next
            continue
          }
        }
      }

      const offset = isCarried ? base + pos - available : base + pos
      const first = header[at]
      let id = first
      let idWidth = 1
      if (first < 0x80) {
        idWidth = vintWidth(first)
        if (idWidth > MAX_ID_WIDTH) this.#failOnId(first, offset)
        if (at + idWidth < available) {
          id = idWidth === 2 ? (first << 8) | header[at + 1] : readId(header, at, idWidth)
        }
      }
      if (at + idWidth >= available) {
        if (!isCarried) this.#carryHeader(chunk, pos)
        break
      }
      const sizeAt = at + idWidth
      const sizeByte = header[sizeAt]
      const sizeWidth = vintWidth(sizeByte)
      if (sizeAt + sizeWidth > available && sizeWidth <= MAX_SIZE_WIDTH) {
        if (!isCarried) this.#carryHeader(chunk, pos)
        break
      }
      let size = 0
      if (sizeByte >= 0x81 && sizeByte < 0xff) size = sizeByte & 0x7f
      else if (sizeByte !== 0x80) size = readVint(header, sizeAt, sizeWidth)

      let dataAt = pos
      if (isCarried) {
        isCarried = false
      } else {
        dataAt = sizeAt + sizeWidth
      }
      if (size < 0 || sizeWidth > MAX_SIZE_WIDTH) this.#checkOddSize(id, size, sizeWidth, offset)

      // Where the element stands: nearly always right where its parent is open.
      const index = indexOfId(id)
      let kind = KIND_BY_INDEX[index]
      if (PARENT_ID_BY_INDEX[index] !== this.#parentId) {
        kind = this.#place(id, idWidth, index, size, offset, chunk)
      }
      if (this.#carryLength > 0) this.#dropCarry()
      const dataEnd = size < 0 ? dataAt : dataAt + size
      if (base + dataEnd > this.#limit) this.#failOnOverrun(id, offset, base + dataEnd)

      if (kind === BODY || kind === UNREGISTERED) {
        if (this.#mutedDepth !== NOT_MUTED) {
          pos = this.#skip(id, offset, dataEnd, end)
        } else if (dataEnd <= end) {
          handler.onBody(id, chunk, dataAt, dataEnd, 0, offset)
          pos = dataEnd
        } else {
          this.#state = READ_BODY
          this.#id = id
          this.#elementOffset = offset
          this.#bytesLeft = dataEnd - end
          pos = end
          if (dataAt < end) handler.onBody(id, chunk, dataAt, end, this.#bytesLeft, offset)
        }
      } else if (kind === SCALAR) {
        if (this.#mutedDepth !== NOT_MUTED) {
          pos = this.#skip(id, offset, dataEnd, end)
        } else if (size <= this.#maxValueBytes) {
          if (dataEnd <= end) {
            handler.onValue(id, chunk, dataAt, dataEnd, offset)
            pos = dataEnd
            if (id === ID.CRC32) this.#beginCrc(chunk, dataAt, dataEnd, offset, chunk, dataEnd)
          } else {
            this.#beginValue(id, offset, chunk, dataAt, dataEnd)
            pos = end
          }
        } else {
          // Too long to be put together: handed on in slices, like a body.
          this.#state = READ_BODY
          this.#id = id
          this.#elementOffset = offset
          this.#bytesLeft = size
          pos = this.#resumeBody(chunk, dataAt)
        }
      } else if (kind === MASTER) {
        pos = this.#enterMaster(id, offset, size, dataAt, end, chunk)
      } else {
        handler.onContentError?.('misplaced-element', id, offset)
        pos = this.#skip(id, offset, dataEnd, end)
      }
    }

    // What sits in the carry waits until it is known which masters it ends.
    if (this.#crc !== undefined) this.#advanceCrc(chunk, end - this.#carryLength)
    this.#base = base + end
    // A master that ends with the chunk ends now, not with the first byte of the next.
    while (this.#state === READ_HEADER && this.#carryLength === 0 && this.#base === this.#limit) {
      this.#leaveMaster(this.#base)
    }
  }

  /**
   * The hot loop. Blocks come in runs: reads binary elements of the open master, each with a one-byte ID and whole in the
   * chunk, as long as they follow one another; answers the position of the first byte that it leaves to the careful path.
   */
  #readRun(chunk: Uint8Array, from: number): number {
    if (this.#mutedDepth !== NOT_MUTED) return from
    const handler = this.#handler
    const base = this.#base
    const parentId = this.#parentId
    const stop = Math.min(this.#end, this.#limit - base)
    let pos = from
    // An ID and the widest size are in bounds up to here.
    const lastHeader = stop - MAX_SIZE_WIDTH - 1
    while (pos <= lastHeader) {
      const id = chunk[pos]
      if (BODY_PARENT_ID_BY_BYTE[id] !== parentId) break
      const first = chunk[pos + 1]
      let dataAt = pos + 2
      let size = 0
      if (first >= 0x80) {
        size = first & 0x7f
        if (size === 0x7f) break
      } else if (first >= 0x40) {
        size = ((first & 0x3f) << 8) | chunk[pos + 2]
        if (size === 0x3fff) break
        dataAt = pos + 3
      } else if (first >= 0x20) {
        size = ((first & 0x1f) << 16) | (chunk[pos + 2] << 8) | chunk[pos + 3]
        if (size === 0x1fffff) break
        dataAt = pos + 4
      } else if (first === 0x01 && chunk[pos + 2] === 0 && chunk[pos + 3] === 0 && chunk[pos + 4] === 0) {
        // The Producer SDK writes every size in 8 bytes.
        size = chunk[pos + 5] * 0x1000000 + ((chunk[pos + 6] << 16) | (chunk[pos + 7] << 8) | chunk[pos + 8])
        if (size > stop) break
        dataAt = pos + 9
      } else {
        break
      }
      const dataEnd = dataAt + size
      if (dataEnd > stop) break
      handler.onBody(id, chunk, dataAt, dataEnd, 0, base + pos)
      pos = dataEnd
    }
    return pos
  }

  /** Goes on in the middle of an element; answers the position in the chunk after it. */
  #resumeElement(chunk: Uint8Array): number {
    if (this.#state === READ_BODY) return this.#resumeBody(chunk, this.#from)
    if (this.#state === READ_VALUE) return this.#resumeValue(chunk)
    return this.#resumeSkip()
  }

  #resumeBody(chunk: Uint8Array, from: number): number {
    const stop = Math.min(this.#end, from + this.#bytesLeft)
    this.#bytesLeft -= stop - from
    if (this.#bytesLeft === 0) this.#state = READ_HEADER
    if (stop > from) {
      this.#handler.onBody(this.#id, chunk, from, stop, this.#bytesLeft, this.#elementOffset)
    }
    return stop
  }

  #beginValue(id: number, offset: number, chunk: Uint8Array, dataAt: number, dataEnd: number): void {
    this.#state = READ_VALUE
    this.#id = id
    this.#elementOffset = offset
    this.#bytesLeft = dataEnd - this.#end
    this.#scratchLength = 0
    this.#appendScratch(chunk, dataAt, this.#end)
  }

  #resumeValue(chunk: Uint8Array): number {
    const from = this.#from
    const stop = Math.min(this.#end, from + this.#bytesLeft)
    this.#bytesLeft -= stop - from
    this.#appendScratch(chunk, from, stop)
    if (this.#bytesLeft === 0) {
      this.#state = READ_HEADER
      const length = this.#scratchLength
      this.#handler.onValue(this.#id, this.#scratch, 0, length, this.#elementOffset)
      if (this.#id === ID.CRC32) {
        this.#beginCrc(this.#scratch, 0, length, this.#elementOffset, chunk, stop)
      }
    }
    return stop
  }

  /** Grows by doubling as bytes really arrive: a declared size allocates nothing. */
  #appendScratch(chunk: Uint8Array, from: number, to: number): void {
    const length = this.#scratchLength + to - from
    if (length > this.#scratch.length) {
      const grown = new Uint8Array(Math.max(length, this.#scratch.length * 2, FIRST_SCRATCH_BYTES))
      grown.set(this.#scratch.subarray(0, this.#scratchLength))
      this.#scratch = grown
    }
    for (let i = from; i < to; i += 1) this.#scratch[this.#scratchLength + i - from] = chunk[i]
    this.#scratchLength = length
  }

  #skip(id: number, offset: number, dataEnd: number, end: number): number {
    if (dataEnd <= end) return dataEnd
    this.#state = SKIP
    this.#id = id
    this.#elementOffset = offset
    this.#bytesLeft = dataEnd - end
    return end
  }

  #resumeSkip(): number {
    const stop = Math.min(this.#end, this.#from + this.#bytesLeft)
    this.#bytesLeft -= stop - this.#from
    if (this.#bytesLeft === 0) this.#state = READ_HEADER
    return stop
  }

  #carryHeader(chunk: Uint8Array, pos: number): void {
    this.#carryLength = 0
    for (let i = pos; i < this.#end; i += 1) this.#carry[this.#carryLength++] = chunk[i]
  }

  /** Adds bytes of the chunk to a cut header until it is whole; answers the position after them. */
  #completeCarry(chunk: Uint8Array): number {
    const carry = this.#carry
    let pos = this.#from
    while (pos < this.#end && this.#carryLength < this.#carriedHeaderWidth()) {
      carry[this.#carryLength++] = chunk[pos++]
    }
    this.#carriedOffset = this.#base + pos - this.#carryLength
    this.#carriedLength = this.#carryLength
    this.#carriedFrom = pos
    return pos
  }

  /** The width of the header in the carry as far as it can be told; one more than there is while it cannot. */
  #carriedHeaderWidth(): number {
    const idWidth = Math.min(vintWidth(this.#carry[0]), MAX_ID_WIDTH)
    if (this.#carryLength <= idWidth) return idWidth + 1
    const sizeWidth = vintWidth(this.#carry[idWidth])
    // No header goes on after a size that begins with 00: it is wrong as it stands.
    return idWidth + (sizeWidth > MAX_SIZE_WIDTH ? 1 : sizeWidth)
  }

  /** The carried header has been understood: it counts for the checksums of the masters that are still open. */
  #dropCarry(): void {
    this.#crc?.update(this.#carry, 0, this.#carryLength)
    this.#crcPosition = this.#carriedFrom
    this.#carryLength = 0
  }

  #enterMaster(
    id: number,
    offset: number,
    size: number,
    dataAt: number,
    end: number,
    chunk: Uint8Array,
  ): number {
    if (id === ID.EBML) this.#hasDocument = true
    const isMuted = this.#mutedDepth !== NOT_MUTED
    const dataEnd = size < 0 ? end : Math.min(end, dataAt + size)
    if (
      isMuted
        ? size >= 0
        : !this.#handler.onMasterStart(id, offset, size, chunk, dataAt, dataEnd)
    ) {
      if (size >= 0) return this.#skip(id, offset, dataAt + size, end)
      // It has to be read through all the same, to find where it ends.
      this.#mutedDepth = this.#depth
    }
    if (this.#depth >= this.#maxDepth) {
      this.#fail(
        'depth-exceeded',
        `more than ${this.#maxDepth} nested master elements; raise maxDepth if the stream is trusted`,
        id,
        offset,
      )
    }
    const dataStart = this.#base + dataAt
    this.#ids[this.#depth] = id
    this.#offsets[this.#depth] = offset
    this.#dataStarts[this.#depth] = dataStart
    this.#isUnknownSize[this.#depth] = size < 0
    if (size >= 0) this.#limit = dataStart + size
    this.#limits[this.#depth] = this.#limit
    this.#depth += 1
    this.#parentId = id
    if (this.#crc !== undefined) this.#advanceCrc(chunk, dataAt)
    return dataAt
  }

  #leaveMaster(endOffset: number): void {
    this.#depth -= 1
    const depth = this.#depth
    const id = this.#ids[depth]
    const isBroken = this.#crc?.isBrokenAt(depth) === true
    this.#parentId = depth === 0 ? NO_PARENT : this.#ids[depth - 1]
    this.#limit = depth === 0 ? Number.POSITIVE_INFINITY : this.#limits[depth - 1]
    if (depth < this.#mutedDepth) {
      if (isBroken) this.#handler.onContentError?.('crc-mismatch', id, this.#dataStarts[depth])
      this.#handler.onMasterEnd(id, endOffset)
    } else if (depth === this.#mutedDepth) {
      this.#mutedDepth = NOT_MUTED
    }
  }

  /**
   * An element that its parent in the schema does not hold here: global, unregistered, recursive, the one that ends
   * masters of unknown size (RFC 8794 §6.2), or one that has no business here. Answers its kind, or -1 to step over it.
   */
  #place(
    id: number,
    idWidth: number,
    index: number,
    size: number,
    offset: number,
    chunk: Uint8Array,
  ): number {
    if (this.#depth === 0) return this.#placeAtRoot(id, offset)
    if (index === UNREGISTERED) {
      if (isReservedId(id, idWidth)) {
        this.#fail('invalid-id', 'an element ID that RFC 8794 reserves; the stream is damaged here', id, offset)
      }
      return UNREGISTERED
    }
    const parentId = PARENT_ID_BY_INDEX[index]
    const kind = KIND_BY_INDEX[index]
    if (parentId === GLOBAL) return kind
    if (id === this.#parentId && findElement(id)?.isRecursive === true) return kind

    let keep = this.#depth
    while (keep > 0 && this.#isUnknownSize[keep - 1]) {
      keep -= 1
      if (parentId === (keep === 0 ? ROOT : this.#ids[keep - 1])) {
        if (this.#crc !== undefined) this.#advanceCrc(chunk, Math.max(this.#from, offset - this.#base))
        while (this.#depth > keep) this.#leaveMaster(offset)
        return kind
      }
    }
    if (parentId === ROOT) {
      this.#fail(
        'unexpected-document',
        `a new ${nameOf(id)} where ${nameOf(this.#parentId)} has not ended; the stream was cut and joined here`,
        id,
        offset,
      )
    }
    if (size === UNKNOWN_SIZE) this.#failOnUnknownSize(id, offset)
    return -1
  }

  /** Between documents: an EBML header, a Segment once a header was seen, or a Void. */
  #placeAtRoot(id: number, offset: number): number {
    if (id === ID.EBML || (id === ID.Segment && this.#hasDocument)) return MASTER
    if (id === ID.Void && this.#hasDocument) return BODY
    return this.#fail(
      'not-ebml',
      offset === this.#startOffset
        ? 'this is not an EBML stream: it does not begin with 1A 45 DF A3; check that the input is Matroska, WebM or a GetMedia payload'
        : 'neither an EBML header nor a Segment follows the last document; the stream is damaged here',
      id,
      offset,
    )
  }

  #checkOddSize(id: number, size: number, sizeWidth: number, offset: number): void {
    if (this.#depth === 0 && id !== ID.EBML && id !== ID.Segment) this.#placeAtRoot(id, offset)
    if (sizeWidth > MAX_SIZE_WIDTH) {
      this.#fail('invalid-size', 'an element size wider than 8 bytes; the stream is damaged here', id, offset)
    }
    if (size === TOO_LARGE) {
      this.#fail('size-too-large', `an element size over ${MAX_SIZE} bytes; the stream is damaged here`, id, offset)
    }
    if (id !== ID.Segment && id !== ID.Cluster) this.#failOnUnknownSize(id, offset)
  }

  #failOnUnknownSize(id: number, offset: number): never {
    return this.#fail(
      'unknown-size-not-allowed',
      `${nameOf(id)} has an unknown size, which only Segment and Cluster may have`,
      id,
      offset,
    )
  }

  #failOnId(first: number, offset: number): never {
    if (this.#depth === 0) this.#placeAtRoot(first, offset)
    return this.#fail(
      'invalid-id',
      `no element ID begins with byte 0x${first.toString(16).padStart(2, '0')}; the stream is damaged here`,
      UNREADABLE_ID,
      offset,
    )
  }

  #failOnOverrun(id: number, offset: number, endOffset: number): never {
    return this.#fail(
      'element-overrun',
      `${nameOf(id)} ends at byte ${endOffset}, after its parent ${nameOf(this.#parentId)}, which ends at byte ${this.#limit}`,
      id,
      offset,
    )
  }

  #fail(code: StructureErrorCode, message: string, id: number, offset: number): never {
    const path = id === UNREADABLE_ID ? this.#openPath() : this.#pathOf(id)
    throw new ParseError(code, message, { offset, path })
  }

  #pathOf(id: number): string {
    return this.#depth === 0 ? nameOf(id) : `${this.#openPath()}/${nameOf(id)}`
  }

  #openPath(): string {
    return this.#ids.slice(0, this.#depth).map(nameOf).join('/')
  }

  /** The CRC-32 element in `bytes[start, end)` was read; what follows `position` in the chunk is checked. */
  #beginCrc(
    bytes: Uint8Array,
    start: number,
    end: number,
    offset: number,
    chunk: Uint8Array,
    position: number,
  ): void {
    if (this.#crc === undefined || end - start !== 4 || this.#depth === 0) return
    // Only a CRC-32 element that comes first covers all the rest of its parent (RFC 8794 §11.3.1).
    if (this.#dataStarts[this.#depth - 1] !== offset) return
    this.#advanceCrc(chunk, position)
    const value =
      bytes[start] | (bytes[start + 1] << 8) | (bytes[start + 2] << 16) | (bytes[start + 3] << 24)
    this.#crc.begin(this.#depth - 1, value >>> 0)
  }

  #advanceCrc(chunk: Uint8Array, position: number): void {
    if (position > this.#crcPosition) {
      this.#crc?.update(chunk, this.#crcPosition, position)
      this.#crcPosition = position
    }
  }
}
