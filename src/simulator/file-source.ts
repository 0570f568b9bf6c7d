/**
 * Makes a stream out of a file: a GetMedia capture keeps its bytes, any other Matroska file is cut
 * into one fragment per Cluster, each with the file's own header in front.
 */
import { EbmlReader } from '../parser/reader.js'
import { ID } from '../parser/schema.js'
import { readString, readUint } from '../parser/values.js'
import {
  compareFragmentNumbers,
  encodeFragmentNumber,
  isFragmentNumber,
} from '../tags/fragment-number.js'
import { AWS_TAG_PREFIX } from '../tags/metadata.js'
import { parseTimestampMs } from '../tags/timestamp.js'
import { concatBytes, encodeId, encodeUnknownSize, voidElement } from './ebml-writer.js'
import type { PreparedFragment } from './stored-fragment.js'

/** How to number what has no numbers yet. */
export interface FileSourceOptions {
  /** Time of the file's first frame, in milliseconds since 1970. Default 1,700,000,000,000. */
  readonly startMs?: number | undefined
}

/** How long after the producer's time a re-cut fragment is stamped by the server. */
const SERVER_DELAY_MS = 120

// The largest time a Date can hold (ECMA-262 §21.4.1.1), and with it a fragment number.
const LATEST_MS = 8_640_000_000_000_000

/** A file that no stream can be made of. */
export class FileSourceError extends RangeError {
  /** Always 'no-cluster'. */
  readonly code = 'no-cluster'

  constructor() {
    super('the file holds no whole Cluster: pass a Matroska file or a GetMedia capture with media')
    this.name = 'FileSourceError'
  }
}

/**
 * The fragments of a file that is whole in memory; Clusters are views of it, not copies. Throws a
 * ParseError when the file is damaged or no EBML, and a {@link FileSourceError} when it holds no
 * whole Cluster.
 *
 * A capture of GetMedia or GetMediaForFragmentList, where every Cluster has its fragment number,
 * keeps numbers, times and bytes. Left out are fragments without TAIL if any has one, for they are
 * not complete; and those whose number is not greater than one before, which were sent again.
 *
 * Any other Matroska file gets a number and times for each Cluster, and the file's header without
 * attachments, cues and the service's tags. A last Cluster that is cut off is left out; but one of
 * unknown size that was cut off between two blocks looks like a whole one, and where no fragment has
 * a TAIL it is taken for that.
 */
export function fragmentsFromFile(
  bytes: Uint8Array,
  options: FileSourceOptions = {},
): readonly PreparedFragment[] {
  const all = new FileCutter(bytes, true).cut()
  if (all.length === 0) throw new FileSourceError()
  if (all.every((cut) => isFragmentNumber(cut.tags.get('FRAGMENT_NUMBER') ?? ''))) {
    const complete = all.some((cut) => cut.tail) ? all.filter((cut) => cut.tail) : all
    return rising(complete.map((cut) => captured(cut)))
  }
  const startMs = options.startMs ?? 1_700_000_000_000
  const cuts = new FileCutter(bytes, false).cut()
  return cuts.map((cut, index) => numbered(cut, index, startMs, cuts[0]!.timestampMs))
}

/** What the cutter finds in front of, in and after one Cluster. */
interface Cut {
  /** Header, Segment and what precedes its first Cluster: the same bytes for every Cut of a Segment. */
  readonly shared: Uint8Array
  /** What stands between the Cluster before and this one. */
  readonly preamble: readonly Uint8Array[]
  readonly head: Uint8Array | undefined
  readonly cluster: Uint8Array
  readonly trailer: Uint8Array
  readonly tail: Uint8Array | undefined
  /** The service's tags, without their prefix. */
  readonly tags: ReadonlyMap<string, string>
  /** The Cluster's own time. */
  readonly timestampMs: number
}

interface CapturedFragment extends PreparedFragment {
  readonly fragmentNumber: string
}

