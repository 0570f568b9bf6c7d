import {
  FLAG_KEYFRAME,
  LACING_MASK,
  MAX_BLOCK_HEADER_BYTES,
  readBlockHeader,
  readLaces,
} from './block.js'
import { BodyCollector, headOf, joinSlices, sliceRange } from './body-collector.js'
import type { ParseError } from './errors.js'
import type { BlockAddition, BlockGroupDetails, ClusterContext, FrameExtras } from './frame.js'
import { Frame, ticksToMilliseconds } from './frame.js'
import { FrameList } from './frame-list.js'
import type { FragmentLedger } from './ledger.js'
import { ID } from './schema.js'
import { copyBytes, readIntBig, readUint, readUintBig } from './values.js'

const NO_BYTES = new Uint8Array(0)
/** A constant of this module costs a comparison where `ID.SimpleBlock` costs three loads. */
const SIMPLE_BLOCK = ID.SimpleBlock

/** A BlockGroup being read: what its frames already refer to. */
class OpenGroup implements BlockGroupDetails {
  durationTicks: number | undefined = undefined
  readonly references: bigint[] = []
  readonly additions: BlockAddition[] = []
  discardPaddingNs: bigint | undefined = undefined
}

/** Who wants the frames. */
interface FrameSink<M> {
  readonly onFrame: ((frame: Frame<M>, errors: readonly ParseError[]) => void) | undefined
  readonly isCollectingFrames: boolean
}

/** Turns what stands inside a Cluster into frames: blocks whole or cut by chunks, lacing, BlockGroups. */
export class FrameAssembler<M> {
  readonly #ledger: FragmentLedger
  readonly #onFrame: FrameSink<M>['onFrame']
  /** The frames of the fragment at hand; undefined when they are not collected. */
  readonly #frames: FrameList<M> | undefined
  #cluster: ClusterContext<M> | undefined
  #group: OpenGroup | undefined
  /** Frames of the open BlockGroup: whether they are keyframes is known when it ends. */
  #groupFrames: Frame<M>[] = []
  #additionId = 1
  #additionData: Uint8Array | undefined
  /** Holds a block that did not lie in one chunk. */
  readonly #collector = new BodyCollector()
  /** The element that is in the collector; 0 for none. */
  #collectingId = 0

  constructor(ledger: FragmentLedger, sink: FrameSink<M>) {
    this.#ledger = ledger
    this.#onFrame = sink.onFrame
    this.#frames = sink.isCollectingFrames ? new FrameList() : undefined
  }

  /** A Cluster is open. */
  get isInCluster(): boolean {
    return this.#cluster !== undefined
  }

  /** A BlockGroup is open. */
  get isInGroup(): boolean {
    return this.#group !== undefined
  }

