import { describe, expect, it } from 'vitest'
import {
  type ConsumerSettings,
  MemoryCheckpointStore,
  ResumePointLostError,
  type StreamPosition,
} from '../../src/consumer/index.js'
import { buildFragment } from '../../src/simulator/media.js'
import { encodeFragmentNumber } from '../../src/tags/index.js'
import { failureOf, setUp, take } from '../helpers/consumer-harness.js'
import {
  LOG_START_MS,
  createLog,
  cut,
  errorDocument,
  exception,
} from '../helpers/consumer-service.js'

const log = createLog(6)
const numbers = log.map(({ fragmentNumber }) => fragmentNumber)
const payload = log.map(({ bytes }) => bytes)

describe('resuming', () => {
  it('yields whole fragments in order and closes the connection at the break', async () => {
    const { consumer, service, clock } = setUp({ log })
    expect(await take(consumer, 6)).toEqual(numbers)
    expect(service.requests).toHaveLength(1)
    expect(service.openBodies).toBe(0)
    expect(service.isClosed).toBe(true)
    expect(clock.pending).toBe(0)
  })

  it('asks with the continuation token of the last whole fragment', async () => {
    const { consumer, service } = setUp({
      log,
      answer: ({ startIndex = 0 }, n) => ({
        pieces:
          n === 0 ? cut(payload, payload[0].length * 2 + 40, 'reset') : payload.slice(startIndex),
      }),
    })
    expect(await take(consumer, 6)).toEqual(numbers)
    expect(service.requests[1].selector).toEqual({
      StartSelectorType: 'CONTINUATION_TOKEN',
      ContinuationToken: numbers[1],
    })
  })

  it.each([
    ['not one that can be sent back', 'not a token!'],
    ['without a value', ''],
  ])('asks for the fragments after the last one when the token is %s', async (_name, token) => {
    const { consumer, service } = setUp({
      log: createLog(4, { tokenOf: () => token }),
      answer: ({ startIndex = 0 }, n) => ({
        pieces: n === 0 ? service.from(0, 2) : service.from(startIndex),
      }),
    })
    expect(await take(consumer, 4)).toEqual(numbers.slice(0, 4))
    expect(service.requests[1].selector).toEqual({
      StartSelectorType: 'FRAGMENT_NUMBER',
      AfterFragmentNumber: numbers[1],
    })
  })

  it('drops and counts what an inclusive token repeats', async () => {
    const { consumer, service, ofType } = setUp({
      log,
      isTokenInclusive: true,
      answer: ({ startIndex = 0 }, n) => ({
        pieces: payload.slice(startIndex, n < 2 ? startIndex + 3 : undefined),
      }),
    })
    expect(await take(consumer, 6)).toEqual(numbers)
    expect(service.requests).toHaveLength(3)
    expect(consumer.stats().duplicatesDropped).toBe(2)
    expect(ofType('duplicateDropped').map((event) => event.fragmentNumber)).toEqual([
      numbers[2],
      numbers[4],
    ])
  })

  it('goes on after an ordinary end without counting a failure', async () => {
    const { consumer, ofType } = setUp({
      log,
      answer: ({ startIndex = 0 }) => ({ pieces: payload.slice(startIndex, startIndex + 1) }),
    })
    expect(await take(consumer, 6)).toEqual(numbers)
    expect(ofType('reconnectScheduled')).toHaveLength(5)
    for (const event of ofType('reconnectScheduled')) {
      expect(event).toMatchObject({ reason: 'ended', delayMs: 0, attempt: 0 })
    }
    expect(consumer.stats()).toMatchObject({ sessions: 6, reconnects: { ended: 5 } })
  })

  it('outlives a thousand empty sessions', async () => {
    const { consumer, service } = setUp({
      log,
      answer: ({ startIndex = 0 }, n) => ({ pieces: n < 1000 ? [] : payload.slice(startIndex) }),
    })
    expect(await take(consumer, 1)).toEqual(numbers.slice(0, 1))
    expect(service.requests).toHaveLength(1001)
  })
})

