import { describe, expect, it } from 'vitest'
import type { RequestFailedEvent } from '../../src/consumer/events.js'
import { ConsumerError, EndpointRefusedError } from '../../src/consumer/index.js'
import { VirtualClock } from '../helpers/consumer-clock.js'
import { failureOf, setUp, take } from '../helpers/consumer-harness.js'
import { type Answer, createLog, exception, networkError } from '../helpers/consumer-service.js'

const log = createLog(3)
const numbers = log.map(({ fragmentNumber }) => fragmentNumber)
const payload = log.map(({ bytes }) => bytes)

/** Refuses so many requests, then answers with everything. */
function refusing(times: number, refuse: () => unknown, after = 0) {
  return {
    log,
    answer: ({ startIndex = 0 }: { startIndex: number | undefined }, n: number): Answer =>
      n >= after && n < after + times
        ? { refuse: refuse() }
        : { pieces: payload.slice(startIndex, n < after ? startIndex + 1 : undefined) },
  }
}

/** Milliseconds between the requests. */
function gaps(requests: readonly { readonly atMs: number }[]): number[] {
  return requests.slice(1).map(({ atMs }, n) => Math.round(atMs - requests[n].atMs))
}

// Half of each ceiling, as the harness has no jitter.
describe.each([
  // name, status, kind, the waits before the first three retries, what is refreshed
  ['ClientLimitExceededException', 400, 'throttled', [1500, 2000, 3000], undefined],
  ['ThrottlingException', 429, 'throttled', [1500, 2000, 3000], undefined],
  ['ConnectionLimitExceededException', 400, 'connection-limit', [7500, 10_000, 15_000], undefined],
  ['InvalidEndpointException', 400, 'invalid-endpoint', [250, 250, 1000], 'endpoint'],
  ['InternalFailure', 500, 'server-error', [250, 500, 1000], undefined],
  ['SyntaxError', 503, 'server-error', [250, 500, 1000], undefined],
] as const)('%s with status %s', (name, status, kind, waits, refresh) => {
  it(`is ${kind}: told, waited out and retried`, async () => {
    const { consumer, service, ofType } = setUp(refusing(3, () => exception(name, status)))
    expect(await take(consumer, 3)).toEqual(numbers)
    expect(gaps(service.requests)).toEqual(waits)
    expect(ofType('requestFailed')).toMatchObject(
      [1, 2, 3].map((attempt) => ({
        operation: 'GetMedia',
        kind,
        status,
        exception: name.replace('Exception', ''),
        requestId: 'test-request',
        action: 'retry',
        attempt,
      })),
    )
    expect(ofType('reconnectScheduled')).toMatchObject(
      [1, 2, 3].map((attempt) => ({ reason: kind, attempt })),
    )
    expect(service.refreshed).toEqual(refresh === undefined ? [] : [refresh, refresh, refresh])
    expect(consumer.stats().reconnects).toEqual({ [kind]: 3 })
  })
})

describe('a connection that fails', () => {
  it.each(['ECONNREFUSED', 'ENOTFOUND', 'ECONNRESET'])(
    'has the endpoint asked for again (%s)',
    async (code) => {
      const { consumer, service, ofType } = setUp(refusing(2, () => networkError(code)))
      expect(await take(consumer, 3)).toEqual(numbers)
      expect(service.refreshed).toEqual(['endpoint', 'endpoint'])
      expect(ofType('requestFailed')[0]).toMatchObject({ kind: 'network', exception: code })
    },
  )
})

describe('ConnectionLimitExceeded', () => {
  it('has an event of its own', async () => {
    const { consumer, ofType } = setUp(
      refusing(1, () => exception('ConnectionLimitExceededException')),
    )
    await take(consumer, 1)
    expect(ofType('connectionLimitExceeded')).toMatchObject([{ attempt: 1 }])
  })
})

describe('what the caller may not do', () => {
  it.each(['NotAuthorizedException', 'ExpiredTokenException', 'AccessDeniedException'])(
    'has endpoint and credentials refreshed once, and ends the consumer the second time (%s)',
    async (name) => {
      const once = setUp(refusing(1, () => exception(name, 403)))
      expect(await take(once.consumer, 3)).toEqual(numbers)
      expect(once.service.refreshed).toEqual(['endpoint-and-credentials'])

      const twice = setUp(refusing(2, () => exception(name, 403)))
      const error = await failureOf(twice.consumer)
      expect(error).toBeInstanceOf(ConsumerError)
      expect(error).toMatchObject({ code: 'request-failed', cause: { name } })
      expect(twice.service.requests).toHaveLength(2)
      expect(twice.ofType('requestFailed').map((event) => event.action)).toEqual(['retry', 'fail'])
    },
  )

  it('counts anew when a session was opened in between, be it an empty one', async () => {
    const { consumer } = setUp({
      log,
      answer: (_, n) =>
        n % 2 === 0 && n < 20
          ? { refuse: exception('ExpiredTokenException', 403) }
          : { pieces: n < 20 ? [] : payload },
    })
    expect(await take(consumer, 3)).toEqual(numbers)
  })
})

