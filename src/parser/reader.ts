import { readRun } from './block-run.js'
import { Crc32Checker } from './crc32.js'
import type { EbmlHandler, EbmlReaderOptions, Truncation } from './ebml-handler.js'
import {
  BODY,
  BODY_PARENT_ID_BY_BYTE,
  indexOfId,
  KIND_BY_INDEX,
  MASTER,
  PARENT_ID_BY_INDEX,
  SCALAR,
  UNREGISTERED,
} from './element-index.js'
import { HeaderCarry, MAX_ID_WIDTH, MAX_SIZE_WIDTH } from './header-carry.js'
import { OpenMasters } from './open-masters.js'
import { ID, isTextElement } from './schema.js'
import { Placement } from './placement.js'
import { depthExceeded, overrun } from './structure-errors.js'
import { ValueBuffer } from './value-buffer.js'
import { readId, readVint, vintWidth } from './vint.js'

// The states, with the bytes read so far and the ways out. ^ is where the reader stands.
const READ_HEADER = 0 // ^[ID][size] -> master: READ_HEADER of its first child, or SKIP; scalar: READ_VALUE; else: READ_BODY
const READ_BODY = 1 // [ID][size]…^… -> READ_HEADER after the last byte
const READ_VALUE = 2 // [ID][size]…^… -> READ_HEADER after the last byte
const SKIP = 3 // [ID][size]…^… -> READ_HEADER after the last byte
const FAILED = 4 // -> READ_HEADER by reset() only

