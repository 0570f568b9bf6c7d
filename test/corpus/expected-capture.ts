// The shape of getmedia/expected.json.
import { readFileSync } from 'node:fs'
import { mediaFile } from '../helpers/shared-media.js'

type Counts = Readonly<Record<string, number>>

export interface ExpectedTrack {
  readonly number: number
  readonly uid: string
  readonly type: number
  /** As in the file: NULs and all. */
  readonly codecId: string
  readonly name: string | null
  readonly language: string | null
  readonly codecPrivateHex: string
  readonly defaultDurationNs: number | null
  readonly pixelWidth: number
  readonly pixelHeight: number
  readonly displayWidth?: number
  readonly displayHeight?: number
  readonly flagLacing?: number
}

export interface ExpectedCluster {
  readonly offset: number
  readonly headerLength: number
  readonly dataLength: number
  readonly sizeKnown: boolean
  readonly timecode: number
  readonly blocks: number
  readonly perTrack: Readonly<Record<string, unknown>>
  readonly payloadSha256: string
}

export interface ExpectedDocument {
  readonly index: number
  readonly offset: number
  readonly length: number
  readonly layout: readonly string[]
  readonly timecodeScale: number
  readonly tracks: readonly ExpectedTrack[]
  readonly fragmentNumber?: string
  readonly serverTimestamp?: string
  readonly producerTimestamp?: string
  readonly millisBehindNow?: string
  readonly continuationToken?: string
  readonly awsTagsBeforeCluster: readonly string[]
  readonly awsTagsAfterCluster: readonly string[]
  readonly appTagsBeforeCluster: readonly (readonly [string, string])[]
  readonly appTagsAfterCluster: readonly (readonly [string, string])[]
  readonly clusters: readonly ExpectedCluster[]
  readonly derived?: {
    readonly sequence: number
    readonly serverTimestampMillis: number
    readonly random28: number
  }
}

export interface ExpectedCapture {
  readonly bytes: number
  readonly sha256: string
  readonly elementCounts: Counts
  readonly totalElements: number
  readonly unknownIds: readonly number[]
  readonly topLevel: string
  readonly ebmlHeaders: number
  readonly segments: number
  readonly clusters: number
  readonly simpleBlocks: number
  readonly blockGroups: number
  readonly tagNames: number
  readonly crc32: Counts
  readonly segmentSizeEncodings: readonly string[]
  readonly clusterSizeEncodings: readonly string[]
  readonly framesPerTrack: Readonly<Record<string, unknown>>
  readonly totalFramePayloadSha256: string
  readonly lacing: Counts
  readonly blockFlags: Counts
  readonly truncatedBlocks: number
  readonly fragments: number
  readonly firstFragmentNumber: string | null
  readonly lastFragmentNumber: string | null
  readonly fragmentNumbersStrictlyIncreasing: boolean | null
  readonly continuationTokens: readonly string[]
  readonly continuationTokenEqualsOwnFragmentNumber: boolean | null
  readonly minTimecode: number
  readonly maxTimecode: number
  readonly documents: readonly ExpectedDocument[]
  readonly javaLibraryRun: {
    readonly fragmentCallbacks: number
    readonly segmentsClustersSimpleBlocks: readonly number[]
  }
}

/** Every capture of expected.json with its file name. */
export function readExpectedCaptures(): [string, ExpectedCapture][] {
  const all = JSON.parse(readFileSync(mediaFile('getmedia/expected.json'), 'utf8')) as Record<
    string,
    ExpectedCapture
  >
  return Object.entries(all).filter(([name]) => name.endsWith('.mkv'))
}
