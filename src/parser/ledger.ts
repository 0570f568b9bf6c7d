import { pathOf } from './element-index.js'
import type { ContentErrorCode, StructureErrorCode } from './errors.js'
import { ParseError } from './errors.js'
import type { Limits } from './limits.js'
import { findElement } from './schema.js'
import { isLengthOf } from './values.js'

// What may lie between frames besides the frames: headers, Voids, elements that nobody needs.
const EXTENT_SLACK_BYTES = 1_048_576
// Segment, Tags, Tag, SimpleTag.
const SIMPLE_TAG_DEPTH = 4
/** An ID, a size, and a block header of four bytes. */
const SMALLEST_BLOCK_BYTES = 6
/** More errors than this in one fragment are not listed. */
const MAX_LISTED_ERRORS = 64

/** What the fragment at hand has cost so far, held against the limits, and what was wrong in it. */
export class FragmentLedger {
  readonly #limits: Limits
  readonly #maxElements: number
  readonly #maxBytes: number
  readonly #maxExtent: number
  #bytes = 0
  #slices = 0
  #elements = 0
  #tags = 0
  #errors: ParseError[] = []
  #errorCount = 0
  /** How many errors may be listed: more inside of Tags, which may turn out to belong to the next fragment. */
  #maxListed = MAX_LISTED_ERRORS
  /** Absolute offset that no block may pass: frames that are collected pin all that lies between them. */
  #extentEnd = Number.POSITIVE_INFINITY

  constructor(limits: Limits) {
    this.#limits = limits
    this.#maxElements = limits.maxElementsPerFragment
    this.#maxBytes = limits.maxFragmentBytes
    this.#maxExtent = 2 * limits.maxFragmentBytes + EXTENT_SLACK_BYTES
  }

  /** A fragment begins: with no cost, and a new list of errors. */
  begin(): void {
    this.#bytes = 0
    this.#slices = 0
    this.#elements = 0
    this.#tags = 0
    this.#errors = []
    this.#errorCount = 0
    this.#maxListed = MAX_LISTED_ERRORS
    this.#extentEnd = Number.POSITIVE_INFINITY
  }

  /** Frames from absolute `offset` on are collected: they pin the chunks they lie in, and all that is between them. */
  beginFrames(offset: number): void {
    this.#extentEnd = Math.min(this.#extentEnd, offset + this.#maxExtent)
  }

  /** How much was wrong in the fragment, listed or not. */
  get errorCount(): number {
    return this.#errorCount
  }

  /** What was wrong in the fragment, at most 64, and the first of each kind; the fragment keeps this very list. */
  get errors(): readonly ParseError[] {
    return this.#errors
  }

  /** Elements of the fragment so far. */
  get elements(): number {
    return this.#elements
  }

  /** Bytes held of the fragment so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Adds what reading something again would cost; false, and nothing is added, when that passes a limit. */
  addKnown(elements: number, bytes: number): boolean {
    if (
      this.#elements + elements > this.#limits.maxElementsPerFragment ||
      this.#bytes + bytes > this.#limits.maxFragmentBytes
    ) {
      return false
    }
    this.#elements += elements
    this.#bytes += bytes
    return true
  }

  /** How many tags may still come. */
  get tagsLeft(): number {
    return this.#limits.maxTagsPerFragment - this.#tags
  }

  /** The longest string that is kept. */
  get maxStringBytes(): number {
    return this.#limits.maxStringBytes
  }

  /**
   * Adds `count` of the tags left, of `elements` elements with `bytes` bytes of text; false, and nothing is added, when that
   * passes a limit.
   */
  addPlainTags(count: number, elements: number, bytes: number): boolean {
    if (this.#limits.maxDepth < SIMPLE_TAG_DEPTH || !this.addKnown(elements, bytes)) return false
    this.#tags += count
    return true
  }

  /**
   * Whether `bytes` bytes of blocks that end by absolute `endOffset` are certainly within the limits. Where that is not certain
   * each block is to be added by itself, which fails at the very one that is too much.
   */
  hasRoomForRun(bytes: number, endOffset: number): boolean {
    return (
      this.#elements + bytes / SMALLEST_BLOCK_BYTES <= this.#maxElements &&
      this.#bytes + bytes <= this.#maxBytes &&
      endOffset <= this.#extentEnd
    )
  }

  /** Adds `count` blocks of `bytes` in all, for which there was room. */
  addRun(count: number, bytes: number): void {
    this.#elements += count
    this.#bytes += bytes
  }

  /** One more block of `bytes`, whole in its chunk. The same as the two calls below, in one for the hot path. */
  addBlock(bytes: number, id: number, offset: number): void {
    this.#elements += 1
    this.#bytes += bytes
    if (
      this.#elements > this.#maxElements ||
      this.#bytes > this.#maxBytes ||
      offset > this.#extentEnd
    ) {
      this.#refuseBlock(id, offset)
    }
  }

  /** Out of line: what is small enough is compiled into the loop over the blocks. */
  #refuseBlock(id: number, offset: number): void {
    this.addElements(0, id, offset)
    this.addBytes(0, id, offset)
    this.#checkExtent(id, offset)
  }

  /** One more block of `bytes`, cut by the end of a chunk: it counts at its header. */
  addCutBlock(bytes: number, id: number, offset: number): void {
    this.addElements(1, id, offset)
    this.addBytes(bytes, id, offset)
    this.#checkExtent(id, offset)
  }

