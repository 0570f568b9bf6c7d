import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Fault,
  type FragmentSpec,
  ManualClock,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  syntheticFragments,
} from '../../src/simulator/index.js'
import { GetMediaParser } from '../../src/tags/index.js'
import { type Drained, type Sdk, createSdk, drain, fragmentNumbers, hex, take } from './sdk.js'

const START_MS = 1_700_000_000_000
const specs: FragmentSpec[] = take(
  syntheticFragments({ startMs: START_MS, frameBytes: 50, keyframeBytes: 200 }),
  4,
)
const numbers = specs.map((spec) => spec.fragmentNumber!)

let clock: ManualClock
let simulator: Simulator
let sdk: Sdk
/** The payload without any fault, and where each of its fragments begins and ends. */
let whole: Uint8Array
let starts: number[]

async function start(faults: readonly Fault[], options: SimulatorOptions = {}): Promise<void> {
  simulator = await startSimulator({
    clock,
    streams: [{ name: 'door', fragments: specs }],
    faults,
    ...options,
    limits: { idleEndMs: 0, ...options.limits },
  })
  sdk = createSdk(simulator)
  const payloads = simulator.streams
    .get('door')!
    .fragments.map((fragment) => fragment.payload(clock.now() - fragment.serverTimestampMs))
  whole = new Uint8Array(Buffer.concat(payloads))
  starts = [0]
  for (const payload of payloads) starts.push(starts.at(-1)! + payload.length)
}