describe('NOW', () => {
  it('repeats an empty first session from the time of its request', async () => {
    const { consumer, service, clock } = setUp(
      {
        log: [],
        answer: ({ startIndex = 0 }, n) => ({
          pieces: n === 0 ? [{ waitMs: 3000 }] : service.from(startIndex),
        }),
      },
      { startSelector: { StartSelectorType: 'NOW' } },
    )
    const startedAtMs = clock.now()
    // What arrives between the two requests would be missed by a second NOW.
    clock.setTimer(() => service.log.push({ ...log[0], serverTimestampMs: clock.now() }), 2000)
    expect(await take(consumer, 1)).toEqual([numbers[0]])
    expect(service.requests.map(({ selector }) => selector)).toEqual([
      { StartSelectorType: 'NOW' },
      { StartSelectorType: 'SERVER_TIMESTAMP', StartTimestamp: new Date(startedAtMs) },
    ])
  })

  it('measures that time by the clock of the server where it is told', async () => {
    const { consumer, service } = setUp(
      {
        log: [],
        answer: (_, n) => ({ pieces: n === 0 ? [] : [log[0].bytes], serverTimeMs: LOG_START_MS }),
      },
      { startSelector: { StartSelectorType: 'NOW' } },
    )
    await take(consumer, 1)
    expect(service.requests[1].selector.StartTimestamp).toEqual(new Date(LOG_START_MS))
  })

  it('does not miss the first fragment when the connection dies inside it', async () => {
    // It began before the request, so that its server time is before the time of the request.
    const { consumer, service, clock } = setUp(
      {
        log: log.slice(0, 1),
        answer: ({ startIndex = 0 }, n) => ({
          pieces: n === 0 ? cut(payload, payload[0].length - 5, 'reset') : service.from(startIndex),
        }),
      },
      { startSelector: { StartSelectorType: 'NOW' } },
    )
    expect(clock.now()).toBeLessThan(LOG_START_MS)
    clock.block(LOG_START_MS - clock.now() + 500)
    expect(await take(consumer, 1)).toEqual([numbers[0]])
    expect(service.requests[1].selector.StartSelectorType).toBe('SERVER_TIMESTAMP')
  })

  it('asks for NOW again as long as no session was opened', async () => {
    const { consumer, service } = setUp(
      {
        log,
        answer: (_, n) =>
          n === 0 ? { refuse: exception('InternalFailure', 500) } : { pieces: payload },
      },
      { startSelector: { StartSelectorType: 'NOW' } },
    )
    await take(consumer, 1)
    expect(service.requests[1].selector).toEqual({ StartSelectorType: 'NOW' })
  })
})

describe('the inclusive start', () => {
  it('starts at its fragment by the time in its number, and drops what is older', async () => {
    const { consumer, service } = setUp(
      { log },
      { startSelector: { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: numbers[3] } },
    )
    expect(await take(consumer, 3)).toEqual(numbers.slice(3))
    // A second earlier, as the time travels as a fraction; what that brings along is dropped.
    expect(service.requests[0].selector).toEqual({
      StartSelectorType: 'SERVER_TIMESTAMP',
      StartTimestamp: new Date(log[3].serverTimestampMs - 1000),
    })
    expect(consumer.stats()).toMatchObject({ droppedBeforeStart: 1, duplicatesDropped: 0 })
  })

  it('goes by a time that is given', async () => {
    const { consumer, service } = setUp(
      { log },
      {
        startSelector: {
          StartSelectorType: 'AT_FRAGMENT_NUMBER',
          FragmentNumber: numbers[3],
          ServerTimestamp: new Date(log[1].serverTimestampMs),
        },
      },
    )
    expect(await take(consumer, 1)).toEqual([numbers[3]])
    expect(service.requests[0].startIndex).toBe(0)
    expect(consumer.stats().droppedBeforeStart).toBe(3)
  })

  it('starts at it again when the first session dies before it is whole', async () => {
    const { consumer } = setUp(
      {
        log,
        answer: ({ startIndex = 0 }, n) => ({
          pieces:
            n < 2
              ? cut(payload.slice(startIndex), payload[0].length + 9, 'reset')
              : payload.slice(startIndex),
        }),
      },
      { startSelector: { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: numbers[3] } },
    )
    expect(await take(consumer, 2)).toEqual(numbers.slice(3, 5))
  })

  it('fails when its fragment has expired', async () => {
    const { consumer, events, service } = setUp(
      { log: log.slice(4) },
      { startSelector: { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: numbers[3] } },
    )
    expect(await failureOf(consumer)).toBeInstanceOf(ResumePointLostError)
    expect(service.requests).toHaveLength(4)
    expect(events).toContainEqual({
      type: 'gap',
      reason: 'missing-fragment',
      afterFragmentNumber: undefined,
      beforeFragmentNumber: numbers[4],
    })
  })
})

