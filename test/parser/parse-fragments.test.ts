import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Fragment } from '../../src/parser/fragment.js'
import { parseFragments, parseFrames } from '../../src/parser/parse-fragments.js'
import { concat, EBML_HEADER } from '../helpers/ebml-bytes.js'
import { splitsOf } from '../helpers/every-split.js'
import { hex } from '../helpers/hex.js'
import { lineOf, linesOf, segmentOf } from './fragment-harness.js'

/** 36 bytes: a header, a Segment, a Cluster at 1 ms and a block of one byte. */
const SOUND = segmentOf('1F43B675 FF E7 81 01 A3 85 81 0000 80 AA')
const STREAM = concat(SOUND, SOUND, SOUND)
const EXPECTED = ['0+36 complete', '36+36 complete', '72+36 complete'].map((line) => [
  line,
  '1@1K AA',
])

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** A source that counts what was asked of it. */
class CountingSource implements AsyncIterable<Uint8Array> {
  pulls = 0
  returns = 0
  readonly #chunks: readonly Uint8Array[]

  constructor(chunks: readonly Uint8Array[]) {
    this.#chunks = chunks
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return {
      next: () => {
        const value = this.#chunks[this.pulls]
        this.pulls += 1
        return Promise.resolve(
          value === undefined ? { done: true, value: undefined } : { done: false, value },
        )
      },
      return: () => {
        this.returns += 1
        return Promise.resolve({ done: true, value: undefined })
      },
    }
  }
}

describe('parseFragments', () => {
  it('reads a stream however it was cut', async () => {
    for (const { name, chunks } of splitsOf(STREAM)) {
      const fragments = await collect(parseFragments(chunks))
      expect(
        fragments.map((fragment) => linesOf(fragment)),
        name,
      ).toEqual(EXPECTED)
    }
  })

  it('reads arrays, generators, Node streams and web streams', async () => {
    const halves = [STREAM.slice(0, 50), STREAM.slice(50)]
    function* generator(): Generator<Uint8Array> {
      yield* halves
    }
    async function* asyncGenerator(): AsyncGenerator<Uint8Array> {
      yield* halves
    }
    const web = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const half of halves) controller.enqueue(half)
        controller.close()
      },
    })
    const sources = [
      halves,
      new Set(halves),
      generator(),
      asyncGenerator(),
      Readable.from(halves),
      Readable.from([Buffer.from(STREAM)]),
      Readable.from([Buffer.from(STREAM)], { objectMode: false }),
      web,
    ]
    for (const source of sources) {
      const fragments = await collect(parseFragments(source as AsyncIterable<Uint8Array>))
      expect(fragments.map((fragment) => linesOf(fragment))).toEqual(EXPECTED)
    }
  })

  it('yields nothing for an empty source', async () => {
    expect(await collect(parseFragments([]))).toEqual([])
    expect(await collect(parseFragments([new Uint8Array(0)]))).toEqual([])
  })

  it('yields a fragment before it asks for the next chunk', async () => {
    const source = new CountingSource([SOUND, SOUND, SOUND])
    const iterator = parseFragments(source)[Symbol.asyncIterator]()
    expect(source.pulls).toBe(0)
    await iterator.next()
    expect(source.pulls).toBe(2)
    await iterator.next()
    expect(source.pulls).toBe(3)
  })

  it('ends the source when the loop is left by break, return or throw', async () => {
    const source = new CountingSource([SOUND, SOUND, SOUND])
    for await (const fragment of parseFragments(source)) {
      expect(fragment.offset).toBe(0)
      break
    }
    expect(source).toMatchObject({ pulls: 2, returns: 1 })

    const thrown = new Error('mine')
    const second = new CountingSource([SOUND, SOUND, SOUND])
    const reading = async (): Promise<void> => {
      for await (const fragment of parseFragments(second)) {
        if (fragment.offset === 0) throw thrown
      }
    }
    await expect(reading()).rejects.toBe(thrown)
    expect(second.returns).toBe(1)
  })

  it('destroys a Node stream when the loop is left', async () => {
    const stream = Readable.from([STREAM, STREAM])
    for await (const fragment of parseFragments(stream)) {
      expect(fragment.offset).toBe(0)
      break
    }
    expect(stream.destroyed).toBe(true)
  })

  it('throws what the source throws, after the fragments that were whole', async () => {
    const thrown = Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield concat(SOUND, SOUND)
      throw thrown
    }
    const seen: Fragment<undefined>[] = []
    const reading = async (): Promise<void> => {
      for await (const fragment of parseFragments(failing())) seen.push(fragment)
    }
    await expect(reading()).rejects.toBe(thrown)
    expect(seen.map(({ offset }) => offset)).toEqual([0])
  })

  it('throws a ParseError after everything that was read, the damaged fragment too', async () => {
    for (const { name, chunks } of splitsOf(concat(SOUND, SOUND, '00', SOUND))) {
      const seen: (readonly string[])[] = []
      const source = new CountingSource(chunks)
      const reading = async (): Promise<void> => {
        for await (const fragment of parseFragments(source)) seen.push(linesOf(fragment))
      }
      await expect(reading(), name).rejects.toMatchObject({ code: 'invalid-id', offset: 72 })
      expect(seen).toEqual([
        ['0+36 complete', '1@1K AA'],
        ['36+36 damaged', '1@1K AA', 'invalid-id at 72 Segment/Cluster'],
      ])
      expect(source.returns).toBe(1)
    }
  })

  it('does not wait for another chunk to say what is wrong', async () => {
    const source = new CountingSource([hex('00'), SOUND])
    await expect(collect(parseFragments(source))).rejects.toMatchObject({ code: 'not-ebml' })
    expect(source.pulls).toBe(1)
  })

  it('yields a truncated fragment and ends: that is no error', async () => {
    const fragments = await collect(parseFragments([concat(SOUND, SOUND).slice(0, -1)]))
    expect(fragments.map(({ incompleteReason }) => incompleteReason)).toEqual([
      undefined,
      'truncated',
    ])
  })

  it('passes its options on', async () => {
    const skips: number[] = []
    const fragments = await collect(
      parseFragments([concat('00', SOUND)], {
        onDamage: 'resync',
        onSkip: ({ endOffset }) => skips.push(endOffset),
      }),
    )
    expect(fragments).toHaveLength(1)
    expect(skips).toEqual([1])
    await expect(collect(parseFragments([SOUND], { maxDepth: 1 }))).rejects.toMatchObject({
      code: 'depth-exceeded',
    })
    await expect(collect(parseFragments([SOUND], { maxDepth: 0 }))).rejects.toThrow(RangeError)
  })
})

