/**
 * Makes a stream out of a file: a GetMedia capture keeps its bytes, any other Matroska file is cut
 * into one fragment per Cluster, each with the file's own header in front.
 */
import { EbmlReader } from '../parser/reader.js'
import { ID } from '../parser/schema.js'
import { readString, readUint } from '../parser/values.js'
import { encodeFragmentNumber } from '../tags/fragment-number.js'
import { AWS_TAG_PREFIX } from '../tags/metadata.js'
import { parseTimestampMs } from '../tags/timestamp.js'
import { concatBytes, encodeId, encodeUnknownSize } from './ebml-writer.js'
import type { PreparedFragment } from './stored-fragment.js'

/** How to number what has no numbers yet. */
export interface FileSourceOptions {
  /** Time of the file's first frame, in milliseconds since 1970. Default 1,700,000,000,000. */
  readonly startMs?: number | undefined
}

/** How long after the producer's time a re-cut fragment is stamped by the server. */
const SERVER_DELAY_MS = 120

/**
 * The fragments of a file that is whole in memory; Clusters are views of it, not copies. A last
 * Cluster that is cut off is left out. Throws a ParseError when the file is damaged or no EBML, and
 * a RangeError when it holds no Cluster.
 */
export function fragmentsFromFile(
  bytes: Uint8Array,
  options: FileSourceOptions = {},
): readonly PreparedFragment[] {
  const cutter = new FileCutter(bytes)
  const cuts = cutter.cut()
  if (cuts.length === 0) throw new RangeError('the file holds no whole Cluster')
  if (cuts.every((cut) => cut.tags.has('FRAGMENT_NUMBER'))) {
    return cuts.map((cut) => captured(cut))
  }
  const startMs = options.startMs ?? 1_700_000_000_000
  return cuts.map((cut, index) => numbered(cut, index, startMs, cuts[0]!.timestampMs))
}

/** What the cutter finds in front of, in and after one Cluster. */
interface Cut {
  readonly preamble: Uint8Array
  readonly head: Uint8Array | undefined
  readonly cluster: Uint8Array
  readonly trailer: Uint8Array
  readonly tail: Uint8Array | undefined
  /** The service's tags, without their prefix. */
  readonly tags: ReadonlyMap<string, string>
  /** The Cluster's own time. */
  readonly timestampMs: number
}

function captured(cut: Cut): PreparedFragment {
  const { preamble, cluster, trailer, tags } = cut
  const time = (name: string, other: string): number =>
    parseTimestampMs(tags.get(name) ?? tags.get(other) ?? '') ?? 0
  return {
    preamble,
    cluster,
    trailer,
    // Without TAIL it comes from GetMediaForFragmentList, whose HEAD has other names too.
    ...(cut.tail && { head: cut.head, tail: cut.tail }),
    fragmentNumber: tags.get('FRAGMENT_NUMBER')!,
    serverTimestampMs: time('SERVER_TIMESTAMP', 'SERVER_SIDE_TIMESTAMP'),
    producerTimestampMs: time('PRODUCER_TIMESTAMP', 'PRODUCER_SIDE_TIMESTAMP'),
    continuationToken: tags.get('CONTINUATION_TOKEN'),
  }
}

function numbered(cut: Cut, index: number, startMs: number, firstMs: number): PreparedFragment {
  const { preamble, cluster, trailer } = cut
  // Times in files restart and go backwards; a stream's do not go before its start.
  const producerTimestampMs = startMs + Math.max(0, cut.timestampMs - firstMs)
  const serverTimestampMs = producerTimestampMs + SERVER_DELAY_MS
  return {
    preamble,
    cluster,
    trailer,
    fragmentNumber: encodeFragmentNumber({
      sequence: BigInt(index + 1),
      serverTimestampMs,
      random: (index * 7919) & 0xfffffff,
    }),
    serverTimestampMs,
    producerTimestampMs,
  }
}

