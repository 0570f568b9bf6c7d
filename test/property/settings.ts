import fc from 'fast-check'
import type { FragmentParserOptions } from '../../src/parser/index.js'
import { FragmentParser, MATROSKA_RULE } from '../../src/parser/index.js'
import type { FragmentMetadata } from '../../src/tags/index.js'
import { GetMediaParser } from '../../src/tags/index.js'
import type { Stream } from './arbitrary-streams.js'
import { fragmentListStream, getMediaStream, matroskaStream } from './arbitrary-streams.js'
import type { Reading } from './expected-fragments.js'

export type AnyMetadata = FragmentMetadata | undefined

/** How many streams a property is tried with; `KVS_FRAGMENTS_RUNS=5000` for a long search. */
export const numRuns = Number(process.env['KVS_FRAGMENTS_RUNS'] ?? 100)

/** A search takes as long as it is told to. */
export const timeoutMs = 30_000 + 200 * numRuns

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
