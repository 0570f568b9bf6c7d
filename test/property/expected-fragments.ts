// What protocol.md says a reader makes of a stream, told from the elements that were written, not from the bytes.
import type { IncompleteReason } from '../../src/parser/index.js'
import type { PlainFrame } from './arbitrary-clusters.js'
import type { Stream } from './arbitrary-streams.js'
import type { PlainTag, TagGroup } from './arbitrary-tags.js'
import type { PlacedElement } from './ebml-tree.js'
import { walk } from './ebml-tree.js'
import type {
  ModelFragment,
  ModelFrame,
  ModelInfo,
  ModelMetadata,
  ModelTag,
  ModelTrack,
} from './model.js'

/** How the stream is read. */
export type Reading = 'Matroska' | 'GetMedia' | 'GetMediaForFragmentList'

const PREFIX = 'AWS_KINESISVIDEO_'

class OpenFragment {
  tags: ModelTag[] = []
  frames: (() => ModelFrame)[] = []
  timestampNs: bigint | undefined = undefined
  hasContent = false
  readonly offset: number
  readonly service = new Map<string, string>()
  readonly serviceErrors: { id: number; code: string; fragmentNumber: string | undefined }[] = []
  readonly unknownTags: string[] = []

  constructor(offset: number) {
    this.offset = offset
  }

  get hasCluster(): boolean {
    return this.timestampNs !== undefined
  }

  get isFromService(): boolean {
    return this.serviceErrors.length > 0 || this.service.has('FRAGMENT_NUMBER')
  }
}

/** Every fragment of the stream, in order. */
export function expectedFragments(stream: Stream, reading: Reading): readonly ModelFragment[] {
  const reader = new ModelReader(reading)
  for (const { placed } of walk(stream.elements)) {
    const meaning = stream.meanings.get(placed.element)
    if (meaning === undefined) continue
    if (meaning.kind === 'header') reader.readHeader(placed, meaning.docType)
    else if (meaning.kind === 'segment') reader.readSegment(placed)
    else if (meaning.kind === 'info') reader.readInfo(meaning.info)
    else if (meaning.kind === 'tracks') reader.readTracks(meaning.tracks)
    else if (meaning.kind === 'tags') reader.readTags(placed, meaning.groups)
    else {
      const { timestampTicks, frames } = meaning.cluster
      reader.readCluster(placed, timestampTicks, frames)
    }
  }
  reader.close(stream.bytes.length)
  return reader.fragments
}

class ModelReader {
  readonly fragments: ModelFragment[] = []
  readonly #reading: Reading
  #docType: string | undefined
  #info: ModelInfo | undefined
  #tracks: readonly ModelTrack[] = []
  #open: OpenFragment | undefined
  /** Where a fragment that begins after closing tags in the same Segment begins. */
  #nextOffset = 0
  #isHeaderLast = false

  constructor(reading: Reading) {
    this.#reading = reading
  }

  readHeader(placed: PlacedElement, docType: string | undefined): void {
    this.close(placed.offset)
    this.#docType = docType
    this.#nextOffset = placed.offset
    this.#isHeaderLast = true
  }

  readSegment(placed: PlacedElement): void {
    // The producer began again, without a header.
    if (!this.#isHeaderLast) {
      this.close(placed.offset)
      this.#nextOffset = placed.offset
    }
    this.#isHeaderLast = false
    this.#info = undefined
    this.#tracks = []
  }

  readInfo(info: ModelInfo): void {
    this.#info = info
    this.#opened().hasContent = true
  }

  readTracks(tracks: readonly ModelTrack[]): void {
    this.#tracks = tracks
    this.#opened().hasContent = true
  }

