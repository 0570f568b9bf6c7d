/**
 * Text from outside, fit for a log line and a terminal: cut to 128 UTF-16 units, without control and formatting characters.
 */
export function printable(text: string): string {
  // Cut first: the work is then bounded too. Cc: control characters, Cf: direction marks and the like, Cs: lone surrogates.
  return text.slice(0, 128).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '')
}
