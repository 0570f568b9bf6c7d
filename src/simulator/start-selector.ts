/** Where a GetMedia response begins: checking the request's StartSelector and resolving it. */
import { compareFragmentNumbers } from '../tags/fragment-number.js'
import { type ServiceException, serviceException, textOf } from './service-exceptions.js'
import type { SimulatedStream } from './stream.js'

/** StartSelector as it travels: AWS's own names, StartTimestamp in seconds since 1970. */
export interface StartSelector {
  /** One of the six types. */
  readonly StartSelectorType: StartSelectorType
  /** Required with FRAGMENT_NUMBER: 1 to 128 digits. */
  readonly AfterFragmentNumber?: string | undefined
  /** Required with SERVER_TIMESTAMP and PRODUCER_TIMESTAMP. */
  readonly StartTimestamp?: number | undefined
  /** Required with CONTINUATION_TOKEN: 1 to 128 of `a-z A-Z 0-9 _ . -`. */
  readonly ContinuationToken?: string | undefined
}

/** The six ways to begin. */
export type StartSelectorType =
  | 'FRAGMENT_NUMBER'
  | 'SERVER_TIMESTAMP'
  | 'PRODUCER_TIMESTAMP'
  | 'NOW'
  | 'EARLIEST'
  | 'CONTINUATION_TOKEN'

/** How to read what AWS leaves open about a start. */
export interface StartRules {
  /** A CONTINUATION_TOKEN starts after its fragment, or at it. */
  readonly tokenStart: 'after' | 'at'
  /** A time between two fragments starts with the later, or with the one before. */
  readonly timestampStart: 'at-or-after' | 'containing'
  /** NOW starts with the next fragment, or with the newest one held. */
  readonly nowStart: 'next' | 'latest'
  /** What a number or token that is not held leads to; 'next' starts at the first one greater. */
  readonly lostStart: 'error-4000' | 'InvalidArgumentException' | 'next'
}

/** The rules unless told otherwise. */
export const DEFAULT_START_RULES: StartRules = {
  tokenStart: 'after',
  timestampStart: 'at-or-after',
  nowStart: 'next',
  lostStart: 'error-4000',
}

const START_SELECTOR_TYPES: readonly StartSelectorType[] = [
  'FRAGMENT_NUMBER',
  'SERVER_TIMESTAMP',
  'PRODUCER_TIMESTAMP',
  'NOW',
  'EARLIEST',
  'CONTINUATION_TOKEN',
]

const FRAGMENT_NUMBER = /^\d{1,128}$/
const CONTINUATION_TOKEN = /^[\w.-]{1,128}$/

/** Reads a StartSelector out of a request's JSON: the selector, or the error to refuse it with. */
export function readStartSelector(json: unknown): StartSelector | ServiceException {
  const selector = (json ?? {}) as Record<string, unknown>
  const type = START_SELECTOR_TYPES.find((name) => name === selector['StartSelectorType'])
  if (!type) {
    const set = `Member must satisfy enum value set: [${START_SELECTOR_TYPES.join(', ')}]`
    return violation('startSelector.startSelectorType', selector['StartSelectorType'], set)
  }
  if (type === 'FRAGMENT_NUMBER') {
    const value = selector['AfterFragmentNumber']
    if (typeof value === 'string' && FRAGMENT_NUMBER.test(value)) {
      return { StartSelectorType: type, AfterFragmentNumber: value }
    }
    return violation('startSelector.afterFragmentNumber', value, matching('^[0-9]+$'))
  }
  if (type === 'CONTINUATION_TOKEN') {
    const value = selector['ContinuationToken']
    if (typeof value === 'string' && CONTINUATION_TOKEN.test(value)) {
      return { StartSelectorType: type, ContinuationToken: value }
    }
    return violation('startSelector.continuationToken', value, matching('^[a-zA-Z0-9_\\.\\-]+$'))
  }
  if (type === 'SERVER_TIMESTAMP' || type === 'PRODUCER_TIMESTAMP') {
    const value = selector['StartTimestamp']
    if (typeof value === 'number' && Number.isFinite(value)) {
      return { StartSelectorType: type, StartTimestamp: value }
    }
    return violation('startSelector.startTimestamp', value, 'Member must not be null')
  }
  return { StartSelectorType: type }
}

/** The index of the first fragment to send, or 'lost' when the number or token is not held. */
export function resolveStart(
  stream: SimulatedStream,
  selector: StartSelector,
  rules: StartRules,
): number | 'lost' {
  const end = stream.appendedCount
  switch (selector.StartSelectorType) {
    case 'EARLIEST':
      return stream.at(0)?.index ?? end
    case 'NOW':
      return rules.nowStart === 'latest' ? (stream.fragments.at(-1)?.index ?? end) : end
    case 'FRAGMENT_NUMBER':
      return afterNumber(stream, selector.AfterFragmentNumber!, rules, 1)
    case 'CONTINUATION_TOKEN': {
      const token = selector.ContinuationToken!
      const step = rules.tokenStart === 'at' ? 0 : 1
      const held = stream.findLast((fragment) => fragment.continuationToken === token)
      if (held) return held.index + step
      return FRAGMENT_NUMBER.test(token) ? afterNumber(stream, token, rules, step) : lost(rules)
    }
    case 'SERVER_TIMESTAMP':
      return atTime(stream, 'serverTimestampMs', selector.StartTimestamp!, rules)
    case 'PRODUCER_TIMESTAMP':
      return atTime(stream, 'producerTimestampMs', selector.StartTimestamp!, rules)
  }
}

function afterNumber(
  stream: SimulatedStream,
  number: string,
  rules: StartRules,
  step: 0 | 1,
): number | 'lost' {
  const held = stream.findLast(
    (fragment) => compareFragmentNumbers(fragment.fragmentNumber, number) <= 0,
  )
  if (held && compareFragmentNumbers(held.fragmentNumber, number) === 0) return held.index + step
  if (rules.lostStart !== 'next') return 'lost'
  return held ? held.index + 1 : (stream.at(0)?.index ?? stream.appendedCount)
}

function lost(rules: StartRules): number | 'lost' {
  // A token that is no number has no neighbours: the nearest start that loses nothing is the first.
  return rules.lostStart === 'next' ? 0 : 'lost'
}

function atTime(
  stream: SimulatedStream,
  key: 'serverTimestampMs' | 'producerTimestampMs',
  seconds: number,
  rules: StartRules,
): number {
  // The wire has seconds with decimals; round away what binary fractions add.
  const timeMs = Math.round(seconds * 1000)
  const held = stream.fragments
  const next = held.find((fragment) => fragment[key] >= timeMs)
  const index = next?.index ?? stream.appendedCount
  if (rules.timestampStart === 'at-or-after' || next?.[key] === timeMs) return index
  return held.findLast((fragment) => fragment[key] < timeMs)?.index ?? index
}

function violation(path: string, value: unknown, constraint: string): ServiceException {
  const shown = value === undefined ? 'null' : `'${textOf(value)}'`
  return serviceException(
    'InvalidArgumentException',
    `1 validation error detected: Value ${shown} at '${path}' failed to satisfy constraint: ${constraint}`,
  )
}

function matching(pattern: string): string {
  return `Member must have length between 1 and 128 and satisfy regular expression pattern: ${pattern}`
}
