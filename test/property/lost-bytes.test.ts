import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { SkippedRange } from '../../src/parser/index.js'
import { buildFragment } from '../../src/simulator/media.js'
import type { MediaStyle } from '../../src/simulator/media-layout.js'
import { createRandom } from '../../src/simulator/ebml-writer.js'
import { createLog } from '../helpers/consumer-service.js'
import { chunksBySizes, drain } from '../helpers/drain.js'
import { chunking, makeParser, search, timeoutMs } from './settings.js'
import type { ModelFragment } from './model.js'
import { describeFragment } from './model.js'

interface Document {
  readonly start: number
  readonly end: number
}

/** A GetMedia payload of fragments with frames of these sizes, filled at random, as the sizes of chance are that damage makes. */
const anyPayload = fc
  .record({
    seed: fc.nat(),
    sizes: fc.array(fc.array(fc.nat(3000), { minLength: 1, maxLength: 6 }), {
      minLength: 3,
      maxLength: 10,
    }),
    style: fc.constantFrom<MediaStyle[]>('ffmpeg', 'producer-sdk', 'amazon-connect'),
  })
  .map(({ seed, sizes, style }) => {
    const random = createRandom(seed)
    const documents: Document[] = []
    let end = 0
    const parts = createLog(sizes.length).map(({ spec, index }) => {
      const frames = sizes[index].map((size, frame) => ({
        trackNumber: 1,
        timestampMs: frame * 10,
        data: Uint8Array.from({ length: size }, () => random() & 0xff),
      }))
      const bytes = buildFragment({ ...spec, style, frames })
      documents.push({ start: end, end: end + bytes.length })
      end += bytes.length
      return bytes
    })
    return { bytes: Buffer.concat(parts), documents }
  })

/** All that is told of the fragments, and of what was passed over. */
function read(
  bytes: Uint8Array,
  sizes: readonly number[],
): { fragments: readonly ModelFragment[]; skips: readonly string[] } {
  const skips: string[] = []
  const onSkip = ({ startOffset, endOffset, error }: SkippedRange): void => {
    skips.push(`${startOffset}-${endOffset} ${error.message}`)
  }
  const parser = makeParser('GetMedia', { onDamage: 'resync', onSkip })
  const { fragments, failure } = drain(parser, chunksBySizes(bytes, sizes))
  deepStrictEqual(failure, undefined)
  return { fragments: fragments.map(describeFragment), skips }
}

describe('a stream that lost bytes, read with resync', () => {
  it(
    'gives every document that is whole as it is, and the same in chunks of any size',
    () => {
      fc.assert(
        fc.property(
          anyPayload,
          fc.nat(),
          fc.integer({ min: 1, max: 2000 }),
          chunking,
          ({ bytes, documents }, at, count, sizes) => {
            const from = at % bytes.length
            const lost = Math.min(count, bytes.length - from)
            const damaged = Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + lost)])
            const found = read(damaged, sizes)
            deepStrictEqual(found, read(damaged, []))

            const whole = read(bytes, []).fragments
            const survivors = documents.flatMap(({ start, end }, index) => {
              if (end <= from) return [whole[index]]
              return start < from + lost ? [] : [{ ...whole[index], offset: start - lost }]
            })
            const places = new Set(survivors.map(({ offset }) => offset))
            deepStrictEqual(
              found.fragments.filter(({ offset }) => places.has(offset)),
              survivors,
            )
          },
        ),
        search(2),
      )
    },
    timeoutMs,
  )
})