describe('a resume point that is lost', () => {
  const lost = (n: number) => n === 1 || n === 2
  const inBand = {
    log,
    answer: ({ startIndex = 0 }: { startIndex: number | undefined }, n: number) => ({
      pieces:
        n === 0 ? payload.slice(0, 2) : lost(n) ? [errorDocument(4000)] : payload.slice(startIndex),
    }),
  }
  const refused = {
    log,
    answer: ({ startIndex = 0 }: { startIndex: number | undefined }, n: number) =>
      lost(n)
        ? { refuse: exception('InvalidArgumentException') }
        : { pieces: n === 0 ? payload.slice(0, 2) : payload.slice(startIndex) },
  }

  for (const [name, service] of [
    ['error 4000', inBand],
    ['InvalidArgument', refused],
  ] as const) {
    it(`fails by default, after asking by number too (${name})`, async () => {
      const { consumer, events, service: fake, ofType } = setUp(service)
      const error = await failureOf(consumer)
      expect(error).toBeInstanceOf(ResumePointLostError)
      expect(error).toMatchObject({ code: 'resume-point-lost', afterFragmentNumber: numbers[1] })
      expect(fake.requests.map(({ selector }) => selector.StartSelectorType)).toEqual([
        'EARLIEST',
        'CONTINUATION_TOKEN',
        'FRAGMENT_NUMBER',
      ])
      expect(ofType('resumePointLost')).toHaveLength(1)
      expect(events).toContainEqual({
        type: 'gap',
        reason: 'resume-point-lost',
        afterFragmentNumber: numbers[1],
        beforeFragmentNumber: undefined,
      })
    })

    it(`goes on with the earliest, with a gap event that has both ends (${name})`, async () => {
      const {
        consumer,
        service: fake,
        events,
        ofType,
      } = setUp(service, { onResumePointLost: 'earliest' })
      const seen: string[] = []
      for await (const { metadata } of consumer) {
        seen.push(metadata.fragmentNumber)
        if (seen.length === 2) fake.log = fake.log.slice(4)
        if (seen.length === 4) break
      }
      // The service of this test goes by its own copy: what was delivered before is dropped.
      expect(seen).toEqual([...numbers.slice(0, 2), ...numbers.slice(2, 4)])
      expect(fake.requests[3].selector).toEqual({ StartSelectorType: 'EARLIEST' })
      expect(ofType('resumePointLost')[0]).toMatchObject({ policy: 'earliest' })
      const gap = events.findIndex((event) => event.type === 'gap')
      expect(events[gap]).toEqual({
        type: 'gap',
        reason: 'resume-point-lost',
        afterFragmentNumber: numbers[1],
        beforeFragmentNumber: numbers[2],
      })
    })
  }

  it('is not lost when the number is taken where the token was not; the next token is tried again', async () => {
    const { consumer, service, ofType } = setUp({
      log,
      answer: ({ startIndex = 0 }, n) =>
        n === 1
          ? { refuse: exception('InvalidArgumentException') }
          : { pieces: payload.slice(startIndex, startIndex + 2) },
    })
    expect(await take(consumer, 6)).toEqual(numbers)
    expect(service.requests.map(({ selector }) => selector.StartSelectorType)).toEqual([
      'EARLIEST',
      'CONTINUATION_TOKEN',
      'FRAGMENT_NUMBER',
      'CONTINUATION_TOKEN',
    ])
    expect(ofType('resumePointLost')).toEqual([])
  })

  it('goes on with what comes next', async () => {
    const { consumer, service } = setUp(
      {
        log,
        answer: (_, n) => ({
          pieces:
            n === 0
              ? payload.slice(0, 2)
              : lost(n)
                ? [errorDocument(4000)]
                : n === 3
                  ? []
                  : payload.slice(5),
        }),
      },
      { onResumePointLost: 'now' },
    )
    expect(await take(consumer, 3)).toEqual([numbers[0], numbers[1], numbers[5]])
    expect(service.requests.slice(3).map(({ selector }) => selector.StartSelectorType)).toEqual([
      'NOW',
      'SERVER_TIMESTAMP',
    ])
    expect(consumer.stats().gaps).toBe(1)
  })

  it('resumes as usual when error 4000 comes after new fragments', async () => {
    const { consumer, ofType, service } = setUp({
      log,
      answer: ({ startIndex = 0 }, n) => ({
        pieces: n === 0 ? [payload[0], errorDocument(4000)] : payload.slice(startIndex),
      }),
    })
    expect(await take(consumer, 6)).toEqual(numbers)
    expect(ofType('resumePointLost')).toHaveLength(0)
    expect(service.requests[1].selector.StartSelectorType).toBe('CONTINUATION_TOKEN')
  })

  it('tells of the gap when the consumer ends before anything came behind it', async () => {
    const controller = new AbortController()
    const { consumer, service, events } = setUp(
      {
        log,
        answer: (_, n) => ({
          pieces: n === 0 ? payload.slice(0, 1) : lost(n) ? [errorDocument(4000)] : ['stall'],
        }),
      },
      { onResumePointLost: 'now', signal: controller.signal, readIdleTimeoutMs: 1000 },
    )
    consumer.on('sessionOpened', () => {
      if (service.requests.length === 5) controller.abort()
    })
    expect(await failureOf(consumer)).toMatchObject({ name: 'AbortError' })
    expect(events.filter((event) => event.type === 'gap')).toEqual([
      {
        type: 'gap',
        reason: 'resume-point-lost',
        afterFragmentNumber: numbers[0],
        beforeFragmentNumber: undefined,
      },
    ])
  })
})

