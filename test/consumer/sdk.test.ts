import { Agent } from 'node:http'
import { KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import { KinesisVideoMediaClient } from '@aws-sdk/client-kinesis-video-media'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { EndpointRefusedError, type KinesisVideoConsumer } from '../../src/consumer/index.js'
import { ManualClock, createCertificate, peakConnections } from '../../src/simulator/index.js'
import { failureOf, take } from '../helpers/consumer-harness.js'
import {
  CREDENTIALS,
  type LiveHarness,
  type LiveOptions,
  clientConfig,
  startLive,
} from '../helpers/consumer-simulator.js'
import { createLog } from '../helpers/consumer-service.js'
import { within100Ms } from '../helpers/within-100-ms.js'

let live: LiveHarness

async function start(options?: LiveOptions): Promise<LiveHarness> {
  live = await startLive(options)
  return live
}

afterEach(() => live.simulator.close())

/** The requests of one operation. */
function requests(operation: 'GetMedia' | 'GetDataEndpoint') {
  return live.simulator.requests.filter((request) => request.operation === operation)
}

describe('with the real SDK', () => {
  it('reads whole fragments through GetDataEndpoint and GetMedia', async () => {
    const { createConsumer, numbers } = await start()
    const consumer = createConsumer()
    const frames: number[] = []
    const seen: unknown[] = []
    for await (const fragment of consumer) {
      seen.push(fragment.metadata.fragmentNumber)
      frames.push(...fragment.frames.map(({ data }) => data[3]))
      if (seen.length === 5) break
    }
    expect(seen).toEqual(numbers)
    expect(frames).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])
    expect(requests('GetDataEndpoint')).toHaveLength(1)
    expect(requests('GetMedia')).toMatchObject([
      { startSelector: { StartSelectorType: 'EARLIEST' } },
    ])
    expect(live.ofType('sessionOpened')[0].requestId).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('reads a stream by its ARN too, which both operations are told', async () => {
    const { createConsumer, numbers, simulator } = await start()
    const { arn } = simulator.streams.get('front-door')!
    const consumer = createConsumer({ streamName: undefined, streamARN: arn } as never)
    expect(await take(consumer, 5)).toEqual(numbers)
    expect(requests('GetDataEndpoint')).toHaveLength(1)
    expect(requests('GetMedia')).toHaveLength(1)
  })

  it('sends each kind of selector in the form the service takes', async () => {
    const { createConsumer, numbers } = await start()
    const log = createLog(5)
    for (const [startSelector, first] of [
      [{ StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: numbers[1] }, 2],
      [{ StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: numbers[2] }, 3],
      [
        {
          StartSelectorType: 'SERVER_TIMESTAMP',
          StartTimestamp: new Date(log[3].serverTimestampMs),
        },
        3,
      ],
      [
        {
          StartSelectorType: 'PRODUCER_TIMESTAMP',
          StartTimestamp: new Date(log[1].serverTimestampMs - 100),
        },
        1,
      ],
      [{ StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: numbers[2] }, 2],
    ] as const) {
      expect(await take(createConsumer({ startSelector }), 1)).toEqual([numbers[first]])
    }
  })

  it('resumes session after session, one connection at a time, with one GetDataEndpoint', async () => {
    const log = createLog(12)
    const { createConsumer, numbers, simulator } = await start({
      fragments: log,
      tokenStart: 'at',
      faults: log.map((_, index) => ({ at: { fragment: index, offset: 'end' }, do: 'cleanEnd' })),
    })
    const consumer = createConsumer()
    expect(await take(consumer, 12)).toEqual(numbers)
    expect(requests('GetMedia')).toHaveLength(12)
    expect(requests('GetDataEndpoint')).toHaveLength(1)
    expect(peakConnections(simulator.requests)).toBe(1)
    expect(consumer.stats().duplicatesDropped).toBe(11)
    // A response that ended properly leaves its connection for the next call.
    expect(new Set(requests('GetMedia').map(({ connectionId }) => connectionId)).size).toBe(1)
  })

  for (const how of ['reset', 'fin', 'cleanEnd', 'stall'] as const) {
    for (const framing of ['chunked', 'close'] as const) {
      it(`loses and repeats nothing when a response is cut by ${how} (${framing})`, async () => {
        const { createConsumer, numbers } = await start({
          framing,
          faults: [
            { at: { fragment: 1, offset: 'middle' }, do: how },
            { at: { fragment: 3, offset: 200 }, do: how },
          ],
        })
        const consumer = createConsumer(how === 'stall' ? { readIdleTimeoutMs: 5000 } : {})
        expect(await take(consumer, 5)).toEqual(numbers)
        // On a busy machine the 50 ms of a stall may pass once more.
        if (how === 'stall') expect(requests('GetMedia').length).toBeGreaterThanOrEqual(3)
        else expect(requests('GetMedia')).toHaveLength(3)
        const reason = live.ofType('sessionEnded')[0].reason
        const isClean = how === 'cleanEnd' || (how === 'fin' && framing === 'close')
        // Without framing Node may take a reset for the end, too: only TAIL tells.
        if (how === 'reset' && framing === 'close') expect(['reset', 'truncated']).toContain(reason)
        else expect(reason).toBe(how === 'stall' ? 'stalled' : isClean ? 'truncated' : 'reset')
      })
    }
  }

  it('yields frames once when the connection dies inside a fragment', async () => {
    const { createConsumer } = await start({
      fragments: createLog(3, { frames: 4 }),
      faults: [
        { at: { fragment: 0, offset: 'middle' }, do: 'reset' },
        { at: { fragment: 1, offset: 330 }, do: 'fin' },
      ],
    })
    const names: string[] = []
    for await (const { data } of createConsumer().frames()) {
      names.push(`${data[1]}.${data[3]}`)
      if (names.length === 12) break
    }
    expect(names).toEqual(
      [0, 1, 2].flatMap((index) => [0, 1, 2, 3].map((frame) => `${index}.${frame}`)),
    )
  })

  it('repeats an empty NOW session from the time of the server', async () => {
    const { createConsumer, simulator, numbers } = await start({ limits: { idleEndMs: 500 } })
    const stream = simulator.streams.get('front-door')
    const consumer = createConsumer({ startSelector: { StartSelectorType: 'NOW' } })
    // Between the two sessions, when nobody is connected.
    consumer.once('sessionEnded', () => {
      stream?.append({ frames: [{ trackNumber: 1, timestampMs: 0, data: Uint8Array.of(1) }] })
    })
    const [number] = await take(consumer, 1)
    expect(number).toBe(stream?.fragments.at(-1)?.fragmentNumber)
    expect(numbers).not.toContain(number)
    expect(requests('GetMedia')[1].startSelector?.StartSelectorType).toBe('SERVER_TIMESTAMP')
  })

  it('reads on while the stream grows', async () => {
    const { createConsumer, simulator, numbers } = await start({ limits: { idleEndMs: 3000 } })
    const stream = simulator.streams.get('front-door')
    stream?.startLive({
      source: createLog(20, { firstSequence: 100 }).map(({ spec }) => spec),
      intervalMs: 500,
    })
    const seen = await take(createConsumer(), 20)
    expect(seen.slice(0, 5)).toEqual(numbers)
    expect(seen).toEqual(stream?.fragments.slice(0, 20).map(({ fragmentNumber }) => fragmentNumber))
  })

  it('speaks HTTPS through the settings of the caller', async () => {
    const tls = createCertificate()
    const { createConsumer, numbers, simulator } = await start({ tls })
    const requestHandler = { httpsAgent: { ca: tls.cert } }
    const consumer = createConsumer({
      clientConfig: { ...clientConfig(simulator), requestHandler },
    } as never)
    expect(simulator.endpoint).toMatch(/^https:/)
    expect(await take(consumer, 5)).toEqual(numbers)
  })

  it('has no limit of 50 sockets: 60 streams are read at once', async () => {
    const { createConsumer, simulator } = await start({ limits: { idleEndMs: 3000 } })
    const consumers: KinesisVideoConsumer[] = []
    for (let n = 0; n < 60; n += 1) {
      simulator.addStream({ name: `stream-${n}`, fragments: createLog(1).map(({ spec }) => spec) })
      consumers.push(
        createConsumer({ streamName: `stream-${n}`, readIdleTimeoutMs: 600_000 } as never),
      )
    }
    const iterators = consumers.map((consumer) => consumer[Symbol.asyncIterator]())
    const firsts = await Promise.all(iterators.map((iterator) => iterator.next()))
    expect(firsts.every(({ done }) => done !== true)).toBe(true)
    await Promise.all(iterators.map(async (iterator) => iterator.return?.()))
  })
})

describe('an HTTP exception in its real form', () => {
  it.each([
    ['ClientLimitExceededException', 'throttled'],
    ['ConnectionLimitExceededException', 'connection-limit'],
    ['InvalidEndpointException', 'invalid-endpoint'],
    ['NotAuthorizedException', 'not-authorized'],
    ['ExpiredTokenException', 'not-authorized'],
    ['AccessDeniedException', 'not-authorized'],
    ['InternalFailure', 'server-error'],
    ['ServiceUnavailable', 'server-error'],
    ['ThrottlingException', 'throttled'],
  ] as const)('%s of either operation is %s, and passes', async (type, kind) => {
    const { createConsumer, numbers } = await start({
      faults: [
        { at: { request: 0, operation: 'GetDataEndpoint' }, do: { http: { type } } },
        { at: { request: 0 }, do: { http: { type } } },
      ],
    })
    const consumer = createConsumer({ random: () => 0 })
    if (kind === 'not-authorized') {
      // Twice in a row, be it of two operations, is final.
      expect(await failureOf(consumer)).toMatchObject({ code: 'request-failed' })
    } else {
      expect(await take(consumer, 5)).toEqual(numbers)
    }
    expect(live.ofType('requestFailed')).toMatchObject([
      { operation: 'GetDataEndpoint', kind, exception: type.replace('Exception', '') },
      { operation: 'GetMedia', kind },
    ])
  })

  it.each(['ResourceNotFoundException', 'InvalidArgumentException'])(
    '%s ends the consumer',
    async (type) => {
      const { createConsumer } = await start({
        faults: [{ at: { request: 0 }, do: { http: { type } } }],
      })
      expect(await failureOf(createConsumer())).toMatchObject({
        code: 'request-failed',
        cause: { name: type },
      })
    },
  )

  it('is retried by one layer only, with calls 250 ms apart', async () => {
    const { createConsumer, numbers, simulator, clock } = await start({
      factor: 20,
      faults: [0, 1, 2].flatMap((request) => [
        {
          at: { request, operation: 'GetDataEndpoint' as const },
          do: { http: { type: 'InternalFailure' } },
        },
        { at: { request }, do: { http: { type: 'ServiceUnavailable' } } },
      ]),
    })
    // A client of the caller's, which would retry three times by itself within half a second.
    const client = new KinesisVideoClient({ ...clientConfig(simulator), maxAttempts: 3 })
    const sentAtMs: number[] = []
    client.middlewareStack.add(
      (next) => (args) => {
        sentAtMs.push(clock.monotonicMs())
        return next(args)
      },
      { step: 'initialize' },
    )
    const consumer = createConsumer({ client, random: () => 0 } as never)
    expect(await take(consumer, 5)).toEqual(numbers)
    expect(requests('GetDataEndpoint')).toHaveLength(4)
    expect(requests('GetMedia')).toHaveLength(4)
    // At 20 times the speed a busy machine's milliseconds are a good part of a gap: what counts is all of them together.
    const gaps = sentAtMs.length - 1
    expect((sentAtMs[gaps] - sentAtMs[0]) / gaps).toBeGreaterThan(200)
    client.destroy()
  })
})

describe('endpoint and credentials', () => {
  it('asks for the endpoint again after InvalidEndpoint and after a connection that fails', async () => {
    const { createConsumer } = await start({
      faults: [
        { at: { request: 0 }, do: { http: { type: 'InvalidEndpointException' } } },
        { at: { request: 1 }, do: 'reset' },
        { at: { fragment: 2, offset: 'middle' }, do: 'reset' },
      ],
    })
    await take(createConsumer(), 5)
    // Not after a session that broke: the endpoint had answered.
    expect(requests('GetDataEndpoint')).toHaveLength(3)
  })

  it('has credentials refreshed when they are refused, whatever the SDK has remembered', async () => {
    const { createConsumer, simulator, numbers } = await start({ accessKeyIds: ['AKIANEW'] })
    const given: string[] = []
    const credentials = async () => {
      given.push('x')
      return { ...CREDENTIALS, accessKeyId: given.length === 1 ? 'AKIAOLD' : 'AKIANEW' }
    }
    const consumer = createConsumer({
      clientConfig: { ...clientConfig(simulator), credentials },
    } as never)
    expect(await take(consumer, 5)).toEqual(numbers)
    expect(given).toHaveLength(2)
    expect(live.ofType('requestFailed')).toMatchObject([
      { kind: 'not-authorized', action: 'retry' },
    ])
  })

  it('uses a client of the caller, with its region and credentials, and leaves it open', async () => {
    const { createConsumer, numbers, simulator } = await start({ accessKeyIds: ['AKIATEST'] })
    const client = new KinesisVideoClient(clientConfig(simulator))
    const destroy = vi.spyOn(client, 'destroy')
    expect(await take(createConsumer({ client } as never), 5)).toEqual(numbers)
    expect(await take(createConsumer({ client } as never), 5)).toEqual(numbers)
    expect(destroy).not.toHaveBeenCalled()
    client.destroy()
  })

  it('calls the send() that a test put in the place of the real one', async () => {
    const { createConsumer, numbers, simulator } = await start()
    const client = new KinesisVideoClient(clientConfig(simulator))
    const send = vi
      .spyOn(client, 'send')
      .mockImplementation(async () => ({ DataEndpoint: simulator.endpoint }))
    expect(await take(createConsumer({ client } as never), 5)).toEqual(numbers)
    expect(send).toHaveBeenCalledOnce()
    expect(requests('GetDataEndpoint')).toHaveLength(0)
    client.destroy()
  })

  it('does not destroy an agent of the caller', async () => {
    const { createConsumer, simulator } = await start()
    const httpAgent = new Agent({ keepAlive: true })
    const destroy = vi.spyOn(httpAgent, 'destroy')
    await take(
      createConsumer({
        clientConfig: { ...clientConfig(simulator), requestHandler: { httpAgent } },
      } as never),
      2,
    )
    expect(destroy).not.toHaveBeenCalled()
    httpAgent.destroy()
  })

  it('sends nothing to a data endpoint that is not of AWS', async () => {
    const { createConsumer, simulator } = await start()
    const client = new KinesisVideoClient(clientConfig(simulator))
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        Object.assign(result.output, { DataEndpoint: 'https://collector.evil.example' })
        return result
      },
      { step: 'initialize' },
    )
    const send = vi.spyOn(KinesisVideoMediaClient.prototype, 'send')
    const error = await failureOf(createConsumer({ client } as never))
    expect(error).toBeInstanceOf(EndpointRefusedError)
    expect(error).toMatchObject({ code: 'endpoint-refused', host: 'collector.evil.example' })
    expect(send).not.toHaveBeenCalled()
    client.destroy()
  })

  it('takes a data endpoint of the caller, and then asks for none', async () => {
    const { createConsumer, simulator, numbers } = await start()
    const consumer = createConsumer({
      clientConfig: { region: 'us-east-1', credentials: CREDENTIALS },
      dataEndpoint: simulator.endpoint,
    } as never)
    expect(await take(consumer, 5)).toEqual(numbers)
    expect(requests('GetDataEndpoint')).toHaveLength(0)
  })

  it('follows an endpoint that the environment sets', async () => {
    const { createConsumer, simulator, numbers } = await start()
    vi.stubEnv('AWS_ENDPOINT_URL_KINESIS_VIDEO', simulator.endpoint)
    const consumer = createConsumer({
      clientConfig: { region: 'us-east-1', credentials: CREDENTIALS },
    } as never)
    expect(await take(consumer, 5)).toEqual(numbers)
  })

  it('keeps FIPS and dual-stack settings of the environment away from the data endpoint', async () => {
    vi.stubEnv('AWS_USE_FIPS_ENDPOINT', 'true')
    vi.stubEnv('AWS_USE_DUALSTACK_ENDPOINT', 'true')
    const { createConsumer, simulator, numbers } = await start()
    const consumer = createConsumer({
      clientConfig: { region: 'us-east-1', credentials: CREDENTIALS },
      dataEndpoint: simulator.endpoint,
    } as never)
    expect(await take(consumer, 5)).toEqual(numbers)
  })

  describe('without a region', () => {
    beforeEach(() => {
      vi.stubEnv('AWS_REGION', undefined)
      vi.stubEnv('AWS_CONFIG_FILE', '/dev/null')
    })

    it.each(['clientConfig', 'client', 'dataEndpoint'] as const)(
      'says so, and how to set it, in place of a failed request (by %s)',
      async (by) => {
        const { createConsumer, simulator } = await start()
        const { endpoint } = simulator
        const config = { endpoint, credentials: CREDENTIALS }
        const consumer = createConsumer(
          (by === 'client'
            ? { client: new KinesisVideoClient(config) }
            : by === 'dataEndpoint'
              ? { clientConfig: { credentials: CREDENTIALS }, dataEndpoint: endpoint }
              : { clientConfig: config }) as never,
        )
        const option = by === 'client' ? 'client' : 'clientConfig'
        const error = await failureOf(consumer)
        expect(error).toMatchObject({ code: 'invalid-option', option })
        expect((error as Error).message).toBe(
          `${option}: no AWS region is set: give it one, such as { region: 'eu-west-1' }, or set AWS_REGION or the region of the shared config file`,
        )
        expect(live.events.map(({ type }) => type)).toEqual(['closed'])
        expect(simulator.requests).toEqual([])
      },
    )

    it('takes that of mediaClientConfig for a data endpoint of the caller', async () => {
      const { createConsumer, simulator, numbers } = await start()
      const consumer = createConsumer({
        clientConfig: { credentials: CREDENTIALS },
        mediaClientConfig: { region: 'us-east-1' },
        dataEndpoint: simulator.endpoint,
      } as never)
      expect(await take(consumer, 5)).toEqual(numbers)
    })
  })
})

