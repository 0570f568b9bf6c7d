import { copySlices } from './body-collector.js'
import type { IncompleteReason } from './completion.js'
import type { ParseError } from './errors.js'
import type { Frame } from './frame.js'
import type { SegmentInfo } from './segment-info.js'
import type { Tag } from './tag.js'
import type { Track } from './tracks.js'

/**
 * The part of the stream that was read as one unit: in a GetMedia payload a document with one Cluster and the tags
 * around it, in other Matroska one Cluster. Everything in it stays valid as long as you hold it.
 *
 * `M` is what the stream's owner knows of the fragment; for GetMedia its `AWS_KINESISVIDEO_*` tags.
 */
export interface Fragment<M = unknown> {
  /** Absolute offset in bytes of its first element: its EBML header when it has one of its own. */
  readonly offset: number
  /** Bytes from there to the end of its last element (of the input, when it was cut). */
  readonly byteLength: number
  /** What the tags of the stream's owner say. */
  readonly metadata: M
  /** The producer's tags, in order, repeats kept. */
  readonly tags: readonly Tag[]
  /** The tracks of its Segment; empty when it has no Tracks element. */
  readonly tracks: readonly Track[]
  /** The Segment's Info; undefined when it has none. */
  readonly info: SegmentInfo | undefined
  /** The document's DocType; undefined when its EBML header has none. Text from the stream. */
  readonly docType: string | undefined
  /** Every whole frame, in stream order. Empty in frame-level mode (`collectFrames: false`). */
  readonly frames: readonly Frame<M>[]
  /** Its closing tags were read; in a stream without such tags, its Cluster ended. */
  readonly isComplete: boolean
  /** Why not, when it is not complete. */
  readonly incompleteReason: IncompleteReason | undefined
  /**
   * The fragment as it came, in order: views of the chunks, which hold `byteLength` bytes from `offset` on. Undefined unless the
   * parser keeps bytes (`keepBytes`), and when that would have held more than twice `maxFragmentBytes` and 1 MiB. Written
   * one after the other, complete fragments make a file that can be read again.
   */
  readonly slices: readonly Uint8Array[] | undefined
  /** It has a Cluster. Documents of tags only, and in-band errors, have none. */
  readonly hasCluster: boolean
  /** Timestamp of its (first) Cluster in milliseconds; undefined without one. */
  readonly timestampMs: number | undefined
  /** The same in nanoseconds, exact. */
  readonly timestampNs: bigint | undefined
  /**
   * What was wrong with its content, at most 64, and of each code at least the first; each was left out, the rest is sound.
   * When `incompleteReason` is `damaged`, the last one is the structural error that ended it.
   */
  readonly errors: readonly ParseError[]
  /**
   * What arrived of the frame that the end of the input or damage cut off; of a lace in a BlockGroup that was cut, its first
   * frame. It is in no count and not in `frames`.
   */
  readonly truncatedFrame: Frame<M> | undefined
  /**
   * Copies all frames, and the bytes where they were kept, into arrays of the fragment's own and lets go of the network chunks.
   * Worth it for fragments kept for long when they are small beside their chunks; `slices` and the frames' `data` and
   * `slices` are new views afterwards.
   */
  detach(): void
  /** What a log shows of the fragment: no bytes, and of its frames their number. */
  toJSON(): FragmentOutline<M>
}

/** A {@link Fragment} in brief; what the fields mean stands there. */
export interface FragmentOutline<M> extends Pick<
  Fragment<M>,
  'offset' | 'byteLength' | 'metadata' | 'isComplete' | 'incompleteReason' | 'timestampMs'
> {
  /** How many frames it has. */
  readonly frames: number
  /** Name and value of each tag of the producer's. */
  readonly tags: readonly Pick<Tag, 'name' | 'value'>[]
  /** Number, type, codec and name of each track. */
  readonly tracks: readonly Pick<Track, 'number' | 'type' | 'codecId' | 'name'>[]
  /** The messages of its errors. */
  readonly errors: readonly string[]
}

/** What a fragment is made of; see {@link Fragment}. @internal */
export type FragmentFacts<M> = Omit<Fragment<M>, 'detach' | 'toJSON'>

/** Makes a fragment of its facts. @internal */
export function createFragment<M>(facts: FragmentFacts<M>): Fragment<M> {
  return new WholeFragment(facts)
}

class WholeFragment<M> implements Fragment<M> {
  readonly offset: number
  readonly byteLength: number
  readonly metadata: M
  readonly tags: readonly Tag[]
  readonly tracks: readonly Track[]
  readonly info: SegmentInfo | undefined
  readonly docType: string | undefined
  readonly frames: readonly Frame<M>[]
  readonly isComplete: boolean
  readonly incompleteReason: IncompleteReason | undefined
  readonly hasCluster: boolean
  readonly timestampMs: number | undefined
  readonly timestampNs: bigint | undefined
  readonly errors: readonly ParseError[]
  readonly truncatedFrame: Frame<M> | undefined
  slices: readonly Uint8Array[] | undefined

  constructor(facts: FragmentFacts<M>) {
    this.offset = facts.offset
    this.byteLength = facts.byteLength
    this.metadata = facts.metadata
    this.tags = facts.tags
    this.tracks = facts.tracks
    this.info = facts.info
    this.docType = facts.docType
    this.frames = facts.frames
    this.isComplete = facts.isComplete
    this.incompleteReason = facts.incompleteReason
    this.hasCluster = facts.hasCluster
    this.timestampMs = facts.timestampMs
    this.timestampNs = facts.timestampNs
    this.errors = facts.errors
    this.truncatedFrame = facts.truncatedFrame
    this.slices = facts.slices
  }

  detach(): void {
    const frames =
      this.truncatedFrame === undefined ? this.frames : [...this.frames, this.truncatedFrame]
    let length = 0
    for (const frame of frames) length += frame.payloadLength
    const space = new Uint8Array(length)
    let at = 0
    for (const frame of frames) at = frame.moveTo(space, at)
    if (this.slices === undefined) return
    const bytes = new Uint8Array(this.byteLength)
    copySlices(this.slices, bytes, 0)
    this.slices = [bytes]
  }

  toJSON(): FragmentOutline<M> {
    const { offset, byteLength, metadata, isComplete, incompleteReason, timestampMs } = this
    return {
      offset,
      byteLength,
      metadata,
      isComplete,
      incompleteReason,
      timestampMs,
      frames: this.frames.length,
      tags: this.tags.map(({ name, value }) => ({ name, value })),
      tracks: this.tracks.map(({ number, type, codecId, name }) => ({
        number,
        type,
        codecId,
        name,
      })),
      errors: this.errors.map(({ message }) => message),
    }
  }
}
