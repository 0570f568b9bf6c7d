import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { SkippedRange } from '../../src/parser/index.js'
import { chunksBySizes, drain } from '../helpers/drain.js'
import type { Stream } from './arbitrary-streams.js'
import { walk } from './ebml-tree.js'
import type { Reading } from './expected-fragments.js'
import * as ids from './matroska-ids.js'
import type { ModelFragment } from './model.js'
import { describeFragment, hex } from './model.js'
import { anyStream, chunking, makeParser, search, timeoutMs } from './settings.js'

/** Where the documents begin whose header reading can begin at: with a DocType, and of 256 bytes at most. */
function documentOffsets(stream: Stream): number[] {
  return stream.elements
    .filter(({ element, dataOffset, endOffset }) => {
      const meaning = stream.meanings.get(element)
      return (
        meaning?.kind === 'header' && meaning.docType !== undefined && endOffset - dataOffset <= 256
      )
    })
    .map(({ offset }) => offset)
}

/** A document is not looked for in attachments, and a binary that holds `1A 45 DF A3` may begin one together with what follows. */
function isAmbiguous(stream: Stream): boolean {
  const documents = stream.elements.filter(({ element }) => element.id === ids.EBML).length
  return (
    hex(stream.bytes).split('1a45dfa3').length - 1 !== documents ||
    [...walk(stream.elements)].some(({ placed }) => placed.element.id === ids.ATTACHMENTS)
  )
}

/** All that is told of the fragments, and of what was passed over. */
function read(
  reading: Reading,
  bytes: Uint8Array,
  sizes: readonly number[],
): { fragments: readonly ModelFragment[]; skips: readonly string[] } {
  const skips: string[] = []
  const onSkip = ({ startOffset, endOffset, error }: SkippedRange): void => {
    skips.push(`${startOffset}-${endOffset} ${error.message}`)
  }
  const parser = makeParser(reading, { onDamage: 'resync', onSkip, verifyCrc32: true })
  const { fragments, failure } = drain(parser, chunksBySizes(bytes, sizes))
  deepStrictEqual(failure, undefined)
  const described = fragments.map((fragment) => ({
    ...describeFragment(fragment),
    // A message has offsets in it.
    errors: fragment.errors.map(({ code }) => code),
  }))
  return { fragments: described, skips }
}

describe('a stream that lost bytes, read with resync', () => {
  it(
    'gives every document that begins behind them as it is, and the same in chunks of any size',
    () => {
      fc.assert(
        fc.property(
          anyStream,
          anyStream.filter(({ stream }) => documentOffsets(stream).length > 0),
          fc.nat(),
          fc.integer({ min: 1, max: 2000 }),
          chunking,
          ({ stream, reading }, { stream: next }, at, count, sizes) => {
            fc.pre(!isAmbiguous(stream) && !isAmbiguous(next))
            const from = at % stream.bytes.length
            const rest = stream.bytes.slice(from + count)
            const bytes = new Uint8Array(
              Buffer.concat([stream.bytes.slice(0, from), rest, next.bytes]),
            )
            const [documentOffset] = documentOffsets(next)
            const start = from + rest.length + documentOffset

            const damaged = read(reading, bytes, sizes)
            deepStrictEqual(damaged, read(reading, bytes, []))
            const alone = read(reading, next.bytes.slice(documentOffset), [])
            deepStrictEqual(
              damaged.fragments
                .filter(({ offset }) => offset >= start)
                .map((fragment) => ({ ...fragment, offset: fragment.offset - start })),
              alone.fragments,
            )
          },
        ),
        search(1 / 2),
      )
    },
    timeoutMs,
  )
})