describe('fragments that are left out', () => {
  const skipping = (times: number) => ({
    log,
    answer: ({ startIndex = 0 }: { startIndex: number | undefined }, n: number) => ({
      pieces: payload.slice(startIndex).filter((bytes) => n >= times || bytes !== payload[2]),
    }),
  })

  it('are not looked for by default: AWS promises only that numbers rise', async () => {
    const { consumer } = setUp(skipping(9))
    expect(await take(consumer, 5)).toEqual(numbers.filter((_, index) => index !== 2))
    expect(consumer.stats().gaps).toBe(0)
  })

  it('are reported', async () => {
    const { consumer, ofType } = setUp(skipping(9), { gapDetection: 'report' })
    await take(consumer, 5)
    expect(ofType('gap')).toEqual([
      {
        type: 'gap',
        reason: 'sequence',
        afterFragmentNumber: numbers[1],
        beforeFragmentNumber: numbers[3],
      },
    ])
  })

  it('are fetched again', async () => {
    const { consumer, service } = setUp(skipping(3), { gapDetection: 'refetch' })
    expect(await take(consumer, 6)).toEqual(numbers)
    expect(service.requests).toHaveLength(4)
    expect(consumer.stats()).toMatchObject({ gaps: 0, reconnects: { gap: 3 } })
  })

  it('are given up after three times, with an event', async () => {
    const { consumer, ofType } = setUp(skipping(9), { gapDetection: 'refetch' })
    expect(await take(consumer, 5)).toHaveLength(5)
    expect(ofType('gap')).toHaveLength(1)
  })

  it('are noticed without the option when their beginning was seen', async () => {
    const { consumer, ofType } = setUp(
      {
        log,
        answer: ({ startIndex = 0 }, n) => ({
          pieces:
            n === 0
              ? cut(payload, payload[0].length * 2 - 5, 'cleanEnd')
              : payload.slice(n < 5 ? 2 : startIndex),
        }),
      },
      { onResumePointLost: 'earliest' },
    )
    expect(await take(consumer, 2)).toEqual([numbers[0], numbers[2]])
    expect(ofType('gap')).toEqual([
      {
        type: 'gap',
        reason: 'missing-fragment',
        afterFragmentNumber: numbers[0],
        beforeFragmentNumber: numbers[2],
      },
    ])
  })
})

