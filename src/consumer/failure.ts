import { ConsumerError } from './errors.js'

/** The two calls a consumer makes. */
export type Operation = 'GetDataEndpoint' | 'GetMedia'

/**
 * What kind of failure kept a session from opening. The exceptions of each, and what is done:
 *
 * - `throttled`: ClientLimitExceeded, LimitExceeded, Throttling, status 429. Retried after 1 s and more.
 * - `connection-limit`: ConnectionLimitExceeded. Retried after 5 s and more: a connection has to end first.
 * - `invalid-endpoint`: InvalidEndpoint. The endpoint is asked for again and the call repeated, twice at once, then with back-off.
 * - `not-authorized`: NotAuthorized, ExpiredToken, AccessDenied, status 401 and 403. Endpoint and credentials are refreshed
 *   once; the second time it is fatal.
 * - `credentials`: the credential chain brought none. Retried five times.
 * - `not-found`: ResourceNotFound. Fatal, unless `waitForStream` is set. Another 404 is no word of the service: `unknown`.
 * - `invalid-argument`: InvalidArgument. Fatal; when resuming by token or number, the resume point is lost.
 * - `server-error`: status 500 and above, however the body reads. Retried.
 * - `network`: name resolution, connection, TLS and resets. The endpoint is asked for again; retried.
 * - `first-byte-timeout`: no response headers in time. As `network`.
 * - `unknown`: everything else. Retried five times.
 * - `refused`: the source itself threw a `ConsumerError`. Fatal.
 *
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_dataplane_GetMedia.html#API_dataplane_GetMedia_Errors
 */
export type FailureKind =
  | 'throttled'
  | 'connection-limit'
  | 'invalid-endpoint'
  | 'not-authorized'
  | 'credentials'
  | 'not-found'
  | 'invalid-argument'
  | 'server-error'
  | 'network'
  | 'first-byte-timeout'
  | 'unknown'
  | 'refused'

/** The facts of one failed call. */
export interface Failure {
  readonly kind: FailureKind
  /** Which call failed. */
  readonly operation: Operation
  /** The exception's name as AWS writes it, without `Exception`; else the error's code or name. */
  readonly exception: string
  /** The HTTP status; `undefined` when there was no response. */
  readonly status: number | undefined
  /** AWS's ID of the request, for a support case. */
  readonly requestId: string | undefined
  /** What was thrown. */
  readonly error: unknown
}

/** How to go on after each kind of failure. */
export interface FailureRule {
  /** Failures of this kind in a row, before one is fatal; 0 is at once. `Infinity`: only the retry budget counts. */
  readonly maxConsecutive: number
  /** The least that is waited, in milliseconds; jitter comes on top. */
  readonly minDelayMs: number
  /** The first back-off's ceiling in milliseconds; doubled each time. */
  readonly baseDelayMs: number
  /** How many of this kind in a row are repeated at once, before the back-off begins. */
  readonly immediate: number
  /** What is thrown away before the next call. */
  readonly refresh: 'nothing' | 'endpoint' | 'endpoint-and-credentials'
}

const PATIENT: FailureRule = {
  maxConsecutive: Number.POSITIVE_INFINITY,
  minDelayMs: 0,
  baseDelayMs: 500,
  immediate: 0,
  refresh: 'nothing',
}

/** The table in words stands at {@link FailureKind}. */
export const FAILURE_RULES: { readonly [Kind in FailureKind]: FailureRule } = {
  throttled: { ...PATIENT, minDelayMs: 1000, baseDelayMs: 1000 },
  'connection-limit': { ...PATIENT, minDelayMs: 5000, baseDelayMs: 5000 },
  'invalid-endpoint': { ...PATIENT, immediate: 2, refresh: 'endpoint' },
  'not-authorized': {
    ...PATIENT,
    maxConsecutive: 1,
    immediate: 1,
    refresh: 'endpoint-and-credentials',
  },
  credentials: { ...PATIENT, maxConsecutive: 5, refresh: 'endpoint-and-credentials' },
  'not-found': { ...PATIENT, maxConsecutive: 0 },
  'invalid-argument': { ...PATIENT, maxConsecutive: 0 },
  'server-error': PATIENT,
  network: { ...PATIENT, refresh: 'endpoint' },
  'first-byte-timeout': { ...PATIENT, refresh: 'endpoint' },
  unknown: { ...PATIENT, maxConsecutive: 5 },
  refused: { ...PATIENT, maxConsecutive: 0 },
}

/** Raised in place of an open whose headers did not come in time. @internal */
export class FirstByteTimeout extends Error {
  constructor(timeoutMs: number) {
    super(`No response headers within ${timeoutMs} ms`)
    this.name = 'FirstByteTimeout'
  }
}