describe('the end', () => {
  /** Sockets of this process that are connected to the simulator. */
  const sockets = () =>
    process.getActiveResourcesInfo().filter((resource) => resource === 'TCPSocketWrap').length

  it.each(['break', 'stop', 'abort'] as const)(
    'by %s closes the connection within 100 ms',
    async (how) => {
      const { createConsumer, simulator } = await start({ limits: { idleEndMs: Infinity } })
      const before = sockets()
      const controller = new AbortController()
      const consumer = createConsumer({ signal: controller.signal })
      const iterator = consumer[Symbol.asyncIterator]()
      for (let n = 0; n < 5; n += 1) await iterator.next()
      const waiting = iterator.next().catch((error: unknown) => error)
      // A turn, so that it waits for the socket.
      await new Promise((resolve) => setImmediate(resolve))
      const end = async (): Promise<unknown> => {
        if (how === 'break') await iterator.return?.()
        if (how === 'stop') await consumer.stop()
        if (how === 'abort') controller.abort(new Error('enough'))
        const result = await waiting
        await simulator.whenRequests((all) => all.every(({ ended }) => ended !== undefined))
        return result
      }
      const result = await within100Ms(end())
      if (how === 'abort') expect(result).toMatchObject({ message: 'enough' })
      else expect(result).toMatchObject({ done: true })
      expect(requests('GetMedia')[0].ended).toBe('client')
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect(sockets()).toBeLessThanOrEqual(before)
    },
  )

  it('by abort while the headers do not come closes it too', async () => {
    const { createConsumer, simulator } = await start({
      faults: [{ at: { request: 0 }, do: 'stall' }],
    })
    const controller = new AbortController()
    const consumer = createConsumer({ signal: controller.signal })
    const ended = failureOf(consumer)
    await simulator.whenRequests((all) => all.some(({ faults }) => faults.length > 0))
    controller.abort(new Error('enough'))
    expect(await ended).toMatchObject({ message: 'enough' })
    await simulator.whenRequests((all) => all.every(({ ended: end }) => end !== undefined))
  })

  it('of waiting for headers is the first-byte limit, not for ever', async () => {
    const { createConsumer, numbers, simulator } = await start({
      faults: [{ at: { request: 0 }, do: 'stall' }],
    })
    // It stands still for the second call, however long a busy machine takes to answer that.
    const clock = new ManualClock()
    const consumer = createConsumer({ clock, firstByteTimeoutMs: 2000, random: () => 0 })
    const taken = take(consumer, 5)
    await simulator.whenRequests((all) => all.some(({ faults }) => faults.length > 0))
    clock.advance(1999)
    await new Promise((resolve) => setImmediate(resolve))
    expect(live.ofType('requestFailed')).toEqual([])
    clock.advance(1)
    expect(await taken).toEqual(numbers)
    expect(live.ofType('requestFailed')).toMatchObject([{ kind: 'first-byte-timeout' }])
  })
})
