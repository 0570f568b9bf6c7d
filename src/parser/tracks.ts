import type { ElementNode } from './element-tree.js'
import { ID } from './schema.js'

/** What a track carries (RFC 9559 §5.1.4.1.3); `unknown` for a TrackType the RFC does not list. */
export type TrackType =
  | 'video'
  | 'audio'
  | 'complex'
  | 'logo'
  | 'subtitle'
  | 'buttons'
  | 'control'
  | 'metadata'
  | 'unknown'

/** The picture of a video track (RFC 9559 §5.1.4.1.28). Sizes are in pixels unless `displayUnit` says otherwise. */
export interface VideoSettings {
  /** Width of the encoded frames, in pixels; 0 when the producer left it out. */
  readonly pixelWidth: number
  /** Height of the encoded frames, in pixels; 0 when the producer left it out. */
  readonly pixelHeight: number
  /** Width to show, in `displayUnit`; the RFC's default is `pixelWidth` less the crop. */
  readonly displayWidth: number
  /** Height to show, in `displayUnit`; the RFC's default is `pixelHeight` less the crop. */
  readonly displayHeight: number
  /** 0 pixels (the default), 1 centimetres, 2 inches, 3 display aspect ratio, 4 unknown. */
  readonly displayUnit: number
  /** Pixels to cut off each side. Default 0. */
  readonly crop: {
    /** PixelCropTop. */
    readonly top: number
    /** PixelCropBottom. */
    readonly bottom: number
    /** PixelCropLeft. */
    readonly left: number
    /** PixelCropRight. */
    readonly right: number
  }
  /** FlagInterlaced: 0 undetermined (the default), 1 interlaced, 2 progressive. */
  readonly interlacing: number
  /** StereoMode; 0, the default, is mono. */
  readonly stereoMode: number
  /** AlphaMode; 0, the default, is no alpha channel. */
  readonly alphaMode: number
  /** The Colour element; undefined when there is none. */
  readonly colour: ColourSettings | undefined
}

/** Colour of a video track (RFC 9559 §5.1.4.1.28.16); code points are those of ISO/IEC 23091-2, 2 is unspecified. */
export interface ColourSettings {
  /** MatrixCoefficients. Default 2. */
  readonly matrixCoefficients: number
  /** TransferCharacteristics. Default 2. */
  readonly transferCharacteristics: number
  /** Primaries. Default 2. */
  readonly primaries: number
  /** 0 unspecified (the default), 1 broadcast, 2 full, 3 defined by the matrix and transfer. */
  readonly range: number
  /** Bits per colour channel; 0, the default, is unspecified. */
  readonly bitsPerChannel: number
}

/** The sound of an audio track (RFC 9559 §5.1.4.1.29). */
export interface AudioSettings {
  /** In hertz. Default 8000. */
  readonly samplingFrequency: number
  /** In hertz, when the codec doubles the rate (SBR); otherwise the same as `samplingFrequency`. */
  readonly outputSamplingFrequency: number
  /** Number of channels. Default 1. */
  readonly channels: number
  /** Bits per sample; undefined when not given. */
  readonly bitDepth: number | undefined
}

/** One transformation of the frames (RFC 9559 §5.1.4.1.31). Only header stripping is undone by this library. */
export interface ContentEncoding {
  /** ContentEncodingOrder: decoding starts with the highest. */
  readonly order: number
  /** Bit field: 1 blocks, 2 CodecPrivate, 4 the next encoding. Default 1. */
  readonly scope: number
  /** What kind it is. */
  readonly type: 'compression' | 'encryption' | 'unknown'
  /** ContentCompAlgo (0 zlib, 1 bzlib, 2 lzo1x, 3 header stripping) or ContentEncAlgo (5 AES, …). */
  readonly algorithm: number
  /** ContentCompSettings: with header stripping, the bytes stripped from each frame. */
  readonly settings: Uint8Array | undefined
  /** ContentEncKeyID, for encryption. */
  readonly keyId: Uint8Array | undefined
}

