import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { ParseError } from '../../src/parser/index.js'
import { chunksBySizes, drain } from '../helpers/drain.js'
import type { PlacedElement } from './ebml-tree.js'
import { walk } from './ebml-tree.js'
import { anyStream, chunking, makeParser, search, timeoutMs, UNREAD_MASTERS } from './settings.js'

/** Stretches that a checksum vouches for: its own four bytes and all that follows in its parent. */
function coveredRanges(elements: readonly PlacedElement[]): (readonly [number, number])[] {
  return [...walk(elements)]
    .filter(
      ({ placed, parents }) =>
        placed.element.content === 'checksum' &&
        !parents.some((parent) => UNREAD_MASTERS.includes(parent.element.id)),
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
        search(3),
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
        search(1 / 4),
      )
    },
    timeoutMs,
  )
})
