// The consumer, the real SDK and real sockets, against a simulator that breaks at random.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Fault,
  ManualClock,
  peakCallsPerSecond,
  peakConnections,
} from '../../src/simulator/index.js'
import { createLog } from '../helpers/consumer-service.js'
import { startLive } from '../helpers/consumer-simulator.js'

const FRAGMENTS = 40
const log = createLog(FRAGMENTS, { frames: 2 })
const numbers = log.map(({ fragmentNumber }) => fragmentNumber)

const anyFragment = fc.nat(FRAGMENTS - 1)
const place = fc.record({
  fragment: anyFragment,
  offset: fc.oneof(fc.nat(400), fc.constantFrom('middle' as const, 'end' as const)),
})
const fault: fc.Arbitrary<Fault> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ at: place, do: fc.constantFrom('reset', 'fin', 'cleanEnd', 'stall') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ at: place, do: fc.constant('delay' as const), delayMs: fc.nat(2000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      at: fc.record({
        fragment: anyFragment,
        offset: fc.oneof(fc.nat(400), fc.constant('middle' as const)),
      }),
      do: fc.constant('slice' as const),
      bytes: fc.integer({ min: 7, max: 90 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      at: place,
      do: fc.constant('duplicate' as const),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      at: place,
      do: fc.record({ errorTag: fc.constantFrom(3002, 4503, 5000, 777) }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      at: fc.record({ request: fc.nat(12) }),
      do: fc.record({
        http: fc.record({
          type: fc.constantFrom(
            'ClientLimitExceededException',
            'ConnectionLimitExceededException',
            'InvalidEndpointException',
            'InternalFailure',
          ),
        }),
      }),
    }),
  },
)
const options = fc.record({
  faults: fc.array(fault, { maxLength: 8 }),
  tokenStart: fc.constantFrom('after' as const, 'at' as const),
  framing: fc.constantFrom('chunked' as const, 'close' as const),
})

describe('40 random fault scripts over real sockets', () => {
  it('cost no fragment, repeat none, and take one connection at a time', async () => {
    await fc.assert(
      fc.asyncProperty(options, fc.boolean(), async (simulation, isFrameMode) => {
        await using live = await startLive({ ...simulation, fragments: log, factor: 600 })
        const consumer = live.createConsumer({ readIdleTimeoutMs: 24_000 })
        const seen: string[] = []
        if (isFrameMode) {
          for await (const { data } of consumer.frames()) {
            seen.push(`${data[1]}.${data[3]}`)
            if (seen.length === FRAGMENTS * 2) break
          }
          expect(seen).toEqual(log.flatMap(({ index }) => [`${index}.0`, `${index}.1`]))
        } else {
          for await (const { metadata } of consumer) {
            seen.push(metadata.fragmentNumber)
            if (seen.length === FRAGMENTS) break
          }
          expect(seen).toEqual(numbers)
        }
        const { requests } = live.simulator
        expect(peakConnections(requests)).toBe(1)
      }),
      { numRuns: 40 },
    )
  }, 180_000)
})

describe('a storm of failures', () => {
  it('makes at most 5 calls a second of either operation, one connection at a time', async () => {
    await using live = await startLive({
      fragments: log,
      factor: 50,
      faults: [
        { at: { fragment: 0, offset: 'middle' }, do: 'reset', times: 8 },
        ...Array.from({ length: 8 }, (_, n) => ({
          at: { request: 8 + n },
          do: { http: { type: 'InvalidEndpointException' } },
        })),
      ],
    })
    // Without jitter's help: every delay is as short as it can be.
    const consumer = live.createConsumer({ random: () => 0 })
    let count = 0
    for await (const _ of consumer) {
      count += 1
      if (count === FRAGMENTS) break
    }
    const { requests } = live.simulator
    expect(requests.filter(({ operation }) => operation === 'GetMedia')).toHaveLength(17)
    expect(peakCallsPerSecond(requests, 'GetMedia')).toBeLessThanOrEqual(5)
    expect(peakCallsPerSecond(requests, 'GetDataEndpoint')).toBeLessThanOrEqual(5)
    expect(peakConnections(requests)).toBe(1)
  })
})

describe('backpressure', () => {
  const MEGABYTE = 1_000_000
  const big = createLog(60).map((fragment, index) => ({
    ...fragment,
    spec: {
      ...fragment.spec,
      frames: Array.from({ length: 10 }, (_, frame) => ({
        trackNumber: 1,
        timestampMs: frame,
        data: new Uint8Array(MEGABYTE / 2).fill(index),
      })),
    },
  }))

  it('holds a fast source back: two fragments and 32 MB, however slow the loop is', async () => {
    await using live = await startLive({
      fragments: big,
      factor: 50,
      limits: { bytesPerSecond: 25 * MEGABYTE, idleEndMs: 0 },
    })
    const used = () => {
      // The second one waits for the memory that the first lets go beside what runs.
      gc?.()
      gc?.()
      const { arrayBuffers, heapUsed } = process.memoryUsage()
      return arrayBuffers + heapUsed
    }
    const consumer = live.createConsumer()
    const request = () =>
      live.simulator.requests.findLast(({ operation }) => operation === 'GetMedia')
    let before = 0
    let peak = 0
    let count = 0
    for await (const _ of consumer) {
      count += 1
      if (count === 1) before = used()
      // Two seconds of the clock that the source shares, in which it could send 50 MB.
      await new Promise((resolve) => setTimeout(resolve, 40))
      peak = Math.max(peak, used())
      // What is sent but not taken lies in the two kernels' buffers and in Node's.
      expect((request()?.fragmentsSent ?? 0) - count).toBeLessThanOrEqual(3)
      if (count === 10) break
    }
    expect(peak - before).toBeLessThan(2 * 5 * MEGABYTE + 32 * MEGABYTE)
    expect(live.ofType('reconnectScheduled')).toEqual([])
  })

  it('never punishes the pause: ten times the read-idle limit', async () => {
    await using live = await startLive({ fragments: big.slice(0, 2) })
    // It stands still while the consumer reads, however long a busy machine takes for that.
    const clock = new ManualClock()
    const consumer = live.createConsumer({ clock, readIdleTimeoutMs: 400 })
    let count = 0
    for await (const _ of consumer) {
      count += 1
      if (count === 2) break
      for (let n = 0; n < 10; n += 1) {
        clock.advance(400)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    }
    expect(live.ofType('reconnectScheduled')).toEqual([])
    expect(consumer.stats().sessions).toBe(1)
  })
})
