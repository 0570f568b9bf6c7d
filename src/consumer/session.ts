import type { ParseError } from '../parser/errors.js'
import type { FragmentParserOptions } from '../parser/fragment-parser.js'
import type { ParserLimits } from '../parser/limits.js'
import {
  type GetMediaFragment,
  type GetMediaFrame,
  GetMediaParser,
} from '../tags/get-media-parser.js'
import type { FragmentMetadata } from '../tags/metadata.js'
import type { ServiceError } from '../tags/service-error.js'
import { type BodyReader, createBodyReader } from './body-reader.js'
import { type Clock, settlesWithin } from './clock.js'
import { isDamage } from './content-damage.js'
import type { SessionEndReason } from './events.js'
import type { MediaResponse } from './media-source.js'
import { Watchdog } from './watchdog.js'

/** What a session brings: fragments; in frame mode, frames, and each fragment behind its last frame. */
export type SessionItem = GetMediaFragment | GetMediaFrame

/** How a session ended by itself. */
export interface SessionEnd {
  readonly reason: SessionEndReason
  /** What the connection or the parser failed with. */
  readonly error: unknown
  /** The error of the service that ended it. */
  readonly serviceError: ServiceError | undefined
}

/** What a {@link Session} needs. */
export interface SessionOptions {
  readonly response: MediaResponse
  /** Tells the source that the response is not wanted any more. */
  readonly release: () => void
  /** Frames as they arrive, instead of fragments. */
  readonly isFrameMode: boolean
  /** Passes damage over instead of ending at it. */
  readonly isResyncing: boolean
  readonly parser: ParserLimits &
    Pick<FragmentParserOptions<FragmentMetadata>, 'verifyCrc32' | 'keepBytes'>
  readonly readIdleTimeoutMs: number
  readonly clock: Clock
  /** Told when the chunk with its tags was read; `isBehindItems`: the next ones to be handed over came before it. */
  readonly onServiceError: (error: ServiceError, isBehindItems: boolean) => void
  /** Told of the bytes of each chunk. */
  readonly onBytes: (count: number) => void
  readonly signal: AbortSignal
}

// After an in-band error the service ends the response. Waiting for that shows whether the fragment around it is whole.
const SERVICE_ERROR_GRACE_MS = 1000
const CLOSE_LIMIT_MS = 1000
const NO_ITEMS: readonly SessionItem[] = []

/**
 * One GetMedia response from its headers to its end: reads bytes when asked, parses them, watches for silence and says why
 * it ended. Knows nothing of other sessions.
 */
export class Session {
  readonly #options: SessionOptions
  readonly #reader: BodyReader
  readonly #parser: GetMediaParser
  readonly #startedAtMs: number
  #items: SessionItem[] = []
  #frames: GetMediaFrame[] = []
  #bytes = 0
  #end: SessionEnd | undefined
  #cutFragment: GetMediaFragment | undefined
  /** Met by the parser in the bytes at hand. */
  #untold: ServiceError[] = []
  #serviceError: ServiceError | undefined
  #isServiceErrorClosed = false
  readonly #watchdog: Watchdog
  #isStalled = false
  #closed: Promise<void> | undefined

