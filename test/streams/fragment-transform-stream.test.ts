import { ReadableStream, type TransformStream, WritableStream } from 'node:stream/web'
import { describe, expect, it } from 'vitest'
import type { Fragment } from '../../src/parser/index.js'
import { MATROSKA_RULE, ParseError } from '../../src/parser/index.js'
import { fragmentTransformStream, frameTransformStream } from '../../src/streams/index.js'
import type { GetMediaFragment } from '../../src/tags/index.js'
import { parseGetMedia, parseGetMediaFrames } from '../../src/tags/index.js'
import { damagedAfter, payload, SAMPLES, sample, splitAt } from './payloads.js'

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('fragmentTransformStream', () => {
  it.each(SAMPLES)('makes of %s what parseGetMedia makes of it', async (name) => {
    const bytes = sample(name)
    const expected = await collect(parseGetMedia([bytes]))
    const actual = await collect(
      ReadableStream.from(splitAt(bytes, 1400)).pipeThrough(fragmentTransformStream()),
    )
    const outline = ({ offset, byteLength, isComplete, metadata, frames }: GetMediaFragment) => [
      [offset, byteLength, isComplete, metadata],
      frames.map((frame) => [frame.timestampNs, Buffer.from(frame.data).toString('hex')]),
    ]
    expect(actual.map(outline)).toEqual(expected.map(outline))
  })

  it('reads plain Matroska with the rule for it', async () => {
    const source = new Blob([Buffer.from(sample('ordinary.mkv'))]).stream()
    const stream = fragmentTransformStream({ rule: MATROSKA_RULE })
    const fragments: Fragment<undefined>[] = await collect(
      (source as ReadableStream<Uint8Array>).pipeThrough(stream),
    )
    expect(fragments.map((fragment) => fragment.timestampMs)).toEqual([0, 1000, 2000])
  })

  it('is made of streams of the platform, so that it pipes on', async () => {
    const numbers: (string | undefined)[] = []
    await ReadableStream.from([payload(3)])
      .pipeThrough(fragmentTransformStream())
      .pipeTo(
        new WritableStream({
          write(fragment: GetMediaFragment) {
            numbers.push(fragment.metadata.fragmentNumber)
          },
        }),
      )
    expect(new Set(numbers).size).toBe(3)
  })

  it('refuses a limit that is none, before anything is read', () => {
    expect(() => fragmentTransformStream({ maxTracks: 0 })).toThrow(RangeError)
    expect(() => frameTransformStream({ maxTracks: 0 })).toThrow(RangeError)
  })
})

it('frameTransformStream makes of a payload what parseGetMediaFrames makes of it', async () => {
  const bytes = sample('connect.mkv')
  const expected = await collect(parseGetMediaFrames([bytes]))
  let called = 0
  const stream = frameTransformStream({ onFrame: () => (called += 1) })
  const actual = await collect(ReadableStream.from(splitAt(bytes, 900)).pipeThrough(stream))
  expect(actual.map((frame) => [frame.trackNumber, frame.timestampNs])).toEqual(
    expected.map((frame) => [frame.trackNumber, frame.timestampNs]),
  )
  expect(called).toBe(expected.length)
})

describe.each([
  ['fragmentTransformStream', fragmentTransformStream, 2],
  ['frameTransformStream', frameTransformStream, 12],
] as const)('damage in a %s', (_name, makeEither, expected) => {
  const make = (): TransformStream<Uint8Array, unknown> => makeEither()

  it('comes after everything that was read', async () => {
    let count = 0
    const reading = (async () => {
      const source = ReadableStream.from([damagedAfter(2)])
      for await (const item of source.pipeThrough(make())) {
        await nextTurn()
        if (!(item as GetMediaFragment).errors?.length) count += 1
      }
    })()
    await expect(reading).rejects.toThrow(ParseError)
    expect(count).toBe(expected)
  })

  it('stops the source', async () => {
    let isStopped = false
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(damagedAfter(1)),
      cancel: () => {
        isStopped = true
      },
    })
    await expect(collect(source.pipeThrough(make()))).rejects.toThrow(ParseError)
    await nextTurn()
    expect(isStopped).toBe(true)
  })
})

