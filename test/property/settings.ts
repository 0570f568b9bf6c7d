import fc from 'fast-check'
import type { FragmentParserOptions } from '../../src/parser/index.js'
import { FragmentParser, MATROSKA_RULE } from '../../src/parser/index.js'
import type { FragmentMetadata } from '../../src/tags/index.js'
import { GetMediaParser } from '../../src/tags/index.js'
import type { Stream } from './arbitrary-streams.js'
import { fragmentListStream, getMediaStream, matroskaStream } from './arbitrary-streams.js'
import * as ids from './matroska-ids.js'
import type { Reading } from './expected-fragments.js'

export type AnyMetadata = FragmentMetadata | undefined

/** How many streams a property is tried with; `KVS_FRAGMENTS_RUNS=5000` for a long search, 1,000 in CI. */
const numRuns = Number(process.env['KVS_FRAGMENTS_RUNS'] ?? 30)

/** How long a property may take, the search for a smaller counterexample included. */
export const timeoutMs = 30_000 + 300 * numRuns

/** Settings for a property that is tried `share` times as often as the others. */
export function search(share = 1): fc.Parameters<unknown> {
  return {
    numRuns: Math.ceil(share * numRuns),
    plugins: [fc.interruptAfterTimeLimit(timeoutMs - 5000, { failOnInterrupt: true })],
  }
}

/** Masters that the fragment parsers step over unread: their children and their checksum are not looked at. */
export const UNREAD_MASTERS: readonly number[] = [
  ids.DOC_TYPE_EXTENSION,
  ids.SEEK_HEAD,
  ids.CUES,
  ids.CHAPTERS,
  ids.ATTACHMENTS,
]

/** Any way of cutting: whole, one byte at a time, sizes over and over, now and then an empty chunk. */
export const chunking: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constantFrom([], [1], [2, 1]),
  fc.array(fc.oneof(fc.nat(40), fc.nat(3000)), { minLength: 1, maxLength: 8 }),
)

/** The three ways to read a stream, each with streams meant for it. */
export const READINGS: readonly (readonly [Reading, fc.Arbitrary<Stream>])[] = [
  ['GetMedia', getMediaStream],
  ['GetMediaForFragmentList', fragmentListStream],
  ['Matroska', matroskaStream],
]

/** Any stream with the reading meant for it. */
export const anyStream: fc.Arbitrary<{ readonly reading: Reading; readonly stream: Stream }> =
  fc.oneof(...READINGS.map(([reading, streams]) => streams.map((stream) => ({ reading, stream }))))

export function makeParser(
  reading: Reading,
  options: FragmentParserOptions<AnyMetadata> = {},
): FragmentParser<AnyMetadata> {
  const parser =
    reading === 'Matroska'
      ? new FragmentParser(MATROSKA_RULE, options as FragmentParserOptions<undefined>)
      : new GetMediaParser({
          ...(options as FragmentParserOptions<FragmentMetadata>),
          source: reading,
        })
  return parser as FragmentParser<AnyMetadata>
}
