import type { ConsumedFragment, ConsumerEvent, StreamPosition } from '../consumer/index.js'
import { eventLine, eventText, positionLine } from './event-text.js'
import type { Totals } from './inspection.js'
import { JsonReport } from './json-report.js'
import { jsonLine } from './json-lines.js'
import type { LiveLine } from './live-line.js'
import type { Output } from './output.js'
import { TableReport } from './table-report.js'
import type { FatalError } from './tail-failure.js'
import { TrackCounts } from './track-counts.js'

const INDENT = ' '.repeat(8)

/** Where a command stood at its end. */
export interface EndPosition {
  readonly position: StreamPosition
  readonly isSaved: boolean
}

/**
 * What `tail` writes to stdout: fragments as `inspect` shows them, and in between what happens to the connection. Lines
 * come from two sides, the loop and the listeners; they are written in the order in which they came.
 */
export class TailReport {
  readonly #output: Output
  readonly #isJson: boolean
  readonly #live: LiveLine | undefined
  readonly #report: JsonReport | TableReport
  readonly #counts = new TrackCounts()
  #fragments = 0
  #bytes = 0
  #serviceErrors = 0
  #damagedFragments = 0
  #gaps = 0
  #hasEnded = false
  #flushing: Promise<void> = Promise.resolve()

  constructor(output: Output, isJson: boolean, live: LiveLine | undefined) {
    this.#output = output
    this.#isJson = isJson
    this.#live = live
    this.#report = isJson
      ? new JsonReport(output, false)
      : new TableReport(output, { hasFrames: false, hasElements: false })
  }

  /** Fragments shown. */
  get fragments(): number {
    return this.#fragments
  }

  /** Shows an event; what goes wrong with the writing is told to the next who flushes. Nothing follows the end. */
  event(event: ConsumerEvent): void {
    // Such as a save that nobody has waited for any longer.
    if (this.#hasEnded) return
    this.#count(event)
    if (this.#isJson) {
      const line = eventLine(event)
      if (line === undefined) return
      this.#output.line(line)
    } else {
      const shown = eventText(event)
      if (shown === undefined) return
      this.#output.line(INDENT + this.#output.toned(shown.tone, shown.text))
    }
    this.#flush().catch(() => undefined)
  }

  /** Shows a fragment. Resolves when it is written. @throws CommandError when it cannot be. */
  async fragment(fragment: ConsumedFragment): Promise<void> {
    const counts = new TrackCounts()
    counts.addFrames(fragment.frames)
    this.#counts.addCounts(counts)
    await this.#report.fragment(fragment, this.#fragments, counts)
    this.#fragments += 1
    this.#bytes += fragment.byteLength
    await this.#flush()
  }

  /** Shows the end: what was read, the position, and what ended it if that was an error. */
  async end(at: EndPosition | undefined, failure: FatalError | undefined): Promise<void> {
    this.#hasEnded = true
    if (this.#isJson) {
      if (failure !== undefined) {
        const { code, message } = failure
        this.#output.line(jsonLine({ type: 'error', code, offset: null, message }))
      }
      if (at !== undefined) {
        const { fragmentNumber, continuationToken } = at.position
        this.#output.line(positionLine(fragmentNumber, continuationToken, at.isSaved))
      }
    }
    // The table's last words are on gaps and errors: of what failed outside the stream it knows nothing.
    if (this.#isJson || failure === undefined) this.#report.end(this.#totals(failure))
    await this.#flush()
  }

  #count({ type }: ConsumerEvent): void {
    if (type === 'serviceError') this.#serviceErrors += 1
    else if (type === 'damagedFragment') this.#damagedFragments += 1
    else if (type === 'gap') this.#gaps += 1
  }

  #totals(failure: FatalError | undefined): Totals {
    return {
      fragments: this.#fragments,
      complete: this.#fragments,
      counts: this.#counts,
      bytes: this.#bytes,
      isTruncated: false,
      errors: failure === undefined ? 0 : 1,
      // Mostly they end a response, without a fragment that would show them.
      serviceErrors: this.#serviceErrors,
      truncation: undefined,
      notEbml: undefined,
      events: {
        damagedFragments: this.#damagedFragments,
        gaps: this.#gaps,
      },
    }
  }

  // One at a time: an output that waits for its reader has room for one who waits for it.
  #flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => {
      this.#live?.hide()
      const writing = this.#output.flush()
      this.#live?.show()
      return writing
    })
    return this.#flushing
  }
}
