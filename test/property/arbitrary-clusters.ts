import fc from 'fast-check'
import type { Coded } from './arbitrary-elements.js'
import {
  binary,
  dressing,
  int,
  master,
  maybe,
  orderedDressing,
  present,
  someBytes,
  uint,
} from './arbitrary-elements.js'
import { TRACK_NUMBERS } from './arbitrary-tracks.js'
import type { Element } from './ebml-tree.js'
import { vint } from './ebml-tree.js'
import * as ids from './matroska-ids.js'
import { hex } from './model.js'

/** A frame before the times of its Segment are known. */
export interface PlainFrame {
  readonly trackNumber: number
  readonly relativeTicks: number
  readonly isKeyframe: boolean
  readonly isInvisible: boolean
  readonly isDiscardable: boolean
  readonly laceIndex: number
  readonly laceCount: number
  readonly references: readonly bigint[]
  readonly additions: readonly { readonly id: number; readonly data: string }[]
  readonly discardPaddingNs: bigint | undefined
  readonly durationTicks: bigint | undefined
  readonly payload: string
}

export interface PlainCluster {
  readonly timestampTicks: bigint
  readonly frames: readonly PlainFrame[]
}

/** Short frames mostly; a few so long that their parts are kept as views and not copied together. */
const payload = fc.oneof(
  { weight: 9, arbitrary: someBytes(20) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(2500), fc.nat(255))
      .map(([length, first]) => Uint8Array.from({ length }, (_, i) => first + i)),
  },
)

interface Laced {
  readonly frames: readonly Uint8Array[]
  readonly flags: number
  /** What stands between the flags and the frames. */
  readonly sizes: readonly number[]
}

function xiphSizes(frames: readonly Uint8Array[]): number[] {
  return frames
    .slice(0, -1)
    .flatMap(({ length }) => [...Array<number>(Math.floor(length / 255)).fill(255), length % 255])
}

/** RFC 9559 §10.3.2: the first size as it is, then differences with 2^(7n−1) − 1 added. */
function ebmlSizes(frames: readonly Uint8Array[], widths: readonly number[]): number[] {
  return frames.slice(0, -1).flatMap(({ length }, i) => {
    let width = widths[i % widths.length]
    if (i === 0) {
      while (BigInt(length) >= (1n << BigInt(7 * width)) - 1n) width += 1
      return vint(BigInt(length), width)
    }
    const difference = BigInt(length - frames[i - 1].length)
    const bias = (): bigint => (1n << BigInt(7 * width - 1)) - 1n
    while (difference > bias() || difference < -bias()) width += 1
    return vint(difference + bias(), width)
  })
}

const laced: fc.Arbitrary<Laced> = fc.oneof(
  { weight: 4, arbitrary: payload.map((frame) => ({ frames: [frame], flags: 0, sizes: [] })) },
  {
    weight: 1,
    arbitrary: fc.array(payload, { minLength: 1, maxLength: 6 }).map((frames) => ({
      frames,
      flags: 0x02,
      sizes: [frames.length - 1, ...xiphSizes(frames)],
    })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 6 }), payload).map(([count, frame]) => ({
      frames: Array.from({ length: count }, (_, i) => frame.map((byte) => byte ^ i)),
      flags: 0x04,
      sizes: [count - 1],
    })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        fc.array(payload, { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 }),
      )
      .map(([frames, widths]) => ({
        frames,
        flags: 0x06,
        sizes: [frames.length - 1, ...ebmlSizes(frames, widths)],
      })),
  },
)

const blockBody = fc
  .record({
    trackNumber: fc.constantFrom(...TRACK_NUMBERS, 20_000),
    trackNumberWidth: fc.oneof(
      { weight: 4, arbitrary: fc.constant(1) },
      fc.integer({ min: 1, max: 8 }),
    ),
    relativeTicks: fc.oneof(fc.integer({ min: -0x8000, max: 0x7fff }), fc.constantFrom(0, 33, -1)),
    laced,
    flags: fc.nat(0xff),
  })
  .map(({ trackNumber, trackNumberWidth, relativeTicks, laced: lace, flags }) => {
    let width = trackNumberWidth
    while (trackNumber >= 2 ** (7 * width)) width += 1
    const relative = new DataView(new ArrayBuffer(2))
    relative.setInt16(0, relativeTicks)
    // Reserved bits are set as well: a reader has to pass over them.
    const allFlags = (flags & ~0x06) | lace.flags
    return {
      trackNumber,
      relativeTicks,
      flags: allFlags,
      frames: lace.frames,
      bytes: Uint8Array.of(
        ...vint(BigInt(trackNumber), width),
        ...new Uint8Array(relative.buffer),
        allFlags,
        ...lace.sizes,
        ...lace.frames.flatMap((frame) => [...frame]),
      ),
    }
  })

