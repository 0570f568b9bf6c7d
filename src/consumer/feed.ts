import { ParseError } from '../parser/errors.js'
import type { ServiceError } from '../tags/service-error.js'
import type { ReconnectReason, SessionEndReason } from './events.js'
import type { Health } from './health.js'
import { type DeliveredItem, Intake } from './intake.js'
import type { MediaSource } from './media-source.js'
import type { ResolvedOptions } from './options.js'
import type { Position } from './position.js'
import { Reconnector } from './reconnect.js'
import { Session, type SessionItem, isErrorDocument } from './session.js'
import type { StatsCounter } from './stats.js'

/** What a {@link Feed} works with. */
export interface FeedOptions {
  readonly options: ResolvedOptions
  readonly source: MediaSource
  readonly position: Position
  readonly isFrameMode: boolean
  readonly health: Health
  readonly stats: StatsCounter
  readonly onRenumbered: () => void
  readonly signal: AbortSignal
}

/** What the next opening must know of the session before. */
interface Ended {
  readonly reason: ReconnectReason
  /** It brought nothing new. */
  readonly isEmpty: boolean
  readonly error: unknown
  /** The service said that what was asked for is gone, and the session had brought nothing. */
  readonly lost: ServiceError | undefined
}

/**
 * One stream without an end: session after session, each resumed where the one before stopped. Reads only when it is
 * pulled and keeps nothing back.
 */
export class Feed {
  readonly #context: FeedOptions
  readonly #intake: Intake
  readonly #reconnector: Reconnector
  #session: Session | undefined
  #sessionNumber = 0
  /** Whether the session has brought anything new. */
  #hasProgress = false
  #fragments = 0
  /** What the session began with: the service said that what was asked for is gone. */
  #lost: ServiceError | undefined
  /** Errors of the service behind items that are not taken in yet: what those are decides what the errors mean. */
  #untold: ServiceError[] = []
  #ended: Ended | undefined
  #closing: Promise<void> = Promise.resolve()