  readTags(placed: PlacedElement, groups: readonly TagGroup[]): void {
    const flat = groups.flatMap(({ tags, targets }) => tags.map((tag) => ({ tag, targets })))
    const isService = ({ name }: PlainTag): boolean =>
      this.#reading !== 'Matroska' && name.startsWith(PREFIX)
    const service = new Map(
      flat
        .filter(({ tag }) => isService(tag))
        .map(({ tag }) => [tag.name.slice(PREFIX.length), tag.value ?? '']),
    )
    const isError = service.has('ERROR_ID')
    const number = service.get('FRAGMENT_NUMBER')
    const openNumber = this.#open?.service.get('FRAGMENT_NUMBER')
    // The number beside an error is not the fragment's own.
    const isOwn = this.#open?.serviceErrors.length === 0
    const isOther = isOwn && openNumber !== undefined && openNumber !== number
    // Closing tags may tell the number once more.
    const isClosing = service.has('CONTINUATION_TOKEN') && (number === '' || number === openNumber)
    if (number !== undefined && !isError && !isClosing && (this.#open?.hasCluster || isOther)) {
      this.close(placed.offset)
      this.#nextOffset = placed.offset
    }
    const position = this.#open?.hasCluster ? 'after' : 'before'
    const open = this.#opened()
    open.hasContent = true
    for (const { tag, targets } of flat) {
      if (!isService(tag)) open.tags.push(toModelTag(tag, targets, position))
    }
    for (const [name, value] of service) {
      if (name === 'NOT_KNOWN_YET') open.unknownTags.push(PREFIX + name)
      else open.service.set(name.replace('_SIDE', ''), value)
    }
    if (isError) {
      open.serviceErrors.push({
        id: Number(service.get('ERROR_ID')),
        code: service.get('ERROR_CODE') ?? '',
        fragmentNumber: service.get('FRAGMENT_NUMBER'),
      })
    }
    if (service.has('CONTINUATION_TOKEN')) this.#emit(open, placed.endOffset, undefined)
  }

  readCluster(placed: PlacedElement, timestampTicks: bigint, frames: readonly PlainFrame[]): void {
    const isHolding = this.#open?.service.has('FRAGMENT_NUMBER') === true
    if (this.#open?.hasCluster && !isHolding) {
      this.close(placed.offset)
      this.#nextOffset = placed.offset
    }
    const open = this.#opened()
    const scale = BigInt(this.#info?.timestampScale ?? 1_000_000)
    const tracks = this.#tracks
    open.hasContent = true
    open.timestampNs ??= timestampTicks * scale
    for (const frame of frames) {
      const track = tracks.find(({ number }) => number === frame.trackNumber)
      open.frames.push(() => toModelFrame(frame, timestampTicks, scale, track, open))
    }
  }

  /** The open fragment ends without closing tags. */
  close(endOffset: number): void {
    const open = this.#open
    this.#open = undefined
    if (open?.hasContent === true) this.#emit(open, endOffset, this.#judge(open))
  }

  #judge(open: OpenFragment): IncompleteReason | undefined {
    if (!open.hasCluster) return 'missing-cluster'
    return open.isFromService && this.#reading === 'GetMedia' ? 'missing-closing-tags' : undefined
  }

  #opened(): OpenFragment {
    return (this.#open ??= new OpenFragment(this.#nextOffset))
  }

  #emit(open: OpenFragment, endOffset: number, reason: IncompleteReason | undefined): void {
    this.#open = undefined
    this.#nextOffset = endOffset
    this.fragments.push({
      offset: open.offset,
      byteLength: endOffset - open.offset,
      isComplete: reason === undefined,
      incompleteReason: reason,
      hasCluster: open.hasCluster,
      timestampNs: open.timestampNs,
      docType: this.#docType,
      info: this.#info,
      tracks: this.#tracks,
      tags: open.tags,
      frames: open.frames.map((make) => make()),
      errors: [],
      metadata: this.#reading === 'Matroska' ? undefined : toMetadata(open),
    })
  }
}

function toMetadata({ service, serviceErrors, unknownTags }: OpenFragment): ModelMetadata {
  const behind = service.get('MILLIS_BEHIND_NOW')
  return {
    fragmentNumber: service.get('FRAGMENT_NUMBER'),
    serverTimestamp: service.get('SERVER_TIMESTAMP'),
    serverTimestampMs: toMilliseconds(service.get('SERVER_TIMESTAMP')),
    producerTimestamp: service.get('PRODUCER_TIMESTAMP'),
    producerTimestampMs: toMilliseconds(service.get('PRODUCER_TIMESTAMP')),
    millisBehindNow: behind === undefined ? undefined : Number(behind),
    continuationToken: service.get('CONTINUATION_TOKEN'),
    serviceErrors,
    unknownTags,
  }
}

/** Seconds with three decimals. */
function toMilliseconds(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text.replace('.', ''))
}

function toModelTag(
  tag: PlainTag,
  targets: ModelTag['targets'],
  position: 'before' | 'after',
): ModelTag {
  const children = tag.children.map((child) => toModelTag(child, targets, position))
  return { ...tag, targets, position, children }
}

/**
 * protocol.md §4: (cluster + relative × TrackTimestampScale) × TimestampScale − CodecDelay, later laces DefaultDuration on or,
 * without one, their share of BlockDuration.
 */
function toModelFrame(
  frame: PlainFrame,
  clusterTicks: bigint,
  scale: bigint,
  track: ModelTrack | undefined,
  fragment: OpenFragment,
): ModelFrame {
  const { references, additions, discardPaddingNs, laceIndex, laceCount, durationTicks } = frame
  const trackTickNs = scale * BigInt(track?.timestampScale ?? 1)
  const defaultDurationNs = track?.defaultDurationNs
  // RFC 9559 §5.1.3.5.3: BlockDuration counts track ticks; a lace shares it.
  const shareNs =
    durationTicks === undefined ? undefined : Number(durationTicks * trackTickNs) / laceCount
  const durationNs = shareNs ?? defaultDurationNs
  const relativeNs =
    BigInt(frame.relativeTicks) * trackTickNs -
    (track?.codecDelayNs ?? 0n) +
    BigInt(Math.round(laceIndex * (defaultDurationNs ?? shareNs ?? 0)))
  const originMs = toMilliseconds(fragment.service.get('PRODUCER_TIMESTAMP')) ?? 0
  // PRODUCER_TIMESTAMP is the time of the fragment's first Cluster.
  const distanceNs = clusterTicks * scale - (fragment.timestampNs ?? 0n) + relativeNs
  return {
    trackNumber: frame.trackNumber,
    timestampNs: clusterTicks * scale + relativeNs,
    isKeyframe: frame.isKeyframe,
    isInvisible: frame.isInvisible,
    isDiscardable: frame.isDiscardable,
    laceIndex,
    references,
    additions,
    discardPaddingNs,
    durationMs: durationNs === undefined ? undefined : durationNs / 1e6,
    // Only a producer whose clock counts from 1970 has a wall clock.
    wallClockMs: originMs < 1e12 ? undefined : originMs + Number(distanceNs) / 1e6,
    data: (track?.strippedHeader ?? '') + frame.payload,
  }
}