  /** @throws ParseError `too-many-elements`. */
  addElements(count: number, id: number, offset: number): void {
    this.#elements += count
    const limit = this.#limits.maxElementsPerFragment
    if (this.#elements > limit) {
      fail('too-many-elements', `more than ${limit} elements in one fragment`, RAISE, id, offset)
    }
  }

  /** Bytes that will be held. @throws ParseError `fragment-too-large`. */
  addBytes(bytes: number, id: number, offset: number): void {
    this.#bytes += bytes
    const limit = this.#limits.maxFragmentBytes
    if (this.#bytes > limit) {
      fail('fragment-too-large', `more than ${limit} bytes in one fragment`, RAISE, id, offset)
    }
  }

  #checkExtent(id: number, offset: number): void {
    if (offset <= this.#extentEnd) return
    const what = `frames more than ${this.#maxExtent} bytes apart in one fragment`
    fail('fragment-too-large', what, RAISE, id, offset)
  }

  /** Slices that are held for good. */
  addSlices(count: number): void {
    this.#slices += count
  }

  /** `open` slices are held beside those added. @throws ParseError `too-many-slices`. */
  checkSlices(open: number, id: number, offset: number): void {
    const limit = this.#limits.maxSlicesPerFragment
    if (this.#slices + open > limit) {
      const remedy = 'feed larger chunks, or raise maxSlicesPerFragment'
      fail('too-many-slices', `more than ${limit} slices in one fragment`, remedy, id, offset)
    }
  }

  /** What was held was handed out and is held no more: in frame-level mode the limits are those of one frame. */
  release(): void {
    this.#elements = 0
    this.#bytes = 0
    this.#slices = 0
  }

  /** One more tag; false, and `too-many-tags` is listed, when there are too many. */
  addTag(id: number, offset: number): boolean {
    this.#tags += 1
    const limit = this.#limits.maxTagsPerFragment
    if (this.#tags <= limit) return true
    this.report('too-many-tags', `more than ${limit} tags`, id, offset)
    return false
  }

  /** Whether track number `count` of a Segment is within the limit; otherwise `too-many-tracks` is listed. */
  checkTrack(count: number, id: number, offset: number): boolean {
    const limit = this.#limits.maxTracks
    if (count <= limit) return true
    this.report('too-many-tracks', `more than ${limit} tracks`, id, offset)
    return false
  }

  /** Whether a binary of `size` bytes may be kept; otherwise `binary-too-large` is listed. */
  checkBinary(size: number, id: number, offset: number): boolean {
    const limit = this.#limits.maxBinaryBytes
    if (size <= limit) return true
    this.report('binary-too-large', `a binary of ${size} bytes, over ${limit}`, id, offset)
    return false
  }

  /** Lists `string-too-large`: the reader hands strings within the limit out in one piece, and only those. */
  reportLongString(size: number, id: number, offset: number): void {
    const limit = this.#limits.maxStringBytes
    this.report('string-too-large', `a string of ${size} bytes, over ${limit}`, id, offset)
  }

  /** Whether a value of `length` bytes is legal for its type; otherwise `invalid-value-size` is listed. */
  checkLength(length: number, id: number, offset: number): boolean {
    const kind = findElement(id)?.kind ?? 'binary'
    if (isLengthOf(kind, length)) return true
    this.report('invalid-value-size', `a ${kind} of ${length} bytes`, id, offset)
    return false
  }

  /** Lists an error of content: the element is left out (after a wrong checksum it is kept), the rest is sound. */
  report(code: ContentErrorCode, message: string, id: number, offset: number): void {
    this.#errorCount += 1
    if (this.#errors.length >= this.#maxListed) {
      if (this.#errors.some((error) => error.code === code)) return
      this.#unlist()
    }
    const outcome = code === 'crc-mismatch' ? 'it was kept' : 'it was left out'
    this.#errors.push(new ParseError(code, `${message}; ${outcome}`, { offset, path: pathOf(id) }))
  }

  /** A Tags element began: what is listed from now on may be taken back. */
  beginTags(): void {
    this.#maxListed = this.#errors.length + MAX_LISTED_ERRORS
  }

  /** It ended, and belongs to the fragment at hand. */
  endTags(): void {
    this.#maxListed = MAX_LISTED_ERRORS
    while (this.#errors.length > MAX_LISTED_ERRORS) this.#unlist()
  }

  /** Makes room: of each kind of error one stays listed, as some say that what is left is sound, and others do not. */
  #unlist(): void {
    const errors = this.#errors
    const at = errors.findLastIndex(({ code }, i) => errors.findIndex((e) => e.code === code) < i)
    errors.splice(at, 1)
  }

  /** Takes back what was listed of elements from absolute `offset` on: they turned out to belong to the next fragment. */
  takeErrorsFrom(offset: number): readonly ParseError[] {
    const later = this.#errors.filter((error) => error.offset >= offset)
    this.#errors = this.#errors.filter((error) => error.offset < offset)
    this.#errorCount -= later.length
    return later
  }

  /** Lists what was taken back from the fragment before. */
  addErrors(errors: readonly ParseError[]): void {
    this.#errors.push(...errors)
    this.#errorCount += errors.length
  }

  /** Lists the structural error that ends the fragment: always last, and always there. */
  close(error: ParseError): void {
    if (this.#errors.length >= MAX_LISTED_ERRORS) this.#unlist()
    this.#errors.push(error)
  }
}

const RAISE = 'raise the limit if the stream is trusted'

function fail(
  code: StructureErrorCode,
  cause: string,
  remedy: string,
  id: number,
  offset: number,
): never {
  throw new ParseError(code, `${cause}; ${remedy}`, { offset, path: pathOf(id) })
}