  constructor(options: SessionOptions) {
    const { response, isFrameMode, isResyncing, parser, clock, signal } = options
    this.#options = options
    this.#startedAtMs = clock.monotonicMs()
    this.#reader = createBodyReader(response.body)
    this.#watchdog = new Watchdog(clock, () => {
      this.#isStalled = true
      void this.close()
    })
    this.#parser = new GetMediaParser({
      ...parser,
      onDamage: isResyncing ? 'resync' : 'throw',
      collectFrames: !isFrameMode,
      // Nobody sees the fragments then: there is no use in keeping their bytes.
      ...(isFrameMode ? { onFrame: this.#onFrame, keepBytes: false } : {}),
      onServiceError: (error) => this.#untold.push(error),
    })
    signal.addEventListener('abort', this.#onAbort, { once: true })
    if (signal.aborted) this.#onAbort()
  }

  /** Why the response is over; `undefined` while it is not. */
  get end(): SessionEnd | undefined {
    return this.#end
  }

  /** The gravest error of the service so far; the response may go on for a moment. */
  get serviceError(): ServiceError | undefined {
    return this.#serviceError
  }

  /** The fragment that the end of the response cut; it is in none of the items. */
  get cutFragment(): GetMediaFragment | undefined {
    return this.#cutFragment
  }

  /** Payload bytes so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Milliseconds since the headers. */
  get ageMs(): number {
    return this.#options.clock.monotonicMs() - this.#startedAtMs
  }

  /**
   * Reads until there is something to hand over, or the response is over; `end` is set then. Between two calls nothing is
   * read and no clock runs. Rejects with the signal's reason only.
   */
  async read(): Promise<readonly SessionItem[]> {
    if (this.#end !== undefined) return NO_ITEMS
    const { signal } = this.#options
    // Only the time in which a read waits for bytes counts.
    this.#watch()
    try {
      const outcome = await this.#reader.read(this.#onChunk)
      if (outcome === 'ended') this.#finish('ended', undefined)
      else this.#checkState()
    } catch (error) {
      // The SDK reports the caller's own abort as ECONNRESET: only the signal tells them apart.
      if (signal.aborted) throw signal.reason
      this.#finish(this.#isStalled ? 'stalled' : 'reset', this.#isStalled ? undefined : error)
    } finally {
      this.#watchdog.stop()
    }
    return this.#takeItems()
  }

  /** Closes the connection; a pending read rejects. Resolves when it is closed, or after a second of trying. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  readonly #onChunk = (chunk: Uint8Array): boolean => {
    this.#bytes += chunk.length
    this.#options.onBytes(chunk.length)
    this.#watchdog.touch()
    this.#collect(this.#parser.push(chunk))
    this.#tellServiceErrors()
    const [first] = this.#items
    return (
      this.#items.length > 1 ||
      (first !== undefined && !isBrokenOff(first)) ||
      this.#parser.failure !== undefined ||
      this.#isServiceErrorClosed
    )
  }

  // Behind a frame that is missing, its fragment is fetched again: what was handed over before it must be all of the beginning.
  readonly #onFrame = (frame: GetMediaFrame, errors: readonly ParseError[]): void => {
    if (!errors.some(isDamage)) this.#frames.push(frame)
  }

  /** What can be handed over. Behind a fragment that was broken off may come an error that says why: it waits for what does. */
  #takeItems(): readonly SessionItem[] {
    const items = this.#items
    const last = items.at(-1)
    if (this.#serviceError === undefined) {
      const isHeld = last !== undefined && this.#end === undefined && isBrokenOff(last)
      this.#items = isHeld ? [last] : []
      return isHeld ? items.slice(0, -1) : items
    }
    this.#items = []
    const at = items.findLastIndex(isBrokenOff)
    const brokenOff = items[at]
    if (brokenOff === undefined || !isBrokenOff(brokenOff)) return items
    // It was not the error that cut it, if media came between the two.
    if (items.slice(at + 1).some((item) => !hasServiceError(item))) return items
    // The service ended the response in the middle of it: that is no damage.
    this.#cutFragment = brokenOff
    this.#setEnd('service-error', undefined)
    return items.slice(0, at)
  }

  readonly #onAbort = (): void => {
    void this.#reader.close(this.#options.signal.reason)
  }

  /** Puts frames and the fragments behind them in order: a fragment's frames share its metadata object. */
  #collect(fragments: readonly GetMediaFragment[]): void {
    const frames = this.#frames
    if (frames.length === 0 && fragments.length === 0) return
    const items = this.#items
    let at = 0
    for (const fragment of fragments) {
      while (at < frames.length && frames[at].metadata === fragment.metadata) {
        items.push(frames[at++])
      }
      items.push(fragment)
      if (hasServiceError(fragment)) {
        this.#isServiceErrorClosed = true
        // In the order of the stream: what comes behind the error is not there yet.
        this.#tellServiceErrors()
      }
    }
    while (at < frames.length) items.push(frames[at++])
    frames.length = 0
  }

  #checkState(): void {
    const { failure } = this.#parser
    if (this.#isServiceErrorClosed) this.#setEnd('service-error', undefined)
    else if (failure !== undefined) this.#setEnd('damaged', failure)
  }

  /** The body is over: takes what the parser still has. */
  #finish(reason: SessionEndReason, error: unknown): void {
    if (this.#parser.failure === undefined) this.#cutFragment = this.#parser.end().at(-1)
    this.#tellServiceErrors()
    if (this.#serviceError !== undefined) this.#setEnd('service-error', error)
    else if (reason === 'ended' && isCut(this.#cutFragment)) this.#setEnd('truncated', undefined)
    else this.#setEnd(reason, error)
  }

  #setEnd(reason: SessionEndReason, error: unknown): void {
    this.#end ??= { reason, error, serviceError: this.#serviceError }
  }

  #tellServiceErrors(): void {
    if (this.#untold.length === 0) return
    const untold = this.#untold
    this.#untold = []
    const isBehindItems = this.#items.some((item) => !isBrokenOff(item) && !isErrorDocument(item))
    for (const error of untold) {
      this.#noteServiceError(error)
      this.#options.onServiceError(error, isBehindItems)
    }
  }

  /** The gravest counts: one that no new session can mend, then one that needs another place to resume. */
  #noteServiceError(error: ServiceError): void {
    const gravity = (each: ServiceError | undefined): number =>
      each === undefined ? 0 : each.action === 'fail' ? 3 : each.action === 'resume' ? 1 : 2
    if (gravity(error) > gravity(this.#serviceError)) this.#serviceError = error
    // The count that is running is for ordinary silence.
    this.#watch()
  }

  #watch(): void {
    const { readIdleTimeoutMs } = this.#options
    const hasError = this.#serviceError !== undefined
    this.#watchdog.start(
      hasError ? Math.min(readIdleTimeoutMs, SERVICE_ERROR_GRACE_MS) : readIdleTimeoutMs,
    )
  }

  async #close(): Promise<void> {
    const { clock, signal, release } = this.#options
    signal.removeEventListener('abort', this.#onAbort)
    const closing = this.#reader.close(new Error('The session was closed'))
    // A web stream or a generator closes only behind a read that may wait for ever: its source has to be told.
    release()
    await settlesWithin(clock, closing, CLOSE_LIMIT_MS)
  }
}

function hasServiceError(item: SessionItem): boolean {
  return item.metadata.serviceErrors.length > 0
}

/** A fragment with an error; of its frames nobody knows whether they came before the error. */
export function isErrorDocument(item: SessionItem): boolean {
  return 'isComplete' in item && hasServiceError(item)
}

/** A fragment that another one follows before its closing tags, with nothing wrong in it. */
function isBrokenOff(item: SessionItem): item is GetMediaFragment {
  if (!('isComplete' in item) || item.errors.some(isDamage)) return false
  const { fragmentNumber, serviceErrors } = item.metadata
  return (
    fragmentNumber !== undefined &&
    serviceErrors.length === 0 &&
    (item.incompleteReason === 'missing-closing-tags' ||
      item.incompleteReason === 'missing-cluster')
  )
}

/** Whether media was under way when the response ended. A document of nothing but headers and tags needs no second look. */
function isCut(fragment: GetMediaFragment | undefined): boolean {
  if (fragment === undefined || fragment.metadata.serviceErrors.length > 0) return false
  return fragment.hasCluster || fragment.metadata.fragmentNumber !== undefined
    ? true
    : fragment.incompleteReason !== 'missing-cluster'
}
