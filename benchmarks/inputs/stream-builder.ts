/** Builds GetMedia payloads and ordinary Matroska files, and remembers what a parser has to find in them. */
import { ELEMENT_ID, MatroskaWriter, vint, vintWidth } from './matroska-writer.js'
import type { WriterOptions } from './matroska-writer.js'
import type { Random } from './random.js'

export interface TrackPlan {
  readonly number: number
  readonly uid: bigint
  readonly type: 'video' | 'audio' | 'subtitle'
  readonly name: string
  readonly codecId: string
  readonly codecPrivate: Uint8Array | undefined
  readonly defaultDurationMs: number | undefined
}

export interface FrameTruth {
  readonly trackNumber: number
  readonly timestampMs: number
  readonly isKeyframe: boolean
  readonly start: number
  readonly end: number
}

export interface FragmentTruth {
  readonly fragmentNumber: string | undefined
  readonly serverTimestampMs: number | undefined
  readonly producerTimestampMs: number | undefined
  readonly millisBehindNow: number | undefined
  readonly continuationToken: string | undefined
  readonly tracks: readonly TrackPlan[]
  readonly tags: readonly (readonly [name: string, value: string])[]
  readonly frames: readonly FrameTruth[]
}

export interface FragmentPlan {
  readonly tracks: readonly TrackPlan[]
  /** Producer tags, in one Tags element in front of the Cluster. */
  readonly tags: readonly (readonly [name: string, value: string])[]
  readonly clusterTimestampMs: number
  readonly clusterSize: 'known' | 'unknown'
  writeBlocks(blocks: BlockWriter): void
}

export type Lacing = 'xiph' | 'fixed' | 'ebml'

const TRACK_TYPE = { video: 1, audio: 2, subtitle: 17 } as const
const LACING_FLAGS = { xiph: 0x02, fixed: 0x04, ebml: 0x06 } as const
const FIRST_SERVER_TIMESTAMP_MS = 1_511_852_109_126

export class StreamBuilder {
  readonly writer: MatroskaWriter
  readonly fragments: FragmentTruth[] = []
  readonly #random: Random
  #serverTimestampMs = FIRST_SERVER_TIMESTAMP_MS

  constructor(random: Random, options?: WriterOptions) {
    this.#random = random
    this.writer = new MatroskaWriter(options)
  }

