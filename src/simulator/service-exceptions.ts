/** The HTTP errors of GetMedia and GetDataEndpoint in the form in which the service sends them. */

/** An error response: what the SDK turns into an exception. */
export interface ServiceException {
  /** HTTP status. */
  readonly status: number
  /** The exception's name, for the SDK's class of that name. */
  readonly type: string
  /** The text of `Message`. */
  readonly message: string
}

interface KnownException {
  readonly status: number
  readonly message: string
}

/**
 * The errors that the service is known to send, with their HTTP status (API references of GetMedia
 * and GetDataEndpoint, and "Common Errors").
 */
export const KNOWN_EXCEPTIONS: ReadonlyMap<string, KnownException> = new Map([
  ['AccessDeniedException', { status: 403, message: 'User is not authorized to perform this.' }],
  ['ClientLimitExceededException', { status: 400, message: 'Rate exceeded for this stream.' }],
  [
    'ConnectionLimitExceededException',
    { status: 400, message: 'Too many connections for this stream.' },
  ],
  [
    'ExpiredTokenException',
    { status: 403, message: 'The security token included in the request is expired.' },
  ],
  ['InternalFailure', { status: 500, message: 'An internal error has occurred.' }],
  ['InvalidArgumentException', { status: 400, message: 'A specified parameter is not valid.' }],
  [
    'InvalidEndpointException',
    { status: 400, message: 'This endpoint does not serve the stream. Call GetDataEndpoint.' },
  ],
  ['LimitExceededException', { status: 400, message: 'A limit was exceeded.' }],
  ['MissingAuthenticationTokenException', { status: 403, message: 'Missing Authentication Token' }],
  [
    'NotAuthorizedException',
    { status: 401, message: 'The caller is not authorized to perform this operation.' },
  ],
  [
    'ResourceNotFoundException',
    { status: 404, message: 'The requested stream is not found or not active.' },
  ],
  ['SerializationException', { status: 400, message: 'The request is not valid JSON.' }],
  ['ServiceUnavailable', { status: 503, message: 'The service is not available.' }],
  ['ThrottlingException', { status: 400, message: 'Rate exceeded' }],
  ['TooManyRequestsException', { status: 429, message: 'Too many requests' }],
  [
    'UnrecognizedClientException',
    { status: 403, message: 'The security token included in the request is invalid.' },
  ],
  ['UnknownOperationException', { status: 404, message: 'No such operation.' }],
])

/** An error by name. Status and message come from {@link KNOWN_EXCEPTIONS} unless given; else 400. */
export function serviceException(
  type: string,
  message?: string,
  status?: number,
): ServiceException {
  const known = KNOWN_EXCEPTIONS.get(type)
  return {
    type,
    status: status ?? known?.status ?? 400,
    message: message ?? known?.message ?? `Simulated ${type}.`,
  }
}

/** The `x-amzn-ErrorType` header: the name, then a documentation address that clients cut off. */
export function errorTypeHeader(exception: ServiceException): string {
  return `${exception.type}:https://kinesisvideo.amazonaws.com/doc/2017-09-30/`
}

/** A value out of a request's JSON, as an error message quotes it. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
