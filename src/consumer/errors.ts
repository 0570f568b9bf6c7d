import { ParseError, type ParseErrorCode } from '../parser/errors.js'
import type { ParserLimits } from '../parser/limits.js'

/**
 * What went wrong, for good, by the `code` of the error that the iterator throws.
 *
 * - `invalid-option`: an option is missing, contradicts another or has a value that AWS would refuse.
 * - `already-used`: a consumer is iterated once; make a new one.
 * - `request-failed`: GetDataEndpoint or GetMedia was refused in a way that asking again does not change.
 * - `retries-exhausted`: failures that usually pass did not pass within the retry budget.
 * - `endpoint-refused`: the data endpoint is neither AWS's nor the caller's own, or would be reached without TLS.
 * - `resume-point-lost`: the fragment to resume from is gone and `onResumePointLost` is `'fail'`.
 * - `damaged-fragment`: a fragment came damaged every time and `onDamagedFragment` is `'fail'`.
 * - `checkpoint-failed`: the checkpoint could not be claimed, or not be saved when the consumer ended.
 * - `checkpoint-damaged`: what the store holds is torn or foreign, and there is no older generation.
 * - `stale-epoch`: another consumer has claimed the checkpoint.
 */
export type ConsumerErrorCode =
  | 'invalid-option'
  | 'already-used'
  | 'request-failed'
  | 'retries-exhausted'
  | 'endpoint-refused'
  | 'resume-point-lost'
  | 'damaged-fragment'
  | 'checkpoint-failed'
  | 'checkpoint-damaged'
  | 'stale-epoch'

/**
 * An error that ends a consumer. The message says the cause, then the remedy; `cause` holds what was thrown beneath it.
 * After one, the consumer has closed its connection and cannot be iterated again; make a new one to go on.
 *
 * In-band errors of the service that are fatal are thrown as the `ServiceError` they are, not as this class.
 */
export class ConsumerError extends Error {
  /** Which kind of error this is; never changes between versions for the same cause. */
  readonly code: ConsumerErrorCode

  constructor(code: ConsumerErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'ConsumerError'
    this.code = code
  }
}

/** An option is missing, contradicts another or has a value that AWS would refuse. Thrown before anything is sent. */
export class InvalidOptionError extends ConsumerError {
  /** The name of the option. */
  readonly option: string

  constructor(option: string, message: string) {
    super('invalid-option', `${option}: ${message}`)
    this.name = 'InvalidOptionError'
    this.option = option
  }
}

/** The fragment to resume from is gone, and the option `onResumePointLost` is `'fail'`. */
export class ResumePointLostError extends ConsumerError {
  /** The last fragment that was yielded, or the one the start named; `undefined` when there was none. */
  readonly afterFragmentNumber: string | undefined

  constructor(afterFragmentNumber: string | undefined, cause: unknown) {
    super(
      'resume-point-lost',
      `The stream no longer holds the fragment to resume from${
        afterFragmentNumber === undefined ? '' : `, after ${afterFragmentNumber}`
      }: it has expired. Start again from EARLIEST or NOW, or set onResumePointLost to 'earliest' or 'now'.`,
      { cause },
    )
    this.name = 'ResumePointLostError'
    this.afterFragmentNumber = afterFragmentNumber
  }
}

/** Which option allows more of what an error says is too much. A size that was damaged on the way looks the same. */
const LIMITS: ReadonlyMap<ParseErrorCode, keyof ParserLimits> = new Map([
  ['fragment-too-large', 'maxFragmentBytes'],
  ['element-too-large', 'maxFragmentBytes'],
  ['too-many-elements', 'maxElementsPerFragment'],
  ['too-many-slices', 'maxSlicesPerFragment'],
  ['depth-exceeded', 'maxDepth'],
])

/** A fragment came damaged every time it was fetched, and the option `onDamagedFragment` is `'fail'`. */
export class DamagedFragmentError extends ConsumerError {
  /** The damaged fragment; `undefined` when the damage lies before its number. */
  readonly fragmentNumber: string | undefined
  /** How often it was fetched. */
  readonly attempts: number

  constructor(fragmentNumber: string | undefined, attempts: number, cause: unknown) {
    const limit = cause instanceof ParseError ? LIMITS.get(cause.code) : undefined
    const raise =
      limit === undefined ? '' : `If it is sound, it passes parser.${limit}: raise that. `
    super(
      'damaged-fragment',
      `Fragment ${fragmentNumber ?? '(number unreadable)'} came damaged ${attempts} times. ` +
        `${raise}Set onDamagedFragment to 'skip' to go on after it, with a gap.`,
      { cause },
    )
    this.name = 'DamagedFragmentError'
    this.fragmentNumber = fragmentNumber
    this.attempts = attempts
  }
}

/** The data endpoint would take signed requests to a host that is not AWS's, or in clear text. Nothing was sent to it. */
export class EndpointRefusedError extends ConsumerError {
  /** The endpoint's host name, with its port. */
  readonly host: string

  constructor(host: string, reason: string) {
    super('endpoint-refused', `The data endpoint ${host} was refused: ${reason}.`)
    this.name = 'EndpointRefusedError'
    this.host = host
  }
}
