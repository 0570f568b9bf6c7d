// What real captures hold, compared field by field with what an independent program found in them.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FragmentParser, MATROSKA_RULE } from '../../src/parser/index.js'
import type { GetMediaFragment, GetMediaFrame } from '../../src/tags/index.js'
import {
  compareFragmentNumbers,
  decodeFragmentNumber,
  GetMediaParser,
} from '../../src/tags/index.js'
import { chunksOf, drain } from '../helpers/drain.js'
import { describeWithMedia, mediaFile } from '../helpers/shared-media.js'
import { ElementWalk } from './element-walk.js'
import type { ExpectedCapture, ExpectedDocument, ExpectedTrack } from './expected-capture.js'
import { readExpectedCaptures } from './expected-capture.js'

const CHUNK_SIZES = [65_536, 1400]

// expected.json has the names in use before RFC 9559.
const OLD_NAMES: Readonly<Record<string, string>> = {
  Timecode: 'Timestamp',
  TimecodeScale: 'TimestampScale',
  SegmentUID: 'SegmentUUID',
}

/** A capture cut in a frame: that frame counts in expected.json, and here it stands beside the whole ones. */
function framesOf(fragment: GetMediaFragment): readonly GetMediaFrame[] {
  const { frames, truncatedFrame } = fragment
  return truncatedFrame === undefined ? frames : [...frames, truncatedFrame]
}

function sha256Of(frames: Iterable<GetMediaFrame>): string {
  const hash = createHash('sha256')
  for (const frame of frames) for (const slice of frame.slices) hash.update(slice)
  return hash.digest('hex')
}

function perTrackOf(frames: readonly GetMediaFrame[], scale: number): unknown {
  const perTrack: Record<string, unknown> = {}
  for (const trackNumber of new Set(frames.map((frame) => frame.trackNumber))) {
    const own = frames.filter((frame) => frame.trackNumber === trackNumber)
    const ticks = own.map((frame) => Number(frame.timestampNs / BigInt(scale)))
    perTrack[trackNumber] = {
      frames: own.length,
      keyframes: own.filter((frame) => frame.isKeyframe).length,
      bytes: own.reduce((sum, frame) => sum + frame.byteLength, 0),
      firstTimecode: ticks[0],
      lastTimecode: ticks.at(-1),
      minTimecode: Math.min(...ticks),
      maxTimecode: Math.max(...ticks),
    }
  }
  return perTrack
}

function untilNul(text: string): string {
  return text.split('\u0000')[0] ?? ''
}

function hexOf(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Buffer.from(bytes).toString('hex')
}

/** What expected.json says of a track, read from the parser's. */
function describeTrack(
  track: GetMediaFragment['tracks'][number],
  expected: ExpectedTrack,
  flagLacing: number | undefined,
): unknown {
  return {
    number: track.number,
    uid: String(track.uid),
    type: track.typeCode,
    codecId: track.codecId,
    name: track.name ?? null,
    language: track.language,
    codecPrivateHex: hexOf(track.codecPrivate),
    defaultDurationNs: track.defaultDurationNs ?? null,
    pixelWidth: track.video?.pixelWidth,
    pixelHeight: track.video?.pixelHeight,
    // Left out of expected.json where the file leaves it out; the parser then has the RFC's default.
    ...('displayWidth' in expected ? { displayWidth: track.video?.displayWidth } : {}),
    ...('displayHeight' in expected ? { displayHeight: track.video?.displayHeight } : {}),
    ...('flagLacing' in expected ? { flagLacing } : {}),
  }
}

function checkTracks(
  fragment: GetMediaFragment,
  expected: ExpectedDocument,
  flagLacing: readonly number[],
): void {
  expect(
    fragment.tracks.map((track, i) => describeTrack(track, expected.tracks[i], flagLacing[i])),
  ).toEqual(
    expected.tracks.map((track) => ({
      ...track,
      // Strings end at the first NUL; a track without a language has the RFC's default.
      codecId: untilNul(track.codecId),
      name: track.name === null ? null : untilNul(track.name),
      language: track.language ?? 'eng',
    })),
  )
  for (const { video } of fragment.tracks) {
    expect([video?.displayWidth, video?.displayHeight]).toEqual([
      expected.tracks[0].displayWidth ?? expected.tracks[0].pixelWidth,
      expected.tracks[0].displayHeight ?? expected.tracks[0].pixelHeight,
    ])
  }
}