const NOT_MUTED = Number.POSITIVE_INFINITY
/** Numbers, dates and a CRC-32 come in one piece however small `maxValueBytes` is. */
const LONGEST_NUMBER = 8

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
  readonly #placement: Placement
  readonly #crc: Crc32Checker | undefined

  #state = READ_HEADER
  #failure: Error | undefined
  /** Absolute offset of index 0 of the chunk at hand; between writes, of the next byte to come. */
  #base = 0
  // The part of the chunk at hand that is to be read.
  #from = 0
  #end = 0

  readonly #masters = new OpenMasters()
  /** Masters from this depth down are stepped over although their size is unknown. */
  #mutedDepth = NOT_MUTED

  readonly #carry = new HeaderCarry()
  // The element being read in READ_BODY, READ_VALUE and SKIP.
  #id = 0
  #elementOffset = 0
  #bytesLeft = 0
  readonly #value = new ValueBuffer()

  constructor(handler: EbmlHandler, options: EbmlReaderOptions = {}) {
    this.#handler = handler
    this.#maxDepth = options.maxDepth ?? 16
    this.#maxValueBytes = options.maxValueBytes ?? 65_536
    this.#placement = new Placement(this.#masters, options.maxSkippedBytes ?? 67_108_864)
    this.#crc = options.verifyCrc32 === true ? new Crc32Checker() : undefined
  }

  /** Bytes taken in so far, or the offset given to `reset` plus those since. */
  get offset(): number {
    // After a failure the chunk at hand counts as not taken in.
    return this.#failure === undefined ? this.#base : this.#base + this.#from
  }

  /** The error that put the reader into its failed state. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /**
   * The element in whose middle, or in the middle of whose header, the next byte to come stands; masters do not count.
   *
   * @internal
   */
  get unfinished(): Truncation | undefined {
    const offset = this.#base
    if (this.#state !== READ_HEADER) {
      return { offset, elementOffset: this.#elementOffset, path: this.#masters.pathOf(this.#id) }
    }
    const { length } = this.#carry
    if (length === 0) return undefined
    return { offset, elementOffset: offset - length, path: this.#masters.path }
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
      this.#fail(error)
    }
  }

  /**
   * The input has ended. Masters of unknown size that are open end here (RFC 8794 §6.2).
   *
   * @returns undefined after a clean end; otherwise what was being read. Unfinished masters get no `onMasterEnd`.
   * @throws ParseError again, when the reader has failed; whatever the handler threw.
   */
  end(): Truncation | undefined {
    if (this.#failure !== undefined) throw this.#failure
    const { unfinished } = this
    if (unfinished !== undefined) return unfinished
    const { depth, limit, path } = this.#masters
    if (limit !== Number.POSITIVE_INFINITY) {
      return { offset: this.#base, elementOffset: this.#masters.offsetAt(depth - 1), path }
    }
    this.#from = 0
    try {
      while (this.#masters.depth > 0) this.#leaveMaster(this.#base)
    } catch (error) {
      this.#fail(error)
    }
    return undefined
  }

  /** Forgets the stream and begins another at absolute offset `offset` (default 0). Also the way out of a failure. */
  reset(offset = 0): void {
    this.#state = READ_HEADER
    this.#failure = undefined
    this.#base = offset
    this.#placement.reset(offset)
    this.#masters.reset()
    this.#mutedDepth = NOT_MUTED
    this.#carry.length = 0
    this.#bytesLeft = 0
    this.#value.clear()
    this.#crc?.reset()
  }

  #fail(error: unknown): never {
    this.#state = FAILED
    this.#failure = error instanceof Error ? error : new Error(String(error))
    throw this.#failure
  }

  #read(chunk: Uint8Array): void {
    const end = this.#end
    const handler = this.#handler
    const base = this.#base
    let pos = this.#from
    this.#crc?.startChunk(pos)
    // The rare resume stands out of line: most chunks begin inside a body or at a header.
    if (this.#state !== READ_HEADER) pos = this.#resumeElement(chunk)
    let isCarried = this.#carry.length > 0

    while (this.#state === READ_HEADER) {
      // [ID][size]: from the chunk, or from the carry where the chunk before cut it.
      let header = chunk
      let at = pos
      let available = end
      if (isCarried) {
        pos = this.#carry.complete(chunk, pos, end)
        header = this.#carry.bytes
        at = 0
        available = this.#carry.length
      } else {
        while (base + pos === this.#masters.limit) {
          this.#crc?.advance(chunk, pos)
          this.#leaveMaster(base + pos)
        }
        if (pos === end) break
        if (
          BODY_PARENT_ID_BY_BYTE[chunk[pos]] === this.#masters.parentId &&
          this.#mutedDepth === NOT_MUTED
        ) {
          // What is too large to be stepped over does not fit into a run: the careful path refuses it.
          const stop = Math.min(
            end,
            this.#masters.limit - base,
            pos + this.#placement.maxSkippedBytes,
          )
          const next = readRun(handler, chunk, pos, stop, base, this.#masters.parentId)
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
        if (idWidth > MAX_ID_WIDTH) this.#placement.failOnId(first, offset)
        if (at + idWidth < available) {
          id = idWidth === 2 ? (first << 8) | header[at + 1] : readId(header, at, idWidth)
        }
      }
      if (at + idWidth >= available) {
        if (this.#masters.depth === 0) this.#placement.checkStart(header, at, available, offset)
        if (!isCarried) this.#carry.begin(chunk, pos, end)
        break
      }
      const sizeAt = at + idWidth
      const sizeByte = header[sizeAt]
      const sizeWidth = vintWidth(sizeByte)
      if (sizeAt + sizeWidth > available && sizeWidth <= MAX_SIZE_WIDTH) {
        if (this.#masters.depth === 0) this.#placement.checkStart(header, at, available, offset)
        if (!isCarried) this.#carry.begin(chunk, pos, end)
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
      if (size < 0 || sizeWidth > MAX_SIZE_WIDTH) {
        this.#placement.checkSize(id, size, sizeWidth, offset)
      }

      // Where the element stands: nearly always right where its parent is open.
      const index = indexOfId(id)
      let kind = KIND_BY_INDEX[index]
      if (PARENT_ID_BY_INDEX[index] !== this.#masters.parentId) {
        kind = this.#place(id, idWidth, index, size, offset, chunk)
      }
      if (this.#carry.length > 0) {
        // It has been understood: it counts for the checksums of the masters that are still open.
        this.#crc?.skipTo(this.#carry.resumeAt, this.#carry.bytes, this.#carry.length)
        this.#carry.length = 0
      }
      const dataEnd = size < 0 ? dataAt : dataAt + size
      if (base + dataEnd > this.#masters.limit) {
        throw overrun(this.#masters, id, offset, base + dataEnd)
      }
      if (kind !== MASTER) {
        const isHandedOn = kind === BODY && this.#mutedDepth === NOT_MUTED
        this.#placement.checkUnread(id, size, offset, isHandedOn)
      }

      if (kind === BODY || kind === UNREGISTERED) {
        if (this.#mutedDepth !== NOT_MUTED) {
          pos = this.#skip(id, offset, dataEnd, end)
        } else if (dataEnd <= end) {
          handler.onBody(id, chunk, dataAt, dataEnd, 0, offset)
          pos = dataEnd
        } else {
          this.#pause(READ_BODY, id, offset, dataEnd - end)
          pos = end
          if (dataAt < end) handler.onBody(id, chunk, dataAt, end, this.#bytesLeft, offset)
        }
      } else if (kind === SCALAR) {
        if (this.#mutedDepth !== NOT_MUTED) {
          pos = this.#skip(id, offset, dataEnd, end)
        } else if (size <= this.#maxValueBytes || (size <= LONGEST_NUMBER && !isTextElement(id))) {
          if (dataEnd <= end) {
            handler.onValue(id, chunk, dataAt, dataEnd, offset)
            pos = dataEnd
            if (id === ID.CRC32 && this.#isFirst(offset)) {
              this.#crc?.begin(this.#masters.depth - 1, chunk, dataAt, dataEnd, chunk, dataEnd)
            }
          } else {
            this.#pause(READ_VALUE, id, offset, dataEnd - end)
            this.#value.clear()
            this.#value.append(chunk, dataAt, end)
            pos = end
          }
        } else {
          // Too long to be put together: handed on in slices, like a body.
          this.#pause(READ_BODY, id, offset, size)
          pos = this.#resumeBody(chunk, dataAt)
        }
      } else if (kind === MASTER) {
        pos = this.#enterMaster(id, offset, size, dataAt, end, chunk)
      } else {
        if (this.#mutedDepth === NOT_MUTED) {
          handler.onContentError?.('misplaced-element', id, offset)
        }
        pos = this.#skip(id, offset, dataEnd, end)
      }
    }

    // What sits in the carry waits until it is known which masters it ends.
    this.#crc?.advance(chunk, end - this.#carry.length)
    this.#base = base + end
    // A master that ends with the chunk ends now, not with the first byte of the next.
    while (
      this.#state === READ_HEADER &&
      this.#carry.length === 0 &&
      this.#base === this.#masters.limit
    ) {
      this.#leaveMaster(this.#base)
    }
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

  /** An element goes on in the next chunk. */
  #pause(state: number, id: number, offset: number, bytesLeft: number): void {
    this.#state = state
    this.#id = id
    this.#elementOffset = offset
    this.#bytesLeft = bytesLeft
  }

  #resumeValue(chunk: Uint8Array): number {
    const from = this.#from
    const stop = Math.min(this.#end, from + this.#bytesLeft)
    this.#bytesLeft -= stop - from
    this.#value.append(chunk, from, stop)
    if (this.#bytesLeft === 0) {
      this.#state = READ_HEADER
      const { bytes, length } = this.#value
      this.#handler.onValue(this.#id, bytes, 0, length, this.#elementOffset)
      if (this.#id === ID.CRC32 && this.#isFirst(this.#elementOffset)) {
        this.#crc?.begin(this.#masters.depth - 1, bytes, 0, length, chunk, stop)
      }
    }
    return stop
  }

  #skip(id: number, offset: number, dataEnd: number, end: number): number {
    if (dataEnd <= end) return dataEnd
    this.#pause(SKIP, id, offset, dataEnd - end)
    return end
  }

  #resumeSkip(): number {
    const stop = Math.min(this.#end, this.#from + this.#bytesLeft)
    this.#bytesLeft -= stop - this.#from
    if (this.#bytesLeft === 0) this.#state = READ_HEADER
    return stop
  }

  #enterMaster(
    id: number,
    offset: number,
    size: number,
    dataAt: number,
    end: number,
    chunk: Uint8Array,
  ): number {
    if (id === ID.EBML) this.#placement.hasDocument = true
    const isMuted = this.#mutedDepth !== NOT_MUTED
    const dataEnd = size < 0 ? end : Math.min(end, dataAt + size)
    if (
      isMuted ? size >= 0 : !this.#handler.onMasterStart(id, offset, size, chunk, dataAt, dataEnd)
    ) {
      if (size >= 0) {
        this.#placement.checkUnread(id, size, offset, false)
        return this.#skip(id, offset, dataAt + size, end)
      }
      // It has to be read through all the same, to find where it ends.
      this.#mutedDepth = this.#masters.depth
    }
    if (this.#masters.depth >= this.#maxDepth) {
      throw depthExceeded(this.#masters, this.#maxDepth, id, offset)
    }
    this.#masters.enter(id, offset, this.#base + dataAt, size)
    this.#crc?.advance(chunk, dataAt)
    return dataAt
  }

  #leaveMaster(endOffset: number): void {
    const id = this.#masters.leave()
    const { depth } = this.#masters
    const isBroken = this.#crc?.isBrokenAt(depth) === true
    if (depth < this.#mutedDepth) {
      if (isBroken) {
        this.#handler.onContentError?.('crc-mismatch', id, this.#masters.dataStartAt(depth))
      }
      this.#handler.onMasterEnd(id, endOffset)
    } else if (depth === this.#mutedDepth) {
      this.#mutedDepth = NOT_MUTED
    }
  }

  /** An element out of the ordinary: ends the masters that it ends, and answers its kind. */
  #place(
    id: number,
    idWidth: number,
    index: number,
    size: number,
    offset: number,
    chunk: Uint8Array,
  ): number {
    const kind = this.#placement.judge(id, idWidth, index, size, offset)
    const { kept } = this.#placement
    if (kept < this.#masters.depth) {
      this.#crc?.advance(chunk, Math.max(this.#from, offset - this.#base))
      while (this.#masters.depth > kept) this.#leaveMaster(offset)
    }
    return kind
  }

  /** Only a CRC-32 element that comes first covers all the rest of its parent (RFC 8794 §11.3.1). */
  #isFirst(offset: number): boolean {
    const { depth } = this.#masters
    return depth > 0 && this.#masters.dataStartAt(depth - 1) === offset
  }
}
