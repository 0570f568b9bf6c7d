import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createRandom } from '../../src/simulator/ebml-writer.js'
import type { GetMediaFragment, GetMediaFrame } from '../../src/tags/index.js'
import { GetMediaParser } from '../../src/tags/index.js'
import { growthSince, held, MIB } from './memory.js'
import { fragmentBytes, noise } from './streams.js'

/** Frames of all sizes: some in many chunks, many in one. */
function framesOf(index: number): Uint8Array[] {
  const random = createRandom(index + 1)
  return Array.from({ length: 12 }, (_, i) =>
    noise(random() % [20, 300, 9000][i % 3], index + i + 2),
  )
}

/** The stream in chunks of all sizes, each with its own ArrayBuffer. */
function* chunksOfAllSizes(fragments: number): Generator<Uint8Array, void, undefined> {
  const random = createRandom(99)
  for (let index = 0; index < fragments; index += 1) {
    const bytes = fragmentBytes(index, framesOf(index))
    // A few sizes per fragment: bytes, packets, large reads.
    const largest = [3, 60, 1400, 20_000][index % 4]
    for (let at = 0; at < bytes.length;) {
      const size = 1 + (random() % largest)
      yield bytes.slice(at, at + size)
      at += size
    }
  }
}

describe('what a frame shows', () => {
  it('is never overwritten: hashed when it is yielded and hashed at the end of the run', () => {
    const parser = new GetMediaParser()
    const kept: { readonly frame: GetMediaFrame; readonly hash: number }[] = []
    const fragments: GetMediaFragment[] = []
    for (const chunk of chunksOfAllSizes(300)) {
      for (const fragment of parser.push(chunk)) {
        fragments.push(fragment)
        for (const frame of fragment.frames) kept.push({ frame, hash: hashOf(frame) })
      }
    }
    expect(fragments).toHaveLength(300)
    for (const [index, fragment] of fragments.entries()) {
      const expected = framesOf(index)
      expect(fragment.frames.map(hashOf)).toEqual(expected.map((bytes) => crc32(bytes)))
    }
    for (const { frame, hash } of kept) {
      expect(hashOf(frame)).toBe(hash)
      expect(crc32(frame.data)).toBe(hash)
    }
    // Moved into memory of their own they are still the same.
    for (const fragment of fragments) fragment.detach()
    for (const { frame, hash } of kept) expect(crc32(frame.data)).toBe(hash)
  })

  it('is never overwritten in frame-level reading either', () => {
    const kept: { readonly frame: GetMediaFrame; readonly hash: number }[] = []
    const parser = new GetMediaParser({
      collectFrames: false,
      onFrame: (frame) => kept.push({ frame, hash: hashOf(frame) }),
    })
    for (const chunk of chunksOfAllSizes(100)) parser.push(chunk)
    expect(kept).toHaveLength(1200)
    for (const { frame, hash } of kept) expect(hashOf(frame)).toBe(hash)
  })

  it('is the memory of the chunk, not a copy, when the frame lay in one chunk', () => {
    const bytes = fragmentBytes(0, [noise(500, 1), noise(9, 2), noise(9000, 3), noise(0, 4)])
    for (const chunk of [bytes, Buffer.from(bytes)]) {
      const [fragment] = new GetMediaParser().push(chunk)
      expect(fragment.frames.map((frame) => frame.byteLength)).toEqual([500, 9, 9000, 0])
      for (const frame of fragment.frames.slice(0, 3)) {
        expect(frame.data.buffer).toBe(chunk.buffer)
        expect(frame.slices).toHaveLength(1)
        expect(frame.slices[0].buffer).toBe(chunk.buffer)
        expect(frame.copy().buffer).not.toBe(chunk.buffer)
      }
    }
  })

  it('is the memory of the chunks, slice by slice, when the frame lay in several', () => {
    const bytes = fragmentBytes(0, [noise(200_000, 1)])
    const chunks = [0, 1, 2, 3].map((i) => bytes.slice(i * 60_000, (i + 1) * 60_000))
    const parser = new GetMediaParser()
    const [fragment] = chunks.flatMap((chunk) => parser.push(chunk))
    const { slices } = fragment.frames[0]
    expect(slices.map((slice) => slice.buffer)).toEqual(chunks.map((chunk) => chunk.buffer))
    slices.forEach((slice, i) => expect(slice.buffer).toBe(chunks[i].buffer))
  })
})

describe('memory', () => {
  const COUNT = 1000

  /** Feeds fragments, looks at the memory after a quarter and at the end. */
  function growthOf(use: (fragment: GetMediaFragment) => void, frameLevel = false): number {
    const parser = new GetMediaParser(frameLevel ? { collectFrames: false, onFrame: () => {} } : {})
    const frames = [noise(3000, 1), noise(50, 2), noise(20_000, 3)]
    let early = held()
    for (let index = 0; index < COUNT; index += 1) {
      const bytes = fragmentBytes(index, frames)
      for (let at = 0; at < bytes.length; at += 7000) {
        for (const fragment of parser.push(bytes.slice(at, at + 7000))) use(fragment)
      }
      if (index === COUNT / 4) early = held()
    }
    const { heapBytes, arrayBufferBytes } = growthSince(early)
    return heapBytes + arrayBufferBytes
  }

  it(`stays flat over ${COUNT} fragments, each with tracks and tags of its own, that are dropped`, () => {
    expect(growthOf(() => {})).toBeLessThan(MIB)
  })

  it('stays flat in frame-level reading', () => {
    expect(growthOf(() => {}, true)).toBeLessThan(MIB)
  })

  it('is that of the frames, not of the chunks around them, for fragments that were detached', () => {
    const count = 400
    const kept: GetMediaFragment[] = []
    const parser = new GetMediaParser()
    const before = held()
    for (let index = 0; index < count; index += 1) {
      // Each fragment is the beginning of a chunk that is mostly something else.
      const bytes = fragmentBytes(index, [noise(100, index + 1)])
      const chunk = new Uint8Array(65_536)
      chunk.set(bytes)
      chunk.set([0xec, 0x40 | 0x20], bytes.length)
      const rest = chunk.length - bytes.length - 4
      chunk.set([0xec, 0x20, rest >> 8, rest & 0xff], bytes.length)
      for (const fragment of parser.push(chunk)) {
        fragment.detach()
        kept.push(fragment)
      }
    }
    const { arrayBufferBytes, heapBytes } = growthSince(before)
    expect(kept).toHaveLength(count)
    // 100 bytes of frame, 4,000 of CodecPrivate, and what the objects themselves take.
    expect(arrayBufferBytes + heapBytes).toBeLessThan(count * 12_000)
  })
})

function hashOf(frame: GetMediaFrame): number {
  let hash = 0
  for (const slice of frame.slices) hash = crc32(slice, hash)
  return hash
}
