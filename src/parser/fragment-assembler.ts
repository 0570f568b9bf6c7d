import { BodyCollector, joinSlices } from './body-collector.js'
import type { CompletionRule, FragmentEnd, IncompleteReason } from './completion.js'
import type { EbmlHandler, Truncation } from './ebml-handler.js'
import type { ContentErrorCode, ParseError } from './errors.js'
import type { Fragment } from './fragment.js'
import { createFragment } from './fragment.js'
import { FrameAssembler } from './frame-assembler.js'
import type { ClusterContext, Frame } from './frame.js'
import { FragmentLedger } from './ledger.js'
import type { Limits } from './limits.js'
import { OpenFragment } from './open-fragment.js'
import { findElement, ID, isTextElement } from './schema.js'
import { SegmentHeaders } from './segment-headers.js'
import { DEFAULT_TIMESTAMP_SCALE } from './segment-info.js'
import { TagCollector } from './tag-collector.js'
import { readString } from './values.js'

// Constants of this module: each block is compared with them.
const SIMPLE_BLOCK = ID.SimpleBlock
const BLOCK = ID.Block

/** Where an assembler puts what it makes. */
export interface FragmentSink<M> {
  /** A fragment ended. */
  readonly onFragment: (fragment: Fragment<M>) => void
  /** A frame's last byte arrived, before the fragment ended; undefined when nobody wants to know. */
  readonly onFrame: ((frame: Frame<M>, errors: readonly ParseError[]) => void) | undefined
  /** A callback threw while a fragment was being ended; that goes on. */
  readonly onThrown: (thrown: unknown) => void
  /** Whether frames go into `fragment.frames`. */
  readonly isCollectingFrames: boolean
  /** The bytes from one absolute offset to another, where they are kept. */
  readonly slicesOf: (from: number, to: number) => readonly Uint8Array[] | undefined
}

/**
 * Turns the reader's events into fragments and hands the elements inside to those who know them. Where a fragment ends is
 * for the {@link CompletionRule} to say.
 */
export class FragmentAssembler<M> implements EbmlHandler {
  readonly #rule: CompletionRule<M>
  readonly #sink: FragmentSink<M>
  readonly #ledger: FragmentLedger
  readonly #headers: SegmentHeaders
  readonly #frames: FrameAssembler<M>
  readonly #tags = new TagCollector()
  readonly #wallClockMs: (metadata: M) => number | undefined

  #fragment: OpenFragment<M> | undefined
  /** Absolute offset at which the last fragment ended. */
  #lastEndOffset = 0
  /** An EBML header was read, and no Segment since. */
  #isAfterHeader = false
  #docType: string | undefined
  #isInTags = false
  /** Offset of the Tags element that is open. */
  #tagsOffset = 0
  /** Holds a binary outside of blocks that did not lie in one chunk. */
  readonly #binary = new BodyCollector()
  /** The binary at hand is not at its first byte. */
  #isInBinary = false
  #isBinaryWanted = false

  constructor(rule: CompletionRule<M>, limits: Limits, sink: FragmentSink<M>) {
    this.#rule = rule
    this.#sink = sink
    this.#ledger = new FragmentLedger(limits)
    this.#headers = new SegmentHeaders(this.#ledger)
    this.#frames = new FrameAssembler(this.#ledger, sink)
    this.#wallClockMs = (metadata) => rule.wallClockMs(metadata)
  }

  /** Absolute offset of the fragment being read; undefined between two. */
  get openOffset(): number | undefined {
    return this.#fragment?.offset
  }

  /** Forgets everything, the open fragment too. */
  reset(): void {
    this.#isAfterHeader = false
    this.#docType = undefined
    this.#headers.reset()
    this.#dropFragment()
    this.#abandonElements()
    this.#lastEndOffset = 0
  }

  // What the reader tells --------------------------------------------------------------------------------------------

