import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { Fragment } from '../../src/parser/index.js'
import { parseFragments } from '../../src/parser/index.js'
import { parseGetMedia } from '../../src/tags/index.js'
import { chunksBySizes, drain } from '../helpers/drain.js'
import { expectedFragments } from './expected-fragments.js'
import { checkFragments } from './model.js'
import type { AnyMetadata } from './settings.js'
import { anyStream, chunking, makeParser, search, READINGS, timeoutMs } from './settings.js'

describe('any valid stream, cut anywhere', () => {
  for (const [reading, streams] of READINGS) {
    it(
      `gives what was written, read as ${reading}`,
      () => {
        fc.assert(
          fc.property(streams, chunking, (stream, sizes) => {
            const expected = expectedFragments(stream, reading)
            // A view in the middle of a Buffer, as Node's sockets and pools give them.
            const pooled = Buffer.concat([Buffer.alloc(7, 0xa3), stream.bytes]).subarray(7)
            for (const bytes of [stream.bytes, pooled]) {
              const parser = makeParser(reading, { verifyCrc32: true })
              const { fragments, failure } = drain(parser, chunksBySizes(bytes, sizes))
              deepStrictEqual(failure, undefined)
              deepStrictEqual(parser.truncation, undefined)
              deepStrictEqual(parser.bytesRead, bytes.length)
              checkFragments(fragments, expected)
            }
          }),
          search(),
        )
      },
      timeoutMs,
    )
  }

  it(
    'gives the same through the async generators',
    async () => {
      await fc.assert(
        fc.asyncProperty(anyStream, chunking, async ({ stream, reading }, sizes) => {
          const chunks = chunksBySizes(stream.bytes, sizes)
          const fragments: Fragment<AnyMetadata>[] = []
          const add = (fragment: unknown): unknown =>
            fragments.push(fragment as Fragment<AnyMetadata>)
          if (reading === 'Matroska') {
            for await (const fragment of parseFragments(chunks)) add(fragment)
          } else {
            const options = { source: reading }
            for await (const fragment of parseGetMedia(chunks, options)) add(fragment)
          }
          checkFragments(fragments, expectedFragments(stream, reading))
        }),
        search(1 / 4),
      )
    },
    timeoutMs,
  )

  it(
    'gives what was written when the parser was left in the middle of another stream, and reset',
    () => {
      fc.assert(
        fc.property(
          anyStream,
          anyStream,
          fc.nat(),
          chunking,
          ({ stream: before }, { stream, reading }, at, sizes) => {
            const parser = makeParser(reading, { verifyCrc32: true })
            parser.push(before.bytes.slice(0, at % before.bytes.length))
            parser.reset()
            const { fragments } = drain(parser, chunksBySizes(stream.bytes, sizes))
            checkFragments(fragments, expectedFragments(stream, reading))
          },
        ),
        search(1 / 4),
      )
    },
    timeoutMs,
  )
})