/** One TrackEntry (RFC 9559 §5.1.4.1), with the RFC's defaults for what the producer left out. */
export interface Track {
  /** The number blocks refer to. It is only valid inside its Segment. */
  readonly number: number
  /** TrackUID, all 64 bits. */
  readonly uid: bigint
  /** TrackType in words. */
  readonly type: TrackType
  /** TrackType as coded. */
  readonly typeCode: number
  /** Up to its first NUL; undefined when there is none. Amazon Connect names its tracks and numbers them at will. */
  readonly name: string | undefined
  /** ISO 639-2 code. Default `eng`. */
  readonly language: string
  /** BCP 47 tag, which overrides `language`; undefined when not given. */
  readonly languageBcp47: string | undefined
  /** E.g. `V_MPEG4/ISO/AVC`, up to its first NUL. Amazon Connect writes `A_AAC` over PCM: see its `MimeType` tag. */
  readonly codecId: string
  /** Human-readable name of the codec. */
  readonly codecName: string | undefined
  /** The codec's setup bytes, a copy of its own; undefined when there is none. */
  readonly codecPrivate: Uint8Array | undefined
  /** Set for video tracks that have a Video element. */
  readonly video: VideoSettings | undefined
  /** Set for audio tracks that have an Audio element. */
  readonly audio: AudioSettings | undefined
  /** Nanoseconds per frame; undefined when not given. */
  readonly defaultDurationNs: number | undefined
  /** Nanoseconds the codec adds, to be taken off each timestamp. Default 0. */
  readonly codecDelayNs: bigint
  /** Nanoseconds to decode before a seek target. Default 0. */
  readonly seekPreRollNs: bigint
  /**
   * TrackTimestampScale (deprecated, nearly always 1): a factor on the relative timestamp of each block. One that is not
   * above 0 and at most 10^6 reads as 1.
   */
  readonly timestampScale: number
  /** FlagEnabled. Default true. */
  readonly isEnabled: boolean
  /** FlagDefault. Default true. */
  readonly isDefault: boolean
  /** FlagForced. Default false. */
  readonly isForced: boolean
  /** ContentEncodings in the order they are to be undone (highest `order` first); empty when there are none. */
  readonly encodings: readonly ContentEncoding[]
  /**
   * Bytes that header stripping took off every frame and that `frame.data` has back in front; undefined when
   * there is no header stripping, when it is not the only encoding and cannot be undone alone, or past 256 bytes.
   */
  readonly strippedHeader: Uint8Array | undefined
}

const TYPES: ReadonlyMap<number, TrackType> = new Map([
  [1, 'video'],
  [2, 'audio'],
  [3, 'complex'],
  [16, 'logo'],
  [17, 'subtitle'],
  [18, 'buttons'],
  [32, 'control'],
  [33, 'metadata'],
])

const HEADER_STRIPPING = 3
const SCOPE_BLOCKS = 1
// Every frame gets the header back, so a long one would multiply a stream of small frames. Real ones have under 16 bytes.
const LONGEST_STRIPPED_HEADER = 256

/** Turns a TrackEntry into a {@link Track}. Pure; never throws. */
export function readTrack(entry: ElementNode): Track {
  const typeCode = entry.uint(ID.TrackType) ?? 0
  const video = entry.child(ID.Video)
  const audio = entry.child(ID.Audio)
  const encodings = (entry.child(ID.ContentEncodings)?.childrenOf(ID.ContentEncoding) ?? [])
    .map(readEncoding)
    .sort((a, b) => b.order - a.order)
  return {
    number: entry.uint(ID.TrackNumber) ?? 0,
    uid: entry.uintBig(ID.TrackUID) ?? 0n,
    type: TYPES.get(typeCode) ?? 'unknown',
    typeCode,
    name: entry.text(ID.Name),
    language: entry.text(ID.Language) ?? 'eng',
    languageBcp47: entry.text(ID.LanguageBCP47),
    codecId: entry.text(ID.CodecID) ?? '',
    codecName: entry.text(ID.CodecName),
    codecPrivate: entry.binary(ID.CodecPrivate),
    video: video === undefined ? undefined : readVideo(video),
    audio: audio === undefined ? undefined : readAudio(audio),
    defaultDurationNs: entry.uint(ID.DefaultDuration),
    codecDelayNs: entry.uintBig(ID.CodecDelay) ?? 0n,
    seekPreRollNs: entry.uintBig(ID.SeekPreRoll) ?? 0n,
    timestampScale: saneScale(entry.float(ID.TrackTimestampScale)),
    isEnabled: entry.uint(ID.FlagEnabled) !== 0,
    isDefault: entry.uint(ID.FlagDefault) !== 0,
    isForced: entry.uint(ID.FlagForced) === 1,
    encodings,
    strippedHeader: strippedHeaderOf(encodings),
  }
}

