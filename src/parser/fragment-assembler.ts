import {
  FLAG_KEYFRAME,
  LACING_MASK,
  MAX_BLOCK_HEADER_BYTES,
  readBlockHeader,
  readLaces,
} from './block.js'
import { BodyCollector, headOf, joinSlices, sliceRange } from './body-collector.js'
import type { CompletionRule, FragmentEnd } from './completion.js'
import { pathOf } from './element-index.js'
import { ElementMemory } from './element-memory.js'
import { ElementNode } from './element-tree.js'
import type { ContentErrorCode, StructureErrorCode } from './errors.js'
import { ParseError } from './errors.js'
import type { Fragment } from './fragment.js'
import { createFragment } from './fragment.js'
import type { BlockAddition, BlockGroupDetails, ClusterContext, FrameExtras } from './frame.js'
import { Frame } from './frame.js'
import type { ParserLimits } from './limits.js'
import type { EbmlHandler, Truncation } from './reader.js'
import { findElement, ID } from './schema.js'
import type { SegmentInfo } from './segment-info.js'
import { DEFAULT_TIMESTAMP_SCALE, readSegmentInfo } from './segment-info.js'
import type { Tag } from './tag.js'
import { TagCollector } from './tag.js'
import type { Track } from './tracks.js'
import { readTrack } from './tracks.js'
import { copyBytes, isLengthOf, readIntBig, readString, readUint, readUintBig } from './values.js'

/** Where an assembler puts what it makes. */
export interface FragmentSink<M> {
  /** A fragment ended. */
  onFragment(fragment: Fragment<M>): void
  /** A frame's last byte arrived, before the fragment ended; absent when nobody wants to know. */
  onFrame: ((frame: Frame<M>) => void) | undefined
  /** Whether frames go into `fragment.frames`. */
  readonly isCollectingFrames: boolean
}

/** More errors than this in one fragment are not listed. */
const MAX_LISTED_ERRORS = 64
const NO_TRACKS: readonly Track[] = []

/** A BlockGroup being read: what its frames already refer to. */
interface OpenGroup extends BlockGroupDetails {
  durationTicks: number | undefined
  references: bigint[]
  additions: BlockAddition[]
  discardPaddingNs: bigint | undefined
}

/** The fragment being read. */
class OpenFragment<M> {
  readonly tags: Tag[] = []
  readonly frames: Frame<M>[] = []
  readonly errors: ParseError[] = []
  cluster: ClusterContext<M> | undefined = undefined
  firstTimestamp: { readonly ticks: bigint; readonly scale: number } | undefined = undefined
  isClusterEnded = true
  hasContent = false
  readonly offset: number
  readonly metadata: M

  constructor(offset: number, metadata: M) {
    this.offset = offset
    this.metadata = metadata
  }
}

/**
 * Turns the reader's events into fragments. It owns the limits and the bytes; where a fragment ends is for the
 * {@link CompletionRule} to say.
 */
export class FragmentAssembler<M> implements EbmlHandler {
  readonly #rule: CompletionRule<M>
  readonly #limits: Required<ParserLimits>
  readonly #sink: FragmentSink<M>
  readonly #onFrame: ((frame: Frame<M>) => void) | undefined
  readonly #wallClockMs: (metadata: M) => number | undefined

  // Of the document and Segment.
  /** An EBML header was read, and no Segment since. */
  #isAfterHeader = false
  #docType: string | undefined
  #info: SegmentInfo | undefined
  #tracks: readonly Track[] = NO_TRACKS
  #hasStrippedHeaders = false
  #hasPlainTimes = true

  // Of the fragment.
  #fragment: OpenFragment<M> | undefined
  /** Its frames, unless they are not collected. */
  #frames: Frame<M>[] | undefined
  #heldBytes = 0
  #heldSlices = 0
  #elementCount = 0
  #tagCount = 0

