import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Fragment } from '../../src/parser/index.js'
import { FragmentParser, ID, MATROSKA_RULE } from '../../src/parser/index.js'
import { concatBytes, element, uintElement } from '../../src/simulator/ebml-writer.js'
import { growthSince, held, MIB } from './memory.js'
import { DOCUMENT_START, header, noise } from './streams.js'

const BLOCK_BYTES = 16 * MIB
const CHUNK_SIZES = [1, 7, 1400, 16_384, 65_536]

const payload = noise(BLOCK_BYTES, 1)
const stream = concatBytes([
  DOCUMENT_START,
  header(ID.Cluster, 2 ** 30),
  uintElement(ID.Timestamp, 0),
  header(ID.SimpleBlock, BLOCK_BYTES + 4),
  Uint8Array.of(0x81, 0, 0, 0x80),
  payload,
  element(ID.Void, new Uint8Array(9)),
])
const sha256 = createHash('sha256').update(payload).digest('hex')

describe(`one block of ${BLOCK_BYTES / MIB} MiB`, () => {
  for (const chunkSize of CHUNK_SIZES) {
    it(`arrives whole in chunks of ${chunkSize} bytes, and costs its own bytes and little more`, () => {
      const parser = new FragmentParser(MATROSKA_RULE)
      const fragments: Fragment<undefined>[] = []
      const before = held()
      let nextLook = 0
      for (let at = 0; at < stream.length; at += chunkSize) {
        // Each chunk has its own memory, as it has when it comes from a socket.
        fragments.push(...parser.push(stream.slice(at, at + chunkSize)))
        if (at < nextLook) continue
        nextLook += 4 * MIB
        const { arrayBufferBytes, heapBytes } = growthSince(before)
        expect(arrayBufferBytes).toBeLessThan(at + 2 * MIB)
        expect(heapBytes).toBeLessThan(8 * MIB)
      }
      // Cut in the Void: the block is whole all the same, its Cluster is not.
      fragments.push(...parser.end())
      const [frame] = fragments[0].frames
      expect(fragments).toHaveLength(1)
      expect(frame.byteLength).toBe(BLOCK_BYTES)
      const hash = createHash('sha256')
      for (const slice of frame.slices) hash.update(slice)
      expect(hash.digest('hex')).toBe(sha256)
      expect(createHash('sha256').update(frame.data).digest('hex')).toBe(sha256)
    }, 180_000)
  }
})
