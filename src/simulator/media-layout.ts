/**
 * How producers lay out what stands around a Cluster: ffmpeg's Matroska muxer, the Kinesis Video
 * Producer SDK, and Amazon Connect, which writes like the Producer SDK. Widths, order, padding and
 * checksums follow real GetMedia captures; the words in them are this project's own.
 */
import { ID } from '../parser/schema.js'
import {
  type Content,
  type ElementOptions,
  type VintWidth,
  element,
  floatElement,
  stringElement,
  uintElement,
  voidElement,
  withCrc32,
} from './ebml-writer.js'

/** A producer's way of writing Matroska. */
export type MediaStyle = 'ffmpeg' | 'producer-sdk' | 'amazon-connect'

/** Picture size of a video track. */
export interface VideoFormat {
  /** PixelWidth. */
  readonly width: number
  /** PixelHeight. */
  readonly height: number
}

/** Sample format of an audio track. */
export interface AudioFormat {
  /** SamplingFrequency in hertz. */
  readonly samplingFrequency: number
  /** Channels. */
  readonly channels: number
  /** BitDepth. Default: not written. */
  readonly bitDepth?: number | undefined
}

/** One TrackEntry. It is a video track with `video`, an audio track with `audio`. */
export interface MediaTrack {
  /** TrackNumber, 1 or more. */
  readonly number: number
  /** TrackUID; can exceed 2^53. Default: the track number. */
  readonly uid?: number | bigint | undefined
  /** Name. Default: not written. */
  readonly name?: string | undefined
  /** CodecID, `V_MPEG4/ISO/AVC` for example. */
  readonly codecId: string
  /** CodecPrivate. Default: not written. */
  readonly codecPrivate?: Uint8Array | undefined
  /** DefaultDuration in nanoseconds. Default: not written. */
  readonly defaultDurationNs?: number | undefined
  /** Language; only the ffmpeg style writes it. Default 'und'. */
  readonly language?: string | undefined
  /** Makes it a video track. */
  readonly video?: VideoFormat | undefined
  /** Makes it an audio track. */
  readonly audio?: AudioFormat | undefined
}

/** One producer tag. */
export interface MediaTag {
  /** TagName. */
  readonly name: string
  /** TagString. */
  readonly value: string
  /** TagTrackUID of the Tag it stands in; only the ffmpeg style writes it. Default: no target. */
  readonly trackUid?: number | bigint | undefined
}

/** What {@link MediaStyle} stands for. */
export interface MediaLayout {
  /** The EBML header. */
  header(hasWideSizes: boolean): Uint8Array
  /** What stands between the start of the Segment and HEAD. */
  preamble(
    tracks: readonly MediaTrack[],
    tags: readonly MediaTag[],
    hasWideSizes: boolean,
  ): readonly Uint8Array[]
  /** Producer tags. */
  tags(tags: readonly MediaTag[], hasWideSizes: boolean): readonly Uint8Array[]
  /** 'with-crc': known size and a CRC-32 inside; 'bare': unknown size and a Position. */
  readonly cluster: 'with-crc' | 'bare'
  /** Width of a SimpleBlock's size; `undefined` the narrowest. */
  readonly blockSizeWidth: VintWidth | undefined
}

// Elements of a SeekHead, which only a writer needs: a streaming reader skips all of it.
const SEEK = 0x4dbb
const SEEK_ID = 0x53ab
const SEEK_POSITION = 0x53ac

const APPLICATION = 'kvs-fragments'
const SEGMENT_UUID = Uint8Array.from({ length: 16 }, (_, index) => 0x10 + index * 7)

