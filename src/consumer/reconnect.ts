import pRetry, { AbortError } from 'p-retry'
import { ServiceError } from '../tags/service-error.js'
import { backoffMs } from './backoff.js'
import { CallPacer } from './call-pacer.js'
import { type Clock, raceAbort, sleep } from './clock.js'
import { ConsumerError, InvalidOptionError } from './errors.js'
import type { ReconnectReason } from './events.js'
import {
  FAILURE_RULES,
  type Failure,
  type FailureRule,
  FirstByteTimeout,
  classifyFailure,
} from './failure.js'
import type { Health } from './health.js'
import type { MediaResponse, MediaSource } from './media-source.js'
import type { Position } from './position.js'
import type { StartSelector } from './start-selector.js'
import { Watchdog } from './watchdog.js'

/** How a {@link Reconnector} goes about it. */
export interface ReconnectorOptions {
  readonly source: MediaSource
  readonly position: Position
  readonly health: Health
  readonly clock: Clock
  readonly random: () => number
  /** Failures in a row, without a fragment between them, that are borne. */
  readonly maxRetries: number
  /** The longest back-off in milliseconds, jitter included. */
  readonly maxDelayMs: number
  readonly firstByteTimeoutMs: number
  /** Whether ResourceNotFound is waited out. */
  readonly waitForStream: boolean
  /** The service refuses the resume point: moves the position, or throws what ends the consumer. */
  readonly onResumePointRefused: (error: unknown) => void
}

/** A response, and what was asked for. */
export interface OpenedResponse {
  readonly response: MediaResponse
  readonly selector: StartSelector
  /** Aborts the signal that the source was given: the response is not wanted any more. */
  readonly release: () => void
}

interface Decision {
  readonly action: 'retry' | 'resume-point-lost' | 'fail'
  readonly delayMs: number
  readonly rule: FailureRule
  /** The rule allows no more of these, whatever the budget. */
  readonly isFinal?: boolean
}

/** A failed attempt, classified; p-retry carries it from one callback to the next. */
class AttemptFailure extends Error {
  readonly failure: Failure
  decision: Decision | undefined

  constructor(failure: Failure) {
    super('The attempt failed', { cause: failure.error })
    this.failure = failure
  }
}

const WAIT_FOR_STREAM: FailureRule = {
  ...FAILURE_RULES['not-found'],
  maxConsecutive: Number.POSITIVE_INFINITY,
  minDelayMs: 1000,
}
const EMPTY_SESSION_BASE_MS = 250
const EMPTY_SESSION_LIMIT_MS = 3000
const SESSION_BASE_MS = 500

/**
 * Opens sessions, again and again: paces the calls, tells one failure from another, waits, has the endpoint refreshed. One
 * budget for everything that fails in a row, whole again with each fragment. The only layer that retries: the SDK's is
 * switched off, and p-retry, whose count never resets, serves a single opening.
 */
export class Reconnector {
  readonly #options: ReconnectorOptions
  readonly #pacer: CallPacer
  #failures = 0
  #emptySessions = 0
  /** Failures of each kind since one of another kind, or since progress. */
  #sameKind: { kind: Failure['kind']; count: number } | undefined

  constructor(options: ReconnectorOptions) {
    this.#options = options
    this.#pacer = new CallPacer(options.clock)
  }

  /** Something new was delivered: all budgets are whole again. */
  progress(): void {
    this.#failures = 0
    this.#emptySessions = 0
    this.#sameKind = undefined
  }

