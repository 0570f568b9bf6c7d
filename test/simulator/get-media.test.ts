import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Clock,
  type FragmentSpec,
  ManualClock,
  type Simulator,
  type SimulatorOptions,
  peakCallsPerSecond,
  peakConnections,
  startSimulator,
  syntheticFragments,
} from '../../src/simulator/index.js'
import { type Drained, type Sdk, createSdk, drain, fragmentNumbers, take } from './sdk.js'

const START_MS = 1_700_000_000_000
const specs: FragmentSpec[] = take(
  syntheticFragments({ startMs: START_MS, frameBytes: 50, keyframeBytes: 200 }),
  6,
)
const numbers = specs.map((spec) => spec.fragmentNumber!)

let clock: ManualClock
let simulator: Simulator
let sdk: Sdk

async function start(options: SimulatorOptions = {}): Promise<void> {
  simulator = await startSimulator({
    clock,
    streams: [{ name: 'door', fragments: specs }],
    ...options,
    limits: { idleEndMs: 0, ...options.limits },
  })
  sdk = createSdk(simulator)
}

async function numbersFrom(selector: Parameters<Sdk['getMedia']>[1]): Promise<readonly string[]> {
  clock.advance(1000)
  const { bytes, ended } = await drain(await sdk.getMedia('door', selector))
  expect(ended).toBe('end')
  return fragmentNumbers(bytes)
}

beforeEach(() => {
  clock = new ManualClock(START_MS + 60_000)
})

afterEach(async () => {
  sdk.destroy()
  await simulator.close()
  expect(clock.pending).toBe(0)
})

describe('a response', () => {
  it('is every fragment with TAIL telling how late it is', async () => {
    await start()
    expect(await sdk.getDataEndpoint('door')).toBe(simulator.endpoint)
    const output = await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' })
    expect(output.ContentType).toBe('video/webm')
    const { bytes, ended } = await drain(output)
    expect(ended).toBe('end')
    const held = simulator.streams.get('door')!.fragments
    const expected = held.map((fragment) =>
      fragment.payload(clock.now() - fragment.serverTimestampMs),
    )
    expect(Buffer.compare(bytes, Buffer.concat(expected))).toBe(0)
    expect(fragmentNumbers(bytes)).toEqual(numbers)
  })

  it("says the time of the simulator's clock, refusals too", async () => {
    await start()
    const response = await fetch(`${simulator.endpoint}/getMedia`, { method: 'POST', body: '{}' })
    expect(response.ok).toBe(false)
    expect(Date.parse(response.headers.get('date') ?? '')).toBe(START_MS + 60_000)
    await response.text()
  })

  it('is found by ARN as well', async () => {
    await start()
    const { arn } = simulator.streams.get('door')!
    expect(arn).toMatch(/^arn:aws:kinesisvideo:us-east-1:123456789012:stream\/door\/\d+$/)
    const output = await sdk.getMediaByArn(arn, { StartSelectorType: 'EARLIEST' })
    expect(fragmentNumbers((await drain(output)).bytes)).toEqual(numbers)
  })
})

