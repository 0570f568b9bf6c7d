/** What stands in samples/media: each file as a function of the camera's elementary stream. */
import { ID } from '../src/parser/schema.js'
import {
  blockElement,
  concatBytes,
  createRandom,
  element,
  intElement,
  simpleBlock,
  stringElement,
  uintElement,
  voidElement,
} from '../src/simulator/ebml-writer.js'
import {
  type ErrorPosition,
  type FragmentSpec,
  type MediaTrack,
  buildErrorDocument,
  buildFragment,
  buildMerged,
} from '../src/simulator/media.js'
import {
  contactTags,
  contactTracks,
  createTone,
  syntheticFragments,
} from '../src/simulator/synthetic.js'
import { encodeFragmentNumber } from '../src/tags/fragment-number.js'
import { SERVICE_ERRORS } from '../src/tags/service-error.js'
import { readAnnexB } from './annex-b.js'

/** One file of samples/media. */
export interface Sample {
  /** File name. */
  readonly name: string
  /** Content. */
  readonly bytes: Uint8Array
  /** How many complete fragments it holds. */
  readonly fragments: number
  /** One line for the table. */
  readonly description: string
}

// Any time will do; this one is easy to recognise in a dump.
const START_MS = 1_700_000_000_000
const FRAME_RATE = 15
const FRAMES_PER_FRAGMENT = 30

/** All samples, in the order of the table. */
export function allSamples(elementaryStream: Uint8Array): readonly Sample[] {
  const camera = cameraFragments(elementaryStream)
  return [
    cameraSample(camera),
    connectSample(),
    producerSdkSample(),
    truncatedSample(camera),
    mergedSample(camera),
    fragmentListSample(),
    ordinarySample(),
    ...errorSamples(),
  ]
}

function cameraFragments(elementaryStream: Uint8Array): readonly FragmentSpec[] {
  const { accessUnits, decoderConfiguration } = readAnnexB(elementaryStream)
  const random = createRandom(1)
  const track: MediaTrack = {
    number: 1,
    uid: 1,
    name: 'camera',
    codecId: 'V_MPEG4/ISO/AVC',
    codecPrivate: decoderConfiguration,
    defaultDurationNs: 66_666_666,
    video: { width: 320, height: 180 },
  }
  const fragments: FragmentSpec[] = []
  for (let first = 0; first < accessUnits.length; first += FRAMES_PER_FRAGMENT) {
    const index = fragments.length
    const clusterTimestamp = index * 2000
    const producerTimestampMs = START_MS + clusterTimestamp
    const serverTimestampMs = producerTimestampMs + 613
    fragments.push({
      style: 'ffmpeg',
      fragmentNumber: fragmentNumber(index, serverTimestampMs, random),
      serverTimestampMs,
      producerTimestampMs,
      millisBehindNow: 15_858 - index * 1_777,
      tracks: [track],
      clusterTimestamp,
      frames: accessUnits.slice(first, first + FRAMES_PER_FRAGMENT).map((unit, frame) => ({
        trackNumber: 1,
        timestampMs: Math.floor((frame * 1000) / FRAME_RATE),
        isKeyframe: unit.isKeyframe,
        data: unit.data,
      })),
      tagsBefore: [
        { name: 'ENCODER', value: 'kvs-fragments' },
        { name: 'LOCATION', value: 'front door' },
        { name: 'HANDLER_NAME', value: 'VideoHandler', trackUid: 1 },
        // ffmpeg pads this one with two NULs.
        { name: 'DURATION', value: '00:00:10.000000000\0\0', trackUid: 1 },
      ],
    })
  }
  return fragments
}

function cameraSample(camera: readonly FragmentSpec[]): Sample {
  return {
    name: 'camera.mkv',
    bytes: concatBytes(camera.map((fragment) => buildFragment(fragment))),
    fragments: camera.length,
    description:
      'GetMedia, one H.264 track in ffmpeg’s layout: stale SeekHead, Void, CRC-32 elements, tags per stream and per track, Clusters of known size',
  }
}