describe('a stream that was deleted and made again under its name', () => {
  const before = (serverTimestampMs: number): StreamPosition => ({
    fragmentNumber: encodeFragmentNumber({ sequence: 5000n, serverTimestampMs, random: 1 }),
    serverTimestampMs,
  })
  const start = async (checkpoint: StreamPosition, settings: ConsumerSettings = {}) => {
    const store = new MemoryCheckpointStore()
    const { epoch } = await store.claim('front-door', 'test')
    await store.save('front-door', epoch, checkpoint)
    const harness = setUp(
      {
        log,
        answer: ({ startIndex = 0 }, n) =>
          n === 0
            ? { refuse: exception('InvalidArgumentException') }
            : { pieces: payload.slice(startIndex) },
      },
      { checkpoint: store, onResumePointLost: 'earliest', ...settings },
    )
    return { ...harness, store }
  }

  it('is read from its start behind a gap, though its numbers are smaller, and saved', async () => {
    const old = before(LOG_START_MS - 60_000)
    const { consumer, store, ofType } = await start(old)
    expect(await take(consumer, 6)).toEqual(numbers)
    expect(ofType('duplicateDropped')).toEqual([])
    expect(ofType('gap')).toMatchObject([
      {
        reason: 'resume-point-lost',
        afterFragmentNumber: old.fragmentNumber,
        beforeFragmentNumber: numbers[0],
      },
    ])
    const { checkpoint } = await store.claim('front-door', 'test')
    expect(checkpoint?.fragmentNumber).toBe(numbers[4])
    const next = setUp({ log }, { checkpoint: store })
    expect(await take(next.consumer, 1)).toEqual(numbers.slice(5))
  })

  it('is told from a stream that sends what was delivered before, by when that was received', async () => {
    const { consumer, ofType } = await start(before(LOG_START_MS + 60_000))
    consumer.on('duplicateDropped', ({ fragmentNumber }) => {
      if (fragmentNumber === numbers[5]) void consumer.stop()
    })
    expect(await take(consumer, 1)).toEqual([])
    expect(ofType('duplicateDropped').map(({ fragmentNumber }) => fragmentNumber)).toEqual(numbers)
  })
})

describe('a stream that was made anew, while a fragment of the one before is waited for', () => {
  const old = encodeFragmentNumber({
    sequence: 5000n,
    serverTimestampMs: LOG_START_MS - 60_000,
    random: 1,
  })

  it('is not taken for what is before an inclusive start', async () => {
    const { consumer, ofType } = setUp(
      { log },
      {
        startSelector: { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: old },
        onResumePointLost: 'earliest',
      },
    )
    expect(await take(consumer, 6)).toEqual(numbers)
    expect(ofType('resumePointLost')).toMatchObject([{ policy: 'earliest' }])
    expect(ofType('gap')).toMatchObject([
      { reason: 'missing-fragment', beforeFragmentNumber: numbers[0] },
    ])
  })

  it('is not suspected for a fragment before the start that another host received by a clock that is ahead', async () => {
    const start = encodeFragmentNumber({
      sequence: 3n,
      serverTimestampMs: log[1].serverTimestampMs - 5000,
      random: 1,
    })
    const named = buildFragment({
      ...log[2].spec,
      fragmentNumber: start,
      serverTimestampMs: undefined,
    })
    const { consumer, ofType } = setUp(
      { log, answer: () => ({ pieces: [payload[0], payload[1], named, ...payload.slice(3)] }) },
      { startSelector: { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: start } },
    )
    expect(await take(consumer, 4)).toEqual([start, ...numbers.slice(3)])
    expect(ofType('reconnectScheduled')).toEqual([])
  })

  it('is read behind a gap when the first fragment of all had been cut', async () => {
    const first = buildFragment({
      ...log[0].spec,
      fragmentNumber: old,
      serverTimestampMs: undefined,
    })
    const { consumer, ofType } = setUp({
      log,
      answer: ({ startIndex = 0 }, n) => ({
        pieces: n === 0 ? cut([first], first.length - 150, 'reset') : payload.slice(startIndex),
      }),
    })
    expect(await take(consumer, 6)).toEqual(numbers)
    expect(ofType('gap')).toMatchObject([{ beforeFragmentNumber: numbers[0] }])
  })
})

