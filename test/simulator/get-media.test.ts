import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type FragmentSpec,
  ManualClock,
  type Simulator,
  type SimulatorOptions,
  startSimulator,
  syntheticFragments,
} from '../../src/simulator/index.js'
import { type Sdk, createSdk, drain, fragmentNumbers } from './sdk.js'

const START_MS = 1_700_000_000_000
const source = syntheticFragments({ startMs: START_MS, frameBytes: 50, keyframeBytes: 200 })
const specs: FragmentSpec[] = Array.from({ length: 6 }, () => source.next().value)
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

beforeEach(() => {
  clock = new ManualClock(START_MS + 60_000)
})

afterEach(async () => {
  sdk.destroy()
  await simulator.close()
  expect(clock.pending).toBe(0)
})

describe('GetMedia', () => {
  it('sends every fragment from EARLIEST with TAIL telling how late it is', async () => {
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
})