  // Of the element at hand.
  /** The open masters of Info or Tracks, outermost first; empty elsewhere. */
  readonly #tree: ElementNode[] = []
  readonly #knownInfo = new ElementMemory<SegmentInfo>()
  readonly #knownTracks = new ElementMemory<readonly Track[]>()
  /** Errors listed before the Info or Tracks at hand began. */
  #errorsBefore = 0
  readonly #tags = new TagCollector()
  #isInTags = false
  /** Offset of the Tags element that is open. */
  #tagsOffset = 0
  #tooManyTagsDepth = 0
  #cluster: ClusterContext<M> | undefined
  #group: OpenGroup | undefined
  #groupFrames: Frame<M>[] = []
  #additionId = 1
  #additionData: Uint8Array | undefined
  readonly #collector = new BodyCollector()
  /** The body that is in the collector, or being left out because it is too large; 0 for none. */
  #collectingId = 0
  #isLeftOut = false

  constructor(rule: CompletionRule<M>, limits: Required<ParserLimits>, sink: FragmentSink<M>) {
    this.#rule = rule
    this.#limits = limits
    this.#sink = sink
    this.#onFrame = sink.onFrame
    this.#wallClockMs = (metadata) => rule.wallClockMs(metadata)
  }

  /** Forgets everything, the open fragment too. */
  reset(): void {
    this.#docType = undefined
    this.#isAfterHeader = false
    this.#startSegment()
    this.#fragment = undefined
    this.#leaveElements()
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
    this.#countElement(id, offset)
    switch (id) {
      case ID.EBML:
      case ID.Segment:
        return true
      case ID.Cluster:
        this.#enterCluster(offset)
        return true
      case ID.BlockGroup:
        this.#group = {
          durationTicks: undefined,
          references: [],
          additions: [],
          discardPaddingNs: undefined,
        }
        return true
      case ID.BlockAdditions:
        return true
      case ID.BlockMore:
        this.#additionId = 1
        this.#additionData = undefined
        return true
      case ID.Tags:
        this.#isInTags = true
        this.#tagsOffset = offset
        this.#tags.begin(this.#fragment?.cluster === undefined ? 'before' : 'after')
        return true
      case ID.Info:
      case ID.Tracks:
        return this.#enterHeader(id, size, bytes, start, end)
      default:
        if (this.#isInTags) return this.#enterTag(id, offset)
        if (this.#tree.length > 0) {
          this.#enterTree(id, offset)
          return true
        }
        // SeekHead, Cues, Chapters, Attachments, …: of no use in a stream, or stale.
        return false
    }
  }

