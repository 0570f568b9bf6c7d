import { describe, expect, it } from 'vitest'
import { buildErrorDocument } from '../../src/simulator/media.js'
import { ServiceError } from '../../src/tags/service-error.js'
import { failureOf, setUp, take } from '../helpers/consumer-harness.js'
import { createLog, errorDocument, networkError } from '../helpers/consumer-service.js'

const log = createLog(4)
const numbers = log.map(({ fragmentNumber }) => fragmentNumber)
const payload = log.map(({ bytes }) => bytes)

/** Sends a fragment and the error in the first response, everything afterwards. */
function reporting(document: Uint8Array, times = 1, isStalling = false) {
  return {
    log,
    answer: ({ startIndex = 0 }: { startIndex: number | undefined }, n: number) => ({
      pieces:
        n < times
          ? [payload[startIndex], document, ...(isStalling ? (['stall'] as const) : [])]
          : payload.slice(startIndex),
    }),
  }
}

describe('an in-band error', () => {
  it.each([3002, 4503, 5000, 5999, 1234, undefined])(
    'of ID %s is an event, and the consumer resumes after the last fragment',
    async (id) => {
      const { consumer, ofType, service } = setUp(reporting(errorDocument(id)))
      expect(await take(consumer, 4)).toEqual(numbers)
      expect(ofType('serviceError')).toMatchObject([{ id, action: 'resume' }])
      expect(ofType('serviceError')[0].error).toBeInstanceOf(ServiceError)
      expect(ofType('sessionEnded')[0]).toMatchObject({ reason: 'service-error', fragments: 1 })
      expect(ofType('reconnectScheduled')).toMatchObject([
        { reason: 'service-error', attempt: 1, delayMs: 250 },
      ])
      expect(service.requests[1].selector.ContinuationToken).toBe(numbers[0])
    },
  )

  it('keeps what the connection broke with right behind it', async () => {
    const broken = networkError()
    const { consumer, ofType } = setUp({
      log,
      answer: ({ startIndex = 0 }, n) => ({
        pieces: n === 0 ? [errorDocument(5000), { error: broken }] : payload.slice(startIndex),
      }),
    })
    expect(await take(consumer, 4)).toEqual(numbers)
    expect(ofType('sessionEnded')[0]).toMatchObject({ reason: 'service-error', error: broken })
  })

  it.each([4500, 4501, 4502, 4504, 4505, 4506])(
    'of ID %s is an event, then thrown by the iterator, behind what came before it',
    async (id) => {
      const { consumer, ofType, events, service } = setUp(reporting(errorDocument(id)))
      const seen: unknown[] = []
      let error: unknown
      try {
        for await (const { metadata } of consumer) seen.push(metadata.fragmentNumber)
      } catch (caught) {
        error = caught
      }
      expect(seen).toEqual(numbers.slice(0, 1))
      expect(error).toBeInstanceOf(ServiceError)
      expect(error).toMatchObject({ id, action: 'fail', retryable: false })
      expect(ofType('serviceError')).toMatchObject([{ id, action: 'fail', error }])
      expect(events.at(-1)).toMatchObject({ type: 'closed', reason: 'failed', error })
      expect(service.requests).toHaveLength(1)
    },
  )

  it.each([4000, 3000])('of ID %s means that the resume point is lost', async (id) => {
    const { consumer, ofType } = setUp({
      log,
      answer: (_, n) => ({ pieces: n === 0 ? [payload[0]] : [errorDocument(id)] }),
    })
    expect(await failureOf(consumer)).toMatchObject({
      code: 'resume-point-lost',
      afterFragmentNumber: numbers[0],
      cause: { id },
    })
    // By the token, then by the number.
    expect(ofType('serviceError')).toHaveLength(2)
  })

  it('does not wait for the end of a response that goes on in silence', async () => {
    const { consumer, clock } = setUp(reporting(errorDocument(5000), 1, true))
    expect(await take(consumer, 4)).toEqual(numbers)
    expect(clock.monotonicMs()).toBeLessThan(2000)
  })

  it.each(['before-cluster', 'after-cluster'] as const)(
    'inside a fragment that is whole does not keep it from being yielded (%s)',
    async (position) => {
      const fragment = {
        fragmentNumber: numbers[0],
        frames: [{ trackNumber: 1, timestampMs: 0, data: Uint8Array.of(1) }],
      }
      const document = buildErrorDocument({ id: 3002, position, fragment })
      const { consumer, ofType } = setUp({
        log,
        answer: ({ startIndex = 0 }, n) => ({
          pieces: n === 0 ? [document, payload[1]] : payload.slice(startIndex),
        }),
      })
      // What the document holds decides: with TAIL it is whole, without it the fragment is fetched again.
      expect(await take(consumer, 4)).toEqual(numbers)
      expect(ofType('serviceError')).toHaveLength(1)
      expect(consumer.stats().gaps).toBe(0)
    },
  )

  it('may name a fragment that nobody has seen: that one is not waited for', async () => {
    const fragmentNumber = String(BigInt(numbers[0]) + 1n)
    const { consumer, service, ofType } = setUp(
      reporting(buildErrorDocument({ id: 5000, fragmentNumber })),
    )
    expect(await take(consumer, 4)).toEqual(numbers)
    expect(ofType('serviceError')).toMatchObject([{ fragmentNumber }])
    expect(service.requests).toHaveLength(2)
  })

  it('is told each time, and counts against the retry budget', async () => {
    const { consumer, ofType } = setUp(
      { log, answer: () => ({ pieces: [errorDocument(5000)] }) },
      { retry: { maxRetries: 3 } },
    )
    expect(await failureOf(consumer)).toMatchObject({
      code: 'retries-exhausted',
      message: expect.stringContaining(
        'the session ended with error 5000 of the service',
      ) as string,
      cause: { id: 5000 },
    })
    expect(ofType('serviceError')).toHaveLength(4)
  })

  it('is told even when it comes with others, and the gravest decides', async () => {
    const both = new Uint8Array([...errorDocument(5000), ...errorDocument(4501)])
    const { consumer, ofType } = setUp(reporting(both))
    expect(await failureOf(consumer)).toMatchObject({ id: 4501 })
    expect(ofType('serviceError').map(({ id }) => id)).toEqual([5000, 4501])
  })
})