  onMasterStart(
    id: number,
    offset: number,
    size: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    if (id === ID.EBML) this.#enterDocument(offset)
    else if (id === ID.Segment) this.#enterSegment(offset)
    else if (id === ID.Cluster) this.#endBeforeCluster(offset)
    const fragment = this.#countElement(id, offset)
    switch (id) {
      case ID.EBML:
      case ID.Segment:
        return true
      case ID.Cluster:
        this.#enterCluster(fragment, offset)
        return true
      case ID.Tags:
        this.#isInTags = true
        this.#ledger.beginTags()
        this.#tagsOffset = offset
        this.#tags.begin(fragment.cluster === undefined ? 'before' : 'after')
        return true
      case ID.Info:
      case ID.Tracks:
        fragment.hasContent = true
        return this.#headers.enter(id, size, bytes, start, end)
      default:
        if (this.#isInTags) return this.#enterTag(id, offset, size, bytes, start, end)
        if (this.#headers.isOpen) {
          this.#headers.enterChild(id, offset)
          return true
        }
        // Outside of a Cluster: SeekHead, Cues, Chapters, Attachments, … are of no use in a stream, or stale.
        return this.#frames.enter(id)
    }
  }

  onMasterEnd(id: number, endOffset: number): void {
    if (id === ID.Cluster) {
      this.#frames.leaveCluster()
      if (this.#fragment !== undefined) this.#fragment.isClusterEnded = true
    } else if (id === ID.Tags) {
      this.#leaveTags(endOffset)
    } else if (this.#isInTags) {
      this.#tags.onMasterEnd(id)
    } else if (this.#headers.isOpen) {
      this.#headers.leave()
    } else {
      this.#frames.leave(id)
    }
  }

  onValue(id: number, bytes: Uint8Array, start: number, end: number, offset: number): void {
    this.#countElement(id, offset)
    const length = end - start
    if (this.#isInTags) {
      this.#ledger.addBytes(length, id, offset)
      const isText = id === ID.TagName || id === ID.TagString
      if (isText || this.#ledger.checkLength(length, id, offset)) {
        this.#tags.onValue(id, bytes, start, end)
      }
    } else if (this.#headers.isOpen) {
      this.#ledger.addBytes(length, id, offset)
      if (this.#ledger.checkLength(length, id, offset)) this.#headers.add(id, bytes, start, end)
    } else if (this.#frames.isInCluster) {
      if (this.#ledger.checkLength(length, id, offset)) {
        this.#frames.onValue(id, bytes, start, end)
      }
    } else if (id === ID.DocType) {
      this.#docType = readString(bytes, start, end)
    }
  }

  takeRun(chunk: Uint8Array, from: number, stop: number, endOffset: number): number {
    return this.#frames.takeRun(chunk, from, stop, endOffset)
  }

  onBody(
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesLeft: number,
    offset: number,
  ): void {
    if (id === SIMPLE_BLOCK || id === BLOCK) {
      this.#frames.onBlock(id, bytes, start, end, bytesLeft, offset)
    } else {
      this.#collectBinary(id, bytes, start, end, bytesLeft, offset)
    }
  }

  onContentError(code: ContentErrorCode, id: number, offset: number): void {
    const message =
      code === 'crc-mismatch'
        ? 'the bytes do not match their CRC-32: they changed on the way, or the producer is at fault'
        : 'a known element where it may not stand'
    if (code === 'misplaced-element') this.#countElement(id, offset)
    else this.#openFragment(offset)
    this.#ledger.report(code, message, id, offset)
  }

  // How a fragment ends without closing tags -------------------------------------------------------------------------

  /** The input ended, inside an element when there is a `truncation`. Emits what is open. */
  end(truncation: Truncation | undefined, endOffset: number): void {
    // Even a few bytes of a header are shown: the user learns that something was cut.
    if (truncation !== undefined && endOffset > this.#lastEndOffset) {
      this.#openFragment(truncation.elementOffset).hasContent = true
    }
    this.#finishFragment(truncation === undefined ? 'end' : 'truncated', endOffset)
    this.reset()
  }

  /** The structure broke, or without an `error` a callback threw. Emits what is open; the next document begins afresh. */
  abandon(error: ParseError | undefined, endOffset: number): void {
    this.#finishFragment('damaged', Math.max(endOffset, this.#fragment?.offset ?? 0), error)
    const lastEndOffset = this.#lastEndOffset
    this.reset()
    this.#lastEndOffset = lastEndOffset
  }

  // Fragments --------------------------------------------------------------------------------------------------------

  #openFragment(offset: number): OpenFragment<M> {
    if (this.#fragment === undefined) {
      // What shows after the closing tags, such as a Segment's wrong checksum, lies behind them all the same.
      const start = Math.max(offset, this.#lastEndOffset)
      this.#fragment = new OpenFragment(start, this.#rule.createMetadata())
      this.#ledger.begin()
    }
    return this.#fragment
  }

  #dropFragment(): void {
    this.#fragment = undefined
    this.#frames.dropFrames()
  }

  #finishFragment(cause: FragmentEnd['cause'], endOffset: number, error?: ParseError): void {
    const fragment = this.#fragment
    if (fragment === undefined) return
    const truncatedFrame = this.#frames.takeTruncated()
    if (this.#isInTags) this.#readCutTags(fragment)
    this.#abandonElements()
    // An error is told even where there is nothing else to tell: a Segment's checksum is known after its closing tags.
    if (!fragment.hasContent && this.#ledger.errors.length === 0) {
      this.#dropFragment()
      return
    }
    const hasCluster = fragment.cluster !== undefined
    const end: FragmentEnd = { hasCluster, isClusterEnded: fragment.isClusterEnded, cause }
    const reason = this.#judgeEnd(fragment.metadata, end)
    if (reason === 'damaged' && error !== undefined) this.#ledger.close(error)
    this.#emit(fragment, endOffset, reason, truncatedFrame)
  }

  #judgeEnd(metadata: M, end: FragmentEnd): IncompleteReason | undefined {
    try {
      return this.#rule.judgeEnd(metadata, end)
    } catch (thrown) {
      // In the middle of the stream the parser hears of it and abandons the fragment.
      if (end.cause === 'next') throw thrown
      this.#sink.onThrown(thrown)
      return 'damaged'
    }
  }

  #emit(
    fragment: OpenFragment<M>,
    endOffset: number,
    incompleteReason: IncompleteReason | undefined,
    truncatedFrame: Frame<M> | undefined,
  ): void {
    this.#fragment = undefined
    this.#lastEndOffset = endOffset
    const { cluster } = fragment
    this.#sink.onFragment(
      createFragment({
        offset: fragment.offset,
        byteLength: endOffset - fragment.offset,
        metadata: fragment.metadata,
        tags: fragment.tags,
        tracks: this.#headers.tracks,
        info: this.#headers.info,
        docType: this.#docType,
        frames: this.#frames.takeFrames(),
        isComplete: incompleteReason === undefined,
        incompleteReason,
        hasCluster: cluster !== undefined,
        timestampMs: cluster?.timestampMs,
        timestampNs:
          cluster === undefined
            ? undefined
            : cluster.timestampTicks * BigInt(cluster.timestampScale),
        errors: this.#ledger.errors,
        truncatedFrame,
        slices: this.#sink.slicesOf(fragment.offset, endOffset),
      }),
    )
  }

  /** Whatever was open inside the fragment is not any more. */
  #abandonElements(): void {
    this.#headers.abandon()
    this.#frames.leaveCluster()
    this.#isInTags = false
    this.#isInBinary = false
    if (this.#binary.length > 0) this.#binary.take()
  }

  #countElement(id: number, offset: number): OpenFragment<M> {
    const fragment = this.#fragment ?? this.#openFragment(offset)
    this.#ledger.addElements(1, id, offset)
    return fragment
  }

  // Documents, Segments, Clusters ------------------------------------------------------------------------------------

  #enterDocument(offset: number): void {
    this.#finishFragment('next', offset)
    this.#isAfterHeader = true
    this.#docType = undefined
    this.#headers.reset()
  }

  #enterSegment(offset: number): void {
    // Without an EBML header of its own the producer restarted, and the Segment is the fragment's first element.
    if (!this.#isAfterHeader) this.#finishFragment('next', offset)
    this.#isAfterHeader = false
    this.#headers.reset()
  }

  #endBeforeCluster(offset: number): void {
    const fragment = this.#fragment
    if (fragment?.cluster === undefined) return
    if (!this.#rule.isHoldingClusters(fragment.metadata)) this.#finishFragment('next', offset)
  }

  #enterCluster(fragment: OpenFragment<M>, offset: number): void {
    const cluster: ClusterContext<M> = {
      timestampTicks: 0n,
      timestampScale: this.#headers.info?.timestampScale ?? DEFAULT_TIMESTAMP_SCALE,
      timestampMs: 0,
      tracks: this.#headers.tracks,
      hasStrippedHeaders: this.#headers.hasStrippedHeaders,
      hasPlainTimes: this.#headers.hasPlainTimes,
      metadata: fragment.metadata,
      tags: fragment.tags,
      wallClockMs: this.#wallClockMs,
      first: fragment.cluster,
    }
    this.#frames.enterCluster(cluster, offset)
    fragment.cluster ??= cluster
    fragment.hasContent = true
    fragment.isClusterEnded = false
  }

  // Tags -------------------------------------------------------------------------------------------------------------

  #enterTag(
    id: number,
    offset: number,
    size: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): boolean {
    if (id === ID.SimpleTag && !this.#ledger.addTag(id, offset)) return false
    const isWhole = end - start === size
    if (isWhole && id === ID.Tag && this.#tags.readPlain(bytes, start, end, this.#ledger)) {
      return false
    }
    this.#tags.onMasterStart(id)
    return true
  }

  #leaveTags(endOffset: number): void {
    this.#isInTags = false
    const tags = this.#tags.take()
    let fragment = this.#openFragment(this.#tagsOffset)
    if (this.#rule.isOpening(fragment.metadata, tags, fragment.cluster !== undefined)) {
      // Their cost was counted for the fragment they end; it is too little to matter.
      this.#tags.markBefore()
      const errors = this.#ledger.takeErrorsFrom(this.#tagsOffset)
      this.#finishFragment('next', this.#tagsOffset)
      fragment = this.#openFragment(this.#tagsOffset)
      this.#ledger.addErrors(errors)
    }
    this.#ledger.endTags()
    fragment.hasContent = true
    const reading = this.#rule.readTags(fragment.metadata, tags)
    for (const tag of reading.producerTags) fragment.tags.push(tag)
    if (reading.isClosing) this.#emit(fragment, endOffset, undefined, undefined)
  }

  #readCutTags(fragment: OpenFragment<M>): void {
    fragment.hasContent = true
    this.#ledger.endTags()
    try {
      this.#rule.readCutTags?.(fragment.metadata, this.#tags.take())
    } catch (thrown) {
      this.#sink.onThrown(thrown)
    }
  }

  // Binaries outside of blocks ---------------------------------------------------------------------------------------

  #collectBinary(
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesLeft: number,
    offset: number,
  ): void {
    if (!this.#isInBinary) {
      this.#countElement(id, offset)
      const size = end - start + bytesLeft
      this.#isBinaryWanted = this.#judgeBinary(id, size, offset)
      if (this.#isBinaryWanted) this.#ledger.addBytes(size, id, offset)
    }
    this.#isInBinary = bytesLeft > 0
    if (!this.#isBinaryWanted) return
    if (bytesLeft === 0 && this.#binary.length === 0) {
      this.#readBinary(id, bytes, start, end)
      return
    }
    this.#binary.append(bytes, start, end)
    if (bytesLeft > 0) return
    const whole = joinSlices(this.#binary.take())
    this.#readBinary(id, whole, 0, whole.length)
  }

  /** Whether a binary, or a value that came as one because of its length, is to be kept. */
  #judgeBinary(id: number, size: number, offset: number): boolean {
    if (isTextElement(id)) {
      this.#ledger.reportLongString(size, id, offset)
      return false
    }
    const kind = findElement(id)?.kind
    if (kind !== 'binary') {
      if (kind !== undefined) this.#ledger.checkLength(size, id, offset)
      return false
    }
    const isWanted =
      (this.#headers.isOpen && id !== ID.Void) ||
      (this.#isInTags && id === ID.TagBinary) ||
      (this.#frames.isInGroup && id === ID.BlockAdditional)
    return isWanted && this.#ledger.checkBinary(size, id, offset)
  }

  #readBinary(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (this.#isInTags) this.#tags.onValue(id, bytes, start, end)
    else if (this.#headers.isOpen) this.#headers.add(id, bytes, start, end)
    else this.#frames.onAddition(bytes, start, end)
  }
}
