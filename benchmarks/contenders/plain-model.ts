/**
 * What a user of an element-level library has to write on top of it to have fragments: tracks, tags, AWS metadata,
 * frames with times. All rivals share it, so that they differ in their parsing only. It is written to be fast: no work
 * that the level does not ask for, no object that is not handed over.
 */
import type { FragmentFacts, Tally } from '../tally.js'

const AWS_PREFIX = 'AWS_KINESISVIDEO_'

export type ModelLevel = 'frames' | 'fragments' | 'unread'

interface PlainTrack {
  number: number
  uid: number | string
  type: number
  name: string
  codecId: string
  codecPrivate: Uint8Array | undefined
  defaultDurationMs: number
  codecDelayMs: number
}

interface PlainFrame {
  readonly trackNumber: number
  readonly timestampMs: number
  isKeyframe: boolean
  readonly data: Uint8Array
}

interface PlainTag {
  readonly name: string
  readonly value: string
  readonly isAfterCluster: boolean
}

export class PlainModel {
  readonly #tally: Tally
  readonly #level: ModelLevel
  #tracks: PlainTrack[] = []
  #track: PlainTrack = emptyTrack()
  #tags: PlainTag[] = []
  #tagName = ''
  #frames: PlainFrame[] = []
  #groupFrames: PlainFrame[] = []
  #metadata: { -readonly [Key in keyof FragmentFacts]: FragmentFacts[Key] } = emptyFacts()
  #hasCluster = false
  #isInGroup = false
  /** Hardly any track has one: do not look for it on each frame. */
  #hasCodecDelay = false
  #millisecondsPerTick = 1
  #clusterTimestamp = 0

  constructor(tally: Tally, level: ModelLevel) {
    this.#tally = tally
    this.#level = level
  }

  startDocument(): void {
    this.#tracks = []
    this.#hasCodecDelay = false
    this.#tags = []
    this.#frames = []
    this.#metadata = emptyFacts()
    this.#hasCluster = false
    this.#millisecondsPerTick = 1
  }

  startCluster(): void {
    this.#hasCluster = true
  }

  startTrack(): void {
    this.#track = emptyTrack()
    this.#tracks.push(this.#track)
  }

  startGroup(): void {
    this.#isInGroup = true
    this.#groupFrames = []
  }