// By name, without `Exception` and without what the x-amzn-ErrorType header puts after a colon.
const KIND_BY_EXCEPTION: ReadonlyMap<string, FailureKind> = new Map([
  ['ClientLimitExceeded', 'throttled'],
  ['LimitExceeded', 'throttled'],
  ['Throttling', 'throttled'],
  ['Throttled', 'throttled'],
  ['ThrottledRequest', 'throttled'],
  ['RequestThrottled', 'throttled'],
  ['RequestLimitExceeded', 'throttled'],
  ['TooManyRequests', 'throttled'],
  ['SlowDown', 'throttled'],
  ['ConnectionLimitExceeded', 'connection-limit'],
  ['InvalidEndpoint', 'invalid-endpoint'],
  ['NotAuthorized', 'not-authorized'],
  ['ExpiredToken', 'not-authorized'],
  ['AccessDenied', 'not-authorized'],
  ['UnrecognizedClient', 'not-authorized'],
  ['InvalidSignature', 'not-authorized'],
  ['RequestExpired', 'not-authorized'],
  ['MissingAuthenticationToken', 'not-authorized'],
  ['ResourceNotFound', 'not-found'],
  ['InvalidArgument', 'invalid-argument'],
  ['InternalFailure', 'server-error'],
  ['InternalServerError', 'server-error'],
  ['ServiceUnavailable', 'server-error'],
  ['CredentialsProviderError', 'credentials'],
  ['ProviderError', 'credentials'],
  ['TokenProviderError', 'credentials'],
  ['TimeoutError', 'network'],
  ['FirstByteTimeout', 'first-byte-timeout'],
])

// libuv's and OpenSSL's codes all look so: ECONNRESET, ENOTFOUND, EAI_AGAIN, ERR_TLS_…, CERT_HAS_EXPIRED, UND_ERR_…
const NETWORK_CODE =
  /^(?:E[A-Z0-9]{3,}|EAI_[A-Z]+|ERR_(?:TLS|SSL|STREAM|SOCKET|HTTP)[A-Z0-9_]*|UND_ERR_[A-Z_]*|HPE_[A-Z_]*|[A-Z_]*CERT[A-Z_]*|UNABLE_TO_[A-Z_]*)$/

/**
 * Says what kind of failure an error is. Total: any value gives an answer, a getter that throws included, and an error
 * nobody has seen is `unknown`. Goes by names, status and code, never by class: the SDK may be present twice.
 */
export function classifyFailure(error: unknown): Failure {
  const operation = read(error, 'operation') === 'GetDataEndpoint' ? 'GetDataEndpoint' : 'GetMedia'
  const name = text(read(error, 'name'))
  const code = text(read(error, 'code'))
  const status = findStatus(error)
  const requestId = text(read(read(error, '$metadata'), 'requestId'))
  const exception = (name ?? '').replace(/:.*$/s, '').replace(/Exception$/, '')
  const isPlainName = exception === '' || exception === 'Error' || exception === 'TypeError'
  return {
    kind: findKind(error, exception, code, status),
    operation,
    exception: isPlainName ? (code ?? name ?? 'Error') : exception,
    status,
    requestId,
    error,
  }
}

function findKind(
  error: unknown,
  exception: string,
  code: string | undefined,
  status: number | undefined,
): FailureKind {
  if (isConsumerError(error)) return 'refused'
  const byName = KIND_BY_EXCEPTION.get(exception)
  if (byName !== undefined) return byName
  if (status !== undefined) {
    if (status === 429) return 'throttled'
    if (status === 401 || status === 403) return 'not-authorized'
    // A proxy's error page fails in the SDK's JSON parser: a SyntaxError with the status of the response.
    if (status >= 500) return 'server-error'
  }
  if (code !== undefined && NETWORK_CODE.test(code)) return 'network'
  return 'unknown'
}

/** Whether a body that ended with this error was cut by the network; everything else is named the same. Total. */
export function describeError(error: unknown): {
  readonly name: string
  readonly code: string | undefined
} {
  return { name: text(read(error, 'name')) ?? typeof error, code: text(read(error, 'code')) }
}

function findStatus(error: unknown): number | undefined {
  const status =
    read(read(error, '$metadata'), 'httpStatusCode') ?? read(read(error, '$response'), 'statusCode')
  return typeof status === 'number' && Number.isInteger(status) ? status : undefined
}

function isConsumerError(error: unknown): boolean {
  try {
    return error instanceof ConsumerError
  } catch {
    return false
  }
}

function read(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined
  try {
    return (value as Readonly<Record<string, unknown>>)[key]
  } catch {
    return undefined
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