const ffmpegLayout: MediaLayout = {
  cluster: 'with-crc',
  blockSizeWidth: undefined,
  header() {
    return ebmlHeader('matroska', 4, { sizeWidth: 8 }, {})
  },
  preamble(tracks, tags) {
    const info = element(
      ID.Info,
      withCrc32([
        uintElement(ID.TimestampScale, 1_000_000, { valueWidth: 3 }),
        stringElement(ID.MuxingApp, APPLICATION),
        stringElement(ID.WritingApp, APPLICATION),
        element(ID.SegmentUUID, SEGMENT_UUID),
        // Written before the length was known and never corrected, as in every streamed file.
        floatElement(ID.Duration, 10_000),
      ]),
      { sizeWidth: 8 },
    )
    const entries = tracks.map((track) => ffmpegTrack(track))
    const tracksElement =
      entries.length === 0 ? [] : [element(ID.Tracks, withCrc32(entries), { sizeWidth: 8 })]
    const producerTags = this.tags(tags, false)
    return [
      // Positions of an upload that GetMedia has cut up since: a reader must not follow them.
      element(
        ID.SeekHead,
        withCrc32([seek(ID.Info, 0xe5), seek(ID.Tracks, 0x013c), seek(ID.Cues, 0x261c2d)]),
        { sizeWidth: 2 },
      ),
      voidElement(148, { sizeWidth: 8 }),
      info,
      ...tracksElement,
      ...producerTags,
    ]
  },
  tags(tags) {
    if (tags.length === 0) return []
    const targets = new Map<string, MediaTag[]>()
    for (const tag of tags) {
      const key = String(tag.trackUid ?? '')
      targets.set(key, [...(targets.get(key) ?? []), tag])
    }
    const wide: ElementOptions = { sizeWidth: 8 }
    const groups = [...targets.values()].map((group) => {
      const uid = group[0]!.trackUid
      const target = uid === undefined ? [] : [uintElement(ID.TagTrackUID, uid)]
      const simpleTags = group.map((tag) => simpleTag(tag, wide, {}))
      return element(ID.Tag, [element(ID.Targets, target, wide), ...simpleTags], wide)
    })
    return [element(ID.Tags, withCrc32(groups), wide)]
  },
}

const producerSdkLayout: MediaLayout = {
  cluster: 'bare',
  blockSizeWidth: 8,
  header(hasWideSizes) {
    // The Producer SDK counts the text's NUL into the DocType.
    return ebmlHeader('matroska\0', 2, width(1, hasWideSizes), width(undefined, hasWideSizes))
  },
  preamble(tracks, tags, hasWideSizes) {
    const narrow = width(undefined, hasWideSizes)
    const info = element(
      ID.Info,
      [
        element(ID.SegmentUUID, SEGMENT_UUID, narrow),
        uintElement(ID.TimestampScale, 1_000_000, { ...narrow, valueWidth: 8 }),
        stringElement(ID.Title, `${APPLICATION}\0`, narrow),
        stringElement(ID.MuxingApp, `${APPLICATION}\0`, narrow),
        stringElement(ID.WritingApp, `${APPLICATION}\0`, narrow),
      ],
      narrow,
    )
    const entries = tracks.map((track) => producerSdkTrack(track, hasWideSizes))
    const tracksElement =
      entries.length === 0 ? [] : [element(ID.Tracks, entries, width(4, hasWideSizes))]
    return [...this.tags(tags, hasWideSizes), info, ...tracksElement]
  },
  tags(tags) {
    // One Tags element per tag, no Targets, and eight bytes for every size.
    const wide: ElementOptions = { sizeWidth: 8 }
    return tags.map((tag) =>
      element(ID.Tags, element(ID.Tag, simpleTag(tag, wide, wide), wide), wide),
    )
  },
}

/** The layouts by name. */
export const LAYOUTS: Readonly<Record<MediaStyle, MediaLayout>> = {
  ffmpeg: ffmpegLayout,
  'producer-sdk': producerSdkLayout,
  'amazon-connect': producerSdkLayout,
}

function width(usual: VintWidth | undefined, hasWideSizes: boolean): ElementOptions {
  return { sizeWidth: hasWideSizes ? 8 : usual }
}