type Blocks = Coded<readonly PlainFrame[]>

const simpleBlock: fc.Arbitrary<Blocks> = blockBody.chain((block) =>
  binary(ids.SIMPLE_BLOCK, fc.constant(block.bytes)).map(({ element }) => ({
    element,
    value: block.frames.map((frame, laceIndex) => ({
      trackNumber: block.trackNumber,
      relativeTicks: block.relativeTicks,
      isKeyframe: (block.flags & 0x80) !== 0,
      isInvisible: (block.flags & 0x08) !== 0,
      isDiscardable: (block.flags & 0x01) !== 0,
      laceIndex,
      laceCount: block.frames.length,
      references: [],
      additions: [],
      discardPaddingNs: undefined,
      durationTicks: undefined,
      payload: hex(frame),
    })),
  })),
)

const blockMore = fc
  .record({
    data: binary(ids.BLOCK_ADDITIONAL, someBytes(8)),
    id: maybe(uint(ids.BLOCK_ADD_ID, fc.bigInt({ min: 1n, max: 300n }), 1n)),
    dressing,
  })
  .map(({ data, id, dressing: clothes }) => ({
    value: { id: Number(id?.value ?? 1n), data: hex(data.value) },
    element: master(
      ids.BLOCK_MORE,
      present({ data, id }).map(({ element }) => element),
      clothes,
    ),
  }))

const int64 = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n })

const blockGroup: fc.Arbitrary<Blocks> = fc
  .record({
    block: blockBody,
    parts: fc.record({
      duration: maybe(uint(ids.BLOCK_DURATION, fc.bigInt({ min: 0n, max: 1n << 20n }))),
      discardPadding: maybe(int(ids.DISCARD_PADDING, int64)),
      priority: maybe(uint(ids.REFERENCE_PRIORITY, fc.bigInt({ min: 0n, max: 9n }))),
      codecState: maybe(binary(ids.CODEC_STATE, someBytes(6))),
    }),
    references: fc.array(int(ids.REFERENCE_BLOCK, int64), { maxLength: 2 }),
    additions: fc.array(blockMore, { maxLength: 2 }),
    dressing,
    inner: orderedDressing,
  })
  .map(({ block, parts, references, additions, dressing: clothes, inner }) => {
    const children: Element[] = [
      { id: ids.BLOCK, content: block.bytes, sizeWidth: inner.sizeWidth, isUnknownSize: false },
      ...present<Coded<unknown>>(parts).map(({ element }) => element),
      ...references.map(({ element }) => element),
    ]
    if (additions.length > 0) {
      const more = additions.map(({ element }) => element)
      children.push(master(ids.BLOCK_ADDITIONS, more, inner))
    }
    // Where there are two references, their order is told.
    const order = references.length > 1 ? [] : clothes.order
    return {
      element: master(ids.BLOCK_GROUP, children, { ...clothes, order }),
      value: block.frames.map((frame, laceIndex) => ({
        trackNumber: block.trackNumber,
        relativeTicks: block.relativeTicks,
        isKeyframe: references.length === 0,
        isInvisible: (block.flags & 0x08) !== 0,
        isDiscardable: false,
        laceIndex,
        laceCount: block.frames.length,
        references: references.map(({ value }) => value),
        additions: additions.map(({ value }) => value),
        discardPaddingNs: parts.discardPadding?.value,
        durationTicks: parts.duration?.value,
        payload: hex(frame),
      })),
    }
  })

const uint64 = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })

/** A Cluster of either kind of size. */
export const clusterElement: fc.Arbitrary<Coded<PlainCluster>> = fc
  .record({
    timestamp: uint(
      ids.TIMESTAMP,
      fc.oneof(fc.constantFrom(0n, 9967n, 1_600_000_000_000n), uint64),
    ),
    position: maybe(uint(ids.POSITION, uint64)),
    previousSize: maybe(uint(ids.PREV_SIZE, uint64)),
    blocks: fc.array(fc.oneof({ weight: 3, arbitrary: simpleBlock }, blockGroup), { maxLength: 6 }),
    isUnknownSize: fc.boolean(),
    dressing: orderedDressing,
  })
  .map(({ timestamp, position, previousSize, blocks, isUnknownSize, dressing: clothes }) => ({
    value: {
      timestampTicks: timestamp.value,
      frames: blocks.flatMap(({ value }) => value),
    },
    element: master(
      ids.CLUSTER,
      [
        timestamp.element,
        ...present({ position: position?.element, previousSize: previousSize?.element }),
        ...blocks.map(({ element }) => element),
      ],
      clothes,
      isUnknownSize,
    ),
  }))
