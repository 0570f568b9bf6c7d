import type { FragmentMetadata } from '../tags/metadata.js'

/** What of a frame is remembered to know it again. */
export interface FrameFacts {
  readonly metadata: FragmentMetadata
  readonly trackNumber: number
  readonly timestampMs: number
  readonly byteLength: number
}

/**
 * What to do with a frame: `new`: yield it. `repeat`: it was yielded when its fragment was fetched before. `differs`: at
 * its place another one was yielded then; the two arrivals cannot be put together.
 */
export type FrameVerdict = 'new' | 'repeat' | 'differs'

const FACTS_PER_FRAME = 3

/**
 * Makes frames exactly-once when the connection dies inside a fragment: the fragment is then fetched again from its
 * start, and as many frames as were yielded of it are passed over, each checked by track, time and size.
 *
 * Holds three numbers for each frame of one fragment, nothing else.
 */
export class FrameLedger {
  #fragmentNumber: string | undefined
  /** Track, time and size of each frame that was yielded of the fragment. */
  #yielded: number[] = []
  /** The arrival being read: each has a metadata object of its own. */
  #arrival: FragmentMetadata | undefined
  #frameIndex = 0

  /** What to do with the next frame of the open fragment. */
  judge(frame: FrameFacts): FrameVerdict {
    if (frame.metadata !== this.#arrival) this.#begin(frame.metadata)
    const at = this.#frameIndex * FACTS_PER_FRAME
    this.#frameIndex += 1
    const yielded = this.#yielded
    if (at === yielded.length) {
      yielded.push(frame.trackNumber, frame.timestampMs, frame.byteLength)
      return 'new'
    }
    const isSame =
      yielded[at] === frame.trackNumber &&
      yielded[at + 1] === frame.timestampMs &&
      yielded[at + 2] === frame.byteLength
    return isSame ? 'repeat' : 'differs'
  }

  /** The fragment ended. False when frames were yielded of it that are not in this arrival. */
  complete(metadata: FragmentMetadata): boolean {
    if (metadata !== this.#arrival) this.#begin(metadata)
    const isWhole = this.#frameIndex * FACTS_PER_FRAME >= this.#yielded.length
    if (isWhole) {
      this.#fragmentNumber = undefined
      this.#yielded = []
    }
    this.#arrival = undefined
    return isWhole
  }

  #begin(metadata: FragmentMetadata): void {
    this.#arrival = metadata
    this.#frameIndex = 0
    if (metadata.fragmentNumber === this.#fragmentNumber) return
    this.#fragmentNumber = metadata.fragmentNumber
    this.#yielded = []
  }
}
