import { copySlices, joinSlices } from './body-collector.js'
import { FLAG_DISCARDABLE, FLAG_INVISIBLE, FLAG_KEYFRAME } from './block.js'
import { DEFAULT_TIMESTAMP_SCALE } from './segment-info.js'
import type { Tag } from './tag.js'
import type { Track } from './tracks.js'

/** What all frames of a Cluster share. Filled while the Cluster is read; a frame holds on to this, not to its fragment. */
export interface ClusterContext<M> {
  /** Cluster Timestamp in ticks, all 64 bits. */
  timestampTicks: bigint
  /** Nanoseconds per tick. */
  readonly timestampScale: number
  /** Cluster Timestamp in milliseconds. */
  timestampMs: number
  /** The tracks of the Segment, as far as known when the Cluster began. */
  readonly tracks: readonly Track[]
  /** One of them has a stripped header. */
  readonly hasStrippedHeaders: boolean
  /** None of them has a CodecDelay or a TrackTimestampScale: times need no look at the track. */
  readonly hasPlainTimes: boolean
  /** What is known of the fragment; filled as its tags are read. */
  readonly metadata: M
  /** The producer's tags of the fragment; filled as they are read. */
  readonly tags: readonly Tag[]
  /** Milliseconds since 1970 at the Cluster's timestamp, where the fragment's tags tell. */
  readonly wallClockMs: (metadata: M) => number | undefined
  /** The fragment's first Cluster, whose time that is; undefined when it is this one. */
  readonly first: ClusterContext<M> | undefined
}

/** One BlockAdditional (RFC 9559 §5.1.3.5.2), e.g. the alpha channel of a VP9 picture. */
export interface BlockAddition {
  /** BlockAddID. Default 1. */
  readonly id: number
  /** The bytes, a copy of their own. */
  readonly data: Uint8Array
}

/** What only a BlockGroup says (RFC 9559 §5.1.3.5). */
export interface BlockGroupDetails {
  /** BlockDuration in ticks; undefined when not given. */
  readonly durationTicks: number | undefined
  /** ReferenceBlock, each in ticks relative to this block; empty for a keyframe. */
  readonly references: readonly bigint[]
  /** Bytes that go with the block. */
  readonly additions: readonly BlockAddition[]
  /** DiscardPadding in nanoseconds: positive at the end, negative at the beginning of the decoded sound. */
  readonly discardPaddingNs: bigint | undefined
}

/** What few frames have: a place in a lace, a BlockGroup, or bytes in several slices. */
export interface FrameExtras {
  readonly slices: readonly Uint8Array[] | undefined
  readonly laceIndex: number
  readonly laceCount: number
  readonly group: BlockGroupDetails | undefined
  /** What header stripping took off was put back in front of the bytes. */
  readonly isHeaderBack: boolean
}

/** A {@link Frame} in a few numbers; what they mean stands there. */
export type FrameOutline = Pick<
  Frame,
  'trackNumber' | 'timestampMs' | 'wallClockMs' | 'durationMs' | 'isKeyframe' | 'byteLength'
>

const NO_REFERENCES: readonly bigint[] = []
const NO_ADDITIONS: readonly BlockAddition[] = []

/**
 * One encoded frame: a view of the network chunks it arrived in, with its times.
 *
 * Bytes are never recycled or overwritten: a frame stays valid as long as you hold it. Holding it also holds the whole
 * chunk (64 KiB as a rule) it lies in, or, when its bytes had to be joined, 64 KiB that it shares with others: to keep
 * single frames for long, or to transfer one to another thread, take `frame.copy()`.
 *
 * `M` is what the stream's owner knows of the fragment; for GetMedia its tags so far.
 */
