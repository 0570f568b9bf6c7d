import { Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, expect, it } from 'vitest'
import type { Fragment } from '../../src/parser/index.js'
import { MATROSKA_RULE, ParseError } from '../../src/parser/index.js'
import { FragmentTransform, FrameTransform } from '../../src/streams/index.js'
import type { GetMediaFragment, GetMediaFrame, ServiceError } from '../../src/tags/index.js'
import { GetMediaRule, parseGetMedia, parseGetMediaFrames } from '../../src/tags/index.js'
import { damagedAfter, payload, SAMPLES, sample, splitAt } from './payloads.js'

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('FragmentTransform', () => {
  it.each(SAMPLES)('makes of %s what parseGetMedia makes of it', async (name) => {
    const bytes = sample(name)
    const expected = await collect(parseGetMedia([bytes]))
    const actual: GetMediaFragment[] = []
    await pipeline(splitAt(bytes, 1400), new FragmentTransform(), async (fragments) => {
      for await (const fragment of fragments as AsyncIterable<GetMediaFragment>) {
        actual.push(fragment)
      }
    })
    expect(actual.map(outline)).toEqual(expected.map(outline))
  })

  it('is a Transform that pipes into a Writable in object mode', async () => {
    const numbers: (string | undefined)[] = []
    const transform = new FragmentTransform()
    expect(transform).toBeInstanceOf(Transform)
    await pipeline(
      Readable.from(splitAt(payload(3), 500)),
      transform,
      new Writable({
        objectMode: true,
        write(fragment: GetMediaFragment, _encoding, done) {
          numbers.push(fragment.metadata.fragmentNumber)
          done()
        },
      }),
    )
    expect(numbers).toHaveLength(3)
    expect(new Set(numbers).size).toBe(3)
  })

  it('emits a fragment when its closing tags were written, without waiting for more', async () => {
    const transform = new FragmentTransform()
    const first = new Promise<GetMediaFragment>((resolve) => transform.once('data', resolve))
    transform.write(payload(1))
    expect((await first).isComplete).toBe(true)
    transform.destroy()
  })

  it('yields a fragment that the end of input cut, as incomplete and without an error', async () => {
    const bytes = payload(2)
    const fragments = await collect(
      Readable.from(splitAt(bytes.subarray(0, bytes.length - 40), 1000)).pipe(
        new FragmentTransform(),
      ),
    )
    expect(fragments.map((fragment) => (fragment as GetMediaFragment).isComplete)).toEqual([
      true,
      false,
    ])
  })

  it('reads plain Matroska with the rule for it', async () => {
    const transform = new FragmentTransform({ rule: MATROSKA_RULE })
    transform.end(sample('ordinary.mkv'))
    const fragments: Fragment<undefined>[] = await collect(transform)
    expect(fragments.map((fragment) => fragment.timestampMs)).toEqual([0, 1000, 2000])
    expect(fragments.every((fragment) => fragment.metadata === undefined)).toBe(true)
  })

  it('reads GetMediaForFragmentList, and tells of in-band errors, with the options of GetMediaParser', async () => {
    const list = new FragmentTransform({ source: 'GetMediaForFragmentList' })
    list.end(sample('fragment-list.mkv'))
    expect((await collect(list)).map((fragment) => fragment.isComplete)).toEqual(
      Array.from({ length: 4 }, () => true),
    )
    const errors: ServiceError[] = []
    const failing = new FragmentTransform({
      onServiceError: (error) => errors.push(error),
    })
    failing.end(sample('error-4500.mkv'))
    await collect(failing)
    const framing = new FrameTransform({
      rule: new GetMediaRule({ onServiceError: (error) => errors.push(error) }),
    })
    framing.end(sample('error-4502.mkv'))
    await collect(framing)
    expect(errors.map((error) => error.id)).toEqual([4500, 4502])
  })

  it('passes the options of the parser on', async () => {
    const frames: GetMediaFrame[] = []
    const transform = new FragmentTransform({ onFrame: (frame) => frames.push(frame) })
    transform.end(payload(1))
    const [fragment] = await collect(transform)
    expect(frames).toEqual(fragment.frames)
    expect(() => new FragmentTransform({ maxDepth: 0 })).toThrow(RangeError)
  })
})