  /** EBML header, Segment of unknown size, preamble, HEAD, Cluster, TAIL: the shape that the service sends. */
  getMediaFragment(plan: FragmentPlan): void {
    const { writer } = this
    this.#serverTimestampMs += this.#random.between(900, 1100)
    const serverTimestampMs = this.#serverTimestampMs
    const producerTimestampMs = serverTimestampMs - this.#random.between(200, 900)
    const millisBehindNow = this.#random.between(1_000, 30_000)
    const fragmentNumber = this.#fragmentNumber(serverTimestampMs)
    let frames: readonly FrameTruth[] = []
    this.#writeEbmlHeader()
    writer.master(ELEMENT_ID.Segment, 'unknown', () => {
      this.#writeInfoAndTracks(plan.tracks)
      if (plan.tags.length > 0) this.#writeTags(plan.tags)
      this.#writeTags([
        ['AWS_KINESISVIDEO_FRAGMENT_NUMBER', fragmentNumber],
        ['AWS_KINESISVIDEO_SERVER_TIMESTAMP', seconds(serverTimestampMs)],
        ['AWS_KINESISVIDEO_PRODUCER_TIMESTAMP', seconds(producerTimestampMs)],
      ])
      frames = this.#writeCluster(plan)
      this.#writeTags([
        ['AWS_KINESISVIDEO_MILLIS_BEHIND_NOW', String(millisBehindNow)],
        ['AWS_KINESISVIDEO_CONTINUATION_TOKEN', fragmentNumber],
      ])
    })
    this.fragments.push({
      fragmentNumber,
      serverTimestampMs,
      producerTimestampMs,
      millisBehindNow,
      continuationToken: fragmentNumber,
      tracks: plan.tracks,
      tags: plan.tags,
      frames,
    })
  }

  /** One EBML header, one Segment, many Clusters and no AWS tag: what a muxer writes into a file. */
  matroskaFile(tracks: readonly TrackPlan[], clusters: Iterable<FragmentPlan>): void {
    this.#writeEbmlHeader()
    this.writer.master(ELEMENT_ID.Segment, 8, () => {
      this.#writeInfoAndTracks(tracks)
      for (const cluster of clusters) {
        this.fragments.push({
          fragmentNumber: undefined,
          serverTimestampMs: undefined,
          producerTimestampMs: undefined,
          millisBehindNow: undefined,
          continuationToken: undefined,
          tracks,
          tags: [],
          frames: this.#writeCluster(cluster),
        })
      }
    })
  }

  /** The layout of real numbers (undocumented): 2^156 + sequence, server time and 28 random bits. */
  #fragmentNumber(serverTimestampMs: number): string {
    const sequence = BigInt(this.fragments.length + 1)
    const random = BigInt(this.#random.next() & 0xfffffff)
    return String((1n << 156n) + (sequence << 92n) + (BigInt(serverTimestampMs) << 28n) + random)
  }

  #writeEbmlHeader(): void {
    const { writer } = this
    writer.master(ELEMENT_ID.EBML, 8, () => {
      writer.uint(ELEMENT_ID.EBMLVersion, 1)
      writer.uint(ELEMENT_ID.EBMLReadVersion, 1)
      writer.uint(ELEMENT_ID.EBMLMaxIDLength, 4)
      writer.uint(ELEMENT_ID.EBMLMaxSizeLength, 8)
      writer.text(ELEMENT_ID.DocType, 'matroska')
      writer.uint(ELEMENT_ID.DocTypeVersion, 4)
      writer.uint(ELEMENT_ID.DocTypeReadVersion, 2)
    })
  }

  #writeInfoAndTracks(tracks: readonly TrackPlan[]): void {
    const { writer } = this
    writer.master(ELEMENT_ID.Info, 4, () => {
      writer.uint(ELEMENT_ID.TimestampScale, 1_000_000)
      writer.text(ELEMENT_ID.MuxingApp, 'benchmark inputs 1')
      writer.text(ELEMENT_ID.WritingApp, 'benchmark inputs 1')
    })
    writer.master(ELEMENT_ID.Tracks, 4, () => {
      for (const track of tracks) this.#writeTrack(track)
    })
  }

  #writeTrack(track: TrackPlan): void {
    const { writer } = this
    writer.master(ELEMENT_ID.TrackEntry, 4, () => {
      writer.uint(ELEMENT_ID.TrackNumber, track.number)
      writer.uint(ELEMENT_ID.TrackUID, track.uid)
      writer.uint(ELEMENT_ID.TrackType, TRACK_TYPE[track.type])
      writer.text(ELEMENT_ID.Name, track.name)
      writer.text(ELEMENT_ID.CodecID, track.codecId)
      if (track.codecPrivate !== undefined) {
        writer.binary(ELEMENT_ID.CodecPrivate, track.codecPrivate)
      }
      if (track.defaultDurationMs !== undefined) {
        writer.uint(ELEMENT_ID.DefaultDuration, track.defaultDurationMs * 1_000_000)
      }
      if (track.type === 'video') {
        writer.master(ELEMENT_ID.Video, 4, () => {
          writer.uint(ELEMENT_ID.PixelWidth, 1280)
          writer.uint(ELEMENT_ID.PixelHeight, 720)
        })
      }
      if (track.type === 'audio') {
        writer.master(ELEMENT_ID.Audio, 4, () => {
          writer.float(ELEMENT_ID.SamplingFrequency, 8000)
          writer.uint(ELEMENT_ID.Channels, 1)
        })
      }
    })
  }

  #writeTags(tags: readonly (readonly [name: string, value: string])[]): void {
    const { writer } = this
    writer.master(ELEMENT_ID.Tags, 4, () => {
      writer.master(ELEMENT_ID.Tag, 4, () => {
        for (const [name, value] of tags) {
          writer.master(ELEMENT_ID.SimpleTag, 2, () => {
            writer.text(ELEMENT_ID.TagName, name)
            writer.text(ELEMENT_ID.TagString, value)
          })
        }
      })
    })
  }

  #writeCluster(plan: FragmentPlan): readonly FrameTruth[] {
    const blocks = new BlockWriter(this.writer, plan)
    this.writer.master(ELEMENT_ID.Cluster, plan.clusterSize === 'unknown' ? 'unknown' : 8, () => {
      this.writer.uint(ELEMENT_ID.Timestamp, plan.clusterTimestampMs)
      plan.writeBlocks(blocks)
    })
    return blocks.frames
  }
}

