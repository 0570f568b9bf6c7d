import type { ContentErrorCode } from './errors.js'

/**
 * What `EbmlReader` tells of the stream, in the order of its bytes.
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
   * Takes what it can of a run of binary elements of the open master, which begins at `chunk[from]` and has all its bytes before
   * `stop`; answers the position after that. What it leaves comes by `onBody`. `endOffset` is the absolute offset of `stop`.
   *
   * @internal
   */
  takeRun?(chunk: Uint8Array, from: number, stop: number, endOffset: number): number
  /**
   * Something is wrong with one element but not with the structure: `misplaced-element` (known, but not allowed here;
   * stepped over) or `crc-mismatch`. Ignored when absent.
   */
  onContentError?(code: ContentErrorCode, id: number, offset: number): void
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

/** Settings of an `EbmlReader`. */
export interface EbmlReaderOptions {
  /** The most master elements that may be open at once. Default 16; beyond it, `depth-exceeded`. */
  readonly maxDepth?: number | undefined
  /**
   * The longest string that is put together from several chunks, in bytes. Default 65,536. A longer one goes to
   * `onBody` in slices, so that nothing is ever allocated because of a declared size.
   */
  readonly maxValueBytes?: number | undefined
  /**
   * The largest element that is unregistered or misplaced and may be stepped over, in bytes. Default 67,108,864; beyond
   * it, `element-too-large`.
   */
  readonly maxSkippedBytes?: number | undefined
  /** Verify CRC-32 elements (RFC 8794 §11.3.1). Default false: it reads every byte once more. */
  readonly verifyCrc32?: boolean | undefined
}
