/** The inputs: what each one is made of. A change here changes `inputs/pinned.json`, which a unit test holds. */
import { Random } from './random.js'
import { StreamBuilder } from './stream-builder.js'
import type { BlockWriter, FragmentPlan, Lacing, TrackPlan } from './stream-builder.js'

export interface Recipe {
  readonly summary: string
  /** Bytes to reach; the last fragment is written whole. */
  readonly targetBytes: number
  build(targetBytes: number): StreamBuilder
}

const MIB = 1 << 20

/**
 * Small on purpose, and run over and over. Bytes from a socket were just written by the kernel and lie in the cache;
 * an input larger than the cache would measure how fast memory answers, at up to four times the cost of a header.
 */
const TARGET_BYTES = 2 * MIB

export const videoTrack: TrackPlan = {
  number: 1,
  uid: 0xb2a1_90d4_55e0_77c3n,
  type: 'video',
  name: 'camera',
  codecId: 'V_MPEG4/ISO/AVC',
  codecPrivate: new Random(7).bytes(40),
  defaultDurationMs: undefined,
}

const PCM_TRACKS: readonly TrackPlan[] = ['AUDIO_FROM_CUSTOMER', 'AUDIO_TO_CUSTOMER'].map(
  (name, index) => ({
    number: index + 1,
    uid: BigInt(index + 1),
    type: 'audio',
    name,
    codecId: 'A_AAC',
    codecPrivate: undefined,
    defaultDurationMs: undefined,
  }),
)

/** 30 frames a second, two seconds to a fragment, the first frame of each a keyframe. */
function videoFragment(
  random: Random,
  index: number,
  keyframeBytes: number,
  frameBytes: number,
): FragmentPlan {
  return {
    tracks: [videoTrack],
    tags: [['device', 'front-door']],
    // Real cluster times restart and go backwards; that they grow here is no help to anybody.
    clusterTimestampMs: index * 2000,
    clusterSize: 'known',
    writeBlocks(blocks) {
      for (let i = 0; i < 60; i += 1) {
        const isKeyframe = i === 0
        const mean = isKeyframe ? keyframeBytes : frameBytes
        const bytes = random.bytes(random.between((mean * 3) >> 2, (mean * 5) >> 2))
        blocks.simple(1, Math.round((i * 100) / 3), isKeyframe, bytes)
      }
    },
  }
}

function pcmFragment(
  random: Random,
  index: number,
  options: { blocks: number; blockBytes: number; clusterSize: 'known' | 'unknown' },
): FragmentPlan {
  const stepMs = options.blockBytes / 16
  return {
    tracks: PCM_TRACKS,
    tags: [
      ['ContactId', '0a1b2c3d-0000-4000-8000-0123456789ab'],
      ['MimeType', 'audio/L16;rate=8000;channels=1;'],
    ],
    clusterTimestampMs: 1_700_000_000_000 + (index * options.blocks * stepMs) / 2,
    clusterSize: options.clusterSize,
    writeBlocks(blocks) {
      for (let i = 0; i < options.blocks; i += 1) {
        const relativeMs = (i >> 1) * stepMs
        blocks.simple(1 + (i & 1), relativeMs, true, random.bytes(options.blockBytes))
      }
    },
  }
}

const SENSOR_TRACK: TrackPlan = {
  number: 1,
  uid: 1n,
  type: 'subtitle',
  name: 'readings',
  codecId: 'S_TEXT/UTF8',
  codecPrivate: undefined,
  defaultDurationMs: undefined,
}

const tagNames = new Random(104)
const TINY_TAG_NAMES = Array.from({ length: 60 }, () => tagNames.word(tagNames.between(6, 20)))

/**
 * Nothing over 40 bytes: 120 readings, every tenth in a BlockGroup, and 60 tags, so most bytes are structure. A producer's
 * tags have the same names in every fragment, and other values.
 */
function tinyFragment(random: Random, index: number): FragmentPlan {
  return {
    tracks: [SENSOR_TRACK],
    tags: TINY_TAG_NAMES.map((name) => [name, random.word(random.between(4, 30))] as const),
    clusterTimestampMs: index * 1200,
    clusterSize: 'known',
    writeBlocks(blocks) {
      for (let i = 0; i < 120; i += 1) {
        const payload = random.bytes(random.between(8, 40))
        if (i % 10 === 9) blocks.group(1, i * 10, 10, payload)
        else blocks.simple(1, i * 10, true, payload)
      }
    },
  }
}

const LACED_TRACK: TrackPlan = {
  number: 1,
  uid: 1n,
  type: 'audio',
  name: 'microphone',
  codecId: 'A_OPUS',
  codecPrivate: undefined,
  defaultDurationMs: 20,
}

