import { CommandError, EXIT } from './io.js'
import { fitted } from './terminal-text.js'

const MAX_SHOWN_COLUMNS = 60
const DECIMAL = /^\d{1,12}(?:\.\d{1,6})?$/
const DIGITS = /^\d{1,15}$/

/** What a number on the command line may be, both ends included. */
export interface NumberRange {
  readonly least: number
  readonly most: number
}

/** The whole number that a flag was given. @throws CommandError when it is none, or out of range. */
export function wholeNumber(flag: string, text: string, range: NumberRange): number {
  const value = DIGITS.test(text) ? Number(text) : Number.NaN
  return inRange(flag, text, value, range, 'a whole number')
}

/** The number, with or without decimals, that a flag was given. @throws CommandError likewise. */
export function decimalNumber(flag: string, text: string, range: NumberRange): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN
  return inRange(flag, text, value, range, 'a number')
}

function inRange(
  flag: string,
  text: string,
  value: number,
  { least, most }: NumberRange,
  what: string,
): number {
  if (value >= least && value <= most) return value
  const shown = JSON.stringify(fitted(text, MAX_SHOWN_COLUMNS))
  throw new CommandError(`${flag}: ${shown} is not ${what} from ${least} to ${most}`, EXIT.usage)
}
