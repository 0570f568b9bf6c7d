/**
 * Builds GetMedia payloads: whole fragments in the layouts that real producers leave behind, and
 * documents that report an in-band error. A pure function of its arguments.
 */
import { ID } from '../parser/schema.js'
import {
  type Block,
  type Lacing,
  concatBytes,
  encodeId,
  encodeUnknownSize,
  simpleBlock,
  uintElement,
  element,
  withCrc32,
} from './ebml-writer.js'
import { type ErrorTags, type TagSpelling, errorTags, headTags, tailTags } from './service-tags.js'
import { type MediaStyle, type MediaTag, type MediaTrack, LAYOUTS } from './media-layout.js'

export type { AudioFormat, MediaStyle, MediaTag, MediaTrack, VideoFormat } from './media-layout.js'

/** One frame, or several in one block when it has a lacing. */
export interface MediaFrame {
  /** The track it belongs to. */
  readonly trackNumber: number
  /** Milliseconds after the Cluster's timestamp, -32,768 to 32,767. */
  readonly timestampMs: number
  /** The payload; an array with a `lacing`. */
  readonly data: Uint8Array | readonly Uint8Array[]
  /** Default false. */
  readonly isKeyframe?: boolean | undefined
  /** Default 'none'. */
  readonly lacing?: Lacing | undefined
}

/** Everything a fragment consists of. */
export interface FragmentSpec {
  /** Whose layout to follow. Default 'ffmpeg'. */
  readonly style?: MediaStyle | undefined
  /** Written to HEAD. `undefined` leaves the tag out. */
  readonly fragmentNumber?: string | undefined
  /** Server time in milliseconds since 1970, written to HEAD. */
  readonly serverTimestampMs?: number | undefined
  /** Producer time in milliseconds, written to HEAD. */
  readonly producerTimestampMs?: number | undefined
  /** Written to TAIL. Default 0. */
  readonly millisBehindNow?: number | undefined
  /** Written to TAIL. Default: the fragment number, as in every known capture. */
  readonly continuationToken?: string | undefined
  /** The tracks; without any the document has no Tracks element. */
  readonly tracks?: readonly MediaTrack[] | undefined
  /** The Cluster's timestamp in milliseconds. Default 0. */
  readonly clusterTimestamp?: number | undefined
  /** The frames in file order. `undefined` leaves out the Cluster itself. */
  readonly frames?: readonly MediaFrame[] | undefined
  /** Producer tags in front of the Cluster. */
  readonly tagsBefore?: readonly MediaTag[] | undefined
  /** Producer tags between the Cluster and TAIL. */
  readonly tagsAfter?: readonly MediaTag[] | undefined
  /** False leaves out TAIL, as GetMediaForFragmentList does. Default true. */
  readonly hasTail?: boolean | undefined
  /** False leaves out HEAD. Default true. */
  readonly hasHead?: boolean | undefined
  /** Default: as the style has it (ffmpeg: true, the others: false). */
  readonly isClusterSizeKnown?: boolean | undefined
  /** Every size the producer writes, its unknown ones included, in eight bytes. Default false. */
  readonly hasWideSizes?: boolean | undefined
  /** Names of the service's tags. Default 'GetMedia'. */
  readonly spelling?: TagSpelling | undefined
}

/** A fragment in its parts, in file order. An absent part has no bytes. */
export interface FragmentParts {
  /** EBML header, the Segment's ID and unknown size, and what the producer puts before HEAD. */
  readonly preamble: Uint8Array
  /** The service's Tags before the Cluster. */
  readonly head: Uint8Array
  /** The producer's Cluster. */
  readonly cluster: Uint8Array
  /** The producer's Tags after the Cluster. */
  readonly trailer: Uint8Array
  /** The service's last Tags. */
  readonly tail: Uint8Array
}

/** Where an error document reports its error. */
export type ErrorPosition = 'alone' | 'before-cluster' | 'after-cluster'

/** A document that reports an in-band error. */
export interface ErrorDocumentSpec extends ErrorTags {
  /**
   * 'alone': EBML header, Segment and the error, with no Info, Tracks or Cluster. The other two put
   * the error into `fragment`, which then usually has no TAIL. Default 'alone'.
   */
  readonly position?: ErrorPosition | undefined
  /** The fragment around the error. Required unless it stands alone. */
  readonly fragment?: FragmentSpec | undefined
  /** Names of the error tags. Default 'GetMedia'. */
  readonly spelling?: TagSpelling | undefined
}

