import type { InclusiveStart, StartSelector } from '../consumer/index.js'
import { parseTimestampMs } from '../tags/timestamp.js'
import { CommandError, EXIT } from './io.js'
import { fitted } from './terminal-text.js'

/** What `--start` takes, for help and for messages. */
export const START_FORMS: string =
  'now, earliest, after:NUMBER, at:NUMBER, server:TIME, producer:TIME or token:TOKEN'
/** What a TIME in it is. */
export const TIME_FORMS: string =
  'seconds since 1970 as in the tags (1511852109.126), or 2017-11-28T06:55:09Z'

const MAX_SHOWN_COLUMNS = 60
const DATE_TIME =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i
/** The year 5138. A time beyond it was meant in milliseconds. */
const MAX_TIME_MS = 100_000_000_000_000

/**
 * Reads the value of `--start`. Numbers and tokens are taken as they stand: the consumer checks them.
 *
 * @throws CommandError when it has none of the forms, or its time is none.
 */
export function parseStart(text: string): StartSelector | InclusiveStart {
  const colon = text.indexOf(':')
  const form = (colon === -1 ? text : text.slice(0, colon)).toLowerCase()
  const value = colon === -1 ? undefined : text.slice(colon + 1)
  if (value === undefined) {
    if (form === 'now') return { StartSelectorType: 'NOW' }
    if (form === 'earliest') return { StartSelectorType: 'EARLIEST' }
  } else {
    switch (form) {
      case 'after':
        return { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: value }
      case 'at':
        return { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: value }
      case 'server':
        return { StartSelectorType: 'SERVER_TIMESTAMP', StartTimestamp: parseTime(value) }
      case 'producer':
        return { StartSelectorType: 'PRODUCER_TIMESTAMP', StartTimestamp: parseTime(value) }
      case 'token':
        return { StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: value }
    }
  }
  throw refusal(`${shown(text)} is no start: give ${START_FORMS}`)
}

function parseTime(text: string): Date {
  const seconds = parseTimestampMs(text)
  if (seconds !== undefined) {
    if (seconds <= MAX_TIME_MS) return new Date(seconds)
    throw refusal(`the time ${shown(text)} is in seconds and far ahead: are these milliseconds?`)
  }
  const match = DATE_TIME.exec(text)
  if (match !== null) {
    // Tables here are in UTC, so what is copied from them has no zone.
    const [, date, time = '00:00', zone = 'Z'] = match
    const parsed = new Date(`${date}T${time}${zone.toUpperCase()}`)
    // Date takes 30 February for 2 March, and the hour 24 for the day after.
    const isOnDate = JSON.stringify(new Date(`${date}T${time}Z`)).startsWith(`"${date}`)
    if (isOnDate && parsed.getTime() >= 0) return parsed
  }
  throw refusal(`${shown(text)} is no time: give ${TIME_FORMS}; without a zone it is UTC`)
}

function shown(text: string): string {
  return JSON.stringify(fitted(text, MAX_SHOWN_COLUMNS))
}

function refusal(problem: string): CommandError {
  return new CommandError(`--start: ${problem}`, EXIT.usage)
}
