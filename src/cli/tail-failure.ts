import {
  CheckpointDamagedError,
  ConsumerError,
  DamagedFragmentError,
  EndpointRefusedError,
  InvalidOptionError,
  type RequestFailedEvent,
  ResumePointLostError,
} from '../consumer/index.js'
import { ServiceError } from '../tags/service-error.js'
import { CheckpointRemovedError, damageText } from './position-file.js'
import { fitted } from './terminal-text.js'

/** What the sentences about a failure need to know besides the error. */
export interface FailureContext {
  readonly stream: string
  readonly checkpointPath: string | undefined
  /** The call that failed last. */
  readonly request: RequestFailedEvent | undefined
}

/** An error that ends a command: its code for programs, and a sentence for people. */
export interface FatalError {
  readonly code: string
  /** Cause, then remedy, in terms of the command line. Holds nothing of a request but names. */
  readonly message: string
}

const MAX_TEXT_COLUMNS = 200
/** Failures to reach the service, in a row, before it is taken for a wrong address; once it answered, it is another matter. */
const MAX_FIRST_ATTEMPTS = 3

/** Says what ended the consumer. Total: any value gives a sentence. */
export function describeFatal(error: unknown, context: FailureContext): FatalError {
  if (error instanceof ServiceError) return { code: 'service-error', message: error.message }
  if (error instanceof ConsumerError) {
    return { code: error.code, message: consumerText(error, context) }
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return { code: 'unexpected', message: `unexpected: ${fitted(text, MAX_TEXT_COLUMNS)}` }
}

/**
 * Whether a first session is out of reach. The consumer would go on trying for minutes, which is right for a stream that
 * was read before, and not for an address or credentials that were never good.
 */
export function isHopeless({ kind, action, attempt }: RequestFailedEvent): boolean {
  if (action !== 'retry') return false
  if (kind === 'credentials') return true
  const isUnreachable = kind === 'network' || kind === 'first-byte-timeout' || kind === 'unknown'
  return isUnreachable && attempt >= MAX_FIRST_ATTEMPTS
}

/** A failed call in a sentence, with what can be done about it. */
export function requestText(event: RequestFailedEvent, stream: string): string {
  const { operation, exception, status, kind } = event
  const name = fitted(exception, MAX_TEXT_COLUMNS)
  switch (kind) {
    case 'credentials':
      return 'the AWS SDK found no credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY'
    case 'not-found':
      return `there is no stream ${JSON.stringify(stream)}: check its name, the region and the account`
    case 'not-authorized':
      return `${operation} is not allowed (${name}): check the credentials, and that they may kinesisvideo:GetDataEndpoint and kinesisvideo:GetMedia`
    case 'invalid-argument':
      return `${operation} does not take the request (${name}): check --start and the name of the stream`
    case 'network':
    case 'first-byte-timeout':
      return `${operation} does not reach the service (${name}): check --endpoint, the region and the network`
    default: {
      if (status === 404) {
        return `${operation} was answered with status 404, and not by Kinesis Video Streams: check --endpoint`
      }
      const answer = status === undefined ? '' : ` with status ${status}`
      return `${operation} failed${answer}: ${name}`
    }
  }
}

function consumerText(error: ConsumerError, context: FailureContext): string {
  const { stream, checkpointPath, request } = context
  const withoutCheckpoint = checkpointPath === undefined ? '' : ', and without this checkpoint'
  if (error instanceof InvalidOptionError && error.option === 'clientConfig') {
    return 'no AWS region is set: give --region, or set AWS_REGION'
  }
  if (error instanceof CheckpointDamagedError) return damageText(error, checkpointPath ?? '')
  if (error instanceof CheckpointRemovedError) {
    return `what lay beside the checkpoint ${shownPath(checkpointPath)} was removed: start the same command again`
  }
  if (error instanceof EndpointRefusedError) {
    return `GetDataEndpoint answered ${fitted(error.host, 100)}, which is neither AWS’s nor on this machine, or not https: nothing was sent there`
  }
  if (error instanceof ResumePointLostError) {
    const after = error.afterFragmentNumber
    const what =
      after === undefined ? 'the fragment to start from' : `what follows fragment ${after}`
    return `the stream does not hold ${what} (any more): start with --start earliest or --start now${withoutCheckpoint}`
  }
  if (error instanceof DamagedFragmentError) {
    const { fragmentNumber: number, attempts } = error
    const which = number === undefined ? 'a fragment' : `fragment ${number}`
    const next = number === undefined ? '--start server:TIME' : `--start after:${number}`
    return `${which} came damaged ${attempts} times: go on behind it with ${next}${withoutCheckpoint}`
  }
  switch (error.code) {
    case 'request-failed':
      return request === undefined ? error.message : requestText(request, stream)
    case 'retries-exhausted':
      return `the stream cannot be read, after many tries; the last: ${
        request === undefined ? 'the connection broke each time' : requestText(request, stream)
      }`
    case 'stale-epoch':
      return `another process reads with the checkpoint ${shownPath(checkpointPath)}: give each its own`
    case 'checkpoint-failed': {
      const { code } = (error.cause ?? {}) as NodeJS.ErrnoException
      const why = code === undefined ? '' : ` (${code})`
      return `the position cannot be kept in ${shownPath(checkpointPath)}${why}: what came last will be shown again`
    }
    default:
      return error.message
  }
}

function shownPath(path: string | undefined): string {
  return JSON.stringify(fitted(path ?? '', MAX_TEXT_COLUMNS))
}