function ebmlHeader(
  docType: string,
  docTypeVersion: number,
  outer: ElementOptions,
  inner: ElementOptions,
): Uint8Array {
  return element(
    ID.EBML,
    [
      uintElement(ID.EBMLVersion, 1, inner),
      uintElement(ID.EBMLReadVersion, 1, inner),
      uintElement(ID.EBMLMaxIDLength, 4, inner),
      uintElement(ID.EBMLMaxSizeLength, 8, inner),
      stringElement(ID.DocType, docType, inner),
      uintElement(ID.DocTypeVersion, docTypeVersion, inner),
      uintElement(ID.DocTypeReadVersion, 2, inner),
    ],
    outer,
  )
}

function seek(id: number, position: number): Uint8Array {
  return element(SEEK, [
    uintElement(SEEK_ID, id, { valueWidth: 4 }),
    uintElement(SEEK_POSITION, position),
  ])
}

function simpleTag(tag: MediaTag, outer: ElementOptions, inner: ElementOptions): Uint8Array {
  const content: Content = [
    stringElement(ID.TagName, tag.name, inner),
    stringElement(ID.TagString, tag.value, inner),
  ]
  return element(ID.SimpleTag, content, outer)
}

function ffmpegTrack(track: MediaTrack): Uint8Array {
  const wide: ElementOptions = { sizeWidth: 8 }
  const children = [
    uintElement(ID.TrackNumber, track.number),
    uintElement(ID.TrackUID, track.uid ?? track.number),
    uintElement(ID.FlagLacing, 0),
  ]
  if (track.name !== undefined) children.push(stringElement(ID.Name, track.name))
  children.push(
    stringElement(ID.Language, track.language ?? 'und'),
    stringElement(ID.CodecID, track.codecId),
    uintElement(ID.TrackType, trackType(track)),
  )
  if (track.defaultDurationNs !== undefined) {
    children.push(uintElement(ID.DefaultDuration, track.defaultDurationNs))
  }
  children.push(...formats(track, wide, {}))
  if (track.codecPrivate) children.push(element(ID.CodecPrivate, track.codecPrivate))
  return element(ID.TrackEntry, children, wide)
}

function producerSdkTrack(track: MediaTrack, hasWideSizes: boolean): Uint8Array {
  const four = width(4, hasWideSizes)
  const narrow = width(undefined, hasWideSizes)
  const children = [
    uintElement(ID.TrackNumber, track.number, narrow),
    uintElement(ID.TrackUID, track.uid ?? track.number, { ...narrow, valueWidth: 8 }),
    uintElement(ID.TrackType, trackType(track), narrow),
  ]
  // Names and codec IDs live in fixed 32-byte fields of the SDK and are written whole.
  const padded = { ...narrow, paddedBytes: 32 }
  if (track.name !== undefined) children.push(stringElement(ID.Name, track.name, padded))
  children.push(stringElement(ID.CodecID, track.codecId, padded))
  if (track.defaultDurationNs !== undefined) {
    children.push(uintElement(ID.DefaultDuration, track.defaultDurationNs, narrow))
  }
  children.push(...formats(track, four, narrow))
  if (track.codecPrivate) children.push(element(ID.CodecPrivate, track.codecPrivate, narrow))
  return element(ID.TrackEntry, children, four)
}

function formats(track: MediaTrack, outer: ElementOptions, inner: ElementOptions): Uint8Array[] {
  const elements: Uint8Array[] = []
  if (track.video) {
    const size = [
      uintElement(ID.PixelWidth, track.video.width, inner),
      uintElement(ID.PixelHeight, track.video.height, inner),
    ]
    elements.push(element(ID.Video, size, outer))
  }
  if (track.audio) {
    const format = [
      floatElement(ID.SamplingFrequency, track.audio.samplingFrequency, 8, inner),
      uintElement(ID.Channels, track.audio.channels, inner),
    ]
    if (track.audio.bitDepth !== undefined) {
      format.push(uintElement(ID.BitDepth, track.audio.bitDepth, inner))
    }
    elements.push(element(ID.Audio, format, outer))
  }
  return elements
}

function trackType(track: MediaTrack): number {
  return track.audio ? 2 : 1
}
