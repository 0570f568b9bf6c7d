// The largest time a Date can hold (ECMA-262 §21.4.1.1), so that `new Date(ms)` is valid for every result.
const MAX_TIMESTAMP_MS = 8_640_000_000_000_000
const MAX_TEXT_LENGTH = 64
const DECIMALS = 3
const POINT = 0x2e
const DIGIT_0 = 0x30

/**
 * Converts the text of a SERVER_TIMESTAMP or PRODUCER_TIMESTAMP tag, decimal seconds since the epoch (`1511852109.126`),
 * to integer milliseconds. Digits are moved, nothing is multiplied by a fraction, so that no millisecond is lost to
 * floating point. Producers that send relative times write `0.000` and small values; they are converted the same way.
 *
 * Decimals after the third are cut off, not rounded. The result is always an integer between 0 and 8.64e15, the range of
 * `Date`. Everything else gives `undefined`, and never NaN: the empty text, signs, exponents, blanks, a point without
 * digits on both sides (`1.`, `.5`), two points, a time beyond the range, a text of more than 64 characters. Never
 * throws; the text itself stays in the metadata.
 *
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_dataplane_GetMedia.html
 */
export function parseTimestampMs(text: string): number | undefined {
  if (text.length === 0 || text.length > MAX_TEXT_LENGTH) return undefined
  let timestampMs = 0
  let pointAt = -1
  // By hand, since every fragment has two and a regular expression makes three texts of each.
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    const digit = code - DIGIT_0
    if (digit >= 0 && digit <= 9) {
      // A value that is rounded here is beyond the range, so the comparison below is exact where it matters.
      if (pointAt === -1 || i - pointAt <= DECIMALS) timestampMs = timestampMs * 10 + digit
    } else if (code === POINT && pointAt === -1 && i > 0 && i < text.length - 1) {
      pointAt = i
    } else {
      return undefined
    }
  }
  const decimals = pointAt === -1 ? 0 : text.length - 1 - pointAt
  for (let i = decimals; i < DECIMALS; i += 1) timestampMs *= 10
  return timestampMs <= MAX_TIMESTAMP_MS ? timestampMs : undefined
}

/**
 * Writes milliseconds since the epoch as the service does, decimal seconds with three decimals: `1511852109126` becomes
 * `1511852109.126`. The inverse of {@link parseTimestampMs}.
 *
 * @throws RangeError when `timestampMs` is not an integer between 0 and 8.64e15.
 */
export function formatTimestamp(timestampMs: number): string {
  if (!Number.isInteger(timestampMs) || timestampMs < 0 || timestampMs > MAX_TIMESTAMP_MS) {
    throw new RangeError(
      `A timestamp must be an integer number of milliseconds from 0 to ${MAX_TIMESTAMP_MS}, not ${timestampMs}: pass Date.now() or date.getTime().`,
    )
  }
  const digits = String(timestampMs).padStart(4, '0')
  return `${digits.slice(0, -3)}.${digits.slice(-3)}`
}
