import { printable } from './printable.js'

const FRAGMENT_NUMBER = /^\d{1,128}$/

/**
 * Whether a text is a fragment number: 1 to 128 decimal digits, the pattern of `AfterFragmentNumber`. Never throws.
 *
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_dataplane_StartSelector.html
 */
export function isFragmentNumber(text: string): boolean {
  return FRAGMENT_NUMBER.test(text)
}

function significantDigits(text: string): string {
  if (!isFragmentNumber(text)) {
    throw new TypeError(
      `${JSON.stringify(printable(text).slice(0, 32))} is not a fragment number: pass the 1 to 128 decimal digits of AWS_KINESISVIDEO_FRAGMENT_NUMBER.`,
    )
  }
  return text.replace(/^0+(?=\d)/, '')
}

/**
 * Compares two fragment numbers by value: negative when `a` comes before `b`, positive when it comes after, 0 when they
 * are the same number. Fits `Array.prototype.sort`. Leading zeros are ignored. Exact at 128 digits, where `Number` is
 * not, and right for numbers of different length, where a plain text comparison is not.
 *
 * @throws TypeError when either is not 1 to 128 decimal digits; use {@link isFragmentNumber} on text from outside.
 */
export function compareFragmentNumbers(a: string, b: string): number {
  const left = significantDigits(a)
  const right = significantDigits(b)
  if (left.length !== right.length) return left.length - right.length
  if (left === right) return 0
  return left < right ? -1 : 1
}

/** What a fragment number seems to be made of; see {@link decodeFragmentNumber}. */
export interface FragmentNumberParts {
  /** Counts up by 1 between neighbours of one upload; 0 to 2^64 − 1. */
  readonly sequence: bigint
  /** The time the service received the fragment, in milliseconds since the epoch; 0 to 8.64e15. */
  readonly serverTimestampMs: number
  /** 28 bits without a known meaning; 0 to 2^28 − 1. */
  readonly random: number
}

// n = 2^156 + (sequence << 92) + (serverTimestampMs << 28) + random
const LEADING_ONE = 1n << 156n
const SEQUENCE_SHIFT = 92n
const SEQUENCE_LIMIT = 1n << 64n
const TIMESTAMP_SHIFT = 28n
const TIMESTAMP_MASK = (1n << 64n) - 1n
// The largest time a Date can hold (ECMA-262 §21.4.1.1).
const MAX_TIMESTAMP_MS = 8_640_000_000_000_000
const RANDOM_LIMIT = 1 << 28
const RANDOM_MASK = BigInt(RANDOM_LIMIT - 1)

/**
 * Takes a fragment number apart: `n = 2^156 + (sequence << 92) + (serverTimestampMs << 28) + random`.
 *
 * **Undocumented.** AWS promises only that fragment numbers increase. The layout held for all 46 public numbers it was
 * checked against and may change on any day: use it for hints (is there a gap, how old is this), never for correctness.
 * `undefined` when the number does not fit the layout or the text is not a fragment number. Never throws.
 */
export function decodeFragmentNumber(fragmentNumber: string): FragmentNumberParts | undefined {
  if (!isFragmentNumber(fragmentNumber)) return undefined
  const rest = BigInt(fragmentNumber) - LEADING_ONE
  if (rest < 0n || rest >= LEADING_ONE) return undefined
  const serverTimestampMs = Number((rest >> TIMESTAMP_SHIFT) & TIMESTAMP_MASK)
  if (serverTimestampMs > MAX_TIMESTAMP_MS) return undefined
  return {
    sequence: rest >> SEQUENCE_SHIFT,
    serverTimestampMs,
    random: Number(rest & RANDOM_MASK),
  }
}

/**
 * Puts a fragment number together, as 47 or 48 decimal digits; the inverse of {@link decodeFragmentNumber}. For
 * simulations and tests: the service accepts only numbers it has issued.
 *
 * @throws RangeError when a part is not an integer in the range that {@link FragmentNumberParts} states.
 */
export function encodeFragmentNumber(parts: FragmentNumberParts): string {
  const { sequence, serverTimestampMs, random } = parts
  if (sequence < 0n || sequence >= SEQUENCE_LIMIT) {
    throw new RangeError(`sequence must be from 0 to 2^64 - 1, not ${sequence}: start at 0n.`)
  }
  if (
    !Number.isInteger(serverTimestampMs) ||
    serverTimestampMs < 0 ||
    serverTimestampMs > MAX_TIMESTAMP_MS
  ) {
    throw new RangeError(
      `serverTimestampMs must be an integer from 0 to ${MAX_TIMESTAMP_MS}, not ${serverTimestampMs}: pass Date.now().`,
    )
  }
  if (!Number.isInteger(random) || random < 0 || random >= RANDOM_LIMIT) {
    throw new RangeError(
      `random must be an integer from 0 to 2^28 - 1, not ${random}: take the low 28 bits.`,
    )
  }
  const number =
    LEADING_ONE +
    (sequence << SEQUENCE_SHIFT) +
    (BigInt(serverTimestampMs) << TIMESTAMP_SHIFT) +
    BigInt(random)
  return number.toString()
}