/** A fragment as GetMedia sends it. Throws a RangeError on a value that Matroska cannot hold. */
export function buildFragment(spec: FragmentSpec): Uint8Array {
  const { preamble, head, cluster, trailer, tail } = buildFragmentParts(spec)
  return concatBytes([preamble, head, cluster, trailer, tail])
}

/** The same, in parts: a server learns TAIL's lag only when it sends. */
export function buildFragmentParts(spec: FragmentSpec): FragmentParts {
  const layout = LAYOUTS[spec.style ?? 'ffmpeg']
  const hasWideSizes = spec.hasWideSizes ?? false
  return {
    preamble: concatBytes([
      layout.header(hasWideSizes),
      encodeId(ID.Segment),
      encodeUnknownSize(8),
      ...layout.preamble(spec.tracks ?? [], spec.tagsBefore ?? [], hasWideSizes),
    ]),
    head: spec.hasHead === false ? EMPTY : headTags(spec, spec.spelling),
    cluster: buildCluster(spec),
    trailer: concatBytes(layout.tags(spec.tagsAfter ?? [], hasWideSizes)),
    tail:
      spec.hasTail === false
        ? EMPTY
        : tailTags({
            millisBehindNow: spec.millisBehindNow ?? 0,
            continuationToken: spec.continuationToken ?? spec.fragmentNumber,
          }),
  }
}

/** Several fragments merged into one Segment: the first one's preamble, then HEAD-Cluster-TAIL runs. */
export function buildMerged(specs: readonly FragmentSpec[]): Uint8Array {
  const pieces: Uint8Array[] = []
  for (const [index, spec] of specs.entries()) {
    const { preamble, head, cluster, trailer, tail } = buildFragmentParts(spec)
    if (index === 0) pieces.push(preamble)
    pieces.push(head, cluster, trailer, tail)
  }
  return concatBytes(pieces)
}

/** A document that reports an in-band error, with HTTP status 200 around it. */
export function buildErrorDocument(spec: ErrorDocumentSpec): Uint8Array {
  const tags = errorTags(spec, spec.spelling)
  const position = spec.position ?? 'alone'
  if (position === 'alone') {
    const style = LAYOUTS[spec.fragment?.style ?? 'ffmpeg']
    return concatBytes([
      style.header(spec.fragment?.hasWideSizes ?? false),
      encodeId(ID.Segment),
      encodeUnknownSize(8),
      tags,
    ])
  }
  if (!spec.fragment) throw new RangeError(`an error ${position} needs a fragment around it`)
  const { preamble, head, cluster, trailer, tail } = buildFragmentParts(spec.fragment)
  return position === 'before-cluster'
    ? concatBytes([preamble, head, tags, cluster, trailer, tail])
    : concatBytes([preamble, head, cluster, trailer, tags, tail])
}

const EMPTY = new Uint8Array(0)

function buildCluster(spec: FragmentSpec): Uint8Array {
  if (!spec.frames) return EMPTY
  const layout = LAYOUTS[spec.style ?? 'ffmpeg']
  const blocks = spec.frames.map((frame) => buildBlock(frame, spec))
  const timestamp = spec.clusterTimestamp ?? 0
  if (layout.cluster === 'with-crc') {
    const body = withCrc32([uintElement(ID.Timestamp, timestamp), ...blocks])
    return element(ID.Cluster, body, {
      sizeWidth: 8,
      unknownSize: spec.isClusterSizeKnown === false,
    })
  }
  const isSizeKnown = spec.isClusterSizeKnown ?? false
  const wide = spec.hasWideSizes ? 8 : undefined
  const body = [
    uintElement(ID.Timestamp, timestamp, { valueWidth: 8, sizeWidth: wide }),
    uintElement(ID.Position, 0, { sizeWidth: wide }),
    ...blocks,
  ]
  // The Producer SDK writes the shortest unknown size there is, one byte FF.
  const sizeWidth = wide ?? (isSizeKnown ? undefined : 1)
  return element(ID.Cluster, body, { sizeWidth, unknownSize: !isSizeKnown })
}

function buildBlock(frame: MediaFrame, spec: FragmentSpec): Uint8Array {
  const layout = LAYOUTS[spec.style ?? 'ffmpeg']
  const block: Block = {
    trackNumber: frame.trackNumber,
    relativeTimestamp: frame.timestampMs,
    frames: frame.data instanceof Uint8Array ? [frame.data] : frame.data,
    lacing: frame.lacing,
    isKeyframe: frame.isKeyframe,
  }
  return simpleBlock(block, { sizeWidth: spec.hasWideSizes ? 8 : layout.blockSizeWidth })
}