/** Finds the Clusters of a file and sorts everything else to the fragment it belongs to. */
class FileCutter {
  readonly #bytes: Uint8Array
  readonly #cuts: Cut[] = []
  #header: Uint8Array = new Uint8Array(0)
  /** Header, Segment and what precedes its first Cluster: for every fragment of the Segment. */
  #shared: Uint8Array[] = []
  /** Up to where the bytes are sorted. */
  #sorted = 0
  #elementStart = 0
  #hasClusterInSegment = false
  // The fragment at hand.
  #preamble: Uint8Array[] = []
  #head: Uint8Array | undefined
  #cluster: Uint8Array | undefined
  #trailer: Uint8Array[] = []
  #tail: Uint8Array | undefined
  #tags = new Map<string, string>()
  #timestamp = 0
  #timestampScale = 1_000_000
  // The Tags element at hand.
  #tagName = ''
  #tagsHere = new Map<string, string>()

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  cut(): readonly Cut[] {
    const reader = new EbmlReader({
      onMasterStart: (id, offset) => this.#start(id, offset),
      onMasterEnd: (id, endOffset) => this.#end(id, endOffset),
      onValue: (id, bytes, start, end) => this.#value(id, bytes, start, end),
      onBody: () => undefined,
    })
    reader.write(this.#bytes)
    const truncation = reader.end()
    // What is cut off in the middle of the last Cluster is no fragment.
    if (!truncation) this.#finish(this.#bytes.length)
    else this.#flush()
    return this.#cuts
  }

  #start(id: number, offset: number): boolean {
    switch (id) {
      case ID.EBML:
        this.#finish(offset)
        this.#elementStart = offset
        this.#timestampScale = 1_000_000
        return true
      case ID.Segment:
        this.#finish(offset)
        this.#beginSegment(offset)
        return true
      case ID.Cluster:
        this.#finish(offset)
        this.#elementStart = offset
        return true
      case ID.Tags:
        this.#elementStart = offset
        this.#tagsHere = new Map()
        return true
      default:
        return id === ID.Info || id === ID.Tag || id === ID.SimpleTag
    }
  }

  #end(id: number, endOffset: number): void {
    if (id === ID.EBML) {
      this.#header = this.#bytes.subarray(this.#elementStart, endOffset)
      this.#sorted = endOffset
    } else if (id === ID.Cluster) {
      this.#cluster = this.#bytes.subarray(this.#elementStart, endOffset)
      this.#hasClusterInSegment = true
      this.#sorted = endOffset
    } else if (id === ID.Tags && this.#tagsHere.size > 0) {
      this.#sortServiceTags(endOffset)
    }
  }

  #value(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === ID.TagName) this.#tagName = readString(bytes, start, end)
    else if (id === ID.TagString && this.#tagName.startsWith(AWS_TAG_PREFIX)) {
      const name = this.#tagName.slice(AWS_TAG_PREFIX.length)
      this.#tagsHere.set(name, readString(bytes, start, end))
    } else if (id === ID.Timestamp) this.#timestamp = readUint(bytes, start, end)
    else if (id === ID.TimestampScale) this.#timestampScale = readUint(bytes, start, end)
  }

  #sortServiceTags(endOffset: number): void {
    const tags = this.#bytes.subarray(this.#elementStart, endOffset)
    const isTail = this.#tagsHere.has('CONTINUATION_TOKEN')
    // HEAD of the next run in one Segment: the Cluster before it is done.
    this.#sortRest(this.#elementStart)
    if (!isTail && this.#tagsHere.has('FRAGMENT_NUMBER')) this.#flush()
    this.#sorted = endOffset
    for (const [name, value] of this.#tagsHere) this.#tags.set(name, value)
    if (isTail) {
      this.#tail = tags
      this.#flush()
    } else if (this.#tagsHere.has('FRAGMENT_NUMBER')) this.#head = tags
  }

  /** Gives the bytes up to `offset` that are nobody's yet to the fragment at hand. */
  #sortRest(offset: number): void {
    if (offset <= this.#sorted) return
    const rest = this.#bytes.subarray(this.#sorted, offset)
    this.#sorted = offset
    if (this.#cluster) this.#trailer.push(rest)
    else if (this.#hasClusterInSegment) this.#preamble.push(rest)
    else this.#shared.push(rest)
  }

  #beginSegment(offset: number): void {
    // RFC 8794 §4.1: the width of a size stands in its leading zeros.
    const sizeOffset = offset + encodeId(ID.Segment).length
    this.#sorted = sizeOffset + Math.clz32(this.#bytes[sizeOffset]!) - 23
    // Whatever the size was: a fragment's Segment has the service's unknown one.
    this.#shared = [this.#header, encodeId(ID.Segment), encodeUnknownSize(8)]
    this.#hasClusterInSegment = false
    this.#preamble = []
    this.#head = undefined
    this.#tags = new Map()
  }

  /** Something new begins at `offset`: what precedes it is sorted, and a Cluster before it complete. */
  #finish(offset: number): void {
    this.#sortRest(offset)
    this.#flush()
  }

  #flush(): void {
    const cluster = this.#cluster
    if (!cluster) return
    this.#cuts.push({
      preamble: concatBytes([...this.#shared, ...this.#preamble]),
      head: this.#head,
      cluster,
      trailer: concatBytes(this.#trailer),
      tail: this.#tail,
      tags: this.#tags,
      timestampMs: Math.floor((this.#timestamp * this.#timestampScale) / 1_000_000),
    })
    this.#preamble = []
    this.#head = undefined
    this.#cluster = undefined
    this.#trailer = []
    this.#tail = undefined
    this.#tags = new Map()
  }
}