  /**
   * Waits for as long as the end of a session calls for.
   *
   * @throws ConsumerError `retries-exhausted` when too many ended without a fragment.
   */
  async waitAfter(
    reason: ReconnectReason,
    isEmpty: boolean,
    error: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const { health, clock, random, maxDelayMs, maxRetries } = this.#options
    let delayMs = 0
    if (reason === 'ended' || reason === 'rotated') {
      // The service answers: what failed before has passed, even if the stream is silent for days.
      this.#failures = 0
      // It holds an empty session open for 3 s. One that does not is not to be asked four times a second.
      this.#emptySessions = isEmpty ? this.#emptySessions + 1 : 0
      if (this.#emptySessions > 1) {
        delayMs = backoffMs(
          this.#emptySessions,
          EMPTY_SESSION_BASE_MS,
          EMPTY_SESSION_LIMIT_MS,
          random,
        )
      }
      health.report({ type: 'reconnectScheduled', reason, delayMs, attempt: 0 })
    } else {
      this.#failures += 1
      if (this.#failures > maxRetries) {
        throw exhausted(this.#failures, endText(reason, error), undefined, error)
      }
      delayMs = backoffMs(this.#failures, SESSION_BASE_MS, maxDelayMs, random)
      health.report({ type: 'reconnectScheduled', reason, delayMs, attempt: this.#failures })
    }
    await sleep(clock, delayMs, signal)
  }

  /**
   * Opens a session where the position says, however often that takes.
   *
   * @throws ConsumerError `request-failed` or `retries-exhausted`, or what the source or the resume policy threw; the
   *   signal's reason when that is aborted.
   */
  async open(signal: AbortSignal): Promise<OpenedResponse> {
    try {
      return await pRetry(() => this.#attempt(signal), {
        // All waiting is done in shouldRetry, on our clock and with full jitter. It is not given the signal: aborted at the
        // wrong moment, it would throw away a response that is open. The budget is kept in #decide: a refused resume point
        // must not end it, however little is left.
        retries: Number.POSITIVE_INFINITY,
        minTimeout: 0,
        factor: 1,
        onFailedAttempt: ({ error }) => this.#judge(error),
        shouldRetry: ({ error }) => this.#prepareRetry(error, signal),
      })
    } catch (error) {
      if (signal.aborted) throw signal.reason
      throw error instanceof AttemptFailure ? this.#finalError(error) : error
    }
  }

  async #attempt(signal: AbortSignal): Promise<OpenedResponse> {
    const { source, position, clock, firstByteTimeoutMs } = this.#options
    await this.#pacer.wait(signal).catch(() => {
      throw new AbortError('aborted')
    })
    const selector = position.selector()
    const sentAtMs = clock.now()
    const attempt = new AbortController()
    const onAbort = (): void => attempt.abort(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const watchdog = new Watchdog(clock, () => {
      attempt.abort(new FirstByteTimeout(firstByteTimeoutMs))
    })
    watchdog.start(firstByteTimeoutMs)
    try {
      const opening = Promise.resolve(source.open(selector, attempt.signal))
      const response = await raceAbort(opening, attempt.signal, discard)
      position.opened(selector, response.serverTimeMs ?? sentAtMs)
      this.#sameKind = undefined
      return {
        response,
        selector,
        release: () => attempt.abort(new Error('The session was closed')),
      }
    } catch (error) {
      if (signal.aborted) throw new AbortError('aborted')
      throw new AttemptFailure(
        classifyFailure(attempt.signal.aborted ? attempt.signal.reason : error),
      )
    } finally {
      watchdog.stop()
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Decides what to do about a failure, and tells. */
  #judge(error: Error): void {
    if (!(error instanceof AttemptFailure)) return
    const { failure } = error
    const decision = this.#decide(failure)
    error.decision = decision
    // A wrong option is found before a request is made: none has failed.
    if (failure.error instanceof InvalidOptionError) return
    const { kind, operation, exception, status, requestId } = failure
    const attempt = this.#failures
    const { health } = this.#options
    health.report({
      type: 'requestFailed',
      operation,
      kind,
      exception,
      status,
      requestId,
      action: decision.action,
      attempt,
      error: failure.error,
    })
    if (kind === 'connection-limit') {
      health.report({ type: 'connectionLimitExceeded', attempt, error: failure.error })
    }
  }

  #decide(failure: Failure): Decision {
    const { position, waitForStream, maxDelayMs, maxRetries, random } = this.#options
    const { kind } = failure
    const rule = kind === 'not-found' && waitForStream ? WAIT_FOR_STREAM : FAILURE_RULES[kind]
    if (kind === 'invalid-argument' && failure.operation === 'GetMedia' && position.isResuming) {
      return { action: 'resume-point-lost', delayMs: 0, rule }
    }
    this.#failures += 1
    const count = this.#sameKind?.kind === kind ? this.#sameKind.count + 1 : 1
    this.#sameKind = { kind, count }
    const isFinal = count > rule.maxConsecutive
    if (isFinal || this.#failures > maxRetries) return { action: 'fail', delayMs: 0, rule, isFinal }
    if (count <= rule.immediate) return { action: 'retry', delayMs: 0, rule }
    const jitterMs = backoffMs(this.#failures, rule.baseDelayMs, maxDelayMs, random)
    return { action: 'retry', delayMs: rule.minDelayMs + jitterMs, rule }
  }

  async #prepareRetry(error: Error, signal: AbortSignal): Promise<boolean> {
    const decision = decisionOf(error)
    if (!(error instanceof AttemptFailure) || decision === undefined) return false
    const { source, health, clock, onResumePointRefused } = this.#options
    if (decision.action === 'fail') return false
    if (decision.action === 'resume-point-lost') {
      onResumePointRefused(error.failure.error)
      return true
    }
    if (decision.rule.refresh !== 'nothing') source.refresh?.(decision.rule.refresh)
    const { kind } = error.failure
    const { delayMs } = decision
    health.report({ type: 'reconnectScheduled', reason: kind, delayMs, attempt: this.#failures })
    await sleep(clock, delayMs, signal)
    return true
  }

  #finalError({ failure, decision }: AttemptFailure): unknown {
    if (failure.kind === 'refused') return failure.error
    const status = failure.status === undefined ? '' : ` with status ${failure.status}`
    const what = `${failure.operation} failed${status}: ${failure.exception}`
    const remedy = REMEDIES[failure.kind]
    // What waiting does not change is no matter of the budget.
    if (this.#failures > this.#options.maxRetries && decision?.isFinal !== true) {
      return exhausted(this.#failures, what, remedy, failure.error)
    }
    return new ConsumerError('request-failed', `${what}. ${remedy ?? REMEDY}`, {
      cause: failure.error,
    })
  }
}

const REMEDY = 'Its cause says more.'
const REMEDIES: { readonly [Kind in Failure['kind']]?: string } = {
  'not-authorized':
    'Allow kinesisvideo:GetDataEndpoint and kinesisvideo:GetMedia on the stream, and check that the credentials are valid.',
  credentials: 'Give the SDK credentials: its usual chain found none.',
  'not-found': 'Check the name of the stream, the region and the account, or set waitForStream.',
  'invalid-argument': 'Check startSelector and the name of the stream.',
  network: 'Check the region, the endpoint and the network.',
  'first-byte-timeout': 'Check the region, the endpoint and the network.',
}

function exhausted(
  failures: number,
  last: string,
  remedy: string | undefined,
  cause: unknown,
): ConsumerError {
  const count = failures === 1 ? 'one failure' : `${failures} failures in a row`
  return new ConsumerError(
    'retries-exhausted',
    [
      `No fragment after ${count}; the last: ${last}.`,
      remedy,
      'Raise retry.maxRetries to wait longer.',
    ]
      .filter((sentence) => sentence !== undefined)
      .join(' '),
    { cause },
  )
}

/** How a session ended: with which in-band error, or with what on the connection. */
function endText(reason: ReconnectReason, error: unknown): string {
  if (error instanceof ServiceError) {
    return `the session ended with error ${error.id ?? 'without an ID'} of the service`
  }
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return `the session ended with ${reason}${typeof code === 'string' ? ` (${code})` : ''}`
}

function decisionOf(error: Error): Decision | undefined {
  return error instanceof AttemptFailure ? error.decision : undefined
}

/** A response that came after its attempt was given up: its connection must not stay open. */
function discard(response: MediaResponse): void {
  const body = response.body as Partial<{ destroy(): void }> & AsyncIterable<Uint8Array>
  if (typeof body.destroy === 'function') body.destroy()
  else Promise.resolve(body[Symbol.asyncIterator]().return?.()).catch(() => undefined)
}