  /** Only now is it known whether something was referenced, that is, whether the frame is a keyframe. */
  endGroup(): void {
    this.#isInGroup = false
    for (const frame of this.#groupFrames) this.#deliver(frame)
  }

  endTags(): void {
    if (this.#metadata.continuationToken !== undefined) this.#finish()
  }

  timestampScale(nanoseconds: number): void {
    this.#millisecondsPerTick = nanoseconds / 1e6
  }

  clusterTimestamp(ticks: number): void {
    this.#clusterTimestamp = ticks
  }

  trackNumber(value: number): void {
    this.#track.number = value
  }

  trackUid(value: number | string): void {
    this.#track.uid = value
  }

  trackType(value: number): void {
    this.#track.type = value
  }

  trackName(value: string): void {
    this.#track.name = upToNul(value)
  }

  codecId(value: string): void {
    this.#track.codecId = upToNul(value)
  }

  codecPrivate(value: Uint8Array): void {
    this.#track.codecPrivate = value
  }

  defaultDuration(nanoseconds: number): void {
    this.#track.defaultDurationMs = nanoseconds / 1e6
  }

  codecDelay(nanoseconds: number): void {
    this.#track.codecDelayMs = nanoseconds / 1e6
    this.#hasCodecDelay = true
  }

  referenceBlock(): void {
    for (const frame of this.#groupFrames) frame.isKeyframe = false
  }

  tagName(value: string): void {
    this.#tagName = upToNul(value)
  }

  tagString(padded: string): void {
    const name = this.#tagName
    const value = upToNul(padded)
    if (name.startsWith(AWS_PREFIX)) this.#setMetadata(name, value)
    else this.#tags.push({ name, value, isAfterCluster: this.#hasCluster })
  }

  frame(trackNumber: number, relative: number, isKeyframe: boolean, data: Uint8Array): void {
    this.#add(trackNumber, this.#timeOf(trackNumber, relative), isKeyframe, data)
  }

  lacedFrames(
    trackNumber: number,
    relative: number,
    isKeyframe: boolean,
    parts: readonly Uint8Array[],
  ): void {
    const timestampMs = this.#timeOf(trackNumber, relative)
    const stepMs =
      this.#tracks.find((track) => track.number === trackNumber)?.defaultDurationMs ?? 0
    for (let i = 0; i < parts.length; i += 1) {
      this.#add(trackNumber, timestampMs + i * stepMs, isKeyframe, parts[i])
    }
  }

  #timeOf(trackNumber: number, relative: number): number {
    const timestampMs = (this.#clusterTimestamp + relative) * this.#millisecondsPerTick
    if (!this.#hasCodecDelay) return timestampMs
    const track = this.#tracks.find((each) => each.number === trackNumber)
    return timestampMs - (track?.codecDelayMs ?? 0)
  }

  #add(trackNumber: number, timestampMs: number, isKeyframe: boolean, data: Uint8Array): void {
    if (this.#isInGroup) {
      this.#groupFrames.push({ trackNumber, timestampMs, isKeyframe: true, data })
    } else if (this.#level === 'frames') {
      this.#tally.frame(trackNumber, timestampMs, isKeyframe, data)
    } else {
      this.#frames.push({ trackNumber, timestampMs, isKeyframe, data })
    }
  }

  #deliver(frame: PlainFrame): void {
    if (this.#level !== 'frames') this.#frames.push(frame)
    else this.#tally.frame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, frame.data)
  }

  #setMetadata(name: string, value: string): void {
    switch (name.slice(AWS_PREFIX.length)) {
      case 'FRAGMENT_NUMBER':
        this.#metadata.fragmentNumber = value
        break
      case 'SERVER_TIMESTAMP':
        this.#metadata.serverTimestampMs = Math.round(Number(value) * 1000)
        break
      case 'PRODUCER_TIMESTAMP':
        this.#metadata.producerTimestampMs = Math.round(Number(value) * 1000)
        break
      case 'MILLIS_BEHIND_NOW':
        this.#metadata.millisBehindNow = Number(value)
        break
      case 'CONTINUATION_TOKEN':
        this.#metadata.continuationToken = value
        break
      default:
        break
    }
  }

  /** Hands the fragment over and forgets it, as a user's loop would. */
  #finish(): void {
    const tally = this.#tally
    const frames = this.#frames
    if (this.#level !== 'frames') {
      for (const track of this.#tracks) tally.track(track.number, track.codecId)
      for (const tag of this.#tags) tally.tag(tag.name, tag.value)
      if (this.#level === 'unread') {
        for (const frame of frames) {
          const { trackNumber, timestampMs, isKeyframe, data } = frame
          tally.unreadFrame(trackNumber, timestampMs, isKeyframe, data.length)
        }
      } else {
        for (const frame of frames) {
          tally.frame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, frame.data)
        }
      }
      tally.fragment(this.#metadata)
    }
    this.#tags = []
    this.#frames = []
    this.#metadata = emptyFacts()
  }
}

/** Producers pad strings with NULs (RFC 8794 §13 lets them), and the rivals hand those over. */
function upToNul(text: string): string {
  const end = text.indexOf('\0')
  return end === -1 ? text : text.slice(0, end)
}

function emptyTrack(): PlainTrack {
  return {
    number: 0,
    uid: 0,
    type: 0,
    name: '',
    codecId: '',
    codecPrivate: undefined,
    defaultDurationMs: 0,
    codecDelayMs: 0,
  }
}

function emptyFacts(): FragmentFacts {
  return {
    fragmentNumber: undefined,
    serverTimestampMs: undefined,
    producerTimestampMs: undefined,
    millisBehindNow: undefined,
    continuationToken: undefined,
  }
}