function tagsAt(fragments: readonly GetMediaFragment[], position: 'before' | 'after'): unknown {
  return fragments.flatMap((fragment) =>
    fragment.tags.filter((tag) => tag.position === position).map((tag) => [tag.name, tag.value]),
  )
}

function checkMetadata(fragment: GetMediaFragment, expected: ExpectedDocument): void {
  const { metadata } = fragment
  expect(metadata.fragmentNumber).toBe(expected.fragmentNumber)
  expect(metadata.serverTimestamp).toBe(expected.serverTimestamp)
  expect(metadata.producerTimestamp).toBe(expected.producerTimestamp)
  expect(metadata.serverTimestampMs).toBe(millisecondsOf(expected.serverTimestamp))
  expect(metadata.producerTimestampMs).toBe(millisecondsOf(expected.producerTimestamp))
  expect(metadata.millisBehindNow).toBe(
    expected.millisBehindNow === undefined ? undefined : Number(expected.millisBehindNow),
  )
  expect(metadata.continuationToken).toBe(expected.continuationToken)
  expect(metadata.serviceErrors).toEqual([])
  expect(metadata.unknownTags).toEqual([])
  if (expected.derived === undefined) return
  expect(decodeFragmentNumber(metadata.fragmentNumber ?? '')).toEqual({
    sequence: BigInt(expected.derived.sequence),
    serverTimestampMs: expected.derived.serverTimestampMillis,
    random: expected.derived.random28,
  })
}

function millisecondsOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text.replace('.', ''))
}

function checkClusters(
  fragments: readonly GetMediaFragment[],
  expected: ExpectedDocument,
  walk: ElementWalk,
): void {
  const walked = walk.documents[expected.index]
  expect(
    walked.clusters.map(
      ({ offset, headerLength, dataLength, isSizeKnown, timestamp, blocks }, i) => {
        const frames = framesOf(fragments[i])
        return {
          offset,
          headerLength,
          dataLength,
          sizeKnown: isSizeKnown,
          timecode: timestamp,
          blocks,
          perTrack: perTrackOf(frames, expected.timecodeScale),
          payloadSha256: sha256Of(frames),
        }
      },
    ),
  ).toEqual(expected.clusters)
  for (const [i, cluster] of expected.clusters.entries()) {
    expect(fragments[i].timestampNs).toBe(BigInt(cluster.timecode) * BigInt(expected.timecodeScale))
    expect(fragments[i].timestampMs).toBe((cluster.timecode * expected.timecodeScale) / 1e6)
  }
}

/** The fragments of one document: one in a GetMedia payload, one per Cluster in the producer's own file. */
function checkDocument(
  fragments: readonly GetMediaFragment[],
  expected: ExpectedDocument,
  walk: ElementWalk,
  isCut: boolean,
): void {
  const [first] = fragments
  const last = fragments.at(-1) ?? first
  expect(fragments).toHaveLength(expected.clusters.length)
  expect(first.offset).toBe(expected.offset)
  expect(last.offset + last.byteLength - first.offset).toBe(expected.length)
  expect(walk.documents[expected.index].layout).toEqual(expected.layout)
  for (const fragment of fragments) {
    expect(fragment.isComplete).toBe(!isCut)
    expect(fragment.incompleteReason).toBe(isCut ? 'truncated' : undefined)
    expect(fragment.truncatedFrame === undefined).toBe(!isCut)
    expect(fragment.hasCluster).toBe(true)
    expect(fragment.errors).toEqual([])
    expect(fragment.info?.timestampScale).toBe(expected.timecodeScale)
    checkTracks(fragment, expected, walk.documents[expected.index].flagLacing)
    checkMetadata(fragment, expected)
    checkWallClock(fragment)
  }
  checkClusters(fragments, expected, walk)
  expect(tagsAt(fragments, 'before')).toEqual(withoutPadding(expected.appTagsBeforeCluster))
  expect(tagsAt(fragments, 'after')).toEqual(withoutPadding(expected.appTagsAfterCluster))
}