// RFC 9559 §5.1.4.1.16 wants it above 0; every writer but the odd hostile one writes 1.
const LARGEST_SCALE = 1e6

function saneScale(scale: number | undefined): number {
  return scale !== undefined && scale > 0 && scale <= LARGEST_SCALE ? scale : 1
}

function readVideo(video: ElementNode): VideoSettings {
  const pixelWidth = video.uint(ID.PixelWidth) ?? 0
  const pixelHeight = video.uint(ID.PixelHeight) ?? 0
  const crop = {
    top: video.uint(ID.PixelCropTop) ?? 0,
    bottom: video.uint(ID.PixelCropBottom) ?? 0,
    left: video.uint(ID.PixelCropLeft) ?? 0,
    right: video.uint(ID.PixelCropRight) ?? 0,
  }
  const colour = video.child(ID.Colour)
  return {
    pixelWidth,
    pixelHeight,
    displayWidth: video.uint(ID.DisplayWidth) ?? pixelWidth - crop.left - crop.right,
    displayHeight: video.uint(ID.DisplayHeight) ?? pixelHeight - crop.top - crop.bottom,
    displayUnit: video.uint(ID.DisplayUnit) ?? 0,
    crop,
    interlacing: video.uint(ID.FlagInterlaced) ?? 0,
    stereoMode: video.uint(ID.StereoMode) ?? 0,
    alphaMode: video.uint(ID.AlphaMode) ?? 0,
    colour: colour === undefined ? undefined : readColour(colour),
  }
}

function readColour(colour: ElementNode): ColourSettings {
  return {
    matrixCoefficients: colour.uint(ID.MatrixCoefficients) ?? 2,
    transferCharacteristics: colour.uint(ID.TransferCharacteristics) ?? 2,
    primaries: colour.uint(ID.Primaries) ?? 2,
    range: colour.uint(ID.Range) ?? 0,
    bitsPerChannel: colour.uint(ID.BitsPerChannel) ?? 0,
  }
}

function readAudio(audio: ElementNode): AudioSettings {
  const samplingFrequency = audio.float(ID.SamplingFrequency) ?? 8000
  // Empty, it says that it is the same (RFC 9559 §5.1.4.1.29.2).
  const output = audio.float(ID.OutputSamplingFrequency)
  return {
    samplingFrequency,
    outputSamplingFrequency: output !== undefined && output > 0 ? output : samplingFrequency,
    channels: audio.uint(ID.Channels) ?? 1,
    bitDepth: audio.uint(ID.BitDepth),
  }
}

function readEncoding(encoding: ElementNode): ContentEncoding {
  const compression = encoding.child(ID.ContentCompression)
  const encryption = encoding.child(ID.ContentEncryption)
  const typeCode = encoding.uint(ID.ContentEncodingType) ?? 0
  return {
    order: encoding.uint(ID.ContentEncodingOrder) ?? 0,
    scope: encoding.uint(ID.ContentEncodingScope) ?? SCOPE_BLOCKS,
    type: typeCode === 0 ? 'compression' : typeCode === 1 ? 'encryption' : 'unknown',
    algorithm:
      (typeCode === 0
        ? compression?.uint(ID.ContentCompAlgo)
        : encryption?.uint(ID.ContentEncAlgo)) ?? 0,
    settings: compression?.binary(ID.ContentCompSettings),
    keyId: encryption?.binary(ID.ContentEncKeyID),
  }
}

function strippedHeaderOf(encodings: readonly ContentEncoding[]): Uint8Array | undefined {
  const ofBlocks = encodings.filter((encoding) => (encoding.scope & SCOPE_BLOCKS) !== 0)
  if (ofBlocks.length !== 1) return undefined
  const [only] = ofBlocks
  if (only.type !== 'compression' || only.algorithm !== HEADER_STRIPPING) return undefined
  const header = only.settings
  return header !== undefined && header.length <= LONGEST_STRIPPED_HEADER ? header : undefined
}