  onMasterEnd(id: number, endOffset: number): void {
    if (this.#isInTags) {
      if (id === ID.Tags) this.#leaveTags(endOffset)
      else if (this.#tooManyTagsDepth > 0) this.#tooManyTagsDepth -= 1
      else this.#tags.onMasterEnd(id)
    } else if (this.#tree.length > 0) {
      this.#leaveTree()
    } else if (id === ID.BlockGroup) {
      this.#leaveGroup()
    } else if (id === ID.BlockMore) {
      if (this.#additionData !== undefined) {
        this.#group?.additions.push({ id: this.#additionId, data: this.#additionData })
      }
    } else if (id === ID.Cluster) {
      this.#cluster = undefined
      if (this.#fragment !== undefined) this.#fragment.isClusterEnded = true
    }
  }

  onValue(id: number, bytes: Uint8Array, start: number, end: number, offset: number): void {
    this.#countElement(id, offset)
    if (this.#isInTags) {
      this.#hold(end - start, id, offset)
      const isText = id === ID.TagName || id === ID.TagString
      if (
        this.#tooManyTagsDepth === 0 &&
        (isText || this.#checkLength(id, end - start, offset))
      ) {
        this.#tags.onValue(id, bytes, start, end)
      }
    } else if (this.#tree.length > 0) {
      this.#hold(end - start, id, offset)
      const kind = findElement(id)?.kind ?? 'binary'
      if (this.#checkLength(id, end - start, offset)) {
        this.#tree.at(-1)?.add(id, kind, bytes, start, end)
      }
    } else if (id === ID.DocType) {
      this.#docType = readString(bytes, start, end)
    } else if (this.#cluster !== undefined && this.#checkLength(id, end - start, offset)) {
      this.#readClusterValue(this.#cluster, id, bytes, start, end)
    }
  }

  onBody(
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesLeft: number,
    offset: number,
  ): void {
    if (id === ID.SimpleBlock || id === ID.Block) {
      if (bytesLeft === 0 && this.#collectingId === 0) {
        // Nearly every call, so the counting stands here in full.
        this.#elementCount += 1
        this.#heldBytes += end - start
        if (
          this.#elementCount > this.#limits.maxElementsPerFragment ||
          this.#heldBytes > this.#limits.maxFragmentBytes
        ) {
          this.#countElement(id, offset)
          this.#hold(0, id, offset)
        }
        this.#readBlock(id, bytes, start, end, offset)
      } else {
        this.#collectBlock(id, bytes, start, end, bytesLeft, offset)
      }
    } else {
      this.#collectBinary(id, bytes, start, end, bytesLeft, offset)
    }
  }

  onContentError(code: ContentErrorCode, id: number, offset: number): void {
    const message =
      code === 'crc-mismatch'
        ? 'the bytes do not match their CRC-32; they changed on the way or the producer is at fault'
        : 'a known element where it may not stand; it was stepped over'
    this.#report(code, message, id, offset)
  }

  // How a fragment ends without closing tags -------------------------------------------------------------------------

  /** The input ended, inside an element when there is a `truncation`. Emits what is open. */
  end(truncation: Truncation | undefined, endOffset: number): void {
    // Even a few bytes of a header are shown: the user learns that something was cut.
    if (truncation !== undefined) this.#openFragment(truncation.elementOffset).hasContent = true
    this.#finishFragment(truncation === undefined ? 'end' : 'truncated', endOffset)
    this.reset()
  }

  /** The structure broke. Emits what is open; the next document begins afresh. */
  abandon(error: Error, endOffset: number): void {
    const fragment = this.#fragment
    if (fragment !== undefined) {
      if (error instanceof ParseError) {
        if (fragment.errors.length >= MAX_LISTED_ERRORS) fragment.errors.pop()
        fragment.errors.push(error)
      }
      this.#finishFragment('damaged', Math.max(endOffset, fragment.offset))
    }
    this.reset()
  }

  // Fragments --------------------------------------------------------------------------------------------------------

  #openFragment(offset: number): OpenFragment<M> {
    if (this.#fragment === undefined) {
      this.#fragment = new OpenFragment(offset, this.#rule.createMetadata())
      this.#frames = this.#sink.isCollectingFrames ? this.#fragment.frames : undefined
      this.#heldBytes = 0
      this.#heldSlices = 0
      this.#elementCount = 0
      this.#tagCount = 0
    }
    return this.#fragment
  }

  #finishFragment(cause: FragmentEnd['cause'], endOffset: number): void {
    const fragment = this.#fragment
    if (fragment === undefined) return
    const truncatedFrame = this.#takeTruncatedFrame()
    this.#leaveElements()
    // Nothing but headers: a Void between documents, or a document that ended with the closing tags.
    if (!fragment.hasContent) {
      this.#fragment = undefined
      return
    }
    const hasCluster = fragment.cluster !== undefined
    const { isClusterEnded } = fragment
    const end: FragmentEnd = { hasCluster, isClusterEnded, cause }
    this.#emit(fragment, endOffset, this.#rule.judgeEnd(fragment.metadata, end), truncatedFrame)
  }

  #emit(
    fragment: OpenFragment<M>,
    endOffset: number,
    incompleteReason: Fragment<M>['incompleteReason'],
    truncatedFrame: Frame<M> | undefined,
  ): void {
    this.#fragment = undefined
    this.#frames = undefined
    const { cluster, firstTimestamp } = fragment
    this.#sink.onFragment(
      createFragment({
        offset: fragment.offset,
        byteLength: endOffset - fragment.offset,
        metadata: fragment.metadata,
        tags: fragment.tags,
        tracks: this.#tracks,
        info: this.#info,
        docType: this.#docType,
        frames: fragment.frames,
        isComplete: incompleteReason === undefined,
        incompleteReason,
        hasCluster: cluster !== undefined,
        timestampMs:
          firstTimestamp === undefined
            ? undefined
            : toMilliseconds(firstTimestamp.ticks, firstTimestamp.scale),
        timestampNs:
          firstTimestamp === undefined
            ? undefined
            : firstTimestamp.ticks * BigInt(firstTimestamp.scale),
        errors: fragment.errors,
        truncatedFrame,
      }),
    )
  }

  /** Whatever was open inside the fragment is not any more. */
  #leaveElements(): void {
    this.#tree.length = 0
    this.#isInTags = false
    this.#tooManyTagsDepth = 0
    this.#cluster = undefined
    this.#group = undefined
    this.#groupFrames = []
    this.#collectingId = 0
    this.#isLeftOut = false
    if (this.#collector.length > 0) this.#collector.take()
  }

  // Segment, Info, Tracks --------------------------------------------------------------------------------------------

  #startSegment(): void {
    this.#info = undefined
    this.#tracks = NO_TRACKS
    this.#hasStrippedHeaders = false
    this.#hasPlainTimes = true
  }

  #enterDocument(offset: number): void {
    this.#finishFragment('next', offset)
    this.#docType = undefined
    this.#isAfterHeader = true
    this.#startSegment()
  }

  #enterSegment(offset: number): void {
    // Without an EBML header of its own the producer restarted, and the Segment is the fragment's first element.
    if (!this.#isAfterHeader) this.#finishFragment('next', offset)
    this.#isAfterHeader = false
    this.#startSegment()
  }

  #enterTree(id: number, offset: number): void {
    const node = new ElementNode(id)
    const parent = this.#tree[this.#tree.length - 1]
    if (id !== ID.TrackEntry || parent.children.length < this.#limits.maxTracks) {
      parent.children.push(node)
    } else {
      this.#report('too-many-tracks', `more than ${this.#limits.maxTracks} tracks`, id, offset)
    }
    this.#tree.push(node)
  }

  /** Answers false when this Info or Tracks is the last one again, which need not be read. */
  #enterHeader(id: number, size: number, bytes: Uint8Array, start: number, end: number): boolean {
    const isWhole = end - start === size
    if (id === ID.Info) {
      const info = isWhole ? this.#knownInfo.recall(bytes, start, end) : this.#knownInfo.forget()
      if (info !== undefined) return this.#useInfo(info)
    } else {
      const tracks = isWhole
        ? this.#knownTracks.recall(bytes, start, end)
        : this.#knownTracks.forget()
      if (tracks !== undefined) return this.#useTracks(tracks)
    }
    this.#errorsBefore = this.#fragment?.errors.length ?? 0
    this.#tree.push(new ElementNode(id))
    return true
  }

  #leaveTree(): void {
    const node = this.#tree.pop()
    if (node === undefined || this.#tree.length > 0) return
    const isSound = this.#fragment?.errors.length === this.#errorsBefore
    if (node.id === ID.Info) {
      const info = readSegmentInfo(node)
      if (isSound) this.#knownInfo.keep(info)
      this.#useInfo(info)
    } else {
      const tracks = node.childrenOf(ID.TrackEntry).map(readTrack)
      // What was wrong in it is reported for every fragment, so it has to be read every time.
      if (isSound) this.#knownTracks.keep(tracks)
      this.#useTracks(tracks)
    }
  }

  #useInfo(info: SegmentInfo): false {
    if (this.#fragment !== undefined) this.#fragment.hasContent = true
    this.#info = info
    return false
  }

  #useTracks(tracks: readonly Track[]): false {
    if (this.#fragment !== undefined) this.#fragment.hasContent = true
    this.#tracks = tracks
    this.#hasStrippedHeaders = tracks.some((track) => track.strippedHeader !== undefined)
    this.#hasPlainTimes = tracks.every(
      (track) => track.codecDelayNs === 0n && track.timestampScale === 1,
    )
    return false
  }

  // Tags -------------------------------------------------------------------------------------------------------------

  #enterTag(id: number, offset: number): boolean {
    if (this.#tooManyTagsDepth > 0) {
      this.#tooManyTagsDepth += 1
    } else if (id === ID.SimpleTag && ++this.#tagCount > this.#limits.maxTagsPerFragment) {
      this.#report('too-many-tags', `more than ${this.#limits.maxTagsPerFragment} tags`, id, offset)
      return false
    } else {
      this.#tags.onMasterStart(id)
    }
    return true
  }

  #leaveTags(endOffset: number): void {
    this.#isInTags = false
    const tags = this.#tags.take()
    let fragment = this.#openFragment(this.#tagsOffset)
    if (fragment.cluster !== undefined && this.#rule.isOpening(tags)) {
      // These tags were counted for the fragment they end; the new one starts counting with them.
      this.#finishFragment('next', this.#tagsOffset)
      fragment = this.#openFragment(this.#tagsOffset)
    }
    fragment.hasContent = true
    const reading = this.#rule.readTags(fragment.metadata, tags, fragment.offset)
    for (const tag of reading.producerTags) fragment.tags.push(tag)
    if (reading.isClosing) this.#emit(fragment, endOffset, undefined, undefined)
  }

  // Clusters and blocks ----------------------------------------------------------------------------------------------

  #enterCluster(offset: number): void {
    let fragment = this.#openFragment(offset)
    if (fragment.cluster !== undefined && !this.#rule.isHoldingClusters(fragment.metadata)) {
      this.#finishFragment('next', offset)
      fragment = this.#openFragment(offset)
    }
    const scale = this.#info?.timestampScale ?? DEFAULT_TIMESTAMP_SCALE
    this.#cluster = {
      timestampTicks: 0n,
      timestampScale: scale,
      timestampMs: 0,
      tracks: this.#tracks,
      hasStrippedHeaders: this.#hasStrippedHeaders,
      hasPlainTimes: this.#hasPlainTimes,
      metadata: fragment.metadata,
      wallClockMs: this.#wallClockMs,
    }
    fragment.cluster = this.#cluster
    fragment.firstTimestamp ??= { ticks: 0n, scale }
    fragment.hasContent = true
    fragment.isClusterEnded = false
  }

  #readClusterValue(
    cluster: ClusterContext<M>,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const group = this.#group
    switch (id) {
      case ID.Timestamp: {
        cluster.timestampTicks = readUintBig(bytes, start, end)
        cluster.timestampMs = toMilliseconds(cluster.timestampTicks, cluster.timestampScale)
        const fragment = this.#fragment
        if (fragment !== undefined && fragment.frames.length === 0) {
          fragment.firstTimestamp = {
            ticks: cluster.timestampTicks,
            scale: cluster.timestampScale,
          }
        }
        break
      }
      case ID.BlockDuration:
        if (group !== undefined) group.durationTicks = readUint(bytes, start, end)
        break
      case ID.ReferenceBlock:
        group?.references.push(readIntBig(bytes, start, end))
        break
      case ID.DiscardPadding:
        if (group !== undefined) group.discardPaddingNs = readIntBig(bytes, start, end)
        break
      case ID.BlockAddID:
        this.#additionId = start === end ? 1 : readUint(bytes, start, end)
        break
      default:
    }
  }

  #leaveGroup(): void {
    this.#group = undefined
    const frames = this.#groupFrames
    this.#groupFrames = []
    for (const frame of frames) this.#emitFrame(frame)
  }

  #readBlock(id: number, bytes: Uint8Array, start: number, end: number, offset: number): void {
    const cluster = this.#cluster
    if (cluster === undefined) return
    const first = bytes[start]
    const flags = bytes[start + 3]
    // Nearly every block: a SimpleBlock of a track below 127, no lacing.
    if (
      id === ID.SimpleBlock &&
      first > 0x80 &&
      first < 0xff &&
      end - start > 3 &&
      (flags & LACING_MASK) === 0
    ) {
      const relative = ((bytes[start + 1] << 24) >> 16) | bytes[start + 2]
      const trackNumber = first & 0x7f
      const frame = new Frame(cluster, trackNumber, relative, flags, bytes, start + 4, end, undefined)
      this.#emitFrame(frame)
      return
    }
    this.#readAnyBlock(cluster, id, bytes, start, end, offset)
  }

  #readAnyBlock(
    cluster: ClusterContext<M>,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    offset: number,
  ): void {
    const header = readBlockHeader(bytes, start, end)
    if (header === undefined) {
      this.#report('invalid-block', 'a block without a whole header', id, offset)
      return
    }
    const { trackNumber, relativeTimestamp } = header
    const flags = this.#flagsOf(id, header.flags)
    const dataAt = start + header.length
    const laces =
      (flags & LACING_MASK) === 0 ? [dataAt, end] : readLaces(bytes, dataAt, end, flags)
    if (laces === undefined) {
      this.#report('invalid-lacing', 'lace sizes that do not add up to the block', id, offset)
      return
    }
    const laceCount = laces.length - 1
    this.#countElement(id, offset, laceCount - 1)
    const group = id === ID.Block ? this.#group : undefined
    for (let i = 0; i < laceCount; i += 1) {
      const extras: FrameExtras | undefined =
        laceCount === 1 && group === undefined
          ? undefined
          : { slices: undefined, laceIndex: i, laceCount, group, isHeaderBack: false }
      this.#addFrame(
        new Frame(cluster, trackNumber, relativeTimestamp, flags, bytes, laces[i], laces[i + 1], extras),
      )
    }
  }

  /** A Block in a BlockGroup has neither of the bits a SimpleBlock has for it (RFC 9559 §10.1). */
  #flagsOf(id: number, flags: number): number {
    return id === ID.Block ? flags & ~FLAG_KEYFRAME : flags
  }

  #collectBlock(
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesLeft: number,
    offset: number,
  ): void {
    const collector = this.#collector
    if (this.#collectingId === 0) {
      this.#collectingId = id
      this.#countElement(id, offset)
      // The whole block counts at its header: a size that cannot be kept is refused before a byte of it is.
      this.#hold(end - start + bytesLeft, id, offset)
    }
    collector.append(bytes, start, end)
    if (this.#heldSlices + collector.sliceCount > this.#limits.maxSlicesPerFragment) {
      this.#fail(
        'too-many-slices',
        `more than ${this.#limits.maxSlicesPerFragment} slices in one fragment; feed larger chunks`,
        id,
        offset,
      )
    }
    if (bytesLeft > 0) return
    this.#collectingId = 0
    const slices = collector.take()
    this.#heldSlices += slices.length
    const cluster = this.#cluster
    if (cluster === undefined) return
    const head = headOf(slices, MAX_BLOCK_HEADER_BYTES)
    const header = readBlockHeader(head, 0, head.length)
    if (slices.length === 1 || header === undefined || (header.flags & LACING_MASK) !== 0) {
      // Lace sizes are read in one piece; laced blocks are small.
      const whole = joinSlices(slices)
      this.#readBlock(id, whole, 0, whole.length, offset)
      return
    }
    this.#addFrame(this.#frameOfSlices(cluster, id, head, slices))
  }

  #frameOfSlices(
    cluster: ClusterContext<M>,
    id: number,
    head: Uint8Array,
    slices: readonly Uint8Array[],
  ): Frame<M> | undefined {
    const header = readBlockHeader(head, 0, head.length)
    if (header === undefined || (header.flags & LACING_MASK) !== 0) return undefined
    const payload = sliceRange(slices, header.length, Number.POSITIVE_INFINITY)
    const group = id === ID.Block ? this.#group : undefined
    const flags = this.#flagsOf(id, header.flags)
    return new Frame(cluster, header.trackNumber, header.relativeTimestamp, flags, head, 0, 0, {
      slices: payload,
      laceIndex: 0,
      laceCount: 1,
      group,
      isHeaderBack: false,
    })
  }

  /** What arrived of a block that was cut, as a frame that is never listed with the whole ones. */
  #takeTruncatedFrame(): Frame<M> | undefined {
    const cluster = this.#cluster
    if (cluster === undefined) return undefined
    const id = this.#collectingId
    if (id !== ID.SimpleBlock && id !== ID.Block) return this.#groupFrames[0]
    const slices = this.#collector.take()
    return slices.length === 0
      ? undefined
      : this.#frameOfSlices(cluster, id, headOf(slices, MAX_BLOCK_HEADER_BYTES), slices)
  }

  #addFrame(frame: Frame<M> | undefined): void {
    if (frame === undefined) return
    // Whether a Block is a keyframe is known when its group ends.
    if (this.#group === undefined) this.#emitFrame(frame)
    else this.#groupFrames.push(frame)
  }

  #emitFrame(frame: Frame<M>): void {
    const frames = this.#frames
    if (frames !== undefined) {
      frames.push(frame)
    } else {
      // Nothing is held: in frame-level mode the limits are those of one frame.
      this.#heldBytes = 0
      this.#heldSlices = 0
    }
    if (this.#onFrame !== undefined) this.#onFrame(frame)
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
    if (this.#collectingId === 0) {
      this.#countElement(id, offset)
      const size = end - start + bytesLeft
      this.#isLeftOut = !this.#isBinaryWanted(id, size, offset)
      if (!this.#isLeftOut) this.#hold(size, id, offset)
      this.#collectingId = id
    }
    if (bytesLeft === 0) this.#collectingId = 0
    if (this.#isLeftOut) return
    if (bytesLeft === 0 && this.#collector.length === 0) {
      this.#readBinary(id, bytes, start, end)
      return
    }
    this.#collector.append(bytes, start, end)
    if (bytesLeft > 0) return
    const whole = joinSlices(this.#collector.take())
    this.#readBinary(id, whole, 0, whole.length)
  }

  #isBinaryWanted(id: number, size: number, offset: number): boolean {
    const kind = findElement(id)?.kind
    if (kind === 'string' || kind === 'utf8') {
      const limit = this.#limits.maxStringBytes
      this.#report('string-too-large', `a string of ${size} bytes, over ${limit}`, id, offset)
      return false
    }
    if (kind !== undefined && kind !== 'binary') {
      this.#checkLength(id, size, offset)
      return false
    }
    const isInTree = this.#tree.length > 0 && kind === 'binary'
    const isInTag = this.#isInTags && id === ID.TagBinary
    const isInBlock = this.#group !== undefined && id === ID.BlockAdditional
    if (id === ID.Void || !(isInTree || isInTag || isInBlock)) return false
    if (size <= this.#limits.maxBinaryBytes) return true
    const limit = this.#limits.maxBinaryBytes
    this.#report('binary-too-large', `a binary of ${size} bytes, over ${limit}`, id, offset)
    return false
  }

  #readBinary(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === ID.BlockAdditional) this.#additionData = copyBytes(bytes, start, end)
    else if (this.#isInTags) this.#tags.onValue(id, bytes, start, end)
    else this.#tree.at(-1)?.add(id, 'binary', bytes, start, end)
  }

  // Limits and errors ------------------------------------------------------------------------------------------------

  #countElement(id: number, offset: number, more = 0): void {
    if (this.#fragment === undefined) this.#openFragment(offset)
    this.#elementCount += 1 + more
    if (this.#elementCount > this.#limits.maxElementsPerFragment) {
      this.#fail(
        'too-many-elements',
        `more than ${this.#limits.maxElementsPerFragment} elements in one fragment; raise maxElementsPerFragment if the stream is trusted`,
        id,
        offset,
      )
    }
  }

  #hold(bytes: number, id: number, offset: number): void {
    this.#heldBytes += bytes
    if (this.#heldBytes > this.#limits.maxFragmentBytes) {
      this.#fail(
        'fragment-too-large',
        `more than ${this.#limits.maxFragmentBytes} bytes in one fragment; raise maxFragmentBytes if the stream is trusted`,
        id,
        offset,
      )
    }
  }

  #checkLength(id: number, length: number, offset: number): boolean {
    const kind = findElement(id)?.kind ?? 'binary'
    if (isLengthOf(kind, length)) return true
    this.#report('invalid-value-size', `a ${kind} of ${length} bytes`, id, offset)
    return false
  }

  #report(code: ContentErrorCode, message: string, id: number, offset: number): void {
    const fragment = this.#openFragment(offset)
    if (fragment.errors.length < MAX_LISTED_ERRORS) {
      fragment.errors.push(
        new ParseError(code, `${message}; it was left out`, { offset, path: pathOf(id) }),
      )
    }
  }

  #fail(code: StructureErrorCode, message: string, id: number, offset: number): never {
    throw new ParseError(code, message, { offset, path: pathOf(id) })
  }
}

function toMilliseconds(ticks: bigint, scale: number): number {
  // The usual scale of 10^6 stays exact up to 2^53 ms.
  return scale === DEFAULT_TIMESTAMP_SCALE ? Number(ticks) : (Number(ticks) * scale) / 1e6
}
