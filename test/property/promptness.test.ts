import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import { chunksBySizes } from '../helpers/drain.js'
import type { Stream } from './arbitrary-streams.js'
import { walk } from './ebml-tree.js'
import { expectedFragments } from './expected-fragments.js'
import * as ids from './matroska-ids.js'
import { anyStream, chunking, makeParser, search, timeoutMs } from './settings.js'

/** Where the last byte of each frame is: the end of its SimpleBlock, or of its BlockGroup. */
function frameEnds(stream: Stream): number[] {
  return [...walk(stream.elements)].flatMap(({ placed }) => {
    const meaning = stream.meanings.get(placed.element)
    if (meaning?.kind !== 'cluster') return []
    const { frames } = meaning.cluster
    let next = 0
    return placed.children
      .filter(({ element }) => [ids.SIMPLE_BLOCK, ids.BLOCK_GROUP].includes(element.id))
      .flatMap(({ endOffset }) => {
        const { laceCount } = frames[next]
        next += laceCount
        return Array<number>(laceCount).fill(endOffset)
      })
  })
}

function countUpTo(ends: readonly number[], length: number): number {
  return ends.filter((end) => end <= length).length
}

describe('what is whole', () => {
  it(
    'is told with the chunk that holds its last byte: frames, and fragments that closing tags end',
    () => {
      fc.assert(
        fc.property(anyStream, chunking, ({ stream, reading }, sizes) => {
          let frames = 0
          let closed = 0
          let length = 0
          const ends = frameEnds(stream)
          const closedEnds = expectedFragments(stream, reading)
            .filter(({ metadata }) => metadata?.continuationToken !== undefined)
            .map(({ offset, byteLength }) => offset + byteLength)
          const parser = makeParser(reading, { onFrame: () => (frames += 1) })
          for (const chunk of chunksBySizes(stream.bytes, sizes)) {
            length += chunk.length
            for (const { metadata } of parser.push(chunk)) {
              if (metadata?.continuationToken !== undefined) closed += 1
            }
            deepStrictEqual(
              { length, frames, closed },
              {
                length,
                frames: countUpTo(ends, length),
                closed: countUpTo(closedEnds, length),
              },
            )
          }
        }),
        search(),
      )
    },
    timeoutMs,
  )

  it(
    'is told alike whatever the cuts before were, in streams that are damaged as well',
    () => {
      fc.assert(
        fc.property(
          anyStream,
          fc.nat(),
          fc.nat(),
          fc.integer({ min: 1, max: 255 }),
          ({ stream, reading }, cut, place, change) => {
            const bytes = stream.bytes.slice()
            bytes[place % bytes.length] ^= change
            const head = bytes.subarray(0, cut % (bytes.length + 1))
            const told = (chunks: Iterable<Uint8Array>): unknown => {
              let frames = 0
              let fragments = 0
              const parser = makeParser(reading, { onFrame: () => (frames += 1) })
              for (const chunk of chunks) {
                fragments += parser.push(chunk).length
                if (parser.failure !== undefined) break
              }
              return { frames, fragments, failure: parser.failure?.message }
            }
            deepStrictEqual(told(chunksBySizes(head, [1])), told([head]))
          },
        ),
        search(),
      )
    },
    timeoutMs,
  )
})