function connectSample(): Sample {
  const random = createRandom(2)
  const tones = [createTone(440), createTone(660)]
  // An even and a short one, as the start and end of a call give.
  const blockCounts = [17, 17, 16, 3]
  let producerTimestampMs = START_MS + 437
  const fragments = blockCounts.map((blocks, index): FragmentSpec => {
    const startMs = producerTimestampMs
    producerTimestampMs += blocks * 64
    const serverTimestampMs = producerTimestampMs + 95
    return {
      style: 'amazon-connect',
      fragmentNumber: fragmentNumber(index, serverTimestampMs, random),
      serverTimestampMs,
      producerTimestampMs: startMs,
      millisBehindNow: 412 + index * 3,
      // The order of the tracks is not fixed: here the agent comes first.
      tracks: contactTracks(['AUDIO_TO_CUSTOMER', 'AUDIO_FROM_CUSTOMER']),
      clusterTimestamp: startMs,
      frames: Array.from({ length: blocks * 2 }, (_, block) => ({
        trackNumber: (block % 2) + 1,
        timestampMs: Math.floor(block / 2) * 64,
        isKeyframe: true,
        data: tones[block % 2]!(512),
      })),
      // A contact's last fragment may lack its tags.
      tagsAfter:
        index === blockCounts.length - 1 ? [] : contactTags('5f0f3a1e-0000-4000-8000-00000000c0de'),
    }
  })
  return {
    name: 'connect.mkv',
    bytes: concatBytes(fragments.map((fragment) => buildFragment(fragment))),
    fragments: fragments.length,
    description:
      'GetMedia, Amazon Connect-like: two tracks of 16-bit PCM at 8 kHz (CodecID says A_AAC, the MimeType tag after the Cluster says audio/L16), 660 Hz from and 440 Hz to the customer, Clusters of unknown size at epoch milliseconds; the last fragment is short and has no tags',
  }
}

function producerSdkSample(): Sample {
  const source = syntheticFragments({
    seed: 3,
    startMs: START_MS,
    fragmentDurationMs: 1000,
    frameRate: 5,
    frameBytes: 300,
    keyframeBytes: 1200,
  })
  const tags = Array.from({ length: 3 }, (_, index) => ({
    name: `sensor_${index}`,
    value: `reading ${index}`,
  }))
  const fragments = take(source, 8).map((fragment, index) =>
    buildFragment({
      ...fragment,
      // Relative producer times start at zero.
      producerTimestampMs: index * 1000,
      clusterTimestamp: index * 1000,
      millisBehindNow: 910 - index * 17,
      tagsBefore: index === 0 ? tags : [],
      tagsAfter: tags,
      hasWideSizes: true,
    }),
  )
  return {
    name: 'producer-sdk.mkv',
    bytes: concatBytes(fragments),
    fragments: fragments.length,
    description:
      'GetMedia in the Producer SDK’s layout: Segment and Cluster of unknown size, eight bytes for every size, NUL-padded strings, a TrackUID above 2^63, relative producer times, tags before Info and after the Cluster; the pictures are noise',
  }
}

function truncatedSample(camera: readonly FragmentSpec[]): Sample {
  const whole = buildFragment(camera[0]!)
  const cut = buildFragment(camera[1]!)
  return {
    name: 'truncated.mkv',
    bytes: concatBytes([whole, cut.subarray(0, Math.floor(cut.length * 0.6))]),
    fragments: 1,
    description: 'the first two fragments of camera.mkv, ended in the middle of a frame',
  }
}

function mergedSample(camera: readonly FragmentSpec[]): Sample {
  const runs: FragmentSpec[] = []
  for (const fragment of camera.slice(0, 3)) {
    runs.push({ ...fragment, frames: fragment.frames?.slice(0, 10) })
  }
  return {
    name: 'merged.mkv',
    bytes: buildMerged(runs),
    fragments: runs.length,
    description: 'one Segment with three runs of HEAD, Cluster and TAIL',
  }
}

function fragmentListSample(): Sample {
  const source = syntheticFragments({
    seed: 5,
    startMs: START_MS,
    fragmentDurationMs: 1000,
    frameRate: 5,
    frameBytes: 200,
    keyframeBytes: 800,
  })
  const fragments = take(source, 4).map((fragment) =>
    buildFragment({ ...fragment, hasTail: false, spelling: 'GetMediaForFragmentList' }),
  )
  return {
    name: 'fragment-list.mkv',
    bytes: concatBytes(fragments),
    fragments: fragments.length,
    description:
      'GetMediaForFragmentList: no closing tags, the other spelling of the timestamps; pictures are noise',
  }
}

/** One in-band error per file, in every shape that such a document may have. */
function errorSamples(): readonly Sample[] {
  const source = syntheticFragments({
    seed: 4,
    startMs: START_MS,
    fragmentDurationMs: 400,
    frameRate: 5,
    frameBytes: 100,
    keyframeBytes: 300,
  })
  const [good, bad] = take(source, 2)
  const positions: readonly ErrorPosition[] = ['alone', 'before-cluster', 'after-cluster']
  return [...SERVICE_ERRORS.keys(), 4999].map((id, index) => {
    const isList = id === 3000
    const position = isList ? 'alone' : positions[index % 3]!
    const hasNumber = index % 2 === 0
    const document = buildErrorDocument({
      id,
      code: id === 4999 ? 'SOMETHING_NEW' : undefined,
      fragmentNumber: hasNumber ? bad!.fragmentNumber : undefined,
      position,
      fragment: {
        ...bad!,
        frames: bad!.frames?.slice(0, 1),
        hasHead: index % 4 < 2,
        hasTail: false,
      },
      spelling: isList ? 'GetMediaForFragmentList' : 'GetMedia',
    })
    const hasFragment = index % 2 === 1
    const where = {
      alone: 'in a document of its own',
      'before-cluster': 'before a Cluster',
      'after-cluster': 'after a Cluster',
    }[position]
    return {
      name: `error-${id}.mkv`,
      bytes: hasFragment ? concatBytes([buildFragment(good!), document]) : document,
      fragments: hasFragment ? 1 : 0,
      description: `in-band error ${id} ${where}, ${hasNumber ? 'with' : 'without'} a fragment number${
        isList ? ', as GetMediaForFragmentList spells it' : ''
      }${hasFragment ? ', after a good fragment' : ''}`,
    }
  })
}