function withoutPadding(tags: readonly (readonly [string, string])[]): unknown {
  return tags.map((tag) => tag.map(untilNul))
}

/** PRODUCER_TIMESTAMP + (block − Cluster); a producer that counts from its own start has no wall clock. */
function checkWallClock(fragment: GetMediaFragment): void {
  const origin = fragment.metadata.producerTimestampMs
  const isAbsolute = origin !== undefined && origin > 1e12
  for (const frame of fragment.frames) {
    expect(frame.wallClockMs).toBe(
      isAbsolute ? origin + frame.timestampMs - (fragment.timestampMs ?? 0) : undefined,
    )
  }
}

function checkWalk(walk: ElementWalk, expected: ExpectedCapture): void {
  expect(Object.fromEntries(walk.elementCounts)).toEqual(
    Object.fromEntries(
      Object.entries(expected.elementCounts).map(([name, count]) => [
        OLD_NAMES[name] ?? name,
        count,
      ]),
    ),
  )
  const count = (name: string): number => walk.elementCounts.get(name) ?? 0
  expect({
    totalElements: [...walk.elementCounts.values()].reduce((sum, n) => sum + n, 0),
    unknownIds: [...walk.unknownIds],
    topLevel: [...walk.topLevel].join('+'),
    ebmlHeaders: count('EBML'),
    segments: count('Segment'),
    clusters: count('Cluster'),
    simpleBlocks: count('SimpleBlock'),
    blockGroups: count('BlockGroup'),
    tagNames: count('TagName'),
    crc32: Object.fromEntries(walk.checksums),
    segmentSizeEncodings: [...walk.segmentSizes],
    clusterSizeEncodings: [...walk.clusterSizes],
    lacing: Object.fromEntries(walk.lacing),
    blockFlags: Object.fromEntries(walk.blockFlags),
    truncatedBlocks: walk.cutBlockCount,
    javaCounts: [count('Segment'), count('Cluster'), walk.blockCount - walk.cutBlockCount],
  }).toEqual({
    totalElements: expected.totalElements,
    unknownIds: expected.unknownIds,
    topLevel: expected.topLevel,
    ebmlHeaders: expected.ebmlHeaders,
    segments: expected.segments,
    clusters: expected.clusters,
    simpleBlocks: expected.simpleBlocks,
    blockGroups: expected.blockGroups,
    tagNames: expected.tagNames,
    crc32: expected.crc32,
    segmentSizeEncodings: expected.segmentSizeEncodings,
    clusterSizeEncodings: expected.clusterSizeEncodings,
    lacing: expected.lacing,
    blockFlags: expected.blockFlags,
    truncatedBlocks: expected.truncatedBlocks,
    javaCounts: expected.javaLibraryRun.segmentsClustersSimpleBlocks,
  })
}