describe('StartSelector', () => {
  it('EARLIEST starts with the first fragment held', async () => {
    await start()
    simulator.streams.get('door')!.dropBefore(numbers[2]!)
    expect(await numbersFrom({ StartSelectorType: 'EARLIEST' })).toEqual(numbers.slice(2))
  })

  it('NOW starts with what is appended after the call', async () => {
    await start({
      streams: [{ name: 'door', fragments: specs.slice(0, 4) }],
      limits: { idleEndMs: 3000 },
    })
    const output = await sdk.getMedia('door', { StartSelectorType: 'NOW' })
    for (const spec of specs.slice(4)) simulator.streams.get('door')!.append(spec)
    await simulator.whenRequests(([request]) => request?.fragmentsSent === 2)
    clock.advance(3000)
    expect(fragmentNumbers((await drain(output)).bytes)).toEqual(numbers.slice(4))
  })

  it('NOW starts with the newest fragment when told to', async () => {
    await start({ nowStart: 'latest' })
    expect(await numbersFrom({ StartSelectorType: 'NOW' })).toEqual(numbers.slice(5))
  })

  it('FRAGMENT_NUMBER starts after the fragment', async () => {
    await start()
    const after = (AfterFragmentNumber: string): Promise<readonly string[]> =>
      numbersFrom({ StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber })
    expect(await after(numbers[2]!)).toEqual(numbers.slice(3))
    expect(await after(`000${numbers[2]!}`)).toEqual(numbers.slice(3))
    expect(await after(numbers[5]!)).toEqual([])
  })

  it('CONTINUATION_TOKEN starts after its fragment', async () => {
    await start()
    const selector = {
      StartSelectorType: 'CONTINUATION_TOKEN',
      ContinuationToken: numbers[2]!,
    } as const
    expect(await numbersFrom(selector)).toEqual(numbers.slice(3))
  })

  it('CONTINUATION_TOKEN starts at its fragment when tokens are inclusive', async () => {
    await start({ tokenStart: 'at' })
    const selector = {
      StartSelectorType: 'CONTINUATION_TOKEN',
      ContinuationToken: numbers[2]!,
    } as const
    expect(await numbersFrom(selector)).toEqual(numbers.slice(2))
  })

  it('CONTINUATION_TOKEN takes a token that is no number', async () => {
    const [first, second] = specs
    const fragments = [{ ...first, continuationToken: 'opaque_token.1' }, second!]
    await start({ streams: [{ name: 'door', fragments }] })
    const selector = {
      StartSelectorType: 'CONTINUATION_TOKEN',
      ContinuationToken: 'opaque_token.1',
    } as const
    expect(await numbersFrom(selector)).toEqual([numbers[1]])
  })

  it.each(['SERVER_TIMESTAMP', 'PRODUCER_TIMESTAMP'] as const)(
    '%s starts at that time, to the millisecond',
    async (StartSelectorType) => {
      await start()
      const key =
        StartSelectorType === 'SERVER_TIMESTAMP' ? 'serverTimestampMs' : 'producerTimestampMs'
      const timeMs = specs[3]![key]!
      const at = (ms: number): Promise<readonly string[]> =>
        numbersFrom({ StartSelectorType, StartTimestamp: new Date(ms) })
      expect(await at(timeMs)).toEqual(numbers.slice(3))
      expect(await at(timeMs - 1)).toEqual(numbers.slice(3))
      expect(await at(timeMs + 1)).toEqual(numbers.slice(4))
      expect(await at(timeMs - 1_000_000)).toEqual(numbers)
      expect(await at(timeMs + 1_000_000)).toEqual([])
    },
  )

  it('a time between two fragments starts with the one before when told to', async () => {
    await start({ timestampStart: 'containing' })
    const timeMs = specs[3]!.serverTimestampMs!
    const at = (ms: number): Promise<readonly string[]> =>
      numbersFrom({ StartSelectorType: 'SERVER_TIMESTAMP', StartTimestamp: new Date(ms) })
    expect(await at(timeMs)).toEqual(numbers.slice(3))
    expect(await at(timeMs + 1)).toEqual(numbers.slice(3))
    expect(await at(timeMs + 1_000_000)).toEqual(numbers.slice(5))
    expect(await at(timeMs - 1_000_000)).toEqual(numbers)
  })
})

describe('a start that is not held', () => {
  const lost = { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: numbers[0]! } as const

  it('is in-band error 4000, then the end', async () => {
    await start()
    simulator.streams.get('door')!.dropBefore(numbers[2]!)
    const { bytes, ended } = await drain(await sdk.getMedia('door', lost))
    expect(Buffer.from(bytes).toString('latin1')).toMatch(/AWS_KINESISVIDEO_ERROR_ID.{6}4000/s)
    expect(ended).toBe('end')
    expect(simulator.requests[0]).toMatchObject({ ended: 'error-tag', fragmentsSent: 0 })
  })

  it('is InvalidArgumentException when told so', async () => {
    await start({ lostStart: 'InvalidArgumentException' })
    simulator.streams.get('door')!.dropBefore(numbers[2]!)
    await expect(sdk.getMedia('door', lost)).rejects.toMatchObject({
      name: 'InvalidArgumentException',
      message: `The requested fragment ${numbers[0]} is not found.`,
    })
  })

  it('is the next fragment held when told so', async () => {
    await start({ lostStart: 'next' })
    simulator.streams.get('door')!.dropBefore(numbers[2]!)
    expect(await numbersFrom(lost)).toEqual(numbers.slice(2))
    const token = { StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: 'none' } as const
    expect(await numbersFrom(token)).toEqual(numbers.slice(2))
  })
})

