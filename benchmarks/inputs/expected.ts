/** What a correct parser finds in an input. */
import { createHash } from 'node:crypto'
import { Tally } from '../tally.js'
import type { FragmentTruth } from './stream-builder.js'

export interface Expected {
  readonly bytes: number
  /** Of the input itself. */
  readonly sha256: string
  readonly masters: number
  readonly leaves: number
  readonly leafBytes: number
  readonly fragments: number
  readonly tracks: number
  readonly tags: number
  readonly frames: number
  readonly keyframes: number
  readonly frameBytes: number
  /** Over all frame bytes in stream order. */
  readonly payloadSha256: string
  /** {@link Tally.checksum} after a run of each level. */
  readonly checksums: {
    readonly frames: number
    readonly fragments: number
    readonly unread: number
  }
}

export interface ElementCounts {
  readonly masters: number
  readonly leaves: number
  readonly leafBytes: number
}

/** Replays the truth into a tally, in the order in which every adapter reports. */
export function expect(
  bytes: Buffer,
  elements: ElementCounts,
  fragments: readonly FragmentTruth[],
): Expected {
  const payloads = createHash('sha256')
  const frames = new Tally(payloads)
  const whole = new Tally()
  const unread = new Tally()
  for (const fragment of fragments) {
    for (const track of fragment.tracks) {
      whole.track(track.number, track.codecId)
      unread.track(track.number, track.codecId)
    }
    for (const [name, value] of fragment.tags) {
      whole.tag(name, value)
      unread.tag(name, value)
    }
    for (const frame of fragment.frames) {
      const data = bytes.subarray(frame.start, frame.end)
      frames.frame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, data)
      whole.frame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, data)
      unread.unreadFrame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, data.length)
    }
    whole.fragment(fragment)
    unread.fragment(fragment)
  }
  return {
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    masters: elements.masters,
    leaves: elements.leaves,
    leafBytes: elements.leafBytes,
    fragments: whole.fragments,
    tracks: whole.tracks,
    tags: whole.tags,
    frames: whole.frames,
    keyframes: whole.keyframes,
    frameBytes: whole.frameBytes,
    payloadSha256: payloads.digest('hex'),
    checksums: {
      frames: frames.checksum,
      fragments: whole.checksum,
      unread: unread.checksum,
    },
  }
}