function checkTotals(fragments: readonly GetMediaFragment[], expected: ExpectedCapture): void {
  const frames = fragments.flatMap(framesOf)
  const perTrack: Record<string, unknown> = {}
  for (const trackNumber of new Set(frames.map((frame) => frame.trackNumber))) {
    const own = frames.filter((frame) => frame.trackNumber === trackNumber)
    perTrack[trackNumber] = {
      frames: own.length,
      keyframes: own.filter((frame) => frame.isKeyframe).length,
      bytes: own.reduce((sum, frame) => sum + frame.byteLength, 0),
    }
  }
  const numbers = fragments.flatMap(({ metadata }) => metadata.fragmentNumber ?? [])
  const times = frames.map((frame) => frame.timestampMs)
  expect({
    framesPerTrack: perTrack,
    totalFramePayloadSha256: sha256Of(frames),
    fragments: numbers.length,
    firstFragmentNumber: numbers[0] ?? null,
    lastFragmentNumber: numbers.at(-1) ?? null,
    continuationTokens: fragments.flatMap(({ metadata }) => metadata.continuationToken ?? []),
    minTimecode: Math.min(...times),
    maxTimecode: Math.max(...times),
    complete: fragments.filter(
      (fragment) => fragment.isComplete && fragment.metadata.fragmentNumber,
    ).length,
  }).toEqual({
    framesPerTrack: expected.framesPerTrack,
    totalFramePayloadSha256: expected.totalFramePayloadSha256,
    fragments: expected.fragments,
    firstFragmentNumber: expected.firstFragmentNumber,
    lastFragmentNumber: expected.lastFragmentNumber,
    continuationTokens: expected.continuationTokens,
    minTimecode: expected.minTimecode,
    maxTimecode: expected.maxTimecode,
    complete: expected.javaLibraryRun.fragmentCallbacks,
  })
  if (expected.continuationTokenEqualsOwnFragmentNumber !== null) {
    expect(expected.continuationTokenEqualsOwnFragmentNumber).toBe(
      fragments
        .filter((fragment) => fragment.isComplete)
        .every(({ metadata }) => metadata.continuationToken === metadata.fragmentNumber),
    )
  }
  if (expected.fragmentNumbersStrictlyIncreasing !== null) {
    expect(expected.fragmentNumbersStrictlyIncreasing).toBe(
      numbers.slice(1).every((number, i) => compareFragmentNumbers(numbers[i], number) < 0),
    )
  }
}

/** The service's tags as they stand in the file, which a reader of plain Matroska takes for the producer's. */
function checkServiceTags(bytes: Uint8Array, expected: ExpectedCapture): void {
  const { fragments } = drain(new FragmentParser(MATROSKA_RULE), [bytes])
  for (const { offset, length, awsTagsBeforeCluster, awsTagsAfterCluster } of expected.documents) {
    const names = { before: [] as string[], after: [] as string[] }
    for (const fragment of fragments) {
      if (fragment.offset < offset || fragment.offset >= offset + length) continue
      for (const { name, position } of fragment.tags) {
        if (name.startsWith('AWS_KINESISVIDEO_')) names[position].push(name)
      }
    }
    expect(names).toEqual({ before: awsTagsBeforeCluster, after: awsTagsAfterCluster })
  }
}

describeWithMedia('the GetMedia captures', () => {
  for (const [name, expected] of readExpectedCaptures()) {
    describe(name, () => {
      const bytes = readFileSync(mediaFile(`getmedia/${name}`))

      it('is the file that the expectations are of', () => {
        expect(bytes).toHaveLength(expected.bytes)
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(expected.sha256)
      })

      it('has the tags of the service where they are expected', () => {
        checkServiceTags(bytes, expected)
      })

      for (const chunkSize of CHUNK_SIZES) {
        it(`gives every expected field in chunks of ${chunkSize} bytes`, () => {
          const walk = new ElementWalk()
          // Block headers are read from the first slice of a block, so the walk gets the file in one piece.
          walk.write(bytes)
          walk.end()
          checkWalk(walk, expected)

          const { fragments, failure } = drain(
            new GetMediaParser({ verifyCrc32: true }),
            chunksOf(bytes, chunkSize),
          )
          expect(failure).toBeUndefined()
          checkTotals(fragments, expected)
          for (const document of expected.documents) {
            const end = document.offset + document.length
            const own = fragments.filter(({ offset }) => offset >= document.offset && offset < end)
            const isCut = expected.truncatedBlocks > 0 && end === bytes.length
            checkDocument(own, document, walk, isCut)
          }
        })
      }
    })
  }

  it('gives the clusters of the producer file again, byte for byte, in what GetMedia made of them', () => {
    const hashesOf = (name: string): readonly string[] =>
      drain(
        new GetMediaParser(),
        chunksOf(readFileSync(mediaFile(`getmedia/${name}`)), 65_536),
      ).fragments.map((fragment) => sha256Of(fragment.frames))
    const produced = hashesOf('clusters.mkv')
    expect(produced).toHaveLength(8)
    expect(hashesOf('kinesis_video_renderer_example_output.mkv')).toEqual(produced)
  })
})
