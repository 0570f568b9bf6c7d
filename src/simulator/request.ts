/** Reading a request as the service does: path, signature and JSON, before anything is answered. */
import type { IncomingMessage } from 'node:http'
import type { Operation } from './request-log.js'
import { type ServiceException, serviceException, textOf } from './service-exceptions.js'
import { STREAM_ARN_PATTERN, isStreamArn, isStreamName } from './stream-identity.js'

// The service refuses large bodies; the largest valid one is well under this.
const MOST_BODY_BYTES = 65_536

const PATHS: ReadonlyMap<string, Operation> = new Map([
  ['/getMedia', 'GetMedia'],
  ['/getDataEndpoint', 'GetDataEndpoint'],
])

/** APIName of GetDataEndpoint. */
const API_NAMES = [
  'PUT_MEDIA',
  'GET_MEDIA',
  'LIST_FRAGMENTS',
  'GET_MEDIA_FOR_FRAGMENT_LIST',
  'GET_HLS_STREAMING_SESSION_URL',
  'GET_DASH_STREAMING_SESSION_URL',
  'GET_CLIP',
  'GET_IMAGES',
]

/** What a request calls. */
export function operationOf(request: IncomingMessage): Operation {
  const [path = ''] = (request.url ?? '').split('?')
  return (request.method === 'POST' ? PATHS.get(path) : undefined) ?? 'unknown'
}

/** The whole body; or why there is none. One that is too long is read to its end, so that its sender sees the answer. */
export async function readBody(request: IncomingMessage): Promise<Buffer | 'gone' | 'too-long'> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length
      if (length <= MOST_BODY_BYTES) chunks.push(chunk)
    }
  } catch {
    return 'gone'
  }
  return length > MOST_BODY_BYTES ? 'too-long' : Buffer.concat(chunks)
}

/** The body as an object, or `undefined` when it is not one. A member that is null counts as absent, as to the service. */
export function readJson(body: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const json: unknown =
      body === '' ? {} : JSON.parse(body, (_, value: unknown) => value ?? undefined)
    const isObject = typeof json === 'object' && json !== null && !Array.isArray(json)
    return isObject ? (json as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

/**
 * What is wrong with the signature. It is not computed again: only that there is one of Signature
 * Version 4 for this service, and whose it is.
 */
export function findSignatureProblem(
  request: IncomingMessage,
  accessKeyIds: readonly string[] | undefined,
): ServiceException | undefined {
  const { authorization } = request.headers
  if (!authorization) return serviceException('MissingAuthenticationTokenException')
  const match = /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(
    authorization,
  )
  if (match?.[2] !== 'kinesisvideo') {
    const message = 'Credential should be scoped to correct service: kinesisvideo.'
    return serviceException('InvalidSignatureException', message, 403)
  }
  if (accessKeyIds && !accessKeyIds.includes(match[1]!)) {
    return serviceException('UnrecognizedClientException')
  }
  return undefined
}

/** What is wrong with StreamName and StreamARN. */
export function findStreamProblem(
  json: Readonly<Record<string, unknown>>,
): ServiceException | undefined {
  const { StreamName: name, StreamARN: arn } = json
  if (name === undefined && arn === undefined) {
    return invalid('Either StreamName or StreamARN should be provided.')
  }
  if (name !== undefined && arn !== undefined) {
    return invalid('Only one of StreamName and StreamARN should be provided.')
  }
  if (name !== undefined && !(typeof name === 'string' && isStreamName(name))) {
    return invalid(violationOf('streamName', name, '[a-zA-Z0-9_.-]+'))
  }
  if (arn !== undefined && !(typeof arn === 'string' && isStreamArn(arn))) {
    return invalid(violationOf('streamARN', arn, STREAM_ARN_PATTERN))
  }
  return undefined
}

/** What is wrong with APIName. */
export function findApiNameProblem(apiName: unknown): ServiceException | undefined {
  if (API_NAMES.includes(apiName as string)) return undefined
  const shown = apiName === undefined ? 'null' : `'${textOf(apiName)}'`
  return invalid(
    `1 validation error detected: Value ${shown} at 'aPIName' failed to satisfy constraint: Member must satisfy enum value set: [${API_NAMES.join(', ')}]`,
  )
}

function violationOf(path: string, value: unknown, pattern: string): string {
  return `1 validation error detected: Value '${textOf(value)}' at '${path}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern}`
}

function invalid(message: string): ServiceException {
  return serviceException('InvalidArgumentException', message)
}
