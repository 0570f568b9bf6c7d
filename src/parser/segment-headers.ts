import { ElementMemory } from './element-memory.js'
import { ElementNode } from './element-tree.js'
import type { FragmentLedger } from './ledger.js'
import { findElement, ID } from './schema.js'
import type { SegmentInfo } from './segment-info.js'
import { readSegmentInfo } from './segment-info.js'
import type { Track } from './tracks.js'
import { readTrack } from './tracks.js'

const NO_TRACKS: readonly Track[] = []

/** Info and Tracks of the Segment at hand, put together from the reader's events. */
export class SegmentHeaders {
  readonly #ledger: FragmentLedger
  /** The open masters of Info or Tracks, outermost first; empty outside of them. */
  readonly #open: ElementNode[] = []
  // Every fragment of a stream repeats them byte for byte.
  readonly #knownInfo = new ElementMemory<SegmentInfo>()
  readonly #knownTracks = new ElementMemory<readonly Track[]>()
  // Listed and counted before the Info or Tracks at hand began.
  #errorsBefore = 0
  #elementsBefore = 0
  #bytesBefore = 0

  #info: SegmentInfo | undefined
  #tracks: readonly Track[] = NO_TRACKS
  #hasStrippedHeaders = false
  #hasPlainTimes = true

  constructor(ledger: FragmentLedger) {
    this.#ledger = ledger
  }

  /** The Segment's Info, undefined before it was read. */
  get info(): SegmentInfo | undefined {
    return this.#info
  }

  /** The Segment's tracks, none before they were read. */
  get tracks(): readonly Track[] {
    return this.#tracks
  }

  /** One of the tracks has a stripped header. */
  get hasStrippedHeaders(): boolean {
    return this.#hasStrippedHeaders
  }

  /** None of the tracks has a CodecDelay or a TrackTimestampScale. */
  get hasPlainTimes(): boolean {
    return this.#hasPlainTimes
  }

  /** Whether an Info or Tracks element is open. */
  get isOpen(): boolean {
    return this.#open.length > 0
  }

  /** A new Segment: nothing is known of it. */
  reset(): void {
    this.#info = undefined
    this.#useTracks(NO_TRACKS)
  }

  /** Whatever was open is not any more. */
  abandon(): void {
    this.#open.length = 0
  }

  /**
   * Info or Tracks began, with `bytes[start, end)` of its `size` bytes at hand. False when it is the last one again,
   * which need not be read.
   */
  enter(id: number, size: number, bytes: Uint8Array, start: number, end: number): boolean {
    const isWhole = end - start === size
    if (id === ID.Info) {
      const info = isWhole ? this.#knownInfo.recall(bytes, start, end) : this.#knownInfo.forget()
      if (info !== undefined && this.#ledger.addKnown(info.elements, info.bytes)) {
        this.#info = info.value
        return false
      }
    } else {
      const known = this.#knownTracks
      const tracks = isWhole ? known.recall(bytes, start, end) : known.forget()
      if (tracks !== undefined && this.#ledger.addKnown(tracks.elements, tracks.bytes)) {
        this.#useTracks(tracks.value)
        return false
      }
    }
    this.#elementsBefore = this.#ledger.elements
    this.#bytesBefore = this.#ledger.bytes
    this.#errorsBefore = this.#ledger.errorCount
    this.#open.push(new ElementNode(id))
    return true
  }

  /** A master inside began. */
  enterChild(id: number, offset: number): void {
    const node = new ElementNode(id)
    const { children } = this.#open[this.#open.length - 1]
    if (id !== ID.TrackEntry || this.#ledger.checkTrack(children.length + 1, id, offset)) {
      children.push(node)
    }
    this.#open.push(node)
  }

  /** The innermost open master ended. */
  leave(): void {
    const node = this.#open.pop()
    if (node === undefined || this.#open.length > 0) return
    // What was wrong in it is reported for every fragment, so it has to be read every time.
    const isSound = this.#ledger.errorCount === this.#errorsBefore
    const elements = this.#ledger.elements - this.#elementsBefore
    const bytes = this.#ledger.bytes - this.#bytesBefore
    if (node.id === ID.Info) {
      const info = readSegmentInfo(node)
      if (isSound) this.#knownInfo.keep({ value: info, elements, bytes })
      this.#info = info
    } else {
      const tracks = node.childrenOf(ID.TrackEntry).map(readTrack)
      if (isSound) this.#knownTracks.keep({ value: tracks, elements, bytes })
      this.#useTracks(tracks)
    }
  }

  /** A value inside; `bytes` are copied where they are kept. */
  add(id: number, bytes: Uint8Array, start: number, end: number): void {
    const kind = findElement(id)?.kind ?? 'binary'
    this.#open.at(-1)?.add(id, kind, bytes, start, end)
  }

  #useTracks(tracks: readonly Track[]): void {
    this.#tracks = tracks
    this.#hasStrippedHeaders = tracks.some((track) => track.strippedHeader !== undefined)
    this.#hasPlainTimes = tracks.every(
      (track) => track.codecDelayNs === 0n && track.timestampScale === 1,
    )
  }
}