describe('an inclusive start whose time lies far before its fragment', () => {
  const startSelector = {
    StartSelectorType: 'AT_FRAGMENT_NUMBER',
    FragmentNumber: numbers[4],
    ServerTimestamp: new Date(LOG_START_MS),
  } as const

  it('is reached although no session brings it: the next goes on behind what was passed', async () => {
    const { consumer, service } = setUp(
      {
        log,
        answer: ({ startIndex = 0 }) => ({ pieces: payload.slice(startIndex, startIndex + 2) }),
      },
      { startSelector },
    )
    expect(await take(consumer, 2)).toEqual(numbers.slice(4))
    const types = service.requests.map(({ selector }) => selector.StartSelectorType)
    expect(types).toEqual(['SERVER_TIMESTAMP', 'CONTINUATION_TOKEN', 'CONTINUATION_TOKEN'])
  })

  it('asks for its time again when what was passed is gone', async () => {
    const { consumer, service } = setUp(
      {
        log,
        answer: ({ startIndex = 0 }, n) =>
          n === 1 || n === 2
            ? { refuse: exception('InvalidArgumentException') }
            : { pieces: payload.slice(startIndex, n === 0 ? 2 : undefined) },
      },
      { startSelector },
    )
    expect(await take(consumer, 2)).toEqual(numbers.slice(4))
    const types = service.requests.map(({ selector }) => selector.StartSelectorType)
    expect(types).toEqual([
      'SERVER_TIMESTAMP',
      'CONTINUATION_TOKEN',
      'FRAGMENT_NUMBER',
      'SERVER_TIMESTAMP',
    ])
  })

  it('yields nothing older when damage without a number is skipped on the way', async () => {
    const damaged = payload.map((bytes, index) => {
      const copy = bytes.slice()
      if (index === 1) copy[0] ^= 0xff
      return copy
    })
    const { consumer } = setUp(
      { log, answer: ({ startIndex = 0 }) => ({ pieces: damaged.slice(startIndex) }) },
      { startSelector, onDamagedFragment: 'skip' },
    )
    expect(await take(consumer, 2)).toEqual(numbers.slice(4))
  })
})

describe('the fragment that an inclusive start names', () => {
  const startSelector = {
    StartSelectorType: 'AT_FRAGMENT_NUMBER',
    FragmentNumber: numbers[3],
  } as const

  it.each([
    ['earliest', numbers.slice(4, 5)],
    ['now', numbers.slice(5, 6)],
  ] as const)('is given up with %s as a lost resume point', async (onResumePointLost, expected) => {
    const { consumer, service, ofType } = setUp(
      {
        log: log.slice(4),
        answer: ({ selector, startIndex = 0 }) => ({
          pieces:
            selector.StartSelectorType === 'NOW' ? payload.slice(5) : payload.slice(4 + startIndex),
        }),
      },
      { startSelector, onResumePointLost },
    )
    expect(await take(consumer, 1)).toEqual(expected)
    expect(ofType('resumePointLost')).toMatchObject([{ policy: onResumePointLost }])
    expect(ofType('gap')).toHaveLength(1)
    expect(service.requests.at(-1)?.selector.StartSelectorType).toBe(
      onResumePointLost === 'now' ? 'NOW' : 'SERVER_TIMESTAMP',
    )
  })
})
