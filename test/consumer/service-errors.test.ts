import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore, ResumePointLostError } from '../../src/consumer/index.js'
import { buildErrorDocument, buildFragment } from '../../src/simulator/media.js'
import { ServiceError } from '../../src/tags/service-error.js'
import { failureOf, setUp, take, takeFrames } from '../helpers/consumer-harness.js'
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

describe('an error that breaks a fragment off', () => {
  // HEAD and media, but no TAIL; or HEAD alone.
  const whole = payload[1]
  const tailAt = whole.length - 170
  const brokenOff = (id: number, chunks: readonly Uint8Array[]) => ({
    log,
    answer: ({ startIndex = 0 }: { startIndex: number | undefined }, n: number) => ({
      pieces: n === 0 ? [payload[0], ...chunks, errorDocument(id)] : payload.slice(startIndex),
    }),
  })

  it.each([
    ['after its media', tailOf(whole, tailAt)],
    ['after its head', tailOf(whole, 0)],
  ])('%s is thrown when it is one that no new session mends', async (_, part) => {
    const { consumer, ofType } = setUp(brokenOff(4501, [part]))
    expect(await failureOf(consumer)).toMatchObject({ id: 4501 })
    expect(ofType('serviceError')).toHaveLength(1)
    expect(ofType('damagedFragment')).toEqual([])
  })

  it('is no damage either when a limit was passed in what came of the fragment', async () => {
    const tagsBefore = [{ name: 'note', value: 'x'.repeat(48) }]
    const part = buildFragment({ ...log[1].spec, hasTail: false, tagsBefore })
    const { consumer, ofType } = setUp(brokenOff(5000, [part]), { parser: { maxStringBytes: 47 } })
    expect(await take(consumer, 4)).toEqual(numbers)
    expect(ofType('damagedFragment')).toEqual([])
    expect(ofType('sessionEnded')[0]).toMatchObject({ reason: 'service-error' })
  })

  it.each([
    ['after its media', tailOf(whole, tailAt)],
    ['after its head', tailOf(whole, 0)],
  ])('%s is resumed from, however often, and the fragment is owed', async (_, part) => {
    const { consumer, ofType } = setUp({
      log,
      answer: ({ startIndex = 0 }, n) => ({
        pieces:
          n === 0
            ? [payload[0], part, errorDocument(5000)]
            : n < 8
              ? [part, errorDocument(5000)]
              : payload.slice(startIndex),
      }),
    })
    expect(await take(consumer, 4)).toEqual(numbers)
    expect(ofType('damagedFragment')).toEqual([])
    expect(ofType('serviceError')).toHaveLength(8)
    expect(ofType('sessionEnded').slice(0, 8)).toMatchObject(
      Array.from({ length: 8 }, () => ({ reason: 'service-error' })),
    )
  })
})

it('frames before an error that breaks their fragment off are yielded, and the rest when it is fetched again', async () => {
  const long = createLog(3, { frames: 3 })
  const [first, second] = long.map(({ bytes }) => bytes)
  const { consumer, ofType } = setUp({
    log: long,
    answer: ({ startIndex = 0 }, n) => ({
      pieces:
        n === 0
          ? [first, tailOf(second, second.length - 170), errorDocument(5000)]
          : long.slice(startIndex).map(({ bytes }) => bytes),
    }),
  })
  expect(await takeFrames(consumer, 9)).toEqual([
    '0.0',
    '0.1',
    '0.2',
    '1.0',
    '1.1',
    '1.2',
    '2.0',
    '2.1',
    '2.2',
  ])
  expect(ofType('damagedFragment')).toEqual([])
  expect(ofType('sessionEnded')[0]).toMatchObject({ reason: 'service-error' })
})

it('a fragment that another one breaks off is damaged, and no more than one is held for an error', async () => {
  const part = tailOf(payload[1], payload[1].length - 170)
  const { consumer, ofType } = setUp({
    log,
    answer: ({ startIndex = 0 }, n) => ({
      pieces: n === 0 ? [payload[0], part, part, part, 'stall'] : payload.slice(startIndex),
    }),
  })
  expect(await take(consumer, 4)).toEqual(numbers)
  expect(ofType('damagedFragment')).toMatchObject([{ fragmentNumber: numbers[1], attempt: 1 }])
  expect(ofType('sessionEnded')[0]).toMatchObject({ reason: 'damaged', durationMs: 0 })
})

it('an error that no new session mends counts, even where the session was to be rotated', async () => {
  const { consumer } = setUp(
    {
      log,
      answer: ({ startIndex = 0 }, n) => ({
        pieces:
          n === 0
            ? [{ waitMs: 2000 }, new Uint8Array(Buffer.concat([payload[0], errorDocument(4501)]))]
            : [...payload.slice(startIndex), errorDocument(4500)],
      }),
    },
    { sessionRotationMs: 1000 },
  )
  expect(await failureOf(consumer)).toMatchObject({ id: 4501 })
})

/** A fragment up to the first Tags element that begins at or after `from` and is not its first. */
function tailOf(bytes: Uint8Array, from: number): Uint8Array {
  const isTags = (at: number): boolean =>
    bytes[at] === 0x12 && bytes[at + 1] === 0x54 && bytes[at + 2] === 0xc3 && bytes[at + 3] === 0x67
  const isCluster = (at: number): boolean => bytes[at] === 0x1f && bytes[at + 1] === 0x43
  const at = bytes.findIndex(
    (_, index) => index >= from && (from > 0 ? isTags(index) : isCluster(index)),
  )
  return bytes.subarray(0, at)
}