function captured(cut: Cut): CapturedFragment {
  const { cluster, trailer, tags } = cut
  const time = (name: string, other: string): number =>
    parseTimestampMs(tags.get(name) ?? tags.get(other) ?? '') ?? 0
  return {
    preamble: preambleOf(cut),
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

/** Drops what a client that resumes drops too: numbers that are not greater than the last one. */
function rising(fragments: readonly CapturedFragment[]): readonly CapturedFragment[] {
  const kept: CapturedFragment[] = []
  for (const fragment of fragments) {
    const last = kept.at(-1)?.fragmentNumber
    const isNew = last === undefined || compareFragmentNumbers(fragment.fragmentNumber, last) > 0
    if (isNew) kept.push(fragment)
  }
  return kept
}

function numbered(cut: Cut, index: number, startMs: number, firstMs: number): PreparedFragment {
  const { cluster, trailer } = cut
  // Times in files restart and go backwards; a stream's do not go before its start, nor beyond all dates.
  const fileMs = startMs + Math.max(0, cut.timestampMs - firstMs)
  const producerTimestampMs = Math.min(fileMs, LATEST_MS - SERVER_DELAY_MS)
  const serverTimestampMs = producerTimestampMs + SERVER_DELAY_MS
  return {
    preamble: preambleOf(cut),
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

function preambleOf({ shared, preamble }: Cut): Uint8Array {
  // One array for a whole file, however many Clusters it has.
  return preamble.length === 0 ? shared : concatBytes([shared, ...preamble])
}

/** A Tags element while it is read. */
interface OpenTags {
  readonly offset: number
  /** The service's tags in it, without their prefix. */
  readonly serviceTags: Map<string, string>
  /** Where they stand. */
  readonly serviceRanges: { readonly from: number; readonly to: number }[]
  readonly crcOffsets: number[]
  hasProducerTags: boolean
}

/** Finds the Clusters of a file and sorts everything else to the fragment it belongs to. */
class FileCutter {
  readonly #bytes: Uint8Array
  readonly #isCapture: boolean
  readonly #cuts: Cut[] = []
  #header: Uint8Array = new Uint8Array(0)
  /** Header, Segment and what precedes its first Cluster: for every fragment of the Segment. */
  #shared: Uint8Array[] = []
  /** The same in one piece, once it is known. */
  #sharedBytes: Uint8Array | undefined
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
  // The Tags element at hand, and its SimpleTags, which stand in each other.
  #openTags: OpenTags | undefined
  readonly #simpleTags: { readonly offset: number; name: string }[] = []

  /** In a capture the service's tags say where a fragment begins and ends; elsewhere they say nothing. */
  constructor(bytes: Uint8Array, isCapture: boolean) {
    this.#bytes = bytes
    this.#isCapture = isCapture
  }

  cut(): readonly Cut[] {
    const reader = new EbmlReader({
      onMasterStart: (id, offset) => this.#start(id, offset),
      onMasterEnd: (id, endOffset) => this.#end(id, endOffset),
      onValue: (id, bytes, start, end, offset) => this.#value(id, bytes, start, end, offset),
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
        this.#openTags = {
          offset,
          serviceTags: new Map(),
          serviceRanges: [],
          crcOffsets: [],
          hasProducerTags: false,
        }
        return true
      case ID.SimpleTag:
        this.#simpleTags.push({ offset, name: '' })
        return true
      case ID.Attachments:
      case ID.Cues:
        this.#elementStart = offset
        return true
      default:
        return id === ID.Info || id === ID.Tag
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
    } else if (id === ID.SimpleTag) this.#endSimpleTag(endOffset)
    else if (id === ID.Tags && this.#openTags) {
      const tags = this.#openTags
      this.#openTags = undefined
      if (this.#isCapture) this.#sortServiceTags(tags, endOffset)
      else this.#blankServiceTags(tags, endOffset)
    } else if ((id === ID.Attachments || id === ID.Cues) && !this.#isCapture) {
      // No producer sends them: cues are of a file, and attachments would be sent again and again.
      this.#sortRest(this.#elementStart)
      this.#sorted = endOffset
    }
  }

  #value(id: number, bytes: Uint8Array, start: number, end: number, offset: number): void {
    const simpleTag = this.#simpleTags.at(-1)
    if (id === ID.TagName && simpleTag) simpleTag.name = readString(bytes, start, end)
    else if (id === ID.TagString && simpleTag?.name.startsWith(AWS_TAG_PREFIX)) {
      const name = simpleTag.name.slice(AWS_TAG_PREFIX.length)
      this.#openTags?.serviceTags.set(name, readString(bytes, start, end))
    } else if (id === ID.CRC32) this.#openTags?.crcOffsets.push(offset)
    else if (id === ID.Timestamp) this.#timestamp = readUint(bytes, start, end)
    else if (id === ID.TimestampScale) this.#timestampScale = readUint(bytes, start, end)
  }

  #endSimpleTag(endOffset: number): void {
    const simpleTag = this.#simpleTags.pop()
    if (!simpleTag || !this.#openTags) return
    if (simpleTag.name.startsWith(AWS_TAG_PREFIX)) {
      this.#openTags.serviceRanges.push({ from: simpleTag.offset, to: endOffset })
    } else this.#openTags.hasProducerTags = true
  }

  /** HEAD and TAIL begin and end a fragment; any other Tags are bytes like others. */
  #sortServiceTags({ offset, serviceTags }: OpenTags, endOffset: number): void {
    const isTail = serviceTags.has('CONTINUATION_TOKEN')
    // An error can name a fragment as well.
    const isError = [...serviceTags.keys()].some((name) => /^(?:ERROR|EXCEPTION)_/.test(name))
    const isHead = serviceTags.has('FRAGMENT_NUMBER') && !isError
    if (!isTail && !isHead) return
    const tags = this.#bytes.subarray(offset, endOffset)
    this.#sortRest(offset)
    this.#sorted = endOffset
    // HEAD of the next run in one Segment: the Cluster before it is done.
    if (!isTail) this.#flush()
    for (const [name, value] of serviceTags) this.#tags.set(name, value)
    if (isTail) {
      this.#tail = tags
      this.#flush()
      this.#clear()
    } else this.#head = tags
  }

  /** Keeps what the producer wrote into a Tags element that the service, or who stored it, wrote into as well. */
  #blankServiceTags(tags: OpenTags, endOffset: number): void {
    const { offset, serviceRanges, crcOffsets } = tags
    if (serviceRanges.length === 0) return
    this.#sortRest(offset)
    this.#sorted = endOffset
    if (!tags.hasProducerTags) return
    const blanked = this.#bytes.slice(offset, endOffset)
    for (const { from, to } of serviceRanges) {
      // A name with the prefix alone is longer than the nine bytes of a Void's header.
      blanked.set(voidElement(to - from - 9, { sizeWidth: 8 }), from - offset)
    }
    // The checksums hold no longer. Both IDs are one byte, so a CRC-32 becomes a Void of its size.
    for (const crcOffset of crcOffsets) blanked[crcOffset - offset] = ID.Void
    this.#pieces().push(blanked)
  }

  /** Gives the bytes up to `offset` that are nobody's yet to the fragment at hand. */
  #sortRest(offset: number): void {
    if (offset <= this.#sorted) return
    this.#pieces().push(this.#bytes.subarray(this.#sorted, offset))
    this.#sorted = offset
  }

  /** Where bytes belong that come now. */
  #pieces(): Uint8Array[] {
    if (this.#cluster) return this.#trailer
    return this.#hasClusterInSegment ? this.#preamble : this.#shared
  }

  #beginSegment(offset: number): void {
    // RFC 8794 §4.1: the width of a size stands in its leading zeros.
    const sizeOffset = offset + encodeId(ID.Segment).length
    this.#sorted = sizeOffset + Math.clz32(this.#bytes[sizeOffset]!) - 23
    // Whatever the size was: a fragment's Segment has the service's unknown one.
    this.#shared = [this.#header, encodeId(ID.Segment), encodeUnknownSize(8)]
    this.#sharedBytes = undefined
    this.#hasClusterInSegment = false
    this.#clear()
  }

  /** Something new begins at `offset`: what precedes it is sorted, and a Cluster before it complete. */
  #finish(offset: number): void {
    this.#sortRest(offset)
    this.#flush()
  }

  #flush(): void {
    const cluster = this.#cluster
    if (!cluster) return
    this.#sharedBytes ??= concatBytes(this.#shared)
    this.#cuts.push({
      shared: this.#sharedBytes,
      preamble: this.#preamble,
      head: this.#head,
      cluster,
      trailer: concatBytes(this.#trailer),
      tail: this.#tail,
      tags: this.#tags,
      timestampMs: Math.floor((this.#timestamp * this.#timestampScale) / 1_000_000),
    })
    this.#clear()
  }

  /** What follows belongs to another fragment, also if this one had no Cluster. */
  #clear(): void {
    this.#preamble = []
    this.#head = undefined
    this.#cluster = undefined
    this.#trailer = []
    this.#tail = undefined
    this.#tags = new Map()
  }
}
