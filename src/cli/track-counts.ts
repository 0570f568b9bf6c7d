import type { GetMediaFrame } from '../tags/get-media-parser.js'

/** Frames, keyframes and frame bytes of one track. */
interface Counts {
  frames: number
  keyframes: number
  bytes: number
}

/** A track number, or `other` for all tracks behind the first 128. */
export type TrackName = number | 'other'

/** As many as the parser takes in one fragment. Frames can name more, and each fragment others: those are counted as one. */
const MAX_TRACKS = 128

/** Counts by track number, and what JSON lines show of it. Its size is bounded, whatever the stream says. */
export class TrackCounts {
  readonly #byTrack = new Map<TrackName, Counts>()

  /** Counts frames in. */
  addFrames(frames: readonly GetMediaFrame[]): void {
    for (const frame of frames) {
      const counts = this.#of(frame.trackNumber)
      counts.frames += 1
      if (frame.isKeyframe) counts.keyframes += 1
      counts.bytes += frame.byteLength
    }
  }

  /** Counts in what others counted. */
  addCounts(others: TrackCounts): void {
    for (const [track, other] of others.#byTrack) {
      const counts = this.#of(track)
      counts.frames += other.frames
      counts.keyframes += other.keyframes
      counts.bytes += other.bytes
    }
  }

  /** Track number and its counts, by track number; `other` last. */
  get entries(): readonly (readonly [TrackName, Readonly<Counts>])[] {
    return [...this.#byTrack].sort(([a], [b]) => (a === 'other' ? 1 : b === 'other' ? -1 : a - b))
  }

  /** The sum over all tracks. */
  get total(): Readonly<Counts> {
    const total: Counts = { frames: 0, keyframes: 0, bytes: 0 }
    for (const counts of this.#byTrack.values()) {
      total.frames += counts.frames
      total.keyframes += counts.keyframes
      total.bytes += counts.bytes
    }
    return total
  }

  /** One count of each track, by track number: `{"1":60}`, or with very many of them `{"1":60,…,"other":7}`. */
  byTrack(what: keyof Counts): Readonly<Record<string, number>> {
    return Object.fromEntries(this.entries.map(([track, counts]) => [track, counts[what]]))
  }

  #of(track: TrackName): Counts {
    const known = this.#byTrack.get(track)
    if (known !== undefined) return known
    if (track !== 'other' && this.#byTrack.size >= MAX_TRACKS) return this.#of('other')
    const counts: Counts = { frames: 0, keyframes: 0, bytes: 0 }
    this.#byTrack.set(track, counts)
    return counts
  }
}