describe.each([
  ['FragmentTransform', () => new FragmentTransform(), 2],
  ['FrameTransform', () => new FrameTransform(), 12],
] as const)('damage in a %s', (_name, make, expected) => {
  // Two whole fragments in one chunk with what breaks the third: the error must not overtake them.
  const bytes = damagedAfter(2)

  it('comes after everything that was read, in for await', async () => {
    const transform = make()
    transform.end(bytes)
    let count = 0
    const reading = (async () => {
      for await (const item of transform) {
        await nextTurn()
        if (!(item as GetMediaFragment).errors?.length) count += 1
      }
    })()
    await expect(reading).rejects.toThrow(ParseError)
    expect(count).toBe(expected)
  })

  it('comes after everything that was read, in pipeline', async () => {
    let count = 0
    const running = pipeline([bytes], make(), async (items) => {
      for await (const item of items as AsyncIterable<GetMediaFragment>) {
        await nextTurn()
        if (!item.errors?.length) count += 1
      }
    })
    await expect(running).rejects.toThrow(ParseError)
    expect(count).toBe(expected)
  })

  it('comes after everything that was read, with data events', async () => {
    const transform = make()
    let count = 0
    transform.on('data', (item: GetMediaFragment) => {
      if (!item.errors?.length) count += 1
    })
    const failed = new Promise((resolve) => transform.once('error', resolve))
    transform.end(bytes)
    expect(await failed).toBeInstanceOf(ParseError)
    expect(count).toBe(expected)
  })

  it('comes after everything that was read, with readable events and a pause before each', async () => {
    const transform = make()
    let count = 0
    transform.on('readable', () => {
      setImmediate(() => {
        for (let item = transform.read(); item !== null; item = transform.read()) {
          if (!(item as GetMediaFragment).errors?.length) count += 1
        }
      })
    })
    const failed = new Promise((resolve) => transform.once('error', resolve))
    transform.end(bytes)
    expect(await failed).toBeInstanceOf(ParseError)
    expect(count).toBe(expected)
  })

  it('does not wait for another chunk', async () => {
    const transform = make()
    transform.resume()
    const failed = new Promise((resolve) => transform.once('error', resolve))
    transform.write(bytes)
    expect(await failed).toBeInstanceOf(ParseError)
  })

  it('comes at once when there is nothing to read before it', async () => {
    const transform = make()
    transform.end(new Uint8Array(16))
    await expect(collect(transform as AsyncIterable<unknown>)).rejects.toMatchObject({
      code: 'not-ebml',
      offset: 0,
    })
  })
})

it('fails with what a callback threw at the end of input, after everything that was read', async () => {
  const thrown = new Error('mine')
  const transform = new FragmentTransform({
    onDamage: 'resync',
    onSkip: () => {
      throw thrown
    },
  })
  let count = 0
  const running = pipeline([damagedAfter(2)], transform, async (items) => {
    for await (const item of items as AsyncIterable<GetMediaFragment>) {
      await nextTurn()
      if (item.isComplete) count += 1
    }
  })
  await expect(running).rejects.toBe(thrown)
  expect(count).toBe(2)
})

it('goes on after damage with onDamage resync', async () => {
  const skipped: number[] = []
  const transform = new FragmentTransform({
    onDamage: 'resync',
    onSkip: ({ startOffset, endOffset }) => skipped.push(endOffset - startOffset),
  })
  transform.write(damagedAfter(1))
  transform.end(payload(1))
  const fragments = await collect(transform)
  expect(fragments.filter((fragment) => fragment.isComplete)).toHaveLength(2)
  expect(skipped).toHaveLength(1)
})

describe('FrameTransform', () => {
  it.each(SAMPLES)('makes of %s what parseGetMediaFrames makes of it', async (name) => {
    const bytes = sample(name)
    const expected = await collect(parseGetMediaFrames([bytes]))
    const transform = new FrameTransform()
    const actual: GetMediaFrame[] = await collect(
      Readable.from(splitAt(bytes, 700)).pipe(transform),
    )
    expect(actual.map(describeFrame)).toEqual(expected.map(describeFrame))
  })

  it('emits a frame when its last byte was written, with the opening tags known', async () => {
    const bytes = payload(1)
    const transform = new FrameTransform()
    const first = new Promise<GetMediaFrame>((resolve) => transform.once('data', resolve))
    transform.write(bytes.subarray(0, bytes.length - 200))
    const frame = await first
    expect(frame.metadata.fragmentNumber).toMatch(/^\d+$/)
    expect(frame.metadata.continuationToken).toBeUndefined()
    transform.destroy()
  })
})

