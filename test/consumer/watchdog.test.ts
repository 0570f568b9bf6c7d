import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/consumer/clock.js'
import type { MediaResponse } from '../../src/consumer/index.js'
import { Watchdog } from '../../src/consumer/watchdog.js'
import { failureOf, setUp, take } from '../helpers/consumer-harness.js'
import { type FakeService, createLog, cut } from '../helpers/consumer-service.js'
import { unhandledRejections } from '../helpers/unhandled-rejections.js'

const log = createLog(4)
const numbers = log.map(({ fragmentNumber }) => fragmentNumber)
const payload = log.map(({ bytes }) => bytes)
const never = new AbortController().signal

describe('read-idle', () => {
  it('ends a session that brings nothing for its time, and goes on', async () => {
    const { consumer, clock, ofType } = setUp(
      {
        log,
        answer: ({ startIndex = 0 }, n) => ({
          pieces: n === 0 ? cut(payload, 300, 'stall') : payload.slice(startIndex),
        }),
      },
      { readIdleTimeoutMs: 7000 },
    )
    expect(await take(consumer, 4)).toEqual(numbers)
    expect(ofType('sessionEnded')[0]).toMatchObject({ reason: 'stalled', durationMs: 7000 })
    expect(clock.monotonicMs()).toBe(7250)
  })

  it('counts from the last byte', async () => {
    const pieces = [...payload[0]].flatMap((byte) => [{ waitMs: 900 }, Uint8Array.of(byte)])
    const { consumer, ofType } = setUp(
      { log, answer: () => ({ pieces }) },
      { readIdleTimeoutMs: 1000 },
    )
    expect(await take(consumer, 1)).toEqual(numbers.slice(0, 1))
    expect(ofType('reconnectScheduled')).toHaveLength(0)
  })

  it('never punishes a consumer that pauses ten times longer', async () => {
    const { consumer, clock, ofType } = setUp({ log }, { readIdleTimeoutMs: 1000 })
    const seen: unknown[] = []
    for await (const { metadata } of consumer) {
      seen.push(metadata.fragmentNumber)
      await sleep(clock, 10_000, never)
      if (seen.length === 4) break
    }
    expect(seen).toEqual(numbers)
    expect(clock.monotonicMs()).toBe(40_000)
    expect(ofType('reconnectScheduled')).toHaveLength(0)
    expect(consumer.stats().sessions).toBe(1)
  })
})

describe('Watchdog', () => {
  /** A clock whose timers fire when the test says so. */
  function start(limitMs: number) {
    let nowMs = 0
    let fire: (() => void) | undefined
    let expired = 0
    const watchdog = new Watchdog(
      {
        now: () => nowMs,
        monotonicMs: () => nowMs,
        setTimer(callback) {
          fire = callback
          return () => {
            fire = undefined
          }
        },
      },
      () => {
        expired += 1
      },
    )
    watchdog.start(limitMs)
    return {
      watchdog,
      fireAt(timeMs: number) {
        nowMs = timeMs
        fire?.()
        return expired
      },
      passTo(timeMs: number) {
        nowMs = timeMs
      },
    }
  }

  it('expires when nothing came for its time', () => {
    const { fireAt } = start(1000)
    expect(fireAt(1000)).toBe(1)
  })

  it('starts anew from the last sign of life, with one timer however many there are', () => {
    const { watchdog, fireAt, passTo } = start(1000)
    passTo(400)
    watchdog.touch()
    passTo(900)
    watchdog.touch()
    expect(fireAt(1000)).toBe(0)
    expect(fireAt(1899)).toBe(0)
    expect(fireAt(1900)).toBe(1)
  })

  it('does not count time in which the process was blocked: what it waits for may lie in the socket', () => {
    const { fireAt } = start(1000)
    expect(fireAt(60_000)).toBe(0)
    expect(fireAt(60_999)).toBe(0)
    expect(fireAt(61_000)).toBe(1)
  })

  it('excuses a block once: a process that is blocked again and again must not wait for ever', () => {
    const { fireAt } = start(1000)
    expect(fireAt(1400)).toBe(0)
    expect(fireAt(2800)).toBe(1)
    const other = start(1000)
    expect(other.fireAt(1400)).toBe(0)
    other.passTo(2000)
    other.watchdog.touch()
    expect(other.fireAt(3400)).toBe(0)
  })

  it('does not expire once it is stopped', () => {
    const { watchdog, fireAt } = start(1000)
    watchdog.stop()
    expect(fireAt(5000)).toBe(0)
  })
})