it.each([4000, 3000])('%s behind a fragment is resumed from, and says so', async (id) => {
  const { consumer, ofType } = setUp(reporting(errorDocument(id)))
  expect(await take(consumer, 4)).toEqual(numbers)
  expect(ofType('serviceError')).toMatchObject([{ id, action: 'resume' }])
  expect(ofType('resumePointLost')).toEqual([])
})

describe('an error in one chunk with what is around it', () => {
  const noTail = (index: number) => buildFragment({ ...log[index].spec, hasTail: false })
  const chunk = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts))

  it('does not excuse a fragment that was broken off before a whole one', async () => {
    const { consumer, ofType } = setUp({
      log,
      answer: ({ startIndex = 0 }, n) => ({
        pieces:
          n === 0
            ? [payload[0], chunk(noTail(1), payload[2], errorDocument(5000))]
            : payload.slice(startIndex),
      }),
    })
    expect(await take(consumer, 4)).toEqual(numbers)
    expect(ofType('damagedFragment')).toHaveLength(1)
  })

  it('makes the fragment owed that it broke off, where the body ends with it', async () => {
    const { consumer, service } = setUp(
      {
        log,
        answer: ({ startIndex = 0 }, n) => ({
          pieces: n === 0 ? [chunk(noTail(1), errorDocument(5000))] : payload.slice(startIndex),
          serverTimeMs: log[1].serverTimestampMs + 300,
        }),
      },
      { startSelector: { StartSelectorType: 'NOW' } },
    )
    expect(await take(consumer, 3)).toEqual(numbers.slice(1))
    expect(service.requests[1].selector.StartSelectorType).toBe('SERVER_TIMESTAMP')
  })

  it('that is fatal lets nothing pass behind what was left out for another reason', async () => {
    const errorInside = buildErrorDocument({
      id: 4500,
      position: 'before-cluster',
      fragment: log[3].spec,
    })
    const store = new MemoryCheckpointStore()
    const { consumer } = setUp(
      {
        log,
        answer: () => ({
          pieces: [
            payload[0],
            { waitMs: 7000 },
            { waitMs: 7000 },
            chunk(payload[1], payload[2], errorInside.subarray(0, -20)),
            errorInside.subarray(-20),
          ],
        }),
      },
      { sessionRotationMs: 10_000, checkpoint: store },
    )
    expect(await failureOf(consumer)).toMatchObject({ id: 4500 })
    expect((await store.claim('front-door', 'test')).checkpoint?.fragmentNumber).toBe(numbers[1])
  })

  it.each([true, false])(
    'that says the resume point is gone lets nothing pass behind it (one chunk: %s)',
    async (isOneChunk) => {
      const { consumer, ofType } = setUp({
        log,
        answer: (_, n) => {
          if (n === 0) return { pieces: [payload[0]] }
          const lost = errorDocument(4000)
          return { pieces: isOneChunk ? [chunk(lost, payload[2])] : [lost, payload[2]] }
        },
      })
      const seen: unknown[] = []
      await expect(
        (async () => {
          for await (const { metadata } of consumer) seen.push(metadata.fragmentNumber)
        })(),
      ).rejects.toBeInstanceOf(ResumePointLostError)
      expect(seen).toEqual(numbers.slice(0, 1))
      expect(ofType('serviceError')).toMatchObject([
        { action: 'resume-point-lost' },
        { action: 'resume-point-lost' },
      ])
    },
  )

  it('that says the resume point is gone says so behind repeats, too', async () => {
    const { consumer, service, ofType } = setUp({
      log,
      isTokenInclusive: true,
      answer: (_, n) => ({ pieces: n === 0 ? [payload[0]] : [payload[0], errorDocument(4000)] }),
    })
    expect(await failureOf(consumer)).toBeInstanceOf(ResumePointLostError)
    expect(service.requests).toHaveLength(3)
    expect(ofType('serviceError')).toMatchObject([
      { action: 'resume-point-lost' },
      { action: 'resume-point-lost' },
    ])
  })

  it.each([true, false])(
    'is judged in frames() behind the frames before it (one chunk: %s)',
    async (isOneChunk) => {
      const long = createLog(2, { frames: 2 })
      const begun = buildFragment({ ...long[0].spec, hasTail: false })
      const lost = errorDocument(4000)
      const { consumer, ofType } = setUp({
        log: long,
        answer: ({ startIndex = 0 }, n) => ({
          pieces:
            n > 0
              ? long.slice(startIndex).map(({ bytes }) => bytes)
              : isOneChunk
                ? [chunk(begun, lost)]
                : [begun, lost],
        }),
      })
      expect(await takeFrames(consumer, 4)).toEqual(['0.0', '0.1', '1.0', '1.1'])
      expect(ofType('serviceError')).toMatchObject([{ action: 'resume' }])
      expect(ofType('resumePointLost')).toEqual([])
    },
  )

  it.each([true, false])(
    'does not say that the resume point is gone behind what was left out (one chunk: %s)',
    async (isOneChunk) => {
      const begun = noTail(2)
      const lost = errorDocument(4000)
      const { consumer, ofType } = setUp(
        {
          log,
          answer: ({ startIndex = 0 }, n) => {
            if (n === 0) return { pieces: [payload[0]] }
            if (n > 1) return { pieces: payload.slice(startIndex) }
            return { pieces: isOneChunk ? [chunk(begun, lost)] : [begun, lost] }
          },
        },
        { gapDetection: 'refetch' },
      )
      expect(await takeFrames(consumer, 4)).toEqual(['0.0', '1.0', '2.0', '3.0'])
      expect(ofType('sessionEnded')[1]).toMatchObject({ reason: 'gap' })
      expect(ofType('resumePointLost')).toEqual([])
    },
  )
})
