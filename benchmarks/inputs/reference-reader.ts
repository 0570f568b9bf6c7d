/**
 * A slow and simple reader of whole inputs: one pass over one buffer, no chunks, no nesting, written apart from the
 * package. It checks the generator, and it says what a file that a user names should yield.
 *
 * In a well-formed stream the walk needs no stack: a master is stepped into, a leaf is stepped over, and the end of a
 * master is wherever its last child ended. Only the end of Tags matters, because it completes a fragment.
 */
import { ELEMENT_ID } from './matroska-writer.js'
import type { ElementCounts } from './expected.js'
import type { FragmentTruth, FrameTruth, TrackPlan } from './stream-builder.js'

export interface ReferenceResult {
  readonly elements: ElementCounts
  readonly fragments: readonly FragmentTruth[]
}

/** Masters outside this list (SeekHead, Cues, Chapters and the like) are stepped over whole. */
const MASTER_IDS = new Set<number>([
  ELEMENT_ID.EBML,
  ELEMENT_ID.Segment,
  ELEMENT_ID.Info,
  ELEMENT_ID.Tracks,
  ELEMENT_ID.TrackEntry,
  ELEMENT_ID.Video,
  ELEMENT_ID.Audio,
  ELEMENT_ID.Tags,
  ELEMENT_ID.Tag,
  ELEMENT_ID.SimpleTag,
  ELEMENT_ID.Cluster,
  ELEMENT_ID.BlockGroup,
])

const REFERENCE_BLOCK = 0xfb
const AWS_PREFIX = 'AWS_KINESISVIDEO_'
const TRACK_TYPES: Readonly<Record<number, TrackPlan['type']>> = { 1: 'video', 2: 'audio' }

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
/** CodecDelay is the one field of a track that the recipes do not use. */
type ReadTrack = Writable<TrackPlan> & { codecDelayNs: number }
type Range = readonly [start: number, end: number]

export function readWholeInput(bytes: Buffer): ReferenceResult {
  return new ReferenceReader(bytes).read()
}

class ReferenceReader {
  readonly #bytes: Buffer
  readonly #elements: Writable<ElementCounts> = { masters: 0, leaves: 0, leafBytes: 0 }
  readonly #fragments: FragmentTruth[] = []
  #tracks: ReadTrack[] = []
  #tags: [name: string, value: string][] = []
  #aws = new Map<string, string>()
  #frames: FrameTruth[] = []
  #blockFrames: Writable<FrameTruth>[] = []
  #hasCluster = false
  #clusterTimestamp = 0
  #timestampScale = 1_000_000
  #tagName = ''
  #tagsEnd = Infinity

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  read(): ReferenceResult {
    const bytes = this.#bytes
    let at = 0
    while (at < bytes.length) {
      if (at >= this.#tagsEnd) this.#endTags()
      const idWidth = Math.clz32(bytes[at]) - 23
      const id = bytes.readUIntBE(at, idWidth)
      const size = readVint(bytes, at + idWidth)
      const start = at + idWidth + size.width
      if (MASTER_IDS.has(id)) {
        this.#enter(id, start, size.value)
        at = start
      } else {
        const end = start + size.value
        if (end > bytes.length) break // cut off in the middle: what lies before it counts
        this.#elements.leaves += 1
        this.#elements.leafBytes += size.value
        this.#readLeaf(id, start, end)
        at = end
      }
    }
    if (this.#tagsEnd <= at) this.#endTags()
    this.#finish()
    return { elements: this.#elements, fragments: this.#fragments }
  }

  #enter(id: number, start: number, size: number): void {
    this.#elements.masters += 1
    if (id === ELEMENT_ID.EBML) {
      this.#finish()
      this.#tracks = []
      this.#timestampScale = 1_000_000
    } else if (id === ELEMENT_ID.Cluster) {
      if (this.#hasCluster) this.#finish()
      this.#hasCluster = true
    } else if (id === ELEMENT_ID.TrackEntry) {
      this.#tracks.push(emptyTrack())
    } else if (id === ELEMENT_ID.Tags) {
      this.#tagsEnd = start + size
    }
  }

  #endTags(): void {
    this.#tagsEnd = Infinity
    if (this.#aws.has('CONTINUATION_TOKEN')) this.#finish()
  }

  #readLeaf(id: number, start: number, end: number): void {
    const body = this.#bytes.subarray(start, end)
    if (id === ELEMENT_ID.SimpleBlock) this.#readBlock(start, end, true)
    else if (id === ELEMENT_ID.Block) this.#readBlock(start, end, false)
    else if (id === REFERENCE_BLOCK) for (const frame of this.#blockFrames) frame.isKeyframe = false
    else if (id === ELEMENT_ID.Timestamp) this.#clusterTimestamp = Number(readUint(body))
    else if (id === ELEMENT_ID.TimestampScale) this.#timestampScale = Number(readUint(body))
    else if (id === ELEMENT_ID.TagName) this.#tagName = readText(body)
    else if (id === ELEMENT_ID.TagString) this.#readTag(this.#tagName, readText(body))
    else this.#readTrackField(id, body)
  }

  #readTrackField(id: number, body: Buffer): void {
    const track = this.#tracks.at(-1)
    if (track === undefined) return
    if (id === ELEMENT_ID.TrackNumber) track.number = Number(readUint(body))
    if (id === ELEMENT_ID.TrackUID) track.uid = readUint(body)
    if (id === ELEMENT_ID.TrackType) track.type = TRACK_TYPES[body[0]] ?? 'subtitle'
    if (id === ELEMENT_ID.Name) track.name = readText(body)
    if (id === ELEMENT_ID.CodecID) track.codecId = readText(body)
    if (id === ELEMENT_ID.CodecPrivate) track.codecPrivate = body
    if (id === ELEMENT_ID.CodecDelay) track.codecDelayNs = Number(readUint(body))
    if (id === ELEMENT_ID.DefaultDuration) track.defaultDurationMs = Number(readUint(body)) / 1e6
  }

  #readTag(name: string, value: string): void {
    if (name.startsWith(AWS_PREFIX)) this.#aws.set(name.slice(AWS_PREFIX.length), value)
    else this.#tags.push([name, value])
  }

  #readBlock(start: number, end: number, isSimple: boolean): void {
    const bytes = this.#bytes
    const { value: trackNumber, width } = readVint(bytes, start)
    const flags = bytes[start + width + 2]
    const ticks = this.#clusterTimestamp + bytes.readInt16BE(start + width)
    const track = this.#tracks.find((each) => each.number === trackNumber)
    const ranges = readLacing(bytes, start + width + 3, end, flags & 0x06)
    this.#blockFrames = ranges.map(([from, to], index) => ({
      trackNumber,
      // CodecDelay is to be subtracted (RFC 9559, its description).
      timestampMs:
        (ticks * this.#timestampScale - (track?.codecDelayNs ?? 0)) / 1e6 +
        index * (track?.defaultDurationMs ?? 0),
      // A Block is a keyframe until a ReferenceBlock says otherwise (RFC 9559 §10.2).
      isKeyframe: isSimple ? (flags & 0x80) !== 0 : true,
      start: from,
      end: to,
    }))
    this.#frames.push(...this.#blockFrames)
  }

  #finish(): void {
    const aws = this.#aws
    if (this.#hasCluster || aws.size > 0) {
      this.#fragments.push({
        fragmentNumber: aws.get('FRAGMENT_NUMBER'),
        serverTimestampMs: milliseconds(aws.get('SERVER_TIMESTAMP')),
        producerTimestampMs: milliseconds(aws.get('PRODUCER_TIMESTAMP')),
        millisBehindNow: aws.has('MILLIS_BEHIND_NOW')
          ? Number(aws.get('MILLIS_BEHIND_NOW'))
          : undefined,
        continuationToken: aws.get('CONTINUATION_TOKEN'),
        tracks: this.#tracks,
        tags: this.#tags,
        frames: this.#frames,
      })
    }
    this.#tags = []
    this.#aws = new Map()
    this.#frames = []
    this.#hasCluster = false
  }
}