describe('a stream that does not exist', () => {
  it('ends the consumer at once', async () => {
    const { consumer, service } = setUp(
      refusing(1, () => exception('ResourceNotFoundException', 404)),
    )
    expect(await failureOf(consumer)).toMatchObject({ code: 'request-failed' })
    expect(service.requests).toHaveLength(1)
  })

  it('is waited for on request', async () => {
    const { consumer, service } = setUp(
      refusing(20, () => exception('ResourceNotFoundException', 404)),
      { waitForStream: true },
    )
    expect(await take(consumer, 3)).toEqual(numbers)
    expect(Math.min(...gaps(service.requests))).toBeGreaterThanOrEqual(1000)
  })
})

describe('InvalidArgument', () => {
  it('ends the consumer when it is about the start', async () => {
    const { consumer, ofType } = setUp(refusing(1, () => exception('InvalidArgumentException')))
    expect(await failureOf(consumer)).toMatchObject({ code: 'request-failed' })
    expect(ofType('resumePointLost')).toHaveLength(0)
  })

  it('means that the resume point is lost when resuming', async () => {
    const { consumer, ofType } = setUp(refusing(9, () => exception('InvalidArgumentException'), 1))
    expect(await failureOf(consumer)).toMatchObject({ code: 'resume-point-lost' })
    expect(ofType('requestFailed').map((event: RequestFailedEvent) => event.action)).toEqual([
      'resume-point-lost',
      'resume-point-lost',
    ])
  })
})

describe('an error that nobody has seen before', () => {
  it('is an event, is retried, and ends the consumer after the fifth time', async () => {
    const few = setUp(refusing(5, () => exception('BrandNewException', 418)))
    expect(await take(few.consumer, 3)).toEqual(numbers)

    const many = setUp(refusing(6, () => exception('BrandNewException', 418)))
    expect(await failureOf(many.consumer)).toMatchObject({
      code: 'request-failed',
      cause: { name: 'BrandNewException' },
    })
    expect(many.ofType('requestFailed')).toHaveLength(6)
    expect(many.ofType('requestFailed')[0]).toMatchObject({
      kind: 'unknown',
      exception: 'BrandNew',
    })
  })

  it.each([undefined, 'a text', 0])('even %s, which is no error at all', async (thrown) => {
    const { consumer } = setUp(refusing(2, () => thrown))
    expect(await take(consumer, 3)).toEqual(numbers)
  })
})

describe('a ConsumerError of the source', () => {
  it('ends the consumer with itself', async () => {
    const refusal = new EndpointRefusedError('evil.example', 'it is not AWS')
    const { consumer, service } = setUp(refusing(1, () => refusal))
    expect(await failureOf(consumer)).toBe(refusal)
    expect(service.requests).toHaveLength(1)
  })
})

describe('the retry budget', () => {
  it('ends the consumer when it is used up', async () => {
    const { consumer, service, ofType } = setUp(
      refusing(99, () => exception('InternalFailure', 500)),
      { retry: { maxRetries: 4 } },
    )
    expect(await failureOf(consumer)).toMatchObject({
      code: 'retries-exhausted',
      message:
        'No fragment after 5 failures in a row; the last: GetMedia failed with status 500: InternalFailure. ' +
        'Raise retry.maxRetries to wait longer.',
      cause: { name: 'InternalFailure' },
    })
    expect(service.requests).toHaveLength(5)
    expect(ofType('requestFailed').at(-1)).toMatchObject({ action: 'fail', attempt: 5 })
  })

  it('is not what ends it when waiting does not help', async () => {
    const { consumer } = setUp(
      refusing(1, () => exception('ResourceNotFoundException', 404)),
      { retry: { maxRetries: 0 } },
    )
    const error = await failureOf(consumer)
    expect(error).toMatchObject({ code: 'request-failed' })
    expect((error as Error).message).not.toContain('maxRetries')
  })

  it('counts sessions that break without a fragment too', async () => {
    const { consumer, service } = setUp(
      {
        log,
        answer: (_, n) =>
          n % 2 === 0 ? { refuse: networkError() } : { pieces: [{ error: networkError() }] },
      },
      { retry: { maxRetries: 5 } },
    )
    expect(await failureOf(consumer)).toMatchObject({
      code: 'retries-exhausted',
      message: expect.stringContaining('the session ended with reset (ECONNRESET)') as string,
    })
    expect(service.requests).toHaveLength(6)
  })

  it('is whole again after each fragment', async () => {
    const held = createLog(10)
    const { consumer } = setUp(
      {
        log: held,
        answer: ({ startIndex = 0 }, n) =>
          n % 3 === 2
            ? { pieces: [held[startIndex].bytes, { error: networkError() }] }
            : { refuse: exception('ServiceUnavailable', 503) },
      },
      { retry: { maxRetries: 3 } },
    )
    expect(await take(consumer, 10)).toHaveLength(10)
  })

  it('is not touched by days of silence', async () => {
    const { consumer } = setUp(
      {
        log,
        answer: (_, n) =>
          n < 200
            ? n % 2 === 0
              ? { refuse: exception('ServiceUnavailable', 503) }
              : { pieces: [{ waitMs: 3000 }] }
            : { pieces: payload },
      },
      { retry: { maxRetries: 3 } },
    )
    expect(await take(consumer, 3)).toEqual(numbers)
  })

  it('may be 0, and may be without an end', async () => {
    const none = setUp(
      refusing(1, () => networkError('ENOTFOUND')),
      { retry: { maxRetries: 0 } },
    )
    // A mistyped region ends so: what it was, and what to look at.
    expect(await failureOf(none.consumer)).toMatchObject({
      code: 'retries-exhausted',
      message:
        'No fragment after one failure; the last: GetMedia failed: ENOTFOUND. Check the region, the endpoint and the network. ' +
        'Raise retry.maxRetries to wait longer.',
    })
    const endless = setUp(refusing(500, networkError), {
      retry: { maxRetries: Number.POSITIVE_INFINITY, maxDelayMs: 1000 },
    })
    expect(await take(endless.consumer, 3)).toEqual(numbers)
    expect(Math.max(...gaps(endless.service.requests))).toBe(500)
  })

  it('spreads what failed together: full jitter', async () => {
    const { consumer, service } = setUp(refusing(2000, networkError), {
      retry: { maxRetries: 5000, maxDelayMs: 10_000 },
      random: Math.random,
    })
    await take(consumer, 1)
    const waits = gaps(service.requests).slice(10)
    const shares = [0, 1, 2, 3, 4].map(
      (fifth) => waits.filter((wait) => Math.min(4, Math.floor(wait / 2000)) === fifth).length,
    )
    // 2,000 draws in fifths of 400; six standard deviations are 107.
    for (const share of shares) expect(Math.abs(share - 398)).toBeLessThan(120)
  })
})