function lacedFragment(random: Random, index: number): FragmentPlan {
  const lacings: readonly Lacing[] = ['xiph', 'fixed', 'ebml']
  return {
    tracks: [LACED_TRACK],
    tags: [],
    clusterTimestampMs: index * 4800,
    clusterSize: 'known',
    writeBlocks(blocks) {
      for (let i = 0; i < 30; i += 1) {
        const lacing = lacings[i % 3]
        const payloads = Array.from({ length: 8 }, () =>
          random.bytes(lacing === 'fixed' ? 160 : random.between(60, 320)),
        )
        blocks.laced(1, i * 160, lacing, payloads)
      }
    },
  }
}

function repeat(
  seed: number,
  makePlan: (random: Random, index: number) => FragmentPlan,
  leafSizeWidth?: 8,
): (targetBytes: number) => StreamBuilder {
  return (targetBytes) => {
    const random = new Random(seed)
    const builder = new StreamBuilder(random, leafSizeWidth === 8 ? { leafSizeWidth } : {})
    for (let index = 0; builder.writer.length < targetBytes; index += 1) {
      builder.getMediaFragment(makePlan(random, index))
    }
    return builder
  }
}

/** Names are what the command line and the tables use. */
export const RECIPES = {
  video: {
    summary: 'one H.264 track: 8 KB frames, 110 KB keyframes, 2 s fragments',
    targetBytes: TARGET_BYTES,
    build: repeat(101, (random, index) => videoFragment(random, index, 110_000, 8_000)),
  },
  mid: {
    summary: 'one H.264 track: 4 KB frames, 30 KB keyframes, 2 s fragments',
    targetBytes: TARGET_BYTES,
    build: repeat(102, (random, index) => videoFragment(random, index, 30_000, 4_000)),
  },
  audio: {
    summary: 'two PCM tracks: 320-byte blocks, 5 s fragments',
    targetBytes: TARGET_BYTES,
    build: repeat(103, (random, index) =>
      pcmFragment(random, index, { blocks: 500, blockBytes: 320, clusterSize: 'known' }),
    ),
  },
  tiny: {
    summary: 'elements of tens of bytes: 60 tags and 120 blocks of 8 to 40 bytes a fragment',
    targetBytes: TARGET_BYTES,
    build: repeat(104, tinyFragment),
  },
  laced: {
    summary: 'audio laced by eight in all three ways, 60 to 320 bytes a frame',
    targetBytes: TARGET_BYTES,
    build: repeat(105, lacedFragment),
  },
  unknown: {
    summary:
      'Producer SDK style: Segments and Clusters of unknown size, 8-byte sizes, 1,024-byte PCM',
    targetBytes: TARGET_BYTES,
    build: repeat(
      106,
      (random, index) =>
        pcmFragment(random, index, { blocks: 34, blockBytes: 1024, clusterSize: 'unknown' }),
      8,
    ),
  },
  huge: {
    summary: 'one 2 MiB keyframe and 30 frames of 8 KB in one fragment',
    targetBytes: 1,
    build: repeat(107, (random, index) => ({
      ...videoFragment(random, index, 0, 0),
      writeBlocks(blocks: BlockWriter) {
        blocks.simple(1, 0, true, random.bytes(2 * MIB))
        for (let i = 1; i <= 30; i += 1) {
          blocks.simple(1, Math.round((i * 100) / 3), false, random.bytes(8_000))
        }
      },
    })),
  },
  drip: {
    summary: 'one fragment of `video`, for chunks of one byte',
    targetBytes: 1,
    build: repeat(101, (random, index) => videoFragment(random, index, 110_000, 8_000)),
  },
  file: {
    summary:
      'an ordinary Matroska file: `video` in one Segment with a Cluster every 2 s, no AWS tags',
    targetBytes: TARGET_BYTES,
    build(targetBytes) {
      const random = new Random(108)
      const builder = new StreamBuilder(random)
      function* clusters(): Generator<FragmentPlan> {
        for (let index = 0; builder.writer.length < targetBytes; index += 1) {
          yield videoFragment(random, index, 110_000, 8_000)
        }
      }
      builder.matroskaFile([videoTrack], clusters())
      return builder
    },
  },
} satisfies Record<string, Recipe>

export type RecipeName = keyof typeof RECIPES

export const RECIPE_NAMES = Object.keys(RECIPES) as RecipeName[]

/** The audio input with another number of blocks to a fragment, for the allocation guard's two equations. */
export function audioWithBlocks(blocks: number, targetBytes: number): StreamBuilder {
  return repeat(109, (random, index) =>
    pcmFragment(random, index, { blocks, blockBytes: 320, clusterSize: 'known' }),
  )(targetBytes)
}