function emptyTrack(): ReadTrack {
  return {
    number: 0,
    uid: 0n,
    type: 'subtitle',
    name: '',
    codecId: '',
    codecPrivate: undefined,
    defaultDurationMs: undefined,
    codecDelayNs: 0,
  }
}

function readVint(bytes: Buffer, at: number): { readonly value: number; readonly width: number } {
  const width = Math.clz32(bytes[at]) - 23
  let value = BigInt(bytes[at] & (0xff >> width))
  for (let i = 1; i < width; i += 1) value = value * 256n + BigInt(bytes[at + i])
  const isUnknown = value === (1n << BigInt(7 * width)) - 1n
  return { value: isUnknown ? Infinity : Number(value), width }
}

function readUint(body: Buffer): bigint {
  return body.length === 0 ? 0n : BigInt(`0x${body.toString('hex')}`)
}

function readText(body: Buffer): string {
  const end = body.indexOf(0)
  return body.toString('utf8', 0, end === -1 ? body.length : end)
}

function milliseconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Math.round(Number(text) * 1000)
}

/** RFC 9559 §10.3. The last frame is whatever the others leave. */
function readLacing(bytes: Buffer, start: number, end: number, flags: number): readonly Range[] {
  if (flags === 0) return [[start, end]]
  const count = bytes[start] + 1
  let at = start + 1
  const sizes: number[] = []
  if (flags === 0x04) {
    for (let i = 1; i < count; i += 1) sizes.push((end - at) / count)
  } else if (flags === 0x02) {
    for (let i = 1; i < count; i += 1) {
      let size = 0
      while (bytes[at] === 255) size += bytes[at++]
      sizes.push(size + bytes[at++])
    }
  } else {
    for (let i = 1; i < count; i += 1) {
      const { value, width } = readVint(bytes, at)
      sizes.push(i === 1 ? value : sizes[i - 2] + value - (2 ** (7 * width - 1) - 1))
      at += width
    }
  }
  const ranges: Range[] = []
  for (const size of sizes) {
    ranges.push([at, at + size])
    at += size
  }
  return [...ranges, [at, end]]
}
