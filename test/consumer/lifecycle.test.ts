import { once, on } from 'node:events'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/consumer/clock.js'
import {
  type ConsumedFragment,
  KinesisVideoConsumer,
  MemoryCheckpointStore,
} from '../../src/consumer/index.js'
import { buildFragmentParts } from '../../src/simulator/media.js'
import { type Harness, failureOf, setUp, take } from '../helpers/consumer-harness.js'
import { FastClock } from '../helpers/consumer-clock.js'
import { createLog, networkError } from '../helpers/consumer-service.js'
import { within100Ms } from '../helpers/within-100-ms.js'

const log = createLog(4)
const numbers = log.map(({ fragmentNumber }) => fragmentNumber)
const payload = log.map(({ bytes }) => bytes)
/** Bytes behind the one frame of a fragment. */
const AFTER_FRAME = buildFragmentParts(log[0].spec).tail.length

/** Lets everything that needs no time happen. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

function expectNothingLeft({ clock, service, consumer }: Harness): void {
  expect(clock.pending).toBe(0)
  expect(service.openBodies).toBe(0)
  expect(service.isClosed).toBe(true)
  expect(consumer.listenerCount('event')).toBe(1)
}

// Where a consumer can stand when its end comes: each of these waits somewhere else.
const places: { readonly [name: string]: Parameters<typeof setUp> } = {
  'waiting for headers': [{ log, answer: () => ({ refuse: 'never' }) }],
  'waiting for the first byte': [{ log, answer: () => ({ pieces: ['stall'] }) }],
  'waiting inside a fragment': [
    { log, answer: () => ({ pieces: [payload[0].subarray(0, 90), 'stall'] }) },
  ],
  'waiting between two fragments': [{ log, answer: () => ({ pieces: [payload[0], 'stall'] }) }],
  'waiting for its turn to call again': [{ log, answer: () => ({ pieces: [payload[0]] }) }],
  'waiting for the next piece of a frame': [
    { log, answer: () => ({ pieces: [payload[0].subarray(0, -AFTER_FRAME - 2), 'stall'] }) },
  ],
  'backing off after a refusal': [
    { log, answer: () => ({ refuse: networkError() }) },
    { random: () => 1 },
  ],
  'backing off after a reset': [
    { log, answer: () => ({ pieces: [{ error: networkError() }] }) },
    { random: () => 1 },
  ],
  'claiming the checkpoint': [
    { log },
    {
      checkpoint: {
        claim: () => new Promise(() => undefined),
        save: async () => undefined,
        delete: async () => undefined,
      },
    },
  ],
}

const ways = ['whole fragments', 'frames'] as const
const placesAndWays = Object.keys(places).flatMap((name) => ways.map((way) => [name, way] as const))

describe.each(placesAndWays)('a consumer that is %s, of %s', (name, way) => {
  const start = (settings = {}) => {
    const [service, own] = places[name]
    const harness = setUp(service, { ...own, ...settings })
    harness.clock.freeze()
    const items: AsyncIterable<unknown> =
      way === 'frames' ? harness.consumer.frames() : harness.consumer
    return { ...harness, items }
  }

  it('ends at once when its signal is aborted, with the reason', async () => {
    const controller = new AbortController()
    const harness = start({ signal: controller.signal })
    const ended = failureOf(harness.items)
    await settle()
    const reason = new Error('enough')
    controller.abort(reason)
    expect(await within100Ms(ended)).toBe(reason)
    expectNothingLeft(harness)
    expect(harness.events.at(-1)).toMatchObject({ type: 'closed', reason: 'aborted' })
  })

  it('ends at once by stop(), without an error', async () => {
    const harness = start()
    const ended = failureOf(harness.items)
    await settle()
    await within100Ms(harness.consumer.stop())
    expect(await ended).toBeUndefined()
    expectNothingLeft(harness)
    const isOpen = harness.ofType('sessionOpened').length > harness.ofType('sessionEnded').length
    expect(isOpen).toBe(false)
    expect(harness.events.at(-1)).toMatchObject({ type: 'closed', reason: 'stopped' })
  })

  it('ends at once by return(), which also ends the next() that waits', async () => {
    const harness = start()
    const iterator = harness.items[Symbol.asyncIterator]()
    // The first of some of them comes at once.
    const waiting = [iterator.next(), iterator.next(), iterator.next()]
    await settle()
    expect(await within100Ms(iterator.return!())).toEqual({ done: true, value: undefined })
    expect((await Promise.all(waiting)).at(-1)).toEqual({ done: true, value: undefined })
    expectNothingLeft(harness)
  })
})

describe('a consumer', () => {
  it('is over after a break', async () => {
    const harness = setUp({ log })
    await take(harness.consumer, 2)
    expectNothingLeft(harness)
    expect(() => harness.consumer[Symbol.asyncIterator]()).toThrow(/iterated once/)
  })

  it('is over after a throw in the loop, which is what the loop throws', async () => {
    const harness = setUp({ log })
    const error = new Error('of the loop')
    await expect(
      (async () => {
        for await (const _ of harness.consumer) throw error
      })(),
    ).rejects.toBe(error)
    expectNothingLeft(harness)
  })

  it('is over when its signal was aborted before it began', async () => {
    const harness = setUp({ log }, { signal: AbortSignal.abort(new Error('before')) })
    await expect(take(harness.consumer, 1)).rejects.toThrow('before')
    expect(harness.service.requests).toHaveLength(0)
  })

  it('ends without an error when it was stopped before it began', async () => {
    const harness = setUp({ log })
    await harness.consumer.stop()
    expect(await take(harness.consumer, 1)).toEqual([])
    expect(harness.service.requests).toHaveLength(0)
  })

  it('throws once, and is done after that', async () => {
    const { consumer } = setUp(
      { log, answer: () => ({ refuse: networkError() }) },
      { retry: { maxRetries: 0 } },
    )
    const iterator = consumer[Symbol.asyncIterator]()
    await expect(iterator.next()).rejects.toMatchObject({ code: 'retries-exhausted' })
    expect(await iterator.next()).toEqual({ done: true, value: undefined })
  })

  it('answers a next() that was queued behind the one that threw', async () => {
    const { consumer } = setUp(
      { log, answer: () => ({ refuse: networkError() }) },
      { retry: { maxRetries: 0 } },
    )
    const iterator = consumer[Symbol.asyncIterator]()
    const [first, second] = await Promise.allSettled([iterator.next(), iterator.next()])
    expect(first).toMatchObject({ status: 'rejected' })
    expect(second).toEqual({ status: 'fulfilled', value: { done: true, value: undefined } })
  })

  it('closes the connection of an aborted signal even if the loop never comes back', async () => {
    const controller = new AbortController()
    const harness = setUp({ log }, { signal: controller.signal })
    await harness.consumer[Symbol.asyncIterator]().next()
    controller.abort()
    await settle()
    expectNothingLeft(harness)
  })

  it('hands nothing over any more once its signal is aborted, be it there already', async () => {
    const controller = new AbortController()
    const harness = setUp(
      { log, answer: () => ({ pieces: [Buffer.concat(payload)] }) },
      { signal: controller.signal },
    )
    const iterator = harness.consumer[Symbol.asyncIterator]()
    await iterator.next()
    controller.abort(new Error('enough'))
    await expect(iterator.next()).rejects.toThrow('enough')
    expect(harness.consumer.stats().fragments).toBe(1)
  })

  it('commits what the loop was at when its signal was aborted, before it throws', async () => {
    const controller = new AbortController()
    const store = new MemoryCheckpointStore()
    const save = store.save.bind(store)
    store.save = async (...args) => {
      await settle()
      await save(...args)
    }
    const { consumer, clock } = setUp({ log }, { signal: controller.signal, checkpoint: store })
    clock.freeze()
    const iterator = consumer[Symbol.asyncIterator]()
    await iterator.next()
    controller.abort(new Error('enough'))
    await settle()
    await expect(iterator.next()).rejects.toThrow('enough')
    expect((await store.claim('front-door', 'test')).checkpoint?.fragmentNumber).toBe(numbers[0])
  })

  it('works with await using', async () => {
    const harness = setUp({ log })
    {
      await using consumer = harness.consumer
      await consumer[Symbol.asyncIterator]().next()
      setImmediate(() => void consumer.stop({ drainTimeoutMs: 1 }))
    }
    expectNothingLeft(harness)
  })

  it('answers several next() at once in order', async () => {
    const { consumer } = setUp({ log, answer: () => ({ pieces: payload.map((bytes) => bytes) }) })
    const iterator = consumer[Symbol.asyncIterator]()
    const results = await Promise.all([
      iterator.next(),
      iterator.next(),
      iterator.next(),
      iterator.next(),
    ])
    expect(results.map(({ value }) => value?.metadata.fragmentNumber)).toEqual(numbers)
    await iterator.return?.()
  })

  it('waits in stop() for the loop to come back, so that the fragment at hand is committed', async () => {
    const store = new MemoryCheckpointStore()
    const harness = setUp({ log }, { checkpoint: store })
    harness.clock.freeze()
    const steps: string[] = []
    for await (const _ of harness.consumer) {
      void harness.consumer.stop().then(() => steps.push('stopped'))
      await settle()
      await settle()
      // The connection does not wait for the loop.
      expect(harness.service.openBodies).toBe(0)
      steps.push('loop body done')
    }
    await settle()
    expect(steps).toEqual(['loop body done', 'stopped'])
    expect((await store.claim('front-door', 'test')).checkpoint?.fragmentNumber).toBe(numbers[0])
    expectNothingLeft(harness)
  })

  it('does not wait in stop() for ever when it is awaited inside the loop', async () => {
    const harness = setUp({ log })
    for await (const _ of harness.consumer) await harness.consumer.stop({ drainTimeoutMs: 5000 })
    expect(harness.clock.monotonicMs()).toBe(5000)
    expectNothingLeft(harness)
  })

  it('answers the same promise to each stop()', async () => {
    const { consumer } = setUp({ log })
    expect(consumer.stop()).toBe(consumer.stop())
    await consumer.stop()
  })
})

describe('the next call', () => {
  it('waits until the connection before it is closed', async () => {
    const steps: string[] = []
    let calls = 0
    const consumer = new KinesisVideoConsumer({
      streamName: 'front-door',
      startSelector: { StartSelectorType: 'EARLIEST' },
      // The next call may be made 13 ms after the one before.
      clock: new FastClock(20),
      random: () => 0,
      source: {
        async open() {
          calls += 1
          const call = calls
          steps.push(`open ${call}`)
          // A socket that takes its time to close, and never ends by itself.
          const body = new Readable({
            read: () => undefined,
            destroy(error, callback) {
              setTimeout(() => {
                steps.push(`closed ${call}`)
                callback(error)
              }, 35)
            },
          })
          body.push(payload[call - 1])
          if (call === 1) body.push(Uint8Array.of(9, 9))
          return { body }
        },
      },
    })
    await take(consumer, 2)
    expect(steps).toEqual(['open 1', 'closed 1', 'open 2', 'closed 2'])
  })
})

describe('Node streams', () => {
  it('read it through Readable.from, as slowly as they are read', async () => {
    const harness = setUp({ log })
    const seen: unknown[] = []
    for await (const { metadata } of Readable.from(
      harness.consumer,
    ) as AsyncIterable<ConsumedFragment>) {
      seen.push(metadata.fragmentNumber)
      if (seen.length === 3) break
    }
    await settle()
    expect(seen).toEqual(numbers.slice(0, 3))
    expectNothingLeft(harness)
  })

  it('are fed by pipeline, and end it when they fail', async () => {
    const harness = setUp({ log })
    const seen: unknown[] = []
    const sink = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write({ metadata }: ConsumedFragment, _encoding, done) {
        seen.push(metadata.fragmentNumber)
        done(seen.length === 2 ? new Error('disk full') : undefined)
      },
    })
    await expect(pipeline(Readable.from(harness.consumer), sink)).rejects.toThrow('disk full')
    await settle()
    expect(seen).toEqual(numbers.slice(0, 2))
    expectNothingLeft(harness)
  })

  it('close it when they are destroyed while it waits', async () => {
    const harness = setUp({ log, answer: () => ({ pieces: [...payload, 'stall'] }) })
    harness.clock.freeze()
    const readable = Readable.from(harness.consumer)
    readable.resume()
    await settle()
    await settle()
    readable.destroy()
    await once(readable, 'close')
    expect(harness.service.openBodies).toBe(0)
  })
})

describe('the events', () => {
  it('come through events.once and events.on', async () => {
    const { consumer } = setUp({
      log,
      answer: ({ startIndex = 0 }) => ({ pieces: payload.slice(startIndex, startIndex + 1) }),
    })
    const opened = once(consumer, 'sessionOpened')
    const ends: unknown[] = []
    const watching = (async () => {
      for await (const [event] of on(consumer, 'sessionEnded')) {
        ends.push((event as { reason: string }).reason)
        if (ends.length === 3) return
      }
    })()
    await take(consumer, 4)
    expect((await opened)[0]).toMatchObject({ type: 'sessionOpened', session: 1 })
    await watching
    expect(ends).toEqual(['ended', 'ended', 'ended'])
  })

  it('do not break the data when a listener throws or rejects, nor keep others from hearing', async () => {
    const { consumer, ofType } = setUp({ log })
    const heard: string[] = []
    consumer.on('lag', () => {
      throw new Error('listener')
    })
    consumer.on('lag', async () => {
      throw new Error('async listener')
    })
    consumer.on('lag', ({ fragmentNumber }) => heard.push(fragmentNumber))
    consumer.on('listenerError', () => {
      throw new Error('even here')
    })
    expect(await take(consumer, 4)).toEqual(numbers)
    await settle()
    expect(heard).toEqual(numbers)
    const messages = ofType('listenerError').map(
      ({ event, error }) => `${event}: ${(error as Error).message}`,
    )
    expect(messages.filter((text) => text === 'lag: listener')).toHaveLength(4)
    expect(messages.filter((text) => text === 'lag: async listener')).toHaveLength(4)
  })

  it('may end the consumer from within a listener', async () => {
    const replayed = [payload[0], payload[1], payload[0], payload[2]]
    const harness = setUp({ log, answer: () => ({ pieces: [Buffer.concat(replayed)] }) })
    harness.consumer.on('duplicateDropped', () => void harness.consumer.stop())
    expect(await take(harness.consumer, 4)).toEqual([])
    expect(harness.ofType('sessionEnded')).toMatchObject([{ reason: 'closed' }])
    expectNothingLeft(harness)
  })

  it('go to a listener of once() once', async () => {
    const { consumer } = setUp({ log })
    let count = 0
    consumer.once('lag', () => (count += 1))
    await take(consumer, 4)
    expect(count).toBe(1)
    expect(consumer.listenerCount('lag')).toBe(0)
  })

  it('tell the lag, and when the consumer has caught up', async () => {
    const { consumer, ofType } = setUp({ log }, { caughtUpMs: 999 })
    await take(consumer, 1)
    expect(ofType('lag')[0]).toEqual({
      type: 'lag',
      fragmentNumber: numbers[0],
      millisBehindNow: 1000,
      isCaughtUp: false,
    })
    expect(consumer.stats().millisBehindNow).toBe(1000)
  })
})

describe('10,000 reconnects on one signal', () => {
  it('leave no listener, no timer and no warning', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const controller = new AbortController()
    const { signal } = controller
    let added = 0
    const { addEventListener, removeEventListener } = signal
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      added += 1
      addEventListener.apply(signal, args)
    }
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      added -= 1
      removeEventListener.apply(signal, args)
    }
    const { consumer, clock, service } = setUp(
      {
        log,
        answer: (_, n) => ({
          pieces: n < 10_000 ? (n % 2 === 0 ? [] : [{ error: networkError() }]) : payload,
        }),
      },
      { signal, retry: { maxRetries: Number.POSITIVE_INFINITY } },
    )
    expect(await take(consumer, 1)).toEqual(numbers.slice(0, 1))
    await settle()
    process.off('warning', onWarning)
    expect(service.requests).toHaveLength(10_001)
    expect(added).toBe(0)
    expect(clock.pending).toBe(0)
    expect(warnings).toEqual([])
  })
})

describe('the heap', () => {
  it('is flat over 5,000 fragments in 500 sessions', async () => {
    const held = createLog(5000)
    // All of it now: made when it is sent, it would be what grows.
    const pieces = held.map(({ bytes }) => bytes)
    const { consumer } = setUp({
      log: held,
      answer: ({ startIndex = 0 }) => ({ pieces: pieces.slice(startIndex, startIndex + 10) }),
    })
    consumer.removeAllListeners()
    const used: number[] = []
    let count = 0
    for await (const _ of consumer) {
      count += 1
      if (count % 1000 === 0) {
        gc?.()
        await settle()
        gc?.()
        used.push(process.memoryUsage().heapUsed)
      }
      if (count === 5000) break
    }
    // What the test itself notes of 300 requests, and compiled code: 0.3 MB as measured.
    expect(Math.min(...used.slice(3)) - Math.max(...used.slice(1, 3))).toBeLessThan(700_000)
  })
})

describe('a fragment that the loop is done with', () => {
  it('is held by nobody while the next one is waited for', async () => {
    const { consumer, clock } = setUp({ log, answer: () => ({ pieces: [payload[0], 'stall'] }) })
    clock.freeze()
    const iterator = consumer[Symbol.asyncIterator]()
    const first = async (): Promise<WeakRef<object>> => {
      const { value } = await iterator.next()
      return new WeakRef(value as object)
    }
    const reference = await first()
    const waiting = iterator.next()
    await settle()
    gc?.()
    expect(reference.deref()).toBeUndefined()
    await iterator.return?.()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })
})

it('is constructed without sending anything', () => {
  const harness = setUp({ log })
  expect(harness.consumer).toBeInstanceOf(KinesisVideoConsumer)
  expect(harness.service.requests).toHaveLength(0)
})

describe('stop() called inside the loop', () => {
  it.each(['break', 'throw'] as const)(
    'has nothing to wait for once the loop left by %s',
    async (way) => {
      const { consumer, clock } = setUp({ log, answer: () => ({ pieces: [...payload, 'stall'] }) })
      clock.freeze()
      let stopped: Promise<void> | undefined
      const loop = async (): Promise<void> => {
        for await (const _ of consumer) {
          stopped = consumer.stop()
          if (way === 'throw') throw new Error('done')
          break
        }
      }
      await loop().catch(() => undefined)
      await expect(stopped).resolves.toBeUndefined()
      expect(clock.pending).toBe(0)
    },
  )
})

it('tells the end of a session that a listener ends as it is told of', async () => {
  const { consumer, events } = setUp({ log })
  consumer.on('sessionOpened', () => void consumer.stop())
  expect(await take(consumer, 1)).toEqual([])
  // The listener's own event is told to the next listeners after those that it caused.
  const types = events.map(({ type }) => type)
  expect(types.toSorted()).toEqual(['closed', 'sessionEnded', 'sessionOpened'])
})

it('stops although its source never closes', async () => {
  const { consumer, service } = setUp({ log })
  service.close = () => new Promise<void>(() => undefined) as never
  expect(await take(consumer, 2)).toHaveLength(2)
  await expect(consumer.stop()).resolves.toBeUndefined()
})

it('waits as long as it takes where a delay is beyond what a timer of Node can hold', async () => {
  let isOver = false
  const cancel = systemClock.setTimer(() => {
    isOver = true
  }, Number.POSITIVE_INFINITY)
  await new Promise((resolve) => setTimeout(resolve, 20))
  cancel()
  expect(isOver).toBe(false)
})

describe('a source of the user', () => {
  /** Bodies that are web streams: they close only behind a read that is under way. */
  function stallingSource() {
    const signals: AbortSignal[] = []
    let closed = 0
    return {
      signals,
      get closed() {
        return closed
      },
      open(_: unknown, signal: AbortSignal) {
        signals.push(signal)
        const body = new ReadableStream<Uint8Array>({
          start(controller) {
            controller.enqueue(payload[0].subarray(0, 50))
          },
        })
        return Promise.resolve({ body })
      },
      close() {
        closed += 1
      },
    }
  }

  it('hears by its signal that a response is not wanted any more, before the next one is asked for', async () => {
    const source = stallingSource()
    const { consumer } = setUp({ log }, { source } as never)
    let wereAborted = true
    consumer.on('sessionOpened', ({ session }) => {
      wereAborted &&= source.signals.slice(0, -1).every(({ aborted }) => aborted)
      if (session === 4) void consumer.stop()
    })
    expect(await take(consumer, 1)).toEqual([])
    expect(source.signals).toHaveLength(4)
    expect(wereAborted).toBe(true)
    expect(source.signals.at(-1)?.aborted).toBe(true)
  })

  it('is closed once, and that is told once, though a listener asks for the end while it ends', async () => {
    const source = stallingSource()
    const { consumer, ofType } = setUp({ log }, { source } as never)
    consumer.on('sessionEnded', () => void consumer.stop())
    const iterator = consumer[Symbol.asyncIterator]()
    const pending = iterator.next()
    await once(consumer, 'sessionOpened')
    await iterator.return?.()
    await pending
    await consumer.stop()
    expect(source.closed).toBe(1)
    expect(ofType('closed')).toHaveLength(1)
  })

  it('that fails to close leaves no rejection unhandled when the consumer was stopped before it began', async () => {
    const source = { ...stallingSource(), close: () => Promise.reject(new Error('no')) }
    const { consumer } = setUp({ log }, { source } as never)
    void consumer.stop()
    await expect(consumer.stop()).rejects.toThrow('no')
    await expect(take(consumer, 1)).rejects.toThrow('no')
  })

  it('is closed, and that is told, when the consumer is stopped before it began', async () => {
    const source = stallingSource()
    const { consumer, ofType } = setUp({ log }, { source } as never)
    const closed = once(consumer, 'closed')
    await consumer.stop()
    await closed
    expect(await take(consumer, 1)).toEqual([])
    expect(source.closed).toBe(1)
    expect(ofType('closed')).toMatchObject([{ reason: 'stopped' }])
    expect(() => consumer.frames()).toThrow(/iterated once/)
  })
})