describe('backpressure', () => {
  it('takes in next to nothing while nobody reads, and one chunk or two per fragment then', async () => {
    let taken = 0
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          taken += 1
          controller.enqueue(payload(1))
        },
      },
      { highWaterMark: 0 },
    )
    const reader = source.pipeThrough(fragmentTransformStream()).getReader()
    for (let i = 0; i < 20; i += 1) await nextTurn()
    expect(taken).toBeLessThanOrEqual(2)
    for (let read = 1; read <= 20; read += 1) {
      const { value } = await reader.read()
      expect(value?.isComplete).toBe(true)
      await nextTurn()
      expect(taken).toBeLessThanOrEqual(read + 3)
    }
    await reader.cancel()
  })

  it('frees the source when the reader cancels', async () => {
    let isCancelled = false
    const source = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(payload(1)),
      cancel: () => {
        isCancelled = true
      },
    })
    for await (const fragment of source.pipeThrough(fragmentTransformStream())) {
      expect(fragment.isComplete).toBe(true)
      break
    }
    await nextTurn()
    expect(isCancelled).toBe(true)
  })

  it.each([
    ['before anything was read', false],
    ['while a read waits', true],
  ])('frees a source that has stalled when the reader cancels %s', async (_, isReading) => {
    for (const make of [fragmentTransformStream, frameTransformStream] as const) {
      const reasons: unknown[] = []
      const source = new ReadableStream<Uint8Array>({
        pull: () => new Promise(() => undefined),
        cancel: (reason) => {
          reasons.push(reason)
        },
      })
      const reader = source.pipeThrough(make() as TransformStream<Uint8Array, unknown>).getReader()
      const reading = isReading ? reader.read() : undefined
      await nextTurn()
      await reader.cancel('enough')
      await nextTurn()
      expect(reasons).toEqual(['enough'])
      expect(await reading).toEqual(isReading ? { done: true, value: undefined } : undefined)
    }
  })

  it('tells nobody of an end of the input when the reader cancels', async () => {
    const skips: unknown[] = []
    const bytes = damagedAfter(1)
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes),
    })
    const options = { onDamage: 'resync', onSkip: (range: unknown) => skips.push(range) } as const
    const reader = source.pipeThrough(fragmentTransformStream(options)).getReader()
    while (skips.length === 0) {
      const reading = reader.read()
      await nextTurn()
      if ((await Promise.race([reading, nextTurn().then(() => undefined)])) === undefined) break
    }
    await reader.cancel()
    for (let i = 0; i < 5; i += 1) await nextTurn()
    expect(skips).toEqual([])
  })

  it('tells the writer why: what it was cancelled with, or the damage', async () => {
    const cancelled = fragmentTransformStream()
    const ended = cancelled.writable.getWriter().closed
    await cancelled.readable.cancel(new Error('enough'))
    await expect(ended).rejects.toThrow('enough')

    const damaged = fragmentTransformStream()
    const writer = damaged.writable.getWriter()
    const failed = expect(writer.closed).rejects.toThrow(ParseError)
    writer.write(damagedAfter(1)).catch(() => undefined)
    await expect(collect(damaged.readable as ReadableStream<unknown>)).rejects.toThrow(ParseError)
    await failed
  })

  it('lets pipeTo be aborted while the source has stalled', async () => {
    const source = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => undefined) })
    const controller = new AbortController()
    const piping = source
      .pipeThrough(fragmentTransformStream())
      .pipeTo(new WritableStream(), { signal: controller.signal })
    await nextTurn()
    controller.abort(new Error('enough'))
    await expect(piping).rejects.toThrow('enough')
  })

  it('passes an error of the source on', async () => {
    const source = new ReadableStream<Uint8Array>({
      pull: () => Promise.reject(new Error('socket hang up')),
    })
    await expect(collect(source.pipeThrough(fragmentTransformStream()))).rejects.toThrow(
      'socket hang up',
    )
  })
})
