import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { Fragment } from '../../src/parser/index.js'
import { chunksBySizes } from '../helpers/drain.js'
import type { AnyMetadata } from './settings.js'
import { anyStream, chunking, makeParser, search, timeoutMs } from './settings.js'

describe('keepBytes', () => {
  it(
    'gives each fragment as it came, whatever the cuts, in streams that are damaged and cut as well',
    () => {
      fc.assert(
        fc.property(
          anyStream,
          chunking,
          fc.nat(),
          fc.integer({ min: 0, max: 255 }),
          fc.nat(),
          ({ stream, reading }, sizes, place, change, cut) => {
            const bytes = stream.bytes.slice()
            bytes[place % bytes.length] ^= change
            // As often as not all of it.
            const input = bytes.subarray(0, Math.max(bytes.length - (cut % 64) + 32, 1))
            const fragments: Fragment<AnyMetadata>[] = []
            const parser = makeParser(reading, { keepBytes: true, onDamage: 'resync' })
            for (const chunk of chunksBySizes(input, sizes)) fragments.push(...parser.push(chunk))
            fragments.push(...parser.end())
            for (const { offset, byteLength, slices } of fragments) {
              const expected = Buffer.from(input.subarray(offset, offset + byteLength))
              deepStrictEqual(slices && Buffer.concat(slices), expected)
            }
          },
        ),
        search(2),
      )
    },
    timeoutMs,
  )
})
