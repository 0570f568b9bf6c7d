import type { ParseError, ParseErrorCode } from '../parser/errors.js'
import type { SkippedRange } from '../parser/resyncing-reader.js'
import type { Truncation } from '../parser/ebml-handler.js'
import type { GetMediaFragment } from '../tags/get-media-parser.js'
import { GetMediaParser } from '../tags/get-media-parser.js'
import type { WalkedElement } from './element-walk.js'
import { ElementWalk } from './element-walk.js'
import { grouped } from './quantities.js'
import { TrackCounts } from './track-counts.js'

/** Something that is wrong with the bytes. */
export interface Fault {
  readonly code: ParseErrorCode
  /** Absolute offset in bytes of the element concerned. */
  readonly offset: number
  /** Cause, then remedy; of damage also which bytes were passed over. Safe for a terminal. */
  readonly message: string
}

/** What events told of a live stream. */
interface EventTotals {
  /** Arrivals of damaged fragments. */
  readonly damagedFragments: number
  /** Places at which fragments were left out. */
  readonly gaps: number
}

/** What was read, all in all. */
export interface Totals {
  readonly fragments: number
  readonly complete: number
  readonly counts: TrackCounts
  /** Bytes of input. */
  readonly bytes: number
  /** The input ended inside an element, or a fragment with media lacks its end. */
  readonly isTruncated: boolean
  /** Faults that were reported, `notEbml` too; of a live stream what ended it. */
  readonly errors: number
  /** Errors that the service reported in the stream. */
  readonly serviceErrors: number
  /** Where the input ended when that was inside an element. */
  readonly truncation: Truncation | undefined
  /** There was no EBML in the input; reported nowhere else. */
  readonly notEbml: Fault | undefined
  /** Absent of what is no live stream. */
  readonly events?: EventTotals
}

/** Where findings go, in the order of the stream. */
export interface Report {
  /** An element, before the fragment it belongs to. */
  element(element: WalkedElement): void
  fragment(fragment: GetMediaFragment, index: number, counts: TrackCounts): Promise<void>
  fault(fault: Fault): void
  /** The input has ended, or the user has. */
  end(totals: Totals): void
  /** Writes what was reported so far. */
  flush(): Promise<void>
}

/** Settings of an {@link Inspection}. */
export interface InspectionOptions {
  /** The input is from GetMediaForFragmentList, which writes no closing tags. */
  readonly isFragmentList: boolean
  /** Report every element. */
  readonly hasElements: boolean
  readonly verifyCrc32: boolean
}

const EBML_MAGIC = [0x1a, 0x45, 0xdf, 0xa3]
/** In a stream that does not begin with EBML, as far as an EBML header is looked for: HTTP headers, a log line. */
const MAX_PREAMBLE_BYTES = 1_048_576

/**
 * Reads one stream for a {@link Report}: fragments, what is wrong, and, if asked for, every element. After damage it goes
 * on at the next EBML header: whoever inspects a stream wants to know what else is in it.
 */
export class Inspection {
  readonly #report: Report
  readonly #parser: GetMediaParser
  readonly #walk: ElementWalk | undefined
  // Found in the chunk at hand and not yet reported.
  #elements: WalkedElement[] = []
  #skips: SkippedRange[] = []
  /** What the walk passed over besides. */
  #walkSkips: SkippedRange[] = []
  readonly #counts = new TrackCounts()
  #fragments = 0
  #complete = 0
  #errors = 0
  #serviceErrors = 0
  #isTruncated = false
  /** Bytes that agree with the beginning of an EBML header. */
  #magicLength = 0
  #hasFoundEbml = false
  #notEbml: Fault | undefined