describe('stop()', () => {
  it('whose rejection nobody looks at is none: the loop throws what went wrong', async () => {
    const store = new MemoryCheckpointStore()
    store.save = () => Promise.reject(new Error('full'))
    const { consumer } = setUp({ log }, { checkpoint: store })
    const looping = (async () => {
      for await (const _ of consumer) void consumer.stop({ drainTimeoutMs: 1 })
    })()
    await expect(looping).rejects.toMatchObject({ code: 'checkpoint-failed' })
    // Turns in which an unhandled rejection would be found.
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
  })

  it.each([Number.NaN, -1, 'soon' as never])(
    'refuses %s for a time, and ends nothing',
    async (drainTimeoutMs) => {
      const { consumer } = setUp({ log })
      await expect(consumer.stop({ drainTimeoutMs })).rejects.toMatchObject({
        code: 'invalid-option',
      })
      expect(await take(consumer, 1)).toHaveLength(1)
    },
  )
})

describe('next()', () => {
  it('may be called without waiting: the answers come in order', async () => {
    const { consumer } = setUp({ log })
    const iterator = consumer[Symbol.asyncIterator]()
    const results = await Promise.all([1, 2, 3, 4].map(() => iterator.next()))
    expect(results.map(({ value }) => value?.metadata.fragmentNumber)).toEqual(
      log.map(({ fragmentNumber }) => fragmentNumber),
    )
    await iterator.return?.()
  })

  it('may be called again while one waits for the network, and after that has failed', async () => {
    const abort = new AbortController()
    const { consumer } = setUp(
      { log, answer: () => ({ pieces: [payload[0], 'stall'] }) },
      { signal: abort.signal },
    )
    const iterator = consumer[Symbol.asyncIterator]()
    await iterator.next()
    const waiting = [iterator.next(), iterator.next(), iterator.next()]
    abort.abort(new Error('enough'))
    const outcomes = await Promise.allSettled(waiting)
    expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { message: 'enough' } })
    // An iterator that has failed is over.
    expect(outcomes.slice(1)).toEqual([
      { status: 'fulfilled', value: { done: true, value: undefined } },
      { status: 'fulfilled', value: { done: true, value: undefined } },
    ])
  })
})
