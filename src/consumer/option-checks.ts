import { resolveLimits, type ParserLimits } from '../parser/limits.js'
import { InvalidOptionError } from './errors.js'

const STREAM_NAME = /^[a-zA-Z0-9_.-]{1,256}$/
const STREAM_ARN = /^arn:[a-z\d-]+:kinesisvideo:[a-z0-9-]+:[0-9]+:[a-z]+\/[a-zA-Z0-9_.-]+\/[0-9]+$/
const MAX_ARN_LENGTH = 1024

/** The stream that is named, by whichever of the two. */
export function checkStream(streamName: unknown, streamARN: unknown): string {
  if ((streamName === undefined) === (streamARN === undefined)) {
    throw new InvalidOptionError('streamName', 'give it or streamARN, exactly one of the two')
  }
  if (streamARN === undefined) {
    if (typeof streamName === 'string' && STREAM_NAME.test(streamName)) return streamName
    if (typeof streamName === 'string' && STREAM_ARN.test(streamName)) {
      throw new InvalidOptionError('streamName', 'this is an ARN: give it as streamARN')
    }
    throw new InvalidOptionError(
      'streamName',
      'pass 1 to 256 characters of A-Z, a-z, 0-9, _, . and -',
    )
  }
  if (
    typeof streamARN === 'string' &&
    streamARN.length <= MAX_ARN_LENGTH &&
    STREAM_ARN.test(streamARN)
  ) {
    return streamARN
  }
  throw new InvalidOptionError(
    'streamARN',
    'pass arn:aws:kinesisvideo:<region>:<account>:stream/<name>/<creation time>',
  )
}

/** Types stop this in TypeScript only; a path in the place of a store would be found when it is too late. */
export function checkMethods(name: string, value: unknown, methods: readonly string[]): void {
  // Of null and undefined an empty object.
  const object = Object(value) as { readonly [Key: string]: unknown }
  const missing = methods.find((method) => typeof object[method] !== 'function')
  if (missing !== undefined) throw new InvalidOptionError(name, `it has no method ${missing}()`)
}

/** The limits of the parser. */
export function checkParser(parser: ParserLimits): void {
  try {
    resolveLimits(parser)
  } catch (error) {
    throw new InvalidOptionError('parser', error instanceof Error ? error.message : String(error))
  }
}

/** A number of retries. */
export function checkRetries(value: number): number {
  if (value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && value >= 0)) {
    return value
  }
  throw new InvalidOptionError('retry.maxRetries', 'pass a whole number of at least 0, or Infinity')
}

/** A time that a timer can wait: at least 1 ms, at most the 2^31 − 1 ms of setTimeout; `Infinity` is never. */
export function duration<Name extends string>(
  options: { readonly [Key in Name]?: number | undefined },
  name: Name,
  fallback: number,
  group = '',
): number {
  const value = options[name] ?? fallback
  // In JavaScript it may be a text, which would be put behind another number instead of added to it.
  const isTime = typeof value === 'number' && value >= 1 && value <= 0x7fff_ffff
  if (isTime || value === fallback) return value
  throw new InvalidOptionError(`${group}${name}`, `pass milliseconds from 1 to ${0x7fff_ffff}`)
}

/** One of the named values, of which the first is the default. */
export function oneOf<const Value extends string>(
  name: string,
  given: Value | undefined,
  values: readonly [Value, ...Value[]],
): Value {
  const value = given ?? values[0]
  if (values.includes(value)) return value
  throw new InvalidOptionError(name, `${JSON.stringify(value)} is not one of ${values.join(', ')}`)
}

/** Options, or a group of them. */
export function checkObject(name: string, value: unknown): void {
  if (typeof value !== 'object' || value === null) {
    throw new InvalidOptionError(name, 'pass an object')
  }
}

/** A name that differs from an option's in its capitals is a slip: nobody would notice that it does nothing. */
export function checkNames(options: object, names: readonly string[]): void {
  for (const given of Object.keys(options)) {
    const meant = names.find((name) => name.toLowerCase() === given.toLowerCase())
    if (meant !== undefined && meant !== given) {
      throw new InvalidOptionError(given, `there is no such option: it is called ${meant}`)
    }
  }
}

/** A text that is not empty. */
export function checkText(name: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') {
    throw new InvalidOptionError(name, 'pass a text that is not empty')
  }
}

/** True or false; by default false. */
export function flag<Name extends string>(
  options: { readonly [Key in Name]?: boolean | undefined },
  name: Name,
  group = '',
): boolean {
  const value = options[name] ?? false
  if (typeof value === 'boolean') return value
  throw new InvalidOptionError(`${group}${name}`, 'pass true or false')
}