  constructor(report: Report, options: InspectionOptions) {
    this.#report = report
    this.#parser = new GetMediaParser({
      source: options.isFragmentList ? 'GetMediaForFragmentList' : 'GetMedia',
      verifyCrc32: options.verifyCrc32,
      onDamage: 'resync',
      onSkip: (range) => this.#skips.push(range),
    })
    if (options.hasElements) {
      this.#walk = new ElementWalk(
        (element) => this.#elements.push(element),
        (range) => this.#walkSkips.push(range),
      )
    }
  }

  /** No EBML in the first mebibyte: there is no point in reading on. */
  get isHopeless(): boolean {
    return !this.#hasFoundEbml && this.#parser.bytesRead >= MAX_PREAMBLE_BYTES
  }

  /** Reads a chunk and reports what is in it. */
  async push(chunk: Uint8Array): Promise<void> {
    this.#lookForMagic(chunk)
    this.#walk?.write(chunk)
    const fragments = this.#parser.push(chunk)
    // Before the input ends, a skip is told when an EBML header follows it.
    this.#hasFoundEbml ||= this.#skips.length > 0
    await this.#reportAll(fragments)
  }

  /**
   * The input has ended; `isInterrupted` when that was the user's will. Then the fragment that was open is nobody's fault,
   * and is left out.
   */
  async end(isInterrupted: boolean): Promise<Totals> {
    const bytes = this.#parser.bytesRead
    if (!isInterrupted) {
      this.#walk?.end()
      const fragments = this.#parser.end()
      if (bytes === 0) {
        this.#refuse('the input is empty: there is not one byte in it')
      } else if (this.#magicLength < 0 && !this.#hasFoundEbml) {
        this.#refuse(
          'the input does not begin with 1A 45 DF A3, as Matroska, WebM and GetMedia payloads do',
        )
      } else {
        this.#isTruncated ||= this.#parser.truncation !== undefined
        await this.#reportAll(fragments)
      }
    }
    const totals: Totals = {
      fragments: this.#fragments,
      complete: this.#complete,
      counts: this.#counts,
      bytes,
      isTruncated: this.#isTruncated,
      errors: this.#errors,
      serviceErrors: this.#serviceErrors,
      truncation: this.#parser.truncation,
      notEbml: this.#notEbml,
    }
    this.#report.end(totals)
    await this.#report.flush()
    return totals
  }

  #lookForMagic(chunk: Uint8Array): void {
    for (let i = 0; i < chunk.length && this.#magicLength >= 0 && !this.#hasFoundEbml; i += 1) {
      this.#magicLength = chunk[i] === EBML_MAGIC[this.#magicLength] ? this.#magicLength + 1 : -1
      this.#hasFoundEbml = this.#magicLength === EBML_MAGIC.length
    }
  }

  async #reportAll(fragments: readonly GetMediaFragment[]): Promise<void> {
    this.#forgetKnownDamage()
    for (const fragment of fragments) {
      const endOffset = fragment.offset + fragment.byteLength
      this.#reportSkips(fragment.offset)
      this.#reportElements(endOffset)
      this.#reportWalkSkips(endOffset)
      await this.#reportFragment(fragment)
    }
    this.#reportSkips(Number.POSITIVE_INFINITY)
    this.#reportElements(Number.POSITIVE_INFINITY)
    this.#reportWalkSkips(Number.POSITIVE_INFINITY)
    await this.#report.flush()
  }

  /** Damage that the parser met too is reported as what the parser skipped: both look for the next header alike. */
  #forgetKnownDamage(): void {
    if (this.#walkSkips.length === 0) return
    const known = new Set(this.#skips.map(({ startOffset }) => startOffset))
    this.#walkSkips = this.#walkSkips.filter(({ startOffset }) => !known.has(startOffset))
  }

  async #reportFragment(fragment: GetMediaFragment): Promise<void> {
    const counts = new TrackCounts()
    counts.addFrames(fragment.frames)
    this.#counts.addCounts(counts)
    const index = this.#fragments
    this.#fragments += 1
    if (fragment.isComplete) this.#complete += 1
    this.#isTruncated ||= isCut(fragment)
    this.#serviceErrors += fragment.metadata.serviceErrors.length
    await this.#report.fragment(fragment, index, counts)
    // The damage that ended it is reported when it is known what was passed over.
    const errors =
      fragment.incompleteReason === 'damaged' ? fragment.errors.slice(0, -1) : fragment.errors
    for (const error of errors) this.#reportFault(error, error.message)
  }

  #reportElements(endOffset: number): void {
    if (this.#elements.length === 0) return
    let reported = 0
    for (const element of this.#elements) {
      if (element.offset >= endOffset) break
      this.#report.element(element)
      reported += 1
    }
    this.#elements = this.#elements.slice(reported)
  }

  #reportWalkSkips(before: number): void {
    while (this.#walkSkips.length > 0 && this.#walkSkips[0].startOffset < before) {
      const { startOffset, endOffset, error } = this.#walkSkips.shift()!
      const until = endOffset === this.#parser.bytesRead ? 'the end' : grouped(endOffset)
      const message = `${error.message}; the elements in bytes ${grouped(startOffset)} to ${until} are not shown`
      this.#reportFault(error, message)
    }
  }

  #reportSkips(endOffset: number): void {
    while (this.#skips.length > 0 && this.#skips[0].startOffset < endOffset) {
      this.#reportSkip(this.#skips.shift()!)
    }
  }

  #reportSkip({ startOffset, endOffset, error }: SkippedRange): void {
    const isAtEnd = endOffset === this.#parser.bytesRead
    const range = `bytes ${grouped(startOffset)} to ${grouped(endOffset)} were passed over`
    const next = isAtEnd ? 'no EBML header follows' : 'reading goes on at the EBML header there'
    this.#reportFault(error, `${error.message}; ${range}, ${next}`)
  }

  #reportFault(error: ParseError, message: string): void {
    this.#errors += 1
    this.#report.fault({ code: error.code, offset: error.offset, message })
  }

  #refuse(message: string): void {
    this.#errors += 1
    this.#notEbml = { code: 'not-ebml', offset: 0, message }
  }
}

/** Media, or an announcement of media, without its end. Damage is another thing, and is reported as such. */
function isCut(fragment: GetMediaFragment): boolean {
  const { isComplete, incompleteReason, hasCluster, metadata } = fragment
  if (isComplete || incompleteReason === 'damaged') return false
  return (
    hasCluster || (metadata.fragmentNumber !== undefined && metadata.serviceErrors.length === 0)
  )
}