describe('the end of a response', () => {
  it('comes 3 s after the last fragment', async () => {
    await start({ limits: { idleEndMs: 3000 } })
    const stream = simulator.streams.get('door')!
    const next = take(syntheticFragments({ startMs: START_MS + 20_000, firstSequence: 7 }), 1)[0]!
    const output = await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' })
    const drained = drain(output)
    await simulator.whenRequests(([request]) => request?.fragmentsSent === 6)
    clock.advance(2999)
    stream.append(next)
    await simulator.whenRequests(([request]) => request?.fragmentsSent === 7)
    await clock.whenDueWithin(3000)
    clock.advance(2999)
    expect(simulator.requests[0]!.ended).toBeUndefined()
    clock.advance(1)
    expect(fragmentNumbers((await drained).bytes)).toEqual([...numbers, next.fragmentNumber])
    expect(simulator.requests[0]).toMatchObject({
      ended: 'idle',
      endedTimeMs: START_MS + 60_000 + 2999 + 3000,
      firstFragmentNumber: numbers[0],
      lastFragmentNumber: next.fragmentNumber,
    })
  })

  it('comes after 45 minutes, however much is appended', async () => {
    await start({ streams: [{ name: 'door' }], limits: { idleEndMs: 3000 } })
    const stream = simulator.streams.get('door')!
    const drained = drain(await sdk.getMedia('door', { StartSelectorType: 'NOW' }))
    const source = syntheticFragments({ frameBytes: 10, keyframeBytes: 10, frameRate: 1 })
    stream.startLive({ source, intervalMs: 2500 })
    const steps = (45 * 60_000) / 2500
    for (let step = 1; step <= steps; step++) {
      await simulator.whenRequests(([request]) => request!.fragmentsSent >= step)
      clock.advance(2500)
    }
    const { bytes, ended } = await drained
    expect(ended).toBe('end')
    expect(fragmentNumbers(bytes)).toHaveLength(steps)
    expect(simulator.requests[0]).toMatchObject({ ended: 'session' })
    stream.stopLive()
  })

  it.each(['fragment', 'anywhere'] as const)('can cut at any %s', async (sessionEndsAt) => {
    const frames = [{ trackNumber: 1, timestampMs: 0, data: new Uint8Array(400_000) }]
    const fragments = [{ frames }, { frames }] satisfies FragmentSpec[]
    await start({
      streams: [{ name: 'door', fragments }],
      sessionEndsAt,
      limits: { sessionEndMs: 1000, bytesPerSecond: 100_000 },
    })
    const drained = drain(await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' }))
    while (simulator.requests[0]!.ended === undefined) {
      clock.advance(100)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { bytes, ended } = await drained
    const length = simulator.streams.get('door')!.fragments[0]!.payload(60_000).length
    expect(ended).toBe('end')
    if (sessionEndsAt === 'fragment') expect(Math.abs(bytes.length - length)).toBeLessThan(10)
    else expect(bytes.length).toBeLessThan(length / 2)
    expect(simulator.requests[0]!.ended).toBe('session')
  })

  it('comes at once for all responses of a stream when told so, after the fragment', async () => {
    await start({ limits: { idleEndMs: Infinity } })
    const drained = drain(await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' }))
    await simulator.whenRequests(([request]) => request?.fragmentsSent === 6)
    simulator.streams.get('door')!.endSessions()
    expect((await drained).ended).toBe('end')
    expect(simulator.requests[0]!.ended).toBe('session')
  })

  it('is seen when the client goes away', async () => {
    await start({ limits: { idleEndMs: Infinity } })
    const abort = new AbortController()
    const output = await sdk.getMedia('door', { StartSelectorType: 'NOW' }, abort.signal)
    abort.abort()
    await drain(output)
    await simulator.whenRequests(([request]) => request?.ended === 'client')
  })

  it('is seen when the simulator closes, by both sides', async () => {
    await start({ limits: { idleEndMs: Infinity } })
    const drained = drain(await sdk.getMedia('door', { StartSelectorType: 'NOW' }))
    await simulator.close()
    expect((await drained).ended).toBe('ECONNRESET')
    expect(simulator.requests[0]!.ended).toBe('closed')
    await simulator.close()
  })
})

describe('retention', () => {
  it('forgets a fragment when its time is up', async () => {
    const retentionMs = clock.now() - specs[1]!.serverTimestampMs! + 1001
    await start({ streams: [{ name: 'door', fragments: specs, retentionMs }] })
    // specs[0] was 1 ms younger than the limit at the second before; numbersFrom moves on by one.
    expect(simulator.streams.get('door')!.fragments).toHaveLength(5)
    expect(await numbersFrom({ StartSelectorType: 'EARLIEST' })).toEqual(numbers.slice(1))
    expect(await numbersFrom({ StartSelectorType: 'EARLIEST' })).toEqual(numbers.slice(2))
  })

  it('takes away what a slow response has not sent yet', async () => {
    await start({ limits: { bytesPerSecond: 1000 } })
    const drained = drain(await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' }))
    await clock.whenDueWithin(10_000)
    simulator.streams.get('door')!.dropBefore(numbers[4]!)
    let isDone = false
    void drained.finally(() => (isDone = true))
    while (!isDone) {
      clock.advance(1000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(fragmentNumbers((await drained).bytes)).toEqual([numbers[0], ...numbers.slice(4)])
  })
})

describe('limits', () => {
  it('refuses the sixth GetMedia call within a second, and counts', async () => {
    await start()
    const call = async (): Promise<unknown> =>
      drain(await sdk.getMedia('door', { StartSelectorType: 'NOW' }))
    for (let i = 0; i < 5; i++) await call()
    await expect(call()).rejects.toMatchObject({
      name: 'ClientLimitExceededException',
      $metadata: { httpStatusCode: 400 },
    })
    clock.advance(999)
    await expect(call()).rejects.toThrow('Rate exceeded')
    clock.advance(1)
    await call()
    expect(peakCallsPerSecond(simulator.requests, 'GetMedia', 'door')).toBe(7)
    expect(peakCallsPerSecond(simulator.requests, 'GetDataEndpoint')).toBe(0)
  })

  it('count seconds that pass, not the time of day', async () => {
    let dayOffsetMs = 0
    const ticking = clock
    const setClock: Clock = {
      now: () => ticking.now() + dayOffsetMs,
      monotonicMs: () => ticking.monotonicMs(),
      setTimer: (callback, delayMs) => ticking.setTimer(callback, delayMs),
    }
    await start({ clock: setClock, limits: { idleEndMs: 3000, connectionsPerStream: Infinity } })
    const now = { StartSelectorType: 'NOW' } as const
    const drained: Promise<Drained>[] = []
    for (let i = 0; i < 5; i++) drained.push(drain(await sdk.getMedia('door', now)))
    dayOffsetMs = -3_600_000
    clock.advance(1000)
    drained.push(drain(await sdk.getMedia('door', now)))
    await clock.whenDueWithin(2000)
    clock.advance(3000)
    for (const { ended } of await Promise.all(drained)) expect(ended).toBe('end')
    expect(simulator.requests.map((request) => request.ended)).toEqual(Array(6).fill('idle'))
  })

  it('refuses the sixth GetDataEndpoint call within a second', async () => {
    await start()
    for (let i = 0; i < 5; i++) await sdk.getDataEndpoint('door')
    await expect(sdk.getDataEndpoint('door')).rejects.toMatchObject({
      name: 'ClientLimitExceededException',
    })
  })

  it('refuses the fourth open response of a stream, not an older one', async () => {
    await start({
      streams: [{ name: 'door' }, { name: 'yard' }],
      limits: { idleEndMs: Infinity },
    })
    const abort = new AbortController()
    const open = (name: string, signal?: AbortSignal): ReturnType<Sdk['getMedia']> =>
      sdk.getMedia(name, { StartSelectorType: 'NOW' }, signal)
    const outputs = [await open('door', abort.signal), await open('door'), await open('door')]
    await expect(open('door')).rejects.toMatchObject({ name: 'ConnectionLimitExceededException' })
    outputs.push(await open('yard'))
    expect(simulator.requests.map((request) => request.ended)).toEqual([
      undefined,
      undefined,
      undefined,
      'refused',
      undefined,
    ])
    abort.abort()
    await simulator.whenRequests(([first]) => first?.ended === 'client')
    outputs.push(await open('door'))
    expect(peakConnections(simulator.requests, 'door')).toBe(3)
    await simulator.close()
    await Promise.all(outputs.map((output) => drain(output)))
  })
})

describe('the pace', () => {
  it('holds to the bytes per second', async () => {
    const big = take(syntheticFragments({ frameBytes: 40_000, keyframeBytes: 40_000 }), 1)
    await start({
      streams: [{ name: 'door', fragments: big }],
      limits: { bytesPerSecond: 100_000 },
    })
    const before = clock.now()
    const drained = drain(await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' }))
    while (simulator.requests[0]!.ended === undefined) {
      clock.advance(10)
      await new Promise((resolve) => setImmediate(resolve))
    }
    const { bytes } = await drained
    const seconds = (clock.now() - before) / 1000
    expect(bytes.length / seconds).toBeLessThan(110_000)
    expect(bytes.length / seconds).toBeGreaterThan(70_000)
  })

  it('waits for a client that does not read', async () => {
    const frames = [{ trackNumber: 1, timestampMs: 0, data: new Uint8Array(1_000_000) }]
    const big = Array.from({ length: 40 }, (): FragmentSpec => ({ style: 'producer-sdk', frames }))
    await start({ streams: [{ name: 'door', fragments: big }] })
    const output = await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' })
    const [request] = simulator.requests
    let before = -1
    while (request!.bytesSent !== before) {
      before = request!.bytesSent
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    // What the kernel buffers on the loopback interface, far from all 40 MB.
    expect(before).toBeLessThan(16_000_000)
    const { bytes } = await drain(output)
    expect(bytes.length).toBe(request!.bytesSent)
    expect(request!.fragmentsSent).toBe(40)
  })
})

describe('a live stream', () => {
  it('stamps what it appends with its own number and the time', async () => {
    await start({ streams: [{ name: 'door' }] })
    const stream = simulator.streams.get('door')!
    stream.startLive({ source: specs, intervalMs: 1500, count: 3 })
    clock.advance(10_000)
    const times = stream.fragments.map((fragment) => fragment.serverTimestampMs - START_MS)
    expect(times).toEqual([60_000, 61_500, 63_000])
    const held = stream.fragments.map((fragment) => fragment.fragmentNumber)
    expect(await numbersFrom({ StartSelectorType: 'EARLIEST' })).toEqual(held)
    expect(held.some((number) => numbers.includes(number))).toBe(false)
  })

  it('keeps a pace in bytes per second', async () => {
    await start({ streams: [{ name: 'door' }] })
    const stream = simulator.streams.get('door')!
    const source = syntheticFragments({ frameBytes: 10_000, keyframeBytes: 10_000 })
    stream.startLive({ source, bytesPerSecond: 25_000_000 })
    clock.advance(1000)
    stream.stopLive()
    const bytes = stream.fragments.reduce((sum, { byteLength }) => sum + byteLength, 0)
    expect(bytes).toBeGreaterThan(24_700_000)
    expect(bytes).toBeLessThan(25_400_000)
  })
})
