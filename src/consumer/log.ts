import { Console } from 'node:console'
import type { Logger } from '@smithy/types'
import { type ConsumerEvent, isThenable } from './events.js'
import { describeError } from './failure.js'

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error'

interface LogLine {
  readonly level: Level
  readonly message: string
}

// The only fields that are ever written. Errors are not among them: a message of the service's can quote the request with
// its security token, so of an error only its name and code are.
const FIELDS = [
  'session',
  'reason',
  'fragmentNumber',
  'afterFragmentNumber',
  'beforeFragmentNumber',
  'fragments',
  'bytes',
  'durationMs',
  'id',
  'code',
  'action',
  'operation',
  'kind',
  'exception',
  'status',
  'requestId',
  'attempt',
  'delayMs',
  'policy',
  'epoch',
  'millisBehindNow',
  'event',
] as const
const MAX_TEXT_LENGTH = 160

/**
 * Writes one line for an event: one object with `message` and the allowed fields, as the SDK does it, which pino,
 * Powertools and the console all take. A logger that throws, or rejects, is its owner's matter: nothing is thrown.
 */
export function logEvent(logger: Logger, stream: string, event: ConsumerEvent): void {
  const { level, message } = describe(event)
  const line: Record<string, unknown> = { message, stream }
  for (const field of FIELDS) {
    const value = (event as unknown as Readonly<Record<string, unknown>>)[field]
    if (typeof value === 'number' || typeof value === 'boolean') line[field] = value
    else if (typeof value === 'string') line[field] = printable(value)
  }
  if ('error' in event && event.error !== undefined) {
    const { name, code } = describeError(event.error)
    line['errorName'] = printable(name)
    if (code !== undefined) line['errorCode'] = printable(code)
  }
  try {
    // trace() of a console is no level: it prints a stack.
    if (level === 'trace' && logger instanceof Console) return
    const result: unknown = logger[level]?.(line)
    if (isThenable(result)) result.then(undefined, () => undefined)
  } catch {
    // Data goes on.
  }
}

function describe(event: ConsumerEvent): LogLine {
  switch (event.type) {
    case 'sessionOpened':
      return { level: 'debug', message: 'session opened' }
    case 'sessionEnded':
      return { level: 'debug', message: 'session ended' }
    case 'serviceError':
      return {
        level: event.action === 'fail' ? 'error' : 'warn',
        message: 'the service reported an error',
      }
    case 'requestFailed':
      return {
        level: event.action === 'fail' ? 'error' : 'warn',
        message: 'a request failed',
      }
    case 'connectionLimitExceeded':
      return { level: 'warn', message: 'the stream has no connection left' }
    case 'reconnectScheduled':
      return { level: event.attempt === 0 ? 'debug' : 'info', message: 'reconnecting' }
    case 'resumePointLost':
      return { level: 'warn', message: 'the resume point is lost' }
    case 'gap':
      return { level: 'warn', message: 'fragments were left out' }
    case 'duplicateDropped':
      return { level: 'debug', message: 'a repeated fragment was dropped' }
    case 'damagedFragment':
      return { level: 'warn', message: 'a fragment arrived damaged' }
    case 'checkpointClaimed':
      return event.damage === undefined
        ? { level: 'info', message: 'checkpoint claimed' }
        : { level: 'warn', message: 'checkpoint claimed; the newest save is damaged' }
    case 'checkpointSaved':
      return { level: 'debug', message: 'checkpoint saved' }
    case 'checkpointFailed':
      return { level: 'warn', message: 'the checkpoint could not be saved' }
    case 'lag':
      return { level: 'trace', message: 'lag' }
    case 'listenerError':
      return { level: 'error', message: 'an event listener threw' }
    case 'closed':
      return { level: event.reason === 'failed' ? 'error' : 'info', message: 'consumer closed' }
  }
}

// Exception names are text from outside: no line breaks, no terminal controls, no end in sight.
function printable(text: string): string {
  return text.slice(0, MAX_TEXT_LENGTH).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '')
}