/** The first call of the service is answered when the test says so. */
function holdFirst(service: FakeService): (response: MediaResponse) => void {
  const open = service.open.bind(service)
  let resolveFirst: (response: MediaResponse) => void = () => undefined
  let calls = 0
  service.open = (selector, signal) => {
    calls += 1
    if (calls > 1) return open(selector, signal)
    return new Promise((resolve) => {
      resolveFirst = resolve
    })
  }
  return (response) => resolveFirst(response)
}

function lockedBody(): ReadableStream {
  const body = new ReadableStream()
  body.getReader()
  return body
}

describe('first byte', () => {
  it('gives up a call whose headers do not come, and its late response', async () => {
    let isLateClosed = false
    const { consumer, service, ofType, clock } = setUp({ log }, { firstByteTimeoutMs: 5000 })
    const resolveLate = holdFirst(service)
    const iterator = consumer[Symbol.asyncIterator]()
    expect((await iterator.next()).value?.metadata.fragmentNumber).toBe(numbers[0])
    expect(ofType('requestFailed')).toMatchObject([{ kind: 'first-byte-timeout', action: 'retry' }])
    expect(service.refreshed).toEqual(['endpoint'])
    expect(clock.monotonicMs()).toBe(5250)
    resolveLate({
      body: {
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => undefined),
          return: () => {
            isLateClosed = true
            return Promise.resolve({ done: true, value: undefined })
          },
        }),
      },
    })
    await iterator.return?.()
    expect(isLateClosed).toBe(true)
  })

  it('closes a late response that is a stream of Node, as the SDK gives it', async () => {
    const late = new Readable({ read() {} })
    const { consumer, service } = setUp({ log }, { firstByteTimeoutMs: 5000 })
    const resolveLate = holdFirst(service)
    expect(await take(consumer, 1)).toHaveLength(1)
    resolveLate({ body: late })
    await new Promise((resolve) => setImmediate(resolve))
    expect(late.destroyed).toBe(true)
  })

  it.each([
    ['is none', undefined],
    ['has no body', {}],
    ['has one that is read by somebody else', { body: lockedBody() }],
  ])('leaves no rejection unhandled when a late response %s', async (_, late) => {
    const { consumer, service } = setUp({ log }, { firstByteTimeoutMs: 5000 })
    const resolveLate = holdFirst(service)
    const unhandled = await unhandledRejections(async () => {
      expect(await take(consumer, 1)).toHaveLength(1)
      resolveLate(late as never)
    })
    expect(unhandled).toEqual([])
  })

  it('counts against the retry budget', async () => {
    const { consumer } = setUp(
      { log, answer: () => ({ refuse: 'never' }) },
      { retry: { maxRetries: 2 } },
    )
    expect(await failureOf(consumer)).toMatchObject({
      code: 'retries-exhausted',
      cause: { name: 'FirstByteTimeout' },
    })
  })
})

describe('session rotation', () => {
  it('opens a new session between two fragments when its time is over', async () => {
    const pieces = payload.map((bytes) => [
      { waitMs: 600 },
      bytes.subarray(0, 100),
      bytes.subarray(100),
    ])
    const { consumer, service, ofType } = setUp(
      { log, answer: ({ startIndex = 0 }) => ({ pieces: pieces.slice(startIndex).flat() }) },
      { sessionRotationMs: 1000 },
    )
    expect(await take(consumer, 4)).toEqual(numbers)
    expect(ofType('sessionEnded')[0]).toMatchObject({ reason: 'rotated', fragments: 2 })
    expect(ofType('reconnectScheduled')).toMatchObject([
      { reason: 'rotated', delayMs: 0, attempt: 0 },
    ])
    expect(service.requests[1].selector).toMatchObject({ ContinuationToken: numbers[1] })
  })

  it('does not cut a fragment, and does not happen by default', async () => {
    const slow = [payload[0].subarray(0, 50), { waitMs: 20_000 }, payload[0].subarray(50)]
    const rotating = setUp({ log, answer: () => ({ pieces: slow }) }, { sessionRotationMs: 1000 })
    expect(await take(rotating.consumer, 1)).toEqual(numbers.slice(0, 1))
    expect(rotating.service.requests).toHaveLength(1)

    const hours = payload.flatMap((bytes) => [{ waitMs: 3_600_000 }, bytes])
    const patient = setUp(
      { log, answer: () => ({ pieces: hours }) },
      { readIdleTimeoutMs: 4_000_000 },
    )
    expect(await take(patient.consumer, 4)).toEqual(numbers)
    expect(patient.service.requests).toHaveLength(1)
  })
})