export class Frame<M = unknown> {
  /** The number of the frame's track in its Segment. */
  readonly trackNumber: number
  readonly #cluster: ClusterContext<M>
  /** The relative timestamp in ticks (int16) over the eight flag bits: a frame has few fields, or it costs more. */
  readonly #ticksAndFlags: number
  // The payload is #bytes[#start, #end), all of #bytes once somebody has asked for a view, unless #extras has slices.
  #bytes: Uint8Array
  #start: number
  #end: number
  #extras: FrameExtras | undefined

  /**
   * Frames are made by the parser. `ticksAndFlags` is the block's relative timestamp over its eight flag bits;
   * `bytes[start, end)` is the payload unless `extras` has slices.
   *
   * @internal
   */
  constructor(
    cluster: ClusterContext<M>,
    trackNumber: number,
    ticksAndFlags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    extras: FrameExtras | undefined,
  ) {
    this.trackNumber = trackNumber
    this.#cluster = cluster
    this.#ticksAndFlags = ticksAndFlags
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    this.#extras = extras
  }

  /** The frame's track; undefined when the Segment had no entry of that number when the Cluster began. */
  get track(): Track | undefined {
    const { tracks } = this.#cluster
    for (let i = 0; i < tracks.length; i += 1) {
      if (tracks[i].number === this.trackNumber) return tracks[i]
    }
    return undefined
  }

  /** What is known of the fragment so far: all of it once the fragment is complete, the opening tags before. */
  get metadata(): M {
    return this.#cluster.metadata
  }

  /** The producer's tags of the fragment so far: all of them once it is complete, those before the media from the beginning. */
  get tags(): readonly Tag[] {
    return this.#cluster.tags
  }