/** An ordinary file, nothing of AWS in it: the parser makes one fragment of each Cluster. */
function ordinarySample(): Sample {
  const random = createRandom(6)
  const noise = (length: number): Uint8Array => Uint8Array.from({ length }, () => random() >>> 24)
  const equal = [noise(160), noise(160), noise(160)]
  const mixed = [noise(800), noise(500), noise(1000), noise(255)]
  const tracks = element(ID.Tracks, [
    element(ID.TrackEntry, [
      uintElement(ID.TrackNumber, 1),
      uintElement(ID.TrackUID, 11),
      uintElement(ID.TrackType, 1),
      stringElement(ID.CodecID, 'V_VP8'),
      element(ID.Video, [uintElement(ID.PixelWidth, 320), uintElement(ID.PixelHeight, 180)]),
    ]),
    element(ID.TrackEntry, [
      uintElement(ID.TrackNumber, 2),
      uintElement(ID.TrackUID, 12),
      uintElement(ID.TrackType, 2),
      uintElement(ID.DefaultDuration, 20_000_000),
      stringElement(ID.CodecID, 'A_OPUS'),
      element(ID.Audio, [uintElement(ID.Channels, 1)]),
    ]),
  ])
  const video = { trackNumber: 1, relativeTimestamp: 0 }
  const audio = { trackNumber: 2, relativeTimestamp: 0 }
  const simple = element(ID.Cluster, [
    uintElement(ID.Timestamp, 0),
    simpleBlock({ ...video, frames: [noise(900)], isKeyframe: true }),
    simpleBlock({ ...audio, frames: mixed, lacing: 'xiph', isKeyframe: true }),
    voidElement(12),
    simpleBlock({ ...audio, relativeTimestamp: 80, frames: equal, lacing: 'fixed' }),
    simpleBlock({ ...audio, relativeTimestamp: 140, frames: mixed, lacing: 'ebml' }),
  ])
  const groups = element(ID.Cluster, [
    uintElement(ID.Timestamp, 1000),
    uintElement(ID.PrevSize, simple.length),
    blockGroup([
      blockElement({ ...video, frames: [noise(700)] }),
      uintElement(ID.BlockDuration, 40),
    ]),
    blockGroup([
      blockElement({ ...video, relativeTimestamp: 40, frames: [noise(300)] }),
      intElement(ID.ReferenceBlock, -40),
    ]),
    blockGroup([blockElement({ ...audio, frames: mixed, lacing: 'ebml' })]),
    blockGroup([
      blockElement({ ...audio, relativeTimestamp: -20, frames: equal, lacing: 'fixed' }),
    ]),
  ])
  const last = element(ID.Cluster, [
    uintElement(ID.Timestamp, 2000),
    simpleBlock({ ...video, frames: [noise(500)], isKeyframe: true, isDiscardable: true }),
    simpleBlock({ ...audio, frames: [...equal, ...equal], lacing: 'xiph', isInvisible: true }),
  ])
  const segment = element(ID.Segment, [
    element(ID.Info, [
      uintElement(ID.TimestampScale, 1_000_000),
      stringElement(ID.MuxingApp, 'kvs-fragments'),
      stringElement(ID.WritingApp, 'kvs-fragments'),
    ]),
    tracks,
    simple,
    groups,
    last,
    // Cues that say nothing: a reader of streams passes over them.
    element(ID.Cues, voidElement(20)),
  ])
  const header = element(ID.EBML, [
    stringElement(ID.DocType, 'matroska'),
    uintElement(ID.DocTypeVersion, 4),
    uintElement(ID.DocTypeReadVersion, 2),
  ])
  return {
    name: 'ordinary.mkv',
    bytes: concatBytes([header, segment]),
    fragments: 3,
    description:
      'an ordinary Matroska file: three Clusters of known size, SimpleBlocks and BlockGroups, no lacing and all three, no AWS tags; payloads are noise',
  }
}

function blockGroup(children: readonly Uint8Array[]): Uint8Array {
  return element(ID.BlockGroup, children)
}

function fragmentNumber(index: number, serverTimestampMs: number, random: () => number): string {
  return encodeFragmentNumber({
    sequence: BigInt(index + 1),
    serverTimestampMs,
    random: random() >>> 4,
  })
}

function take<T>(source: Iterator<T, unknown>, count: number): T[] {
  return Array.from({ length: count }, () => source.next().value as T)
}