  constructor(context: FeedOptions) {
    const { options, source, position, health, stats, onRenumbered } = context
    this.#context = context
    this.#intake = new Intake({
      options,
      position,
      health,
      stats,
      onProgress: () => {
        this.#hasProgress = true
        this.#reconnector.progress()
      },
      onRenumbered,
    })
    this.#reconnector = new Reconnector({
      ...options,
      source,
      position,
      health,
      onResumePointRefused: (error) => this.#intake.loseResumePoint(error),
    })
  }

  /**
   * The next items to hand over, at least one; opens as many sessions as it takes.
   *
   * @throws what ends the consumer, after everything before it was answered; the signal's reason.
   */
  async pull(): Promise<readonly DeliveredItem[]> {
    for (;;) {
      if (this.#intake.failure !== undefined) throw this.#intake.failure
      const session = this.#session ?? (await this.#open())
      const items = await session.read()
      const out: DeliveredItem[] = []
      const reason = this.#admit(items, out) ?? this.#endOf(session)
      this.#tellServiceErrors(true)
      // An error that no new session mends is what ends this one, even where another reason came first.
      const { serviceError } = session
      if (reason !== undefined && serviceError?.action === 'fail') this.#intake.fail(serviceError)
      // A listener may have ended everything meanwhile.
      if (reason !== undefined && this.#session === session) this.#leave(session, reason)
      if (out.length > 0) return out
    }
  }

  /** Closes the connection and tells of a gap that nothing came behind. */
  async close(): Promise<void> {
    const session = this.#session
    if (session !== undefined) {
      this.#session = undefined
      this.#report(session, 'closed')
      this.#closing = session.close()
    }
    await this.#closing
    this.#intake.closeGap(undefined)
  }

  async #open(): Promise<Session> {
    const { options, health, stats, signal, isFrameMode } = this.#context
    const ended = this.#ended
    // The old connection counts against the stream's three until it is closed.
    await this.#closing
    signal.throwIfAborted()
    if (ended !== undefined) {
      if (ended.lost !== undefined) this.#intake.loseResumePoint(ended.lost)
      await this.#reconnector.waitAfter(ended.reason, ended.isEmpty, ended.error, signal)
    }
    const { response, selector, release } = await this.#reconnector.open(signal)
    this.#ended = undefined
    this.#sessionNumber += 1
    this.#hasProgress = false
    this.#fragments = 0
    this.#lost = undefined
    const session = new Session({
      ...options,
      response,
      release,
      isFrameMode,
      isResyncing: this.#intake.isResyncing,
      onBytes: (count) => {
        stats.bytes += count
      },
      onServiceError: (error, isBehindItems) => {
        this.#untold.push(error)
        if (!isBehindItems) this.#tellServiceErrors(false)
      },
      signal,
    })
    // Known before it is told of: a listener may end everything.
    this.#session = session
    const { requestId } = response
    health.report({ type: 'sessionOpened', session: this.#sessionNumber, selector, requestId })
    return session
  }

  /** Takes items in, until one of them ends the session. */
  #admit(items: readonly SessionItem[], out: DeliveredItem[]): SessionEndReason | undefined {
    const { options } = this.#context
    for (const item of items) {
      if (isErrorDocument(item)) this.#tellServiceErrors(false)
      // What may come behind it is not what was asked for.
      if (this.#lost !== undefined) return 'service-error'
      const handedOn = out.length
      const reason = this.#intake.admit(item, out)
      if (reason !== undefined) return reason
      if (out.length === handedOn || !isFragment(item)) continue
      this.#fragments += 1
      if ((this.#session?.ageMs ?? 0) >= options.sessionRotationMs) return 'rotated'
    }
    this.#tellServiceErrors(false)
    return this.#lost === undefined ? undefined : 'service-error'
  }

  /** Tells what errors mean; `isOver`: something before them has ended the session already. */
  #tellServiceErrors(isOver: boolean): void {
    const untold = this.#untold
    this.#untold = []
    for (const error of untold) {
      const { id, code, fragmentNumber } = error
      const isLost = error.action === 'resume-point-lost'
      // Later in a session it cannot be about what was asked for.
      const isRefusal = isLost && !this.#hasProgress && !isOver
      if (isRefusal) this.#lost = error
      const action = isLost && !isRefusal ? 'resume' : error.action
      this.#context.health.report({ type: 'serviceError', id, code, action, fragmentNumber, error })
    }
  }

  /** How the session ended by itself; `undefined` when it goes on. */
  #endOf(session: Session): SessionEndReason | undefined {
    const { end, cutFragment } = session
    if (end === undefined) return undefined
    // Damage that no fragment was open for, so that none brought it.
    if (end.reason === 'damaged') {
      return this.#intake.damaged(undefined, end.error instanceof ParseError ? [end.error] : [])
    }
    if (cutFragment !== undefined) this.#intake.cut(cutFragment)
    return end.reason
  }

  #leave(session: Session, reason: SessionEndReason): void {
    this.#session = undefined
    const serviceError = reason === 'service-error' ? session.serviceError : undefined
    this.#ended = {
      // 'closed' is for close() alone.
      reason: reason as ReconnectReason,
      isEmpty: !this.#hasProgress,
      error: serviceError ?? session.end?.error,
      lost: this.#lost,
    }
    this.#report(session, reason)
    this.#closing = session.close()
  }

  #report(session: Session, reason: SessionEndReason): void {
    this.#context.health.report({
      type: 'sessionEnded',
      session: this.#sessionNumber,
      reason,
      fragments: this.#fragments,
      bytes: session.bytes,
      durationMs: session.ageMs,
      error: session.end?.error,
    })
  }
}

function isFragment(item: SessionItem): boolean {
  return 'isComplete' in item
}