describe('parseFrames', () => {
  it('yields each frame, however the stream was cut', async () => {
    for (const { name, chunks } of splitsOf(STREAM)) {
      const frames = await collect(parseFrames(chunks))
      expect(
        frames.map((frame) => lineOf(frame)),
        name,
      ).toEqual(['1@1K AA', '1@1K AA', '1@1K AA'])
    }
  })

  it('yields a frame before its Cluster ends, and before it asks for another chunk', async () => {
    const source = new CountingSource([SOUND, SOUND])
    const iterator = parseFrames(source)[Symbol.asyncIterator]()
    await iterator.next()
    expect(source.pulls).toBe(1)
    await iterator.return?.()
    expect(source.returns).toBe(1)
  })

  it('calls onFrame as well', async () => {
    const seen: string[] = []
    await collect(parseFrames([STREAM], { onFrame: (frame) => void seen.push(lineOf(frame)) }))
    expect(seen).toHaveLength(3)
  })

  it('throws a ParseError after the frames that came before it', async () => {
    for (const { chunks } of splitsOf(concat(SOUND, '00'))) {
      const seen: string[] = []
      const reading = async (): Promise<void> => {
        for await (const frame of parseFrames(chunks)) seen.push(lineOf(frame))
      }
      await expect(reading()).rejects.toMatchObject({ code: 'invalid-id', offset: 36 })
      expect(seen).toEqual(['1@1K AA'])
    }
  })

  it('yields nothing of a frame that was cut, nor of what has none', async () => {
    expect(await collect(parseFrames([SOUND.slice(0, -1)]))).toEqual([])
    expect(await collect(parseFrames([EBML_HEADER]))).toEqual([])
  })
})

describe('a web stream that is no async iterable, as in some browsers', () => {
  /** Gives the chunks, then what `last` makes of it. */
  function readerOf(chunks: readonly Uint8Array[], last: () => Promise<{ done: boolean }>) {
    const cancelled: unknown[] = []
    let at = 0
    const read = (): Promise<{ done: boolean; value?: Uint8Array }> => {
      const value = chunks[at]
      at += 1
      return value === undefined ? last() : Promise.resolve({ done: false, value })
    }
    const cancel = (): Promise<void> => {
      cancelled.push(at)
      return Promise.reject(new Error('failed before'))
    }
    return { source: { getReader: () => ({ read, cancel }) }, cancelled }
  }

  it('is read to its end', async () => {
    const { source, cancelled } = readerOf([SOUND, SOUND, SOUND], async () => ({ done: true }))
    expect((await collect(parseFragments(source))).map((item) => linesOf(item))).toEqual(EXPECTED)
    expect(cancelled).toEqual([])
  })

  it('is cancelled by break', async () => {
    const { source, cancelled } = readerOf([STREAM, STREAM], async () => ({ done: true }))
    for await (const frame of parseFrames(source)) {
      expect(frame.trackNumber).toBe(1)
      break
    }
    expect(cancelled).toEqual([1])
  })

  it('gives what it failed with', async () => {
    const failure = new Error('socket hang up')
    const { source } = readerOf([SOUND], () => Promise.reject(failure))
    await expect(collect(parseFragments(source))).rejects.toBe(failure)
  })
})

it('says what a source may be', async () => {
  for (const source of ['text', undefined, 7, {}, new Blob([])]) {
    await expect(collect(parseFragments(source as never))).rejects.toThrow(
      /^pass a source of Uint8Arrays/,
    )
  }
})

it('takes one array of bytes as well', async () => {
  const [whole] = await collect(parseFragments(SOUND))
  expect(whole.isComplete).toBe(true)
  expect(await collect(parseFragments(SOUND))).toHaveLength(
    (await collect(parseFragments([SOUND]))).length,
  )
})