  /** A Cluster began, at absolute `offset`. */
  enterCluster(cluster: ClusterContext<M>, offset: number): void {
    if (this.#frames !== undefined) this.#ledger.beginFrames(offset)
    this.#cluster = cluster
  }

  /** The Cluster ended, or whatever was open in it is not any more. */
  leaveCluster(): void {
    this.#cluster = undefined
    this.#group = undefined
    this.#groupFrames = []
    this.#collectingId = 0
    if (this.#collector.length > 0) this.#collector.take()
  }

  /** A master inside the Cluster began; false when it is of no use. */
  enter(id: number): boolean {
    switch (id) {
      case ID.BlockGroup:
        this.#group = new OpenGroup()
        return true
      case ID.BlockAdditions:
        return true
      case ID.BlockMore:
        this.#additionId = 1
        this.#additionData = undefined
        return true
      default:
        return false
    }
  }

  /** A master inside the Cluster ended. */
  leave(id: number): void {
    if (id === ID.BlockGroup) {
      const frames = this.#groupFrames
      this.#group = undefined
      this.#groupFrames = []
      for (const frame of frames) this.#emit(frame)
    } else if (id === ID.BlockMore && this.#additionData !== undefined) {
      this.#group?.additions.push({ id: this.#additionId, data: this.#additionData })
    }
  }

  /** A number inside the Cluster. */
  onValue(id: number, bytes: Uint8Array, start: number, end: number): void {
    const cluster = this.#cluster
    const group = this.#group
    if (id === ID.Timestamp && cluster !== undefined) {
      cluster.timestampTicks = readUintBig(bytes, start, end)
      cluster.timestampMs = ticksToMilliseconds(cluster.timestampTicks, cluster.timestampScale)
    } else if (id === ID.BlockAddID) {
      // RFC 9559 §5.1.3.5.2.3: the default is 1.
      this.#additionId = start === end ? 1 : readUint(bytes, start, end)
    } else if (group !== undefined) {
      if (id === ID.BlockDuration) group.durationTicks = readUint(bytes, start, end)
      else if (id === ID.ReferenceBlock) group.references.push(readIntBig(bytes, start, end))
      else if (id === ID.DiscardPadding) group.discardPaddingNs = readIntBig(bytes, start, end)
    }
  }

  /** A BlockAdditional, in one piece. */
  onAddition(bytes: Uint8Array, start: number, end: number): void {
    this.#additionData = copyBytes(bytes, start, end)
  }

  /**
   * Takes what it can of the run of blocks that begins at `chunk[from]` and ends by `stop`, all at once; answers the position
   * after that. `endOffset` is the absolute offset of `stop`.
   */
  takeRun(chunk: Uint8Array, from: number, stop: number, endOffset: number): number {
    const frames = this.#frames
    const cluster = this.#cluster
    // Who wants each frame as it arrives, or is near a limit, gets block by block.
    if (
      frames === undefined ||
      cluster === undefined ||
      this.#onFrame !== undefined ||
      !this.#ledger.hasRoomForRun(stop - from, endOffset)
    ) {
      return from
    }
    return frames.noteRun(cluster, chunk, from, stop, this.#ledger)
  }

  /** The next bytes of a SimpleBlock or Block; `bytesLeft` are still to come. */
  onBlock(
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesLeft: number,
    offset: number,
  ): void {
    if (bytesLeft === 0 && this.#collectingId === 0) {
      this.#ledger.addBlock(end - start, id, offset)
      this.#readBlock(id, bytes, start, end, offset)
    } else {
      this.#collect(id, bytes, start, end, bytesLeft, offset)
    }
  }

  /** The whole frames of the fragment, which has ended; none when they are not collected. */
  takeFrames(): readonly Frame<M>[] {
    return this.#frames?.take() ?? []
  }

  /** The fragment is not to be. */
  dropFrames(): void {
    this.#frames?.clear()
  }

  /** What arrived of a block that was cut, as a frame that is never among the whole ones. */
  takeTruncated(): Frame<M> | undefined {
    const cluster = this.#cluster
    if (cluster === undefined) return undefined
    const id = this.#collectingId
    if (id === 0) return this.#groupFrames[0]
    const slices = this.#collector.take()
    return slices.length === 0
      ? undefined
      : this.#frameOfSlices(cluster, id, headOf(slices, MAX_BLOCK_HEADER_BYTES), slices)
  }

  #readBlock(id: number, bytes: Uint8Array, start: number, end: number, offset: number): void {
    const cluster = this.#cluster
    if (cluster === undefined) return
    const first = bytes[start]
    const flags = bytes[start + 3]
    // Nearly every block: a SimpleBlock of a track up to 127, no lacing.
    if (id === SIMPLE_BLOCK && first > 0x80 && end - start > 3 && (flags & LACING_MASK) === 0) {
      const ticksAndFlags = ((bytes[start + 1] << 24) >> 8) | (bytes[start + 2] << 8) | flags
      this.#emit(new Frame(cluster, first & 0x7f, ticksAndFlags, bytes, start + 4, end, undefined))
    } else {
      this.#readAnyBlock(cluster, id, bytes, start, end, offset)
    }
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
      this.#ledger.report('invalid-block', 'a block without a whole header', id, offset)
      return
    }
    const { trackNumber } = header
    const flags = flagsOf(id, header.flags)
    const ticksAndFlags = (header.relativeTimestamp << 8) | flags
    const dataAt = start + header.length
    const laces = (flags & LACING_MASK) === 0 ? [dataAt, end] : readLaces(bytes, dataAt, end, flags)
    if (laces === undefined) {
      const message = 'lace sizes that do not add up to the block'
      this.#ledger.report('invalid-lacing', message, id, offset)
      return
    }
    const laceCount = laces.length - 1
    this.#ledger.addElements(laceCount - 1, id, offset)
    const group = id === ID.Block ? this.#group : undefined
    for (let i = 0; i < laceCount; i += 1) {
      const extras: FrameExtras | undefined =
        laceCount === 1 && group === undefined
          ? undefined
          : { slices: undefined, laceIndex: i, laceCount, group, isHeaderBack: false }
      const from = laces[i]
      const to = laces[i + 1]
      this.#add(new Frame(cluster, trackNumber, ticksAndFlags, bytes, from, to, extras))
    }
  }

  #collect(
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
      // The whole block counts at its header: a size that cannot be kept is refused before a byte of it is.
      this.#ledger.addCutBlock(end - start + bytesLeft, id, offset)
    }
    collector.append(bytes, start, end)
    this.#ledger.checkSlices(collector.sliceCount, id, offset)
    if (bytesLeft > 0) return

    this.#collectingId = 0
    const slices = collector.take()
    this.#ledger.addSlices(slices.length)
    const cluster = this.#cluster
    if (cluster === undefined) return
    const frame =
      slices.length === 1
        ? undefined
        : this.#frameOfSlices(cluster, id, headOf(slices, MAX_BLOCK_HEADER_BYTES), slices)
    if (frame !== undefined) {
      this.#add(frame)
      return
    }
    // Lace sizes are read in one piece; laced blocks are small.
    const whole = joinSlices(slices)
    this.#readBlock(id, whole, 0, whole.length, offset)
  }

  /** A frame of a block in several slices; undefined when it is laced or has no whole header. */
  #frameOfSlices(
    cluster: ClusterContext<M>,
    id: number,
    head: Uint8Array,
    slices: readonly Uint8Array[],
  ): Frame<M> | undefined {
    const header = readBlockHeader(head, 0, head.length)
    if (header === undefined || (header.flags & LACING_MASK) !== 0) return undefined
    const ticksAndFlags = (header.relativeTimestamp << 8) | flagsOf(id, header.flags)
    return new Frame(cluster, header.trackNumber, ticksAndFlags, NO_BYTES, 0, 0, {
      slices: sliceRange(slices, header.length, Number.POSITIVE_INFINITY),
      laceIndex: 0,
      laceCount: 1,
      group: id === ID.Block ? this.#group : undefined,
      isHeaderBack: false,
    })
  }

  #add(frame: Frame<M>): void {
    if (this.#group === undefined) this.#emit(frame)
    else this.#groupFrames.push(frame)
  }

  #emit(frame: Frame<M>): void {
    const frames = this.#frames
    if (frames === undefined) this.#ledger.release()
    else frames.add(frame)
    if (this.#onFrame !== undefined) this.#onFrame(frame, this.#ledger.errors)
  }
}

/** A Block in a BlockGroup has no keyframe bit of its own (RFC 9559 §10.1). */
function flagsOf(id: number, flags: number): number {
  return id === ID.Block ? flags & ~FLAG_KEYFRAME : flags
}
