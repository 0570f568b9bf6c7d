import { Agent as HttpsAgent } from 'node:https'
import {
  GetMediaCommand,
  type GetMediaCommandOutput,
  KinesisVideoMediaClient,
} from '@aws-sdk/client-kinesis-video-media'
import { describe, expect, it } from 'vitest'
import {
  type Clock,
  type Fault,
  type FragmentSpec,
  createCertificate,
  startSimulator,
  syntheticFragments,
  systemClock,
} from '../../src/simulator/index.js'
import { createSdk, drain, fragmentNumbers, take } from './sdk.js'

const specs = take(syntheticFragments({ frameBytes: 50, keyframeBytes: 200 }), 3)
const numbers = specs.map((spec) => spec.fragmentNumber)

/** What keeps this process alive of servers and sockets, by kind. */
function openHandles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kind.startsWith('TCP'))
    .sort()
}

describe('close', () => {
  it('leaves no socket and no timer, whatever is going on', async () => {
    const before = openHandles()
    const timers = new Set<object>()
    const clock: Clock = {
      now: () => systemClock.now(),
      monotonicMs: () => systemClock.monotonicMs(),
      setTimer(callback, delayMs) {
        const timer = {}
        timers.add(timer)
        const fire = (): void => {
          timers.delete(timer)
          callback()
        }
        const cancel = systemClock.setTimer(fire, delayMs)
        return () => {
          timers.delete(timer)
          cancel()
        }
      },
    }
    const faults: Fault[] = [
      { at: { request: 0 }, do: 'stall' },
      { at: { request: 1 }, do: 'delay', delayMs: 60_000 },
      { at: { fragment: 1 }, do: 'stall', stream: 'b' },
      { at: { fragment: 1 }, do: 'delay', delayMs: 60_000, stream: 'c' },
      { at: { fragment: 1, offset: 5 }, do: 'fin', stream: 'd' },
    ]
    const frames = [{ trackNumber: 1, timestampMs: 0, data: new Uint8Array(20_000_000) }]
    const big: FragmentSpec = { frames }
    const simulator = await startSimulator({
      clock,
      faults,
      streams: [
        ...['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, fragments: specs })),
        { name: 'unread', fragments: [big] },
      ],
      limits: { getMediaPerSecond: Infinity, connectionsPerStream: Infinity },
    })
    simulator.streams.get('e')!.startLive({ source: syntheticFragments(), intervalMs: 1 })
    const sdk = createSdk(simulator)
    const outputs: Promise<GetMediaCommandOutput | undefined>[] = []
    for (const name of ['a', 'a', 'b', 'c', 'd', 'e', 'unread']) {
      const output = sdk.getMedia(name, { StartSelectorType: 'EARLIEST' })
      outputs.push(output.catch(() => undefined))
      await simulator.whenRequests((requests) => requests.length === outputs.length)
    }
    await simulator.whenRequests((requests) => requests[4]!.ended === 'fin')
    await simulator.whenRequests((requests) => requests[6]!.bytesSent > 1_000_000)
    expect(timers.size).toBeGreaterThan(5)
    await simulator.close()
    expect(timers.size).toBe(0)
    for (const output of await Promise.all(outputs)) if (output) await drain(output)
    sdk.destroy()
    await new Promise((resolve) => setImmediate(resolve))
    expect(simulator.requests.map((request) => request.ended)).toEqual([
      'closed',
      'closed',
      'closed',
      'closed',
      'fin',
      'closed',
      'closed',
    ])
    expect(openHandles()).toEqual(before)
  })

  it('is what `await using` does', async () => {
    let endpoint = ''
    {
      await using simulator = await startSimulator()
      ;({ endpoint } = simulator)
    }
    await expect(fetch(endpoint)).rejects.toThrow()
  })
})

describe('many connections', () => {
  it('adds no listener that stays', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning)
    process.on('warning', onWarning)
    await using simulator = await startSimulator({
      streams: [{ name: 'door', fragments: specs }],
      limits: { idleEndMs: 0, getMediaPerSecond: Infinity },
    })
    const sdk = createSdk(simulator)
    for (let i = 0; i < 200; i++) {
      const { bytes } = await drain(await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' }))
      expect(fragmentNumbers(bytes)).toHaveLength(3)
    }
    sdk.destroy()
    process.off('warning', onWarning)
    expect(warnings.filter((warning) => warning.name === 'MaxListenersExceededWarning')).toEqual([])
    // One connection was enough for all of them.
    expect(new Set(simulator.requests.map((request) => request.connectionId)).size).toBe(1)
  })
})

describe('speed', () => {
  it('sends far more than the service’s 25 MB/s, byte for byte', async () => {
    const frames = Array.from({ length: 20 }, (_, index) => ({
      trackNumber: 1,
      timestampMs: index * 40,
      data: new Uint8Array(50_000).fill(index),
    }))
    const fragments = Array.from({ length: 50 }, (): FragmentSpec => ({ frames }))
    await using simulator = await startSimulator({
      streams: [{ name: 'door', fragments }],
      limits: { idleEndMs: 0 },
    })
    const sdk = createSdk(simulator)
    const before = process.cpuUsage()
    const output = await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' })
    let length = 0
    for await (const chunk of output.Payload as unknown as AsyncIterable<Buffer>) {
      length += chunk.length
    }
    const { user, system } = process.cpuUsage(before)
    sdk.destroy()
    expect(length).toBe(simulator.requests[0]!.bytesSent)
    expect(length).toBeGreaterThan(50_000_000)
    // By CPU time, client and server together, so that a busy machine does not count.
    expect(length / ((user + system) / 1e6)).toBeGreaterThan(25_000_000)
  })
})

describe('HTTPS', () => {
  it('is spoken with a certificate, its own or another', async () => {
    const tls = createCertificate()
    await using simulator = await startSimulator({
      tls,
      streams: [{ name: 'door', fragments: specs }],
      faults: [{ at: { fragment: 1 }, do: 'reset' }],
      limits: { idleEndMs: 0 },
    })
    expect(simulator.endpoint).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
    const client = new KinesisVideoMediaClient({
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
      endpoint: simulator.endpoint,
      maxAttempts: 1,
      requestHandler: { httpsAgent: new HttpsAgent({ ca: tls.cert }) },
    })
    const read = async (): Promise<{ ended: string; numbers: string[] }> => {
      const StartSelector = { StartSelectorType: 'EARLIEST' } as const
      const command = new GetMediaCommand({ StreamName: 'door', StartSelector })
      const { bytes, ended } = await drain(await client.send(command))
      return { ended, numbers: fragmentNumbers(bytes) }
    }
    expect(await read()).toEqual({ ended: 'ECONNRESET', numbers: numbers.slice(0, 1) })
    expect(await read()).toEqual({ ended: 'end', numbers })
    client.destroy()
  })
})

it('takes the default for a limit that is undefined, and refuses one that is no limit', async () => {
  await using simulator = await startSimulator({ limits: { bytesPerSecond: undefined } as never })
  expect(simulator.port).toBeGreaterThan(0)
  for (const limits of [{ idleEndMs: Number.NaN }, { sessionEndMs: -1 }, { bytesPerSecond: 0 }]) {
    await expect(startSimulator({ limits })).rejects.toThrow(RangeError)
  }
})
