import { decodeFragmentNumber, isFragmentNumber } from '../tags/fragment-number.js'
import { InvalidOptionError } from './errors.js'

/** The six ways AWS offers to say where to start. */
export type StartSelectorType =
  | 'NOW'
  | 'EARLIEST'
  | 'FRAGMENT_NUMBER'
  | 'SERVER_TIMESTAMP'
  | 'PRODUCER_TIMESTAMP'
  | 'CONTINUATION_TOKEN'

/**
 * Where to start, in AWS's own shape: an SDK `StartSelector` fits. The SDK checks nothing, so it is checked here, when
 * the consumer is made: the type is one of the six, the field it needs is there and has AWS's form, and no other is.
 *
 * `FRAGMENT_NUMBER` starts strictly *after* the fragment. To start at it, use {@link InclusiveStart}.
 *
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_dataplane_StartSelector.html
 */
export interface StartSelector {
  /** Which of the six; `undefined` only so that the SDK's type fits: it is refused with `InvalidOptionError`. */
  readonly StartSelectorType: StartSelectorType | undefined
  /** For `FRAGMENT_NUMBER`: 1 to 128 decimal digits. */
  readonly AfterFragmentNumber?: string | undefined
  /** For `SERVER_TIMESTAMP` and `PRODUCER_TIMESTAMP`. */
  readonly StartTimestamp?: Date | undefined
  /** For `CONTINUATION_TOKEN`: 1 to 128 of `A-Z a-z 0-9 _ . -`. */
  readonly ContinuationToken?: string | undefined
}

/**
 * Starts *at* a fragment, which AWS does not offer: `AfterFragmentNumber` with the StartFragmentNumber of an Amazon Connect
 * contact loses its first second. The consumer asks for the time the service received the fragment and drops what is
 * older than it.
 */
export interface InclusiveStart {
  readonly StartSelectorType: 'AT_FRAGMENT_NUMBER'
  /** The first fragment to yield: 1 to 128 decimal digits. */
  readonly FragmentNumber: string
  /**
   * When the service received the fragment, its SERVER_TIMESTAMP, or any time before it. Default: read from the number,
   * by a layout that is not documented; without a time and with a number of another layout, the consumer is not made.
   */
  readonly ServerTimestamp?: Date | undefined
}

const TOKEN = /^[A-Za-z0-9_.-]{1,128}$/
const MIN_TIME_MS = 0
const FIELDS = ['AfterFragmentNumber', 'StartTimestamp', 'ContinuationToken'] as const
const FIELD_OF_TYPE: { readonly [Type in StartSelectorType]: (typeof FIELDS)[number] | undefined } =
  {
    NOW: undefined,
    EARLIEST: undefined,
    FRAGMENT_NUMBER: 'AfterFragmentNumber',
    SERVER_TIMESTAMP: 'StartTimestamp',
    PRODUCER_TIMESTAMP: 'StartTimestamp',
    CONTINUATION_TOKEN: 'ContinuationToken',
  }

/**
 * A copy of a start that AWS would accept.
 *
 * @throws InvalidOptionError when it would not, with the field and the form it must have.
 */
export function validateStart(
  start: StartSelector | InclusiveStart,
): StartSelector | InclusiveStart {
  if (typeof start !== 'object' || start === null) {
    throw new InvalidOptionError(
      'startSelector',
      "pass an object such as { StartSelectorType: 'NOW' }",
    )
  }
  return start.StartSelectorType === 'AT_FRAGMENT_NUMBER'
    ? validateInclusive(start as InclusiveStart)
    : validateSelector(start as StartSelector)
}

function validateSelector(start: StartSelector): StartSelector {
  const { StartSelectorType: type } = start
  if (type === undefined || !Object.hasOwn(FIELD_OF_TYPE, type)) {
    throw new InvalidOptionError(
      'startSelector.StartSelectorType',
      `${JSON.stringify(type)} is not one of ${Object.keys(FIELD_OF_TYPE).join(', ')}, AT_FRAGMENT_NUMBER`,
    )
  }
  const needed = FIELD_OF_TYPE[type]
  for (const field of FIELDS) {
    if (field !== needed && start[field] !== undefined) {
      throw new InvalidOptionError(
        `startSelector.${field}`,
        `does not go with ${type}: leave it out`,
      )
    }
  }
  switch (needed) {
    case 'AfterFragmentNumber':
      return { StartSelectorType: type, AfterFragmentNumber: checkNumber(start[needed], needed) }
    case 'StartTimestamp':
      return { StartSelectorType: type, StartTimestamp: checkTime(start[needed], needed) }
    case 'ContinuationToken':
      return { StartSelectorType: type, ContinuationToken: checkToken(start[needed]) }
    case undefined:
      return { StartSelectorType: type }
  }
}

function validateInclusive(start: InclusiveStart): InclusiveStart {
  const FragmentNumber = checkNumber(start.FragmentNumber, 'FragmentNumber')
  const { ServerTimestamp } = start
  if (ServerTimestamp !== undefined) {
    return {
      StartSelectorType: 'AT_FRAGMENT_NUMBER',
      FragmentNumber,
      ServerTimestamp: checkTime(ServerTimestamp, 'ServerTimestamp'),
    }
  }
  if (decodeFragmentNumber(FragmentNumber) === undefined) {
    throw new InvalidOptionError(
      'startSelector.ServerTimestamp',
      'the time cannot be read from this fragment number: pass when the service received it, or any time before',
    )
  }
  return { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber }
}

/**
 * Whether a token can be sent back: AWS's pattern for it.
 *
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_dataplane_StartSelector.html
 */
export function isContinuationToken(value: unknown): value is string {
  return typeof value === 'string' && TOKEN.test(value)
}

function checkNumber(value: unknown, field: string): string {
  if (typeof value === 'string' && isFragmentNumber(value)) return value
  throw new InvalidOptionError(
    `startSelector.${field}`,
    'pass the 1 to 128 decimal digits of a fragment number, as text',
  )
}

function checkToken(value: unknown): string {
  if (isContinuationToken(value)) return value
  throw new InvalidOptionError(
    'startSelector.ContinuationToken',
    'pass 1 to 128 characters of A-Z, a-z, 0-9, _, . and -',
  )
}

function checkTime(value: unknown, field: string): Date {
  if (value instanceof Date && value.getTime() >= MIN_TIME_MS) return new Date(value)
  throw new InvalidOptionError(`startSelector.${field}`, 'pass a valid Date, not before 1970')
}
