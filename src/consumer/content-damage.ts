import type { ParseError } from '../parser/errors.js'

// A limit that was passed is how the stream is, not what happened to it on the way: fetching it again changes nothing.
const NO_DAMAGE: ReadonlySet<string> = new Set([
  'string-too-large',
  'binary-too-large',
  'too-many-tags',
  'too-many-tracks',
])

/** Whether an error of content is one for which its fragment is fetched again. */
export function isDamage({ code }: ParseError): boolean {
  return !NO_DAMAGE.has(code)
}