/** Writes the blocks of one Cluster. Times are relative to the Cluster's, in milliseconds. */
export class BlockWriter {
  readonly frames: FrameTruth[] = []
  readonly #writer: MatroskaWriter
  readonly #plan: FragmentPlan

  constructor(writer: MatroskaWriter, plan: FragmentPlan) {
    this.#writer = writer
    this.#plan = plan
  }

  simple(trackNumber: number, relativeMs: number, isKeyframe: boolean, payload: Uint8Array): void {
    const header = blockHeader(trackNumber, relativeMs, isKeyframe ? 0x80 : 0)
    const start = this.#writer.binary(ELEMENT_ID.SimpleBlock, header, payload) + header.length
    this.#remember(trackNumber, relativeMs, isKeyframe, start, payload.length)
  }

  /** A BlockGroup without ReferenceBlock: a keyframe by definition (RFC 9559 §10.2). */
  group(trackNumber: number, relativeMs: number, durationMs: number, payload: Uint8Array): void {
    const header = blockHeader(trackNumber, relativeMs, 0)
    let start = 0
    this.#writer.master(ELEMENT_ID.BlockGroup, 2, () => {
      start = this.#writer.binary(ELEMENT_ID.Block, header, payload) + header.length
      this.#writer.uint(ELEMENT_ID.BlockDuration, durationMs)
    })
    this.#remember(trackNumber, relativeMs, true, start, payload.length)
  }

  laced(
    trackNumber: number,
    relativeMs: number,
    lacing: Lacing,
    payloads: readonly Uint8Array[],
  ): void {
    const header = blockHeader(trackNumber, relativeMs, 0x80 | LACING_FLAGS[lacing])
    const sizes = laceHeader(lacing, payloads)
    let start =
      this.#writer.binary(ELEMENT_ID.SimpleBlock, header, sizes, ...payloads) +
      header.length +
      sizes.length
    const track = this.#plan.tracks.find((each) => each.number === trackNumber)
    payloads.forEach((payload, index) => {
      const laterMs = index * (track?.defaultDurationMs ?? 0)
      this.#remember(trackNumber, relativeMs + laterMs, true, start, payload.length)
      start += payload.length
    })
  }

  #remember(
    trackNumber: number,
    relativeMs: number,
    isKeyframe: boolean,
    start: number,
    byteLength: number,
  ): void {
    const timestampMs = this.#plan.clusterTimestampMs + relativeMs
    this.frames.push({ trackNumber, timestampMs, isKeyframe, start, end: start + byteLength })
  }
}

function blockHeader(trackNumber: number, relativeMs: number, flags: number): Buffer {
  const header = Buffer.alloc(4)
  header[0] = 0x80 | trackNumber
  header.writeInt16BE(relativeMs, 1)
  header[3] = flags
  return header
}

/** RFC 9559 §10.3: the frame count less one, then every size but the last. */
function laceHeader(lacing: Lacing, payloads: readonly Uint8Array[]): Buffer {
  const sizes = payloads.slice(0, -1).map((payload) => payload.length)
  const count = Buffer.from([payloads.length - 1])
  if (lacing === 'fixed') return count
  if (lacing === 'xiph') {
    const bytes = sizes.flatMap((size) => [
      ...Array.from({ length: Math.floor(size / 255) }, () => 255),
      size % 255,
    ])
    return Buffer.concat([count, Buffer.from(bytes)])
  }
  const coded = sizes.map((size, index) => {
    if (index === 0) return vint(size)
    const difference = size - sizes[index - 1]
    // A signed VINT is the difference raised by half its range, which leaves all ones unused.
    const width = vintWidth(2 * Math.abs(difference) + 1)
    return vint(difference + 2 ** (7 * width - 1) - 1, width)
  })
  return Buffer.concat([count, ...coded])
}

/** The service writes decimal seconds with milliseconds, as text. */
function seconds(milliseconds: number): string {
  const fraction = String(milliseconds % 1000).padStart(3, '0')
  return `${Math.floor(milliseconds / 1000)}.${fraction}`
}