async function read(): Promise<Drained> {
  return drain(await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' }))
}

function same(bytes: Uint8Array, expected: Uint8Array): boolean {
  return Buffer.compare(bytes, expected) === 0
}

/** Winds the clock forward until the promise settles. */
async function wind<T>(promise: Promise<T>, stepMs = 100): Promise<T> {
  let isSettled = false
  void promise.finally(() => (isSettled = true)).catch(() => undefined)
  while (!isSettled) {
    clock.advance(stepMs)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return promise
}

beforeEach(() => {
  clock = new ManualClock(START_MS + 60_000)
})

afterEach(async () => {
  sdk.destroy()
  await simulator.close()
  expect(clock.pending).toBe(0)
})

describe('cuts', () => {
  it.each([
    ['reset', 'ECONNRESET'],
    ['fin', 'ECONNRESET'],
    ['cleanEnd', 'end'],
  ] as const)('%s sends exactly what precedes it, then ends as %s', async (action, ended) => {
    await start([{ at: { fragment: 1, offset: 777 }, do: action }])
    const cut = await read()
    expect(cut.ended).toBe(ended)
    expect(cut.bytes.length).toBe(starts[1]! + 777)
    expect(same(cut.bytes, whole.subarray(0, cut.bytes.length))).toBe(true)
    expect(simulator.requests[0]).toMatchObject({
      ended: action === 'cleanEnd' ? 'clean-end' : action,
      fragmentsSent: 1,
      bytesSent: starts[1]! + 777,
      faults: [action],
    })
    expect(same((await read()).bytes, whole)).toBe(true)
  })

  it('a FIN is a clean end when the body is not chunked', async () => {
    await start([{ at: { fragment: 1, offset: 10 }, do: 'fin' }], { framing: 'close' })
    const cut = await read()
    expect(cut).toMatchObject({ ended: 'end' })
    expect(cut.bytes.length).toBe(starts[1]! + 10)
    expect(await read()).toMatchObject({ ended: 'end', bytes: whole })
  })

  it.each(['reset', 'fin', 'cleanEnd'] as const)(
    '%s hits every byte it is asked to',
    async (action) => {
      const [, second] = specs
      await start([], {
        streams: [
          { name: 'door', fragments: [{ ...second, frames: second!.frames!.slice(0, 1) }] },
        ],
        limits: { getMediaPerSecond: Infinity },
      })
      for (let byte = 0; byte <= whole.length; byte += byte < 20 ? 1 : 97) {
        simulator.addFaults([{ at: { byte }, do: action }])
        const cut = await read()
        expect([byte, cut.bytes.length]).toEqual([byte, byte])
        expect(cut.ended).toBe(action === 'cleanEnd' ? 'end' : 'ECONNRESET')
      }
    },
  )

  it('hits the middle and the end of a fragment', async () => {
    await start([
      { at: { fragment: numbers[1]!, offset: 'middle' }, do: 'cleanEnd' },
      { at: { fragment: 2, offset: 'end' }, do: 'cleanEnd' },
      { at: { fragment: 3, offset: 1_000_000 }, do: 'cleanEnd' },
    ])
    const middle = Math.floor((starts[1]! + starts[2]!) / 2)
    expect((await read()).bytes.length).toBe(middle)
    expect((await read()).bytes.length).toBe(starts[3])
    expect((await read()).bytes.length).toBe(starts[4])
    expect(simulator.requests.map((request) => request.fragmentsSent)).toEqual([1, 2, 3])
  })
})

describe('waits', () => {
  it('stall sends nothing more and keeps the connection', async () => {
    await start([{ at: { fragment: 1, offset: 5 }, do: 'stall' }])
    const abort = new AbortController()
    const output = await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' }, abort.signal)
    const drained = drain(output)
    await simulator.whenRequests(([request]) => request?.faults.length === 1)
    clock.advance(3_600_000)
    await new Promise((resolve) => setImmediate(resolve))
    expect(simulator.requests[0]).toMatchObject({ ended: undefined, bytesSent: starts[1]! + 5 })
    abort.abort()
    expect(await drained).toMatchObject({ ended: 'ECONNRESET' })
    await simulator.whenRequests(([request]) => request?.ended === 'client')
  })

  it('stall goes on after its delay when it has one', async () => {
    await start([{ at: { fragment: 1, offset: 5 }, do: 'stall', delayMs: 5000 }])
    const before = clock.now()
    const { ended, bytes } = await wind(read(), 1000)
    expect(ended).toBe('end')
    expect(fragmentNumbers(bytes)).toEqual(numbers)
    expect(clock.now() - before).toBeGreaterThanOrEqual(5000)
  })

  it('delay waits a second by default', async () => {
    await start([{ at: { byte: 100 }, do: 'delay' }])
    const drained = read()
    await clock.whenDueWithin(1000)
    expect(simulator.requests[0]!.bytesSent).toBe(100)
    clock.advance(999)
    expect(simulator.requests[0]!.bytesSent).toBe(100)
    clock.advance(1)
    expect(fragmentNumbers((await drained).bytes)).toEqual(numbers)
  })
})

describe('damage', () => {
  it('slice sends the rest of the fragment byte by byte', async () => {
    await start([{ at: { fragment: 1, offset: 100 }, do: 'slice', bytes: 3 }])
    const { bytes, chunkSizes } = await read()
    expect(same(bytes, whole)).toBe(true)
    const sliced = (starts[2]! - starts[1]! - 100) / 3
    // The kernel may join a few of them.
    expect(chunkSizes.filter((size) => size === 3).length).toBeGreaterThan(sliced * 0.5)
    expect(chunkSizes.length).toBeLessThan(sliced + 30)
  })

  it('flip inverts the bytes and nothing else, and not for good', async () => {
    await start([{ at: { fragment: 1, offset: 100 }, do: 'flip', bytes: 2 }])
    const { bytes } = await read()
    const expected = whole.slice()
    expected[starts[1]! + 100]! ^= 0xff
    expected[starts[1]! + 101]! ^= 0xff
    expect(hex(bytes)).toBe(hex(expected))
    expect(same((await read()).bytes, whole)).toBe(true)
  })

  it('flip at a byte count changes that byte, on the border of two fragments too', async () => {
    await start([])
    simulator.addFaults([{ at: { byte: starts[1]! }, do: 'flip' }])
    const { bytes } = await read()
    expect(bytes[starts[1]!]).toBe(0x1a ^ 0xff)
    expect(bytes.length).toBe(whole.length)
  })

  it('flip goes on in the next fragment, up to its count', async () => {
    const [first, second] = [
      { at: { byte: 100 }, do: 'flip', bytes: 3000 },
      { at: { fragment: 1, offset: 'end' }, do: 'flip', bytes: 2 },
    ] satisfies Fault[]
    await start([first])
    expect(100 + 3000).toBeGreaterThan(starts[1]!)
    const inverted = (from: number, to: number): string =>
      hex(whole.map((byte, index) => (index >= from && index < to ? byte ^ 0xff : byte)))
    expect(hex((await read()).bytes)).toBe(inverted(100, 3100))
    simulator.addFaults([second])
    expect(hex((await read()).bytes)).toBe(inverted(starts[2]!, starts[2]! + 2))
  })

  it('what hits flipped bytes hits them where it is to', async () => {
    await start([
      { at: { byte: 10 }, do: 'flip', bytes: 10 },
      { at: { byte: 15 }, do: 'cleanEnd' },
    ])
    const { bytes } = await read()
    expect(hex(bytes)).toBe(
      hex(whole.subarray(0, 15).map((byte, index) => (index < 10 ? byte : byte ^ 0xff))),
    )
  })

  it('duplicate sends a fragment again, with those before it if asked', async () => {
    await start([
      { at: { fragment: 1 }, do: 'duplicate' },
      { at: { fragment: 3 }, do: 'duplicate', count: 3 },
    ])
    const [a, b, c, d] = numbers
    expect(fragmentNumbers((await read()).bytes)).toEqual([a, b, b, c, d, b, c, d])
    expect(simulator.requests[0]).toMatchObject({
      fragmentsSent: 8,
      faults: ['duplicate', 'duplicate'],
    })
  })

  it('duplicate repeats what there is, once in a response', async () => {
    await start([{ at: { fragment: 1 }, do: 'duplicate', count: 1_000_000_000, times: 2 }])
    const [a, b, c, d] = numbers
    for (const index of [0, 1]) {
      expect(fragmentNumbers((await read()).bytes)).toEqual([a, b, a, b, c, d])
      expect(simulator.requests[index]!.faults).toEqual(['duplicate'])
    }
    simulator.addFaults([{ at: { fragment: 2 }, do: 'duplicate', count: 3 }])
    simulator.streams.get('door')!.dropBefore(b!)
    expect(fragmentNumbers((await read()).bytes)).toEqual([b, c, b, c, d])
  })

  it('duplicate stops at the end of the session', async () => {
    const faults: Fault[] = [
      { at: { fragment: 3 }, do: 'duplicate', count: 4 },
      { at: { fragment: 1 }, do: 'delay', delayMs: 10, times: 2 },
    ]
    await start(faults, { limits: { sessionEndMs: 15 } })
    const drained = read()
    for (const count of [1, 3]) {
      await simulator.whenRequests(([request]) => request?.faults.length === count)
      clock.advance(10)
    }
    const [a, b, c, d] = numbers
    expect(fragmentNumbers((await drained).bytes)).toEqual([a, b, c, d, a, b])
  })

  it('skip leaves fragments out of one response', async () => {
    await start([{ at: { fragment: 1 }, do: 'skip', count: 2 }])
    expect(fragmentNumbers((await read()).bytes)).toEqual([numbers[0], numbers[3]])
    expect(fragmentNumbers((await read()).bytes)).toEqual(numbers)
  })
})

describe('in-band errors', () => {
  it.each([3002, 4000, 4500, 4501, 4502, 4503, 4504, 4505, 4506, 5000, 4999])(
    '%i comes as a ServiceError, and the response ends',
    async (id) => {
      await start([{ at: { fragment: 2 }, do: { errorTag: id, withFragmentNumber: id % 2 === 0 } }])
      const { bytes, ended } = await read()
      expect(ended).toBe('end')
      const errors: unknown[] = []
      const parser = new GetMediaParser({
        onServiceError: (error) => errors.push([error.id, error.fragmentNumber]),
      })
      const fragments = [...parser.push(bytes), ...parser.end()]
      expect(errors).toEqual([[id, id % 2 === 0 ? numbers[2] : undefined]])
      expect(fragments.filter((fragment) => fragment.isComplete)).toHaveLength(2)
      expect(simulator.requests[0]).toMatchObject({
        ended: 'error-tag',
        faults: [`errorTag ${id}`],
      })
    },
  )

  it.each(['before-cluster', 'after-cluster'] as const)('can stand %s', async (position) => {
    await start([{ at: { fragment: 2 }, do: { errorTag: 5000, code: 'MINE', position } }])
    const codes: string[] = []
    const parser = new GetMediaParser({ onServiceError: (error) => codes.push(error.code) })
    parser.push((await read()).bytes)
    parser.end()
    expect(codes).toEqual(['MINE'])
  })

  it.each([{ fragment: 2, offset: 'middle' }, { fragment: 2, offset: 9 }, 'byte'] as const)(
    'is never inside a fragment, where it would be media: %j',
    async (at) => {
      await start([])
      const point = at === 'byte' ? { byte: starts[2]! + 9 } : at
      simulator.addFaults([{ at: point, do: { errorTag: 5000 } }])
      const { bytes } = await read()
      const ids: unknown[] = []
      const parser = new GetMediaParser({ onServiceError: ({ id }) => ids.push(id) })
      const fragments = [...parser.push(bytes), ...parser.end()]
      expect(ids).toEqual([5000])
      expect(fragments.filter((fragment) => fragment.isComplete)).toHaveLength(3)
      expect(same(bytes.subarray(0, starts[3]), whole.subarray(0, starts[3]))).toBe(true)
    },
  )

  it('counts as body for what comes at a byte', async () => {
    const error: Fault = { at: { fragment: 1 }, do: { errorTag: 3002, thenEnd: false } }
    await start([error])
    const length = (await read()).bytes.length - whole.length
    const start1 = starts[1]!
    for (const byte of [start1 + 5, start1 + length, start1 + length + 7, starts[2]! + 1]) {
      simulator.addFaults([error, { at: { byte }, do: 'cleanEnd' }])
      expect((await read()).bytes.length).toBe(byte)
      expect(simulator.pendingFaults).toEqual([])
      clock.advance(1000)
    }
  })

  it('can leave the response going', async () => {
    await start([{ at: { fragment: 2 }, do: { errorTag: 3002, thenEnd: false } }])
    expect(fragmentNumbers((await read()).bytes)).toEqual(numbers)
  })
})

describe('faults before an answer', () => {
  it('HTTP errors hit the n-th request', async () => {
    await start([
      { at: { request: 1 }, do: { http: { type: 'ConnectionLimitExceededException' } } },
    ])
    await read()
    await expect(read()).rejects.toMatchObject({ name: 'ConnectionLimitExceededException' })
    await read()
    expect(simulator.requests[1]!.faults).toEqual(['http ConnectionLimitExceededException'])
  })

  it('HTTP errors can wait for a resume at a fragment', async () => {
    await start([
      { at: { fragment: 2 }, do: { http: { type: 'InvalidEndpointException' } }, times: 2 },
    ])
    await read()
    const resume = async (): Promise<Drained> =>
      drain(
        await sdk.getMedia('door', {
          StartSelectorType: 'FRAGMENT_NUMBER',
          AfterFragmentNumber: numbers[2]!,
        }),
      )
    await expect(resume()).rejects.toMatchObject({ name: 'InvalidEndpointException' })
    await expect(resume()).rejects.toMatchObject({ name: 'InvalidEndpointException' })
    expect(fragmentNumbers((await resume()).bytes)).toEqual(numbers.slice(3))
  })

  it('HTTP errors wait for a fragment number or a later one, and not for a start that is lost', async () => {
    const refused: Fault = {
      at: { fragment: numbers[2]! },
      do: { http: { type: 'InternalFailure' } },
    }
    await start([refused], { limits: { getMediaPerSecond: Infinity } })
    const from = async (number: string): Promise<Drained> =>
      drain(
        await sdk.getMedia('door', {
          StartSelectorType: 'FRAGMENT_NUMBER',
          AfterFragmentNumber: number,
        }),
      )
    expect(fragmentNumbers((await from(numbers[0]!)).bytes)).toEqual(numbers.slice(1))
    await expect(from(numbers[2]!)).rejects.toMatchObject({ name: 'InternalFailure' })
    simulator.addFaults([refused])
    await expect(from(numbers[3]!)).rejects.toMatchObject({ name: 'InternalFailure' })
    simulator.addFaults([refused])
    simulator.streams.get('door')!.dropBefore(numbers[2]!)
    expect((await from(numbers[0]!)).ended).toBe('end')
    expect(simulator.requests.at(-1)).toMatchObject({ ended: 'error-tag' })
    expect(simulator.pendingFaults).toEqual([refused])
  })

  it.each(['reset', 'fin'] as const)('%s closes without an answer', async (action) => {
    await start([{ at: { request: 0 }, do: action }])
    await expect(read()).rejects.toMatchObject({ code: 'ECONNRESET' })
    expect(simulator.requests[0]).toMatchObject({ ended: action, status: undefined })
    expect(same((await read()).bytes, whole)).toBe(true)
  })

  it('delay holds the headers back', async () => {
    await start([{ at: { request: 0, operation: 'GetDataEndpoint' }, do: 'delay', delayMs: 300 }])
    let isAnswered = false
    const endpoint = sdk.getDataEndpoint('door').finally(() => (isAnswered = true))
    await clock.whenDueWithin(300)
    clock.advance(299)
    await new Promise((resolve) => setImmediate(resolve))
    expect(isAnswered).toBe(false)
    clock.advance(1)
    expect(await endpoint).toBe(simulator.endpoint)
  })

  it('stall never answers', async () => {
    await start([{ at: { request: 0 }, do: 'stall' }])
    const abort = new AbortController()
    const output = sdk.getMedia('door', { StartSelectorType: 'EARLIEST' }, abort.signal)
    await simulator.whenRequests(([request]) => request?.faults.length === 1)
    abort.abort()
    await expect(output).rejects.toMatchObject({ name: 'AbortError' })
    await simulator.whenRequests(([request]) => request?.ended === 'client')
  })
})

describe('how often', () => {
  it('a fault happens once, so many times, or always', async () => {
    await start([
      { at: { fragment: 0 }, do: 'cleanEnd', times: 2 },
      { at: { fragment: 1 }, do: 'cleanEnd', times: 'always' },
    ])
    const lengths: number[] = []
    for (let i = 0; i < 4; i++) lengths.push((await read()).bytes.length)
    expect(lengths).toEqual([0, 0, starts[1], starts[1]])
    expect(simulator.pendingFaults).toHaveLength(1)
    simulator.clearFaults()
    expect((await read()).bytes.length).toBe(whole.length)
  })

  it('a fault at a request happens to it and to those after it', async () => {
    const refused = { http: { type: 'InternalFailure' } }
    await start([
      { at: { request: 1 }, do: refused, times: 2 },
      { at: { request: 4 }, do: refused, times: 'always' },
    ])
    const outcomes: boolean[] = []
    for (let i = 0; i < 7; i++) {
      outcomes.push(
        await read().then(
          () => true,
          () => false,
        ),
      )
    }
    expect(outcomes).toEqual([true, false, false, true, false, false, false])
    expect(simulator.pendingFaults).toHaveLength(1)
  })

  it('a fault can be for one stream', async () => {
    const faults: Fault[] = [
      { at: { fragment: 0 }, do: 'skip', stream: 'yard', times: 'always' },
      { at: { request: 0 }, do: { http: { type: 'InternalFailure' } }, stream: 'yard' },
    ]
    const streams = ['door', 'yard'].map((name) => ({ name, fragments: specs }))
    await start(faults, { streams })
    expect(fragmentNumbers((await read()).bytes)).toEqual(numbers)
    const yard = (): ReturnType<Sdk['getMedia']> =>
      sdk.getMedia('yard', { StartSelectorType: 'EARLIEST' })
    await expect(yard()).rejects.toMatchObject({ name: 'InternalFailure' })
    expect(fragmentNumbers((await drain(await yard())).bytes)).toEqual(numbers.slice(1))
  })

  it('several faults hit one fragment in order', async () => {
    await start([
      { at: { fragment: 1, offset: 50 }, do: 'reset' },
      { at: { fragment: 1, offset: 20 }, do: 'flip' },
      { at: { fragment: 1, offset: 30 }, do: 'delay', delayMs: 10 },
    ])
    const cut = await wind(read())
    expect(cut.bytes.length).toBe(starts[1]! + 50)
    expect(cut.bytes[starts[1]! + 20]).toBe(whole[starts[1]! + 20]! ^ 0xff)
    expect(simulator.requests[0]!.faults).toEqual(['flip', 'delay', 'reset'])
  })
})
