/** What happens to a consumer, as JSON lines and for people. */
import type {
  ConsumerEvent,
  GapReason,
  SessionEndReason,
  StartSelector,
} from '../consumer/index.js'
import { dateTime, counted, duration } from './quantities.js'
import { jsonLine } from './json-lines.js'
import type { Tone } from './output.js'
import { elided, fitted } from './terminal-text.js'

const NUMBER_COLUMNS = 32
const MAX_TEXT_COLUMNS = 80

/**
 * The JSON line of an event: its own fields, absent ones as `null`. An error is its name and its code, never its message,
 * which may quote a signed request. `undefined` for `lag`, which each fragment's line tells.
 */
export function eventLine(event: ConsumerEvent): string | undefined {
  if (event.type === 'lag') return undefined
  const facts: Record<string, unknown> = { type: 'event', event: event.type }
  for (const [name, value] of Object.entries(event)) {
    if (name === 'type') continue
    // `listenerError` has a field of that name.
    facts[name === 'event' ? 'listener' : name] = plain(value)
  }
  return jsonLine(facts)
}

/** The JSON line of the position at which a command ended. */
export function positionLine(
  fragmentNumber: string,
  continuationToken: string | undefined,
  isSaved: boolean,
): string {
  return jsonLine({
    type: 'event',
    event: 'position',
    fragmentNumber,
    continuationToken: continuationToken ?? null,
    saved: isSaved,
  })
}

function plain(value: unknown): unknown {
  if (value === undefined) return null
  if (value instanceof Error) {
    const { name } = value
    const { code } = value as { readonly code?: unknown }
    return { name, code: typeof code === 'string' ? code : null }
  }
  return Array.isArray(value) ? value.map(plain) : value
}

/** An event in a line for people. `undefined` when it is not worth one. */
export function eventText(
  event: ConsumerEvent,
): { readonly tone: Tone; readonly text: string } | undefined {
  switch (event.type) {
    case 'sessionOpened':
      return quiet(`session ${event.session} opened ${startText(event.selector)}`)
    case 'sessionEnded': {
      const { session, fragments, durationMs, reason } = event
      const length = `${counted(fragments, 'fragment')} and ${duration(durationMs)}`
      const text = `session ${session} ended after ${length}: ${END_TEXT[reason]}`
      return reason === 'ended' || reason === 'rotated' || reason === 'closed'
        ? quiet(text)
        : warning(text)
    }
    case 'serviceError': {
      const id = event.id === undefined ? '' : ` ${event.id}`
      const text = `! the service reports error${id} ${fitted(event.code, MAX_TEXT_COLUMNS)}`
      return event.action === 'fail' ? bad(text) : warning(text)
    }
    case 'requestFailed': {
      const { operation, exception, status, action } = event
      // Nothing was sent: the last line says why.
      if (event.kind === 'refused') return undefined
      const answer = status === undefined ? '' : ` (status ${status})`
      const text = `${operation} failed: ${fitted(exception, MAX_TEXT_COLUMNS)}${answer}`
      return action === 'fail' ? bad(`! ${text}`) : warning(text)
    }
    case 'reconnectScheduled':
      return event.delayMs > 0 ? quiet(`next try in ${duration(event.delayMs)}`) : undefined
    case 'resumePointLost':
      return warning(
        event.afterFragmentNumber === undefined
          ? 'the stream does not hold the fragment to start from'
          : `the stream no longer holds what follows ${numberText(event.afterFragmentNumber)}`,
      )
    case 'gap': {
      const from = numberText(event.afterFragmentNumber, 'the start')
      const to = event.beforeFragmentNumber
      const where = to === undefined ? `after ${from}` : `between ${from} and ${numberText(to)}`
      return warning(`gap ${where}: ${GAP_TEXT[event.reason]}`)
    }
    case 'duplicateDropped':
      return quiet(`a repeat of ${numberText(event.fragmentNumber)} was dropped`)
    case 'damagedFragment': {
      const { attempt, action, fragmentNumber } = event
      const text = `${numberText(fragmentNumber, 'a fragment')} came damaged, time ${attempt}`
      return action === 'fail' ? bad(`! ${text}`) : warning(`${text}: ${DAMAGE_TEXT[action]}`)
    }
    case 'checkpointClaimed': {
      if (event.damage !== undefined) {
        return warning('the newest save of the checkpoint is damaged: the one before is used')
      }
      const number = event.checkpoint?.fragmentNumber
      return number === undefined ? undefined : quiet(`going on after ${numberText(number)}`)
    }
    case 'checkpointFailed':
      return warning('the position could not be saved: it is tried again')
    case 'listenerError':
      return bad(`! a listener of ${event.event} failed`)
    // Told by another event, by each fragment or by the last line.
    case 'connectionLimitExceeded':
    case 'checkpointSaved':
    case 'lag':
    case 'closed':
      return undefined
  }
}

const END_TEXT: { readonly [Reason in SessionEndReason]: string } = {
  ended: 'by the service, which is ordinary',
  truncated: 'in the middle of a fragment',
  reset: 'the connection broke',
  stalled: 'no more bytes came',
  'service-error': 'the service reported an error',
  damaged: 'a fragment was damaged',
  gap: 'a fragment was left out',
  rotated: 'in good time before its limit',
  closed: 'closed from here',
}

const GAP_TEXT: { readonly [Reason in GapReason]: string } = {
  'resume-point-lost': 'what was to follow has expired',
  'damaged-fragment': 'a fragment came damaged every time',
  'missing-fragment': 'a fragment whose beginning was seen never came whole',
  sequence: 'the sequence in the numbers jumps',
}

const DAMAGE_TEXT = { refetch: 'it is fetched again', skip: 'it is left out' } as const

function startText(selector: StartSelector): string {
  const {
    StartSelectorType: type,
    AfterFragmentNumber,
    ContinuationToken,
    StartTimestamp,
  } = selector
  if (type === 'NOW') return 'at what comes next'
  if (type === 'EARLIEST') return 'at the earliest fragment'
  if (StartTimestamp !== undefined) {
    const whose = type === 'PRODUCER_TIMESTAMP' ? 'producer' : 'server'
    return `at ${whose} time ${dateTime(StartTimestamp.getTime())}`
  }
  return `after ${numberText(AfterFragmentNumber ?? ContinuationToken)}`
}

function numberText(number: string | undefined, otherwise = 'an unknown fragment'): string {
  return number === undefined ? otherwise : elided(fitted(number, 128), NUMBER_COLUMNS)
}

function quiet(text: string): { readonly tone: Tone; readonly text: string } {
  return { tone: 'quiet', text }
}

function warning(text: string): { readonly tone: Tone; readonly text: string } {
  return { tone: 'warning', text }
}

function bad(text: string): { readonly tone: Tone; readonly text: string } {
  return { tone: 'bad', text }
}
