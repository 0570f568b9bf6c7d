import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { ParseError } from '../../src/parser/index.js'
import { chunksBySizes, drain } from '../helpers/drain.js'
import type { PlacedElement } from './ebml-tree.js'
import { walk } from './ebml-tree.js'
import { expectedFragments } from './expected-fragments.js'
import * as ids from './matroska-ids.js'
import { anyStream, chunking, makeParser, numRuns, timeoutMs } from './settings.js'

// These are stepped over unread, and so is their checksum.
const UNREAD: readonly number[] = [
  ids.DOC_TYPE_EXTENSION,
  ids.SEEK_HEAD,
  ids.CUES,
  ids.CHAPTERS,
  ids.ATTACHMENTS,
]

/** Stretches that a checksum vouches for: its own four bytes and all that follows in its parent. */
function coveredRanges(elements: readonly PlacedElement[]): (readonly [number, number])[] {
  return [...walk(elements)]
    .filter(
      ({ placed, parents }) =>
        placed.element.content === 'checksum' &&
        parents.at(-1)?.element.id !== ids.SEGMENT &&
        !parents.some((parent) => UNREAD.includes(parent.element.id)),
    )
    .map(({ placed, parents }) => [placed.dataOffset, parents.at(-1)?.endOffset ?? 0] as const)
}

describe('verifyCrc32', () => {
  it(
    'finds any single bit that changed under a checksum, or the structure breaks and says so',
    () => {
      fc.assert(
        fc.property(
          anyStream,
          fc.nat(),
          fc.nat(7),
          chunking,
          ({ stream, reading }, at, bit, sizes) => {
            const covered = coveredRanges(stream.elements).flatMap(([start, end]) =>
              Array.from({ length: end - start }, (_, i) => start + i),
            )
            fc.pre(covered.length > 0)
            const position = covered[at % covered.length]
            // A document of nothing but headers gives no fragment that could tell of an error.
            const isInFragment = expectedFragments(stream, reading).some(
              ({ offset, byteLength }) => position >= offset && position < offset + byteLength,
            )
            fc.pre(isInFragment)
            const bytes = stream.bytes.slice()
            bytes[position] ^= 1 << bit
            const parser = makeParser(reading, { verifyCrc32: true })
            const { fragments, failure } = drain(parser, chunksBySizes(bytes, sizes))
            const isNoticed =
              failure instanceof ParseError ||
              parser.truncation !== undefined ||
              fragments.some((fragment) => fragment.errors.length > 0)
            deepStrictEqual({ position, isNoticed }, { position, isNoticed: true })
          },
        ),
        { numRuns: 3 * numRuns },
      )
    },
    timeoutMs,
  )

  it(
    'is off unless it is asked for: then a wrong checksum changes nothing',
    () => {
      fc.assert(
        fc.property(anyStream, ({ stream, reading }) => {
          const bytes = stream.bytes.slice()
          for (const { placed } of walk(stream.elements)) {
            if (placed.element.content === 'checksum') bytes[placed.dataOffset] ^= 1
          }
          const { fragments, failure } = drain(makeParser(reading), [bytes])
          deepStrictEqual(failure, undefined)
          for (const fragment of fragments) deepStrictEqual(fragment.errors, [])
        }),
        { numRuns: Math.ceil(numRuns / 4) },
      )
    },
    timeoutMs,
  )
})