describe('politeness', () => {
  it('keeps calls 250 ms apart, however often sessions end or are refused', async () => {
    const held = createLog(60)
    const { consumer, service } = setUp(
      {
        log: held,
        answer: ({ startIndex = 0 }, n) =>
          n % 4 === 3 ? { refuse: networkError() } : { pieces: [held[startIndex].bytes] },
      },
      { random: () => 0 },
    )
    await take(consumer, 60)
    const waits = gaps(service.requests)
    expect(waits).toHaveLength(78)
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(250)
  })

  it('has one connection at a time: the old one is closed before the next call', async () => {
    const held = createLog(60)
    const { consumer, service } = setUp(
      {
        log: held,
        answer: ({ startIndex = 0 }) => ({ pieces: [held[startIndex].bytes.subarray(0), 'stall'] }),
      },
      { readIdleTimeoutMs: 100 },
    )
    await take(consumer, 60)
    expect(service.peakBodies).toBe(1)
  })

  it('does not ask ever faster where sessions end at once', async () => {
    const { consumer, service } = setUp({
      log,
      answer: (_, n) => ({ pieces: n < 100 ? [] : payload }),
    })
    await take(consumer, 1)
    const waits = gaps(service.requests)
    expect(waits[0]).toBe(250)
    expect(waits.at(-1)).toBe(1500)
  })
})

it('throws what is a bug, and not a failure, instead of trying it again', async () => {
  const bug = new TypeError('a clock without hands')
  const clock = Object.assign(new VirtualClock(), {
    now: () => {
      throw bug
    },
  })
  const { consumer, service } = setUp({ log }, { clock })
  expect(await failureOf(consumer)).toBe(bug)
  expect(service.requests).toEqual([])
})

it('sessions that bring nothing but repeats are spaced like empty ones', async () => {
  const single = createLog(1)
  const { consumer, service, clock } = setUp({ log: single, isTokenInclusive: true })
  const iterator = consumer[Symbol.asyncIterator]()
  await iterator.next()
  const waiting = iterator.next()
  clock.setTimer(() => void consumer.stop(), 600_000)
  await waiting
  // Four a second would be 2,400.
  expect(service.requests.length).toBeLessThan(450)
})

it('a resume point that is refused is asked for in another way, though no failure may be borne', async () => {
  const held = createLog(5)
  const { consumer, service } = setUp(
    {
      log: held,
      answer: ({ selector, startIndex = 0 }) => {
        if (selector.StartSelectorType === 'CONTINUATION_TOKEN') {
          return { refuse: exception('InvalidArgumentException') }
        }
        return { pieces: held.slice(startIndex, startIndex + 3).map(({ bytes }) => bytes) }
      },
    },
    { retry: { maxRetries: 0 } },
  )
  expect(await take(consumer, 5)).toHaveLength(5)
  expect(service.requests.map(({ selector }) => selector.StartSelectorType)).toEqual([
    'EARLIEST',
    'CONTINUATION_TOKEN',
    'FRAGMENT_NUMBER',
  ])
})
