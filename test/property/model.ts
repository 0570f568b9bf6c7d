// What a reader has to find, as plain data; and the parser's objects turned into the same, for comparing.
import { deepStrictEqual } from 'node:assert/strict'
import type {
  Fragment,
  Frame,
  IncompleteReason,
  SegmentInfo,
  Tag,
  TagTargets,
  Track,
} from '../../src/parser/index.js'
import type { FragmentMetadata } from '../../src/tags/index.js'

export interface ModelTag {
  readonly name: string
  readonly value: string | undefined
  readonly binary: string | undefined
  readonly language: string
  readonly isDefault: boolean
  readonly position: 'before' | 'after'
  readonly targets: TagTargets
  readonly children: readonly ModelTag[]
}

export interface ModelFrame {
  readonly trackNumber: number
  readonly timestampNs: bigint
  readonly isKeyframe: boolean
  readonly isInvisible: boolean
  readonly isDiscardable: boolean
  readonly laceIndex: number
  readonly references: readonly bigint[]
  readonly additions: readonly { readonly id: number; readonly data: string }[]
  readonly discardPaddingNs: bigint | undefined
  /** These two are doubles: {@link checkFragments} allows them a rounding error. */
  readonly durationMs: number | undefined
  readonly wallClockMs: number | undefined
  readonly data: string
}

export interface ModelTrack extends Omit<Track, 'codecPrivate' | 'encodings' | 'strippedHeader'> {
  readonly codecPrivate: string | undefined
  readonly strippedHeader: string | undefined
  readonly encodings: readonly unknown[]
}

export interface ModelInfo extends Omit<SegmentInfo, 'segmentUuid'> {
  readonly segmentUuid: string | undefined
}

export interface ModelMetadata extends Omit<FragmentMetadata, 'serviceErrors' | 'unknownTags'> {
  readonly serviceErrors: readonly {
    id: number | undefined
    code: string
    fragmentNumber: string | undefined
  }[]
  readonly unknownTags: readonly string[]
}

export interface ModelFragment {
  readonly offset: number
  readonly byteLength: number
  readonly isComplete: boolean
  readonly incompleteReason: IncompleteReason | undefined
  readonly hasCluster: boolean
  readonly timestampNs: bigint | undefined
  readonly docType: string | undefined
  readonly info: ModelInfo | undefined
  readonly tracks: readonly ModelTrack[]
  readonly tags: readonly ModelTag[]
  readonly frames: readonly ModelFrame[]
  readonly errors: readonly string[]
  readonly metadata: ModelMetadata | undefined
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

function maybeHex(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : hex(bytes)
}

/** Checks on the way that all views of a frame's bytes agree, and milliseconds with nanoseconds. */
export function describeFrame<M>(frame: Frame<M>): ModelFrame {
  const data = hex(frame.data)
  const slices = frame.slices.map(hex).join('')
  if (slices !== data || hex(frame.copy()) !== data || frame.byteLength !== data.length / 2) {
    throw new Error(`data ${data}, slices ${slices}, byteLength ${frame.byteLength}`)
  }
  const timestampMs = Number(frame.timestampNs) / 1e6
  // Both are sums of the same numbers; what cancels leaves a rounding error of the largest of them.
  if (Math.abs(frame.timestampMs - timestampMs) > 1e-9 * (1e9 + Math.abs(timestampMs))) {
    throw new Error(`timestampMs ${frame.timestampMs}, timestampNs ${frame.timestampNs}`)
  }
  return {
    trackNumber: frame.trackNumber,
    timestampNs: frame.timestampNs,
    isKeyframe: frame.isKeyframe,
    isInvisible: frame.isInvisible,
    isDiscardable: frame.isDiscardable,
    laceIndex: frame.laceIndex,
    references: frame.references,
    additions: frame.additions.map((addition) => ({ id: addition.id, data: hex(addition.data) })),
    discardPaddingNs: frame.discardPaddingNs,
    durationMs: frame.durationMs,
    wallClockMs: frame.wallClockMs,
    data,
  }
}

function describeTag(tag: Tag): ModelTag {
  return {
    ...tag,
    binary: maybeHex(tag.binary),
    targets: { ...tag.targets },
    children: tag.children.map(describeTag),
  }
}

function describeTrack(track: Track): ModelTrack {
  return {
    ...track,
    codecPrivate: maybeHex(track.codecPrivate),
    strippedHeader: maybeHex(track.strippedHeader),
    encodings: track.encodings.map(({ settings, keyId, ...rest }) => ({
      ...rest,
      settings: maybeHex(settings),
      keyId: maybeHex(keyId),
    })),
  }
}

function describeMetadata(metadata: FragmentMetadata): ModelMetadata {
  return {
    fragmentNumber: metadata.fragmentNumber,
    serverTimestamp: metadata.serverTimestamp,
    serverTimestampMs: metadata.serverTimestampMs,
    producerTimestamp: metadata.producerTimestamp,
    producerTimestampMs: metadata.producerTimestampMs,
    millisBehindNow: metadata.millisBehindNow,
    continuationToken: metadata.continuationToken,
    serviceErrors: metadata.serviceErrors.map(({ id, code, fragmentNumber }) => ({
      id,
      code,
      fragmentNumber,
    })),
    unknownTags: metadata.unknownTags.map(({ name }) => name),
  }
}

/** Compares what a parser found with what was written. */
export function checkFragments(
  actual: readonly Fragment<FragmentMetadata | undefined>[],
  expected: readonly ModelFragment[],
): void {
  deepStrictEqual(
    actual.map((fragment, i) => {
      const described = describeFragment(fragment)
      const frames = described.frames.map((frame, j) =>
        withoutRounding(frame, expected[i]?.frames[j]),
      )
      return { ...described, frames }
    }),
    expected,
  )
}

/** The frame with the times of `expected` where the two differ by no more than a double rounds. */
export function withoutRounding(frame: ModelFrame, expected: ModelFrame | undefined): ModelFrame {
  const settle = (a: number | undefined, b: number | undefined): number | undefined =>
    a !== undefined && b !== undefined && Math.abs(a - b) <= 1e-14 * Math.abs(b) ? b : a
  return {
    ...frame,
    durationMs: settle(frame.durationMs, expected?.durationMs),
    wallClockMs: settle(frame.wallClockMs, expected?.wallClockMs),
  }
}

/** The parser's fragment as plain data. */
export function describeFragment(fragment: Fragment<FragmentMetadata | undefined>): ModelFragment {
  const { info, metadata } = fragment
  return {
    offset: fragment.offset,
    byteLength: fragment.byteLength,
    isComplete: fragment.isComplete,
    incompleteReason: fragment.incompleteReason,
    hasCluster: fragment.hasCluster,
    timestampNs: fragment.timestampNs,
    docType: fragment.docType,
    info: info === undefined ? undefined : { ...info, segmentUuid: maybeHex(info.segmentUuid) },
    tracks: fragment.tracks.map(describeTrack),
    tags: fragment.tags.map(describeTag),
    frames: fragment.frames.map(describeFrame),
    errors: fragment.errors.map((error) => error.message),
    metadata: metadata === undefined ? undefined : describeMetadata(metadata),
  }
}