describe('backpressure', () => {
  it('takes in no chunk while a fragment waits to be read', async () => {
    let taken = 0
    const fragment = payload(1)
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        taken += 1
        yield fragment
      }
    }
    const transform = new FragmentTransform()
    const source = Readable.from(endless(), { objectMode: false, highWaterMark: 1 })
    source.pipe(transform)
    for (let i = 0; i < 50; i += 1) await nextTurn()
    // One made and waiting, and what the writable side may hold by its own mark.
    const held = Math.ceil(transform.writableHighWaterMark / fragment.length) + 4
    expect(taken).toBeLessThan(held)
    expect(transform.readableLength).toBeLessThanOrEqual(1)
    expect(transform.writableNeedDrain).toBe(true)
    for await (const item of transform) {
      expect(item.isComplete).toBe(true)
      await nextTurn()
      expect(transform.readableLength).toBeLessThanOrEqual(1)
      if (taken > 100) break
    }
    source.destroy()
  })

  it('holds as many as readableHighWaterMark asks for', async () => {
    const transform = new FragmentTransform({ readableHighWaterMark: 5 })
    for (let i = 0; i < 20; i += 1) transform.write(payload(1))
    for (let i = 0; i < 20; i += 1) await nextTurn()
    expect(transform.readableLength).toBe(5)
    transform.destroy()
  })
})

describe('an early end', () => {
  it('destroys the source of a pipeline when the reader breaks off', async () => {
    const source = Readable.from(
      (async function* endless() {
        for (;;) yield payload(1)
      })(),
    )
    const transform = new FragmentTransform()
    const running = pipeline(source, transform, async (fragments) => {
      for await (const fragment of fragments as AsyncIterable<GetMediaFragment>) {
        expect(fragment.isComplete).toBe(true)
        break
      }
    })
    // What Node's own transforms say to a reader that breaks off
    await expect(running).rejects.toMatchObject({ code: 'ABORT_ERR' })
    expect([source.destroyed, transform.destroyed]).toEqual([true, true])
  })

  it('ends quietly when destroyed between two chunks, with a failure waiting, or by a signal', async () => {
    const between = new FragmentTransform()
    between.write(payload(1).subarray(0, 300))
    between.destroy()
    const failing = new FragmentTransform()
    const errors: Error[] = []
    failing.on('error', (error) => errors.push(error))
    failing.write(damagedAfter(1))
    await nextTurn()
    failing.destroy()
    // What waited can still be taken; then there is nothing more, the failure neither
    while (failing.read() !== null) await nextTurn()
    await nextTurn()
    expect(errors).toEqual([])

    const controller = new AbortController()
    const aborted = pipeline([payload(1)], new FragmentTransform(), new Writable(), {
      signal: controller.signal,
    })
    controller.abort()
    await expect(aborted).rejects.toThrow(/abort/)
  })

  it('passes an error of the source on', async () => {
    const source = new Readable({
      read() {
        this.destroy(new Error('socket hang up'))
      },
    })
    await expect(
      pipeline(source, new FragmentTransform(), async (items) => {
        await collect(items as AsyncIterable<unknown>)
      }),
    ).rejects.toThrow('socket hang up')
  })
})

function outline(fragment: GetMediaFragment): unknown {
  const { offset, byteLength, isComplete, metadata, tags } = fragment
  return {
    offset,
    byteLength,
    isComplete,
    metadata,
    tags,
    frames: fragment.frames.map(describeFrame),
  }
}

function describeFrame(frame: GetMediaFrame): unknown {
  return [
    frame.trackNumber,
    frame.timestampNs,
    frame.isKeyframe,
    Buffer.from(frame.data).toString('hex'),
  ]
}