  /**
   * The frame's bytes in one array. A view where they lay in one chunk; put together once, at the first use, where they
   * did not. Do not write into it.
   */
  get data(): Uint8Array {
    if (this.#extras !== undefined || this.#cluster.hasStrippedHeaders) this.#gather()
    const end = this.#end
    if (end !== this.#bytes.length || this.#start !== 0) {
      this.#bytes = this.#bytes.subarray(this.#start, end)
      this.#start = 0
      this.#end = this.#bytes.length
    }
    return this.#bytes
  }

  /**
   * The same for a reader that is done with one frame before it takes the next: what still has to be put together is put
   * together at the front of `scratch`, memory of yours that the next frame may use again, so that none is allocated for it.
   * Take the answer to be valid until `scratch` is written to again; where nothing had to be put together it is a view of
   * other memory, as `data` is. A frame that `scratch` is too small for, or whose `data` was read before, comes as `data`: as
   * large as the largest keyframe is large enough.
   */
  dataUsing(scratch: Uint8Array): Uint8Array {
    const isTooSmall = this.byteLength > scratch.length
    // A chunk that ended right behind the block's header leaves a single slice.
    const sliceCount = this.#extras?.slices?.length ?? 1
    const isWhole = sliceCount === 1 && !this.#isHeaderMissing()
    if (isWhole || isTooSmall) return this.data
    return scratch.subarray(0, copySlices(this.slices, scratch, 0))
  }

  /**
   * The frame's bytes as they arrived, in order: views, nothing joined. One slice for a frame that lay in one chunk, or
   * whose `data` was read before; parts of a chunk under 1 KiB are joined with their neighbours. Cheaper than `data` for
   * frames of many chunks.
   */
  get slices(): readonly Uint8Array[] {
    const slices = this.#extras?.slices
    if (slices === undefined && !this.#isHeaderMissing()) return [this.data]
    const payload = slices ?? [this.#bytes.subarray(this.#start, this.#end)]
    const header = this.#isHeaderMissing() ? this.track?.strippedHeader : undefined
    return header === undefined ? payload : [header, ...payload]
  }

  /** Size in bytes. Reading it makes no view. */
  get byteLength(): number {
    // Nearly every frame; what follows is the same for all.
    if (this.#extras === undefined && !this.#cluster.hasStrippedHeaders) {
      return this.#end - this.#start
    }
    const length = this.payloadLength
    return this.#isHeaderMissing() ? length + (this.track?.strippedHeader?.length ?? 0) : length
  }

  /** Size in bytes as it was in the stream, without what header stripping took off. @internal */
  get payloadLength(): number {
    const slices = this.#extras?.slices
    let length = this.#end - this.#start
    if (slices !== undefined) for (const slice of slices) length += slice.length
    return length
  }

  /**
   * Presentation time in milliseconds, in the clock of the stream: (Cluster + relative) × scale − CodecDelay. Sub-
   * millisecond digits are decimals. The later frames of a lace follow by DefaultDuration, else by their share of
   * BlockDuration; without either all have the time of the block. Fragments of one stream need not continue each other: see
   * `wallClockMs`.
   */
  get timestampMs(): number {
    return this.#cluster.timestampMs + this.#offsetNs() / 1e6
  }

  /** The same in nanoseconds, exact. Costs a few bigints: prefer `timestampMs` where milliseconds do. */
  get timestampNs(): bigint {
    const { timestampTicks, timestampScale } = this.#cluster
    return timestampTicks * BigInt(timestampScale) + BigInt(Math.round(this.#offsetNs()))
  }

  /**
   * When the frame was captured, in milliseconds since 1970: the time the fragment's tags give for its (first) Cluster, plus
   * the frame's distance to it. Undefined where no tag tells.
   */
  get wallClockMs(): number | undefined {
    const { metadata, wallClockMs, first, timestampTicks, timestampScale } = this.#cluster
    const origin = wallClockMs(metadata)
    if (origin === undefined) return undefined
    // A difference of ticks, not of milliseconds: those are rounded when a Cluster's time is large.
    const distanceMs =
      first === undefined
        ? 0
        : ticksToMilliseconds(timestampTicks - first.timestampTicks, timestampScale)
    return origin + distanceMs + this.#offsetNs() / 1e6
  }

  /**
   * How long the frame lasts, in milliseconds: its share of BlockDuration, else the track's DefaultDuration, else undefined.
   */
  get durationMs(): number | undefined {
    const shareNs = this.#shareNs()
    if (shareNs !== undefined) return shareNs / 1e6
    const defaultDurationNs = this.track?.defaultDurationNs
    return defaultDurationNs === undefined ? undefined : defaultDurationNs / 1e6
  }

  /** Decodable on its own: the flag of a SimpleBlock, or a BlockGroup without ReferenceBlock. */
  get isKeyframe(): boolean {
    const extras = this.#extras
    return extras === undefined || extras.group === undefined
      ? (this.#ticksAndFlags & FLAG_KEYFRAME) !== 0
      : extras.group.references.length === 0
  }

  /** To be decoded, but not shown. */
  get isInvisible(): boolean {
    return (this.#ticksAndFlags & FLAG_INVISIBLE) !== 0
  }

  /** May be dropped when decoding is late (SimpleBlock only). */
  get isDiscardable(): boolean {
    return this.#extras?.group === undefined && (this.#ticksAndFlags & FLAG_DISCARDABLE) !== 0
  }

  /** Place in the lace it came in, from 0; always 0 without lacing. */
  get laceIndex(): number {
    return this.#extras?.laceIndex ?? 0
  }

  /** ReferenceBlock values in ticks relative to this frame; empty for a SimpleBlock or a keyframe. */
  get references(): readonly bigint[] {
    return this.#extras?.group?.references ?? NO_REFERENCES
  }

  /** BlockAdditions; nearly always empty. */
  get additions(): readonly BlockAddition[] {
    return this.#extras?.group?.additions ?? NO_ADDITIONS
  }

  /** DiscardPadding in nanoseconds; undefined when not given. */
  get discardPaddingNs(): bigint | undefined {
    return this.#extras?.group?.discardPaddingNs
  }

  /** The bytes in an array of their own, which pins no chunk: what to keep when you keep few frames of many. */
  copy(): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(this.byteLength)
    copySlices(this.slices, copy, 0)
    return copy
  }

  /** What a log shows of the frame: its times and its size, not its bytes. */
  toJSON(): FrameOutline {
    const { trackNumber, timestampMs, wallClockMs, durationMs, isKeyframe, byteLength } = this
    return { trackNumber, timestampMs, wallClockMs, durationMs, isKeyframe, byteLength }
  }

  /** Copies the bytes to `at` in `space` and points the frame there; answers the position after them. @internal */
  moveTo(space: Uint8Array, at: number): number {
    const slices = this.#extras?.slices ?? [this.#bytes.subarray(this.#start, this.#end)]
    const position = copySlices(slices, space, at)
    this.#pointTo(space, at, position, this.#extras?.isHeaderBack === true)
    return position
  }

  /** Distance to the Cluster's timestamp in nanoseconds; a whole number unless the track has a TrackTimestampScale. */
  #offsetNs(): number {
    const { timestampScale, hasPlainTimes } = this.#cluster
    const relativeTicks = this.#ticksAndFlags >> 8
    const plainNs = relativeTicks * timestampScale
    const extras = this.#extras
    if (hasPlainTimes && (extras === undefined || extras.laceIndex === 0)) return plainNs
    const track = this.track
    // The frames of a lace follow each other without a gap (RFC 9559 §10.3).
    const laceNs = Math.round(this.laceIndex * (track?.defaultDurationNs ?? this.#shareNs() ?? 0))
    if (track === undefined) return plainNs + laceNs
    return (
      relativeTicks * track.timestampScale * timestampScale + laceNs - Number(track.codecDelayNs)
    )
  }

  /** The frame's share of BlockDuration in nanoseconds; undefined when that is not given. */
  #shareNs(): number | undefined {
    const extras = this.#extras
    const ticks = extras?.group?.durationTicks
    if (extras === undefined || ticks === undefined) return undefined
    // RFC 9559 §5.1.3.5.3: in ticks of the track.
    const trackScale = this.track?.timestampScale ?? 1
    return (ticks * trackScale * this.#cluster.timestampScale) / extras.laceCount
  }

  /** Header stripping took bytes off this frame and they are not back in front of it yet. */
  #isHeaderMissing(): boolean {
    // Hardly any stream has this: do not look for the track of each frame.
    if (!this.#cluster.hasStrippedHeaders || this.#extras?.isHeaderBack === true) return false
    return this.track?.strippedHeader !== undefined
  }

  /** Joins what does not lie in one piece, so that #bytes[#start, #end) is the frame. */
  #gather(): void {
    if (this.#extras?.slices === undefined && !this.#isHeaderMissing()) return
    const joined = joinSlices(this.slices)
    this.#pointTo(joined, 0, joined.length, this.#cluster.hasStrippedHeaders)
  }

  #pointTo(bytes: Uint8Array, start: number, end: number, isHeaderBack: boolean): void {
    const extras = this.#extras
    this.#bytes = bytes
    this.#start = start
    this.#end = end
    const { laceIndex = 0, laceCount = 1, group } = extras ?? {}
    // Most that lay in several chunks have no more to say once they lie in one piece.
    const isPlain = !isHeaderBack && laceCount === 1 && group === undefined
    this.#extras = isPlain
      ? undefined
      : { slices: undefined, laceIndex, laceCount, group, isHeaderBack }
  }
}

// `console.log` on Node shows fields, of which a frame has next to none.
Object.defineProperty(Frame.prototype, Symbol.for('nodejs.util.inspect.custom'), {
  value(this: Frame): FrameOutline {
    return this.toJSON()
  },
})

/** Ticks of `scale` nanoseconds each. */
export function ticksToMilliseconds(ticks: bigint, scale: number): number {
  // The usual scale of 10^6 stays exact up to 2^53 ms.
  return scale === DEFAULT_TIMESTAMP_SCALE ? Number(ticks) : (Number(ticks) * scale) / 1e6
}
