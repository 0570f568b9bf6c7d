/**
 * Endless streams of made-up fragments: a camera with seeded filler for pictures, and an Amazon
 * Connect call with one tone per direction. The same options give the same bytes.
 */
import { encodeFragmentNumber } from '../tags/fragment-number.js'
import { createRandom } from './ebml-writer.js'
import type { FragmentSpec, MediaFrame, MediaTag, MediaTrack } from './media.js'

/** What {@link syntheticFragments} makes up. */
export interface SyntheticOptions {
  /** 'camera' is one H.264-like video track, 'contact' the two tracks of a call. Default 'camera'. */
  readonly kind?: 'camera' | 'contact' | undefined
  /** Layout. Default: 'producer-sdk' for a camera; a contact is always 'amazon-connect'. */
  readonly style?: 'ffmpeg' | 'producer-sdk' | undefined
  /** Seeds every varying byte. Default 1. */
  readonly seed?: number | undefined
  /** Length of a fragment in milliseconds. Default 2,000 for a camera, about 1,088 for a contact. */
  readonly fragmentDurationMs?: number | undefined
  /** Frames per second of a camera. Default 15. */
  readonly frameRate?: number | undefined
  /** Bytes of a camera's ordinary frame. Default 2,000. */
  readonly frameBytes?: number | undefined
  /** Bytes of a camera's keyframe, the first of each fragment. Default 10,000. */
  readonly keyframeBytes?: number | undefined
  /** Time of the first fragment, in milliseconds since 1970. Default 1,700,000,000,000. */
  readonly startMs?: number | undefined
  /** How long after the producer's time the server stamps a fragment, in milliseconds. Default 120. */
  readonly serverDelayMs?: number | undefined
  /** Sequence number of the first fragment. Default 1. */
  readonly firstSequence?: number | undefined
  /** ContactId tag of a contact. Default '00000000-0000-4000-8000-000000000001'. */
  readonly contactId?: string | undefined
}

/**
 * Fragments for ever, each with its number and times. TAIL's lag is left at 0 for the server to
 * fill in.
 */
export function* syntheticFragments(
  options: SyntheticOptions = {},
): Generator<FragmentSpec, never, undefined> {
  const { seed = 1, startMs = 1_700_000_000_000, serverDelayMs = 120 } = options
  const random = createRandom(seed)
  const make = options.kind === 'contact' ? contactMedia(options) : cameraMedia(options)
  let producerTimestampMs = startMs
  for (let sequence = options.firstSequence ?? 1; ; sequence++) {
    const { durationMs, ...media } = make(producerTimestampMs, random)
    // The server has a fragment when it has ended, not when it began.
    const serverTimestampMs = producerTimestampMs + durationMs + serverDelayMs
    yield {
      ...media,
      fragmentNumber: encodeFragmentNumber({
        sequence: BigInt(sequence),
        serverTimestampMs,
        random: random() >>> 4,
      }),
      serverTimestampMs,
      producerTimestampMs,
    }
    producerTimestampMs += durationMs
  }
}

/**
 * A tone as 16-bit little-endian mono PCM: each call continues where the last one stopped. Made
 * of integer parabolas instead of Math.sin, whose last digit is each engine's own.
 */
export function createTone(
  frequencyHz: number,
  sampleRate = 8000,
  amplitude = 8000,
): (sampleCount: number) => Uint8Array {
  const step = Math.round((frequencyHz * 0x10000) / sampleRate)
  let phase = 0
  return (sampleCount) => {
    const bytes = new Uint8Array(sampleCount * 2)
    for (let i = 0; i < sampleCount; i++) {
      const half = phase & 0x7fff
      const level = Math.floor((half * (0x8000 - half) * amplitude) / 0x10000000)
      const sample = phase & 0x8000 ? -level : level
      bytes[2 * i] = sample
      bytes[2 * i + 1] = sample >> 8
      phase = (phase + step) & 0xffff
    }
    return bytes
  }
}

/** The tracks of an Amazon Connect stream, in the given order. CodecID is wrong in real ones too. */
export function contactTracks(
  names: readonly string[] = ['AUDIO_FROM_CUSTOMER', 'AUDIO_TO_CUSTOMER'],
): readonly MediaTrack[] {
  return names.map((name, index) => ({
    number: index + 1,
    uid: index + 1,
    name,
    codecId: 'A_AAC',
    audio: { samplingFrequency: 8000, channels: 1, bitDepth: 16 },
  }))
}

/** The producer tags after each Cluster of an Amazon Connect stream. */
export function contactTags(contactId: string): readonly MediaTag[] {
  return [
    { name: 'ContactId', value: contactId },
    { name: 'InstanceId', value: '00000000-0000-4000-8000-00000000000a' },
    { name: 'MimeType', value: 'audio/L16;rate=8000;channels=1;' },
  ]
}

interface MadeMedia extends FragmentSpec {
  readonly durationMs: number
}

type MakeMedia = (producerTimestampMs: number, random: () => number) => MadeMedia

function cameraMedia(options: SyntheticOptions): MakeMedia {
  const { fragmentDurationMs: durationMs = 2000, frameRate = 15, style = 'producer-sdk' } = options
  const { frameBytes = 2000, keyframeBytes = 10_000 } = options
  const track: MediaTrack = {
    number: 1,
    uid: 0x8205f7d9cfe9b2f6n,
    name: 'camera',
    codecId: 'V_MPEG4/ISO/AVC',
    codecPrivate: Uint8Array.of(1, 0x64, 0, 0x0c, 0xff, 0xe0, 0),
    video: { width: 320, height: 180 },
  }
  const frameCount = Math.max(1, Math.floor((durationMs * frameRate) / 1000))
  return (producerTimestampMs, random) => ({
    style,
    durationMs,
    tracks: [track],
    clusterTimestamp: producerTimestampMs,
    frames: Array.from({ length: frameCount }, (_, index): MediaFrame => {
      const isKeyframe = index === 0
      return {
        trackNumber: 1,
        timestampMs: Math.floor((index * 1000) / frameRate),
        isKeyframe,
        data: filler(isKeyframe ? keyframeBytes : frameBytes, random),
      }
    }),
  })
}

function contactMedia(options: SyntheticOptions): MakeMedia {
  const { fragmentDurationMs = 1088 } = options
  const { contactId = '00000000-0000-4000-8000-000000000001' } = options
  const tones = [createTone(440), createTone(660)]
  // 1,024 bytes are 512 samples, 64 ms.
  const blockCount = Math.max(1, Math.round(fragmentDurationMs / 64))
  return (producerTimestampMs) => ({
    style: 'amazon-connect',
    durationMs: blockCount * 64,
    tracks: contactTracks(),
    clusterTimestamp: producerTimestampMs,
    frames: Array.from({ length: blockCount * 2 }, (_, index): MediaFrame => ({
      trackNumber: (index % 2) + 1,
      timestampMs: Math.floor(index / 2) * 64,
      isKeyframe: true,
      data: tones[index % 2]!(512),
    })),
    tagsAfter: contactTags(contactId),
  })
}

/**
 * Noise in the clothes of one H.264 NAL unit of type 12, filler data: a decoder passes over it, and
 * without zero bytes it needs no emulation prevention (ITU-T H.264 §7.3.1).
 */
function filler(length: number, random: () => number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (random() >>> 24) | 1
  if (length > 5) {
    new DataView(bytes.buffer).setUint32(0, length - 4)
    bytes[4] = 0x0c
  }
  return bytes
}
