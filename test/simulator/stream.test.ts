import { describe, expect, it, vi } from 'vitest'
import { type FragmentSpec, ManualClock, syntheticFragments } from '../../src/simulator/index.js'
import { SimulatedStream, type StreamOptions } from '../../src/simulator/stream.js'
import { decodeFragmentNumber } from '../../src/tags/fragment-number.js'
import { GetMediaParser } from '../../src/tags/index.js'
import { take } from './sdk.js'

const START_MS = 1_700_000_000_000
const small = { frameBytes: 10, keyframeBytes: 20, frameRate: 2 }
const specs = take(syntheticFragments({ ...small, startMs: START_MS }), 4)
const bare: FragmentSpec = { style: 'producer-sdk', frames: [] }

/** A clock whose time of day can be set, and that can have slept through its timers. */
class SetClock extends ManualClock {
  dayOffsetMs = 0
  sleptMs = 0

  override now(): number {
    return super.now() + this.sleptMs + this.dayOffsetMs
  }

  override monotonicMs(): number {
    return super.monotonicMs() + this.sleptMs
  }
}

function* failing(): Generator<FragmentSpec> {
  yield bare
  throw new Error('the camera is gone')
}

function open(options: Partial<StreamOptions> = {}): {
  stream: SimulatedStream
  clock: SetClock
} {
  const clock = new SetClock(START_MS)
  return { clock, stream: new SimulatedStream({ name: 'door', ...options }, clock) }
}

describe('append', () => {
  it('keeps a fragment’s own number and times', () => {
    const { stream } = open({ fragments: specs })
    expect(stream.fragments.map((fragment) => fragment.fragmentNumber)).toEqual(
      specs.map((spec) => spec.fragmentNumber),
    )
    expect(stream.fragments.map((fragment) => fragment.index)).toEqual([0, 1, 2, 3])
    expect(stream.appendedCount).toBe(4)
  })

  it('stamps one that has none, one sequence number after the last', () => {
    const { stream, clock } = open({ fragments: specs })
    clock.advance(60_000)
    const stored = stream.append(bare)
    expect(stored).toMatchObject({
      index: 4,
      serverTimestampMs: START_MS + 60_000,
      producerTimestampMs: START_MS + 60_000 - 120,
      continuationToken: stored.fragmentNumber,
    })
    expect(decodeFragmentNumber(stored.fragmentNumber)).toMatchObject({
      sequence: 5n,
      serverTimestampMs: START_MS + 60_000,
    })
  })

  it('refuses a number that does not rise', () => {
    const { stream } = open({ fragments: specs })
    expect(() => stream.append(specs[3]!)).toThrow(/does not follow/)
  })

  it('refuses a smaller number after everything held is gone too', () => {
    const { stream, clock } = open({ retentionMs: 10_000 })
    stream.append(specs[2]!)
    stream.dropBefore('9'.repeat(100))
    expect(() => stream.append(specs[1]!)).toThrow(/does not follow/)
    stream.append(specs[3]!)
    clock.advance(60_000)
    expect(stream.fragments).toEqual([])
    expect(() => stream.append(specs[0]!)).toThrow(/does not follow/)
  })

  it('is as if nothing had been when it refuses a fragment', () => {
    const { stream } = open()
    stream.append(bare)
    expect(() => stream.append({ ...bare, producerTimestampMs: 1.5 })).toThrow(RangeError)
    expect(() => stream.append({ ...bare, fragmentNumber: '12a' })).toThrow(/is no number/)
    const [first, second] = [stream.append(bare), stream.append(bare)]
    expect([first.index, second.index]).toEqual([1, 2])
    expect(stream.appendedCount).toBe(3)
    expect([0, 1, 2, 3].map((index) => stream.at(index)?.index)).toEqual([0, 1, 2, undefined])
    expect(decodeFragmentNumber(second.fragmentNumber)?.sequence).toBe(3n)
  })

  it('makes what the parser reads back', () => {
    const { stream } = open({ fragments: specs })
    const parser = new GetMediaParser()
    const read = stream.fragments.flatMap((fragment) => parser.push(fragment.payload(42)))
    expect(
      read.map(({ metadata, frames, isComplete }) => [
        metadata.fragmentNumber,
        metadata.serverTimestampMs,
        metadata.producerTimestampMs,
        metadata.millisBehindNow,
        metadata.continuationToken,
        frames.length,
        isComplete,
      ]),
    ).toEqual(
      specs.map((spec) => [
        spec.fragmentNumber,
        spec.serverTimestampMs,
        spec.producerTimestampMs,
        42,
        spec.fragmentNumber,
        4,
        true,
      ]),
    )
  })

  it('tells those who watch, until they stop', () => {
    const { stream } = open()
    let count = 0
    const stop = stream.watch(() => count++)
    stream.append(bare)
    stop()
    stream.append(bare)
    expect(count).toBe(1)
  })
})

describe('retention', () => {
  it('forgets by age, and says what comes next instead', () => {
    const { stream, clock } = open({ retentionMs: 10_000 })
    for (let i = 0; i < 5; i++) {
      stream.append(bare)
      clock.advance(4000)
    }
    expect(stream.fragments.map((fragment) => fragment.index)).toEqual([3, 4])
    expect(stream.at(0)?.index).toBe(3)
    expect(stream.at(4)?.index).toBe(4)
    expect(stream.at(5)).toBeUndefined()
    clock.advance(60_000)
    expect(stream.fragments).toEqual([])
    expect(stream.append(bare).index).toBe(5)
  })

  it('forgets the oldest of more bytes than it may hold, but never the newest', () => {
    const { byteLength } = open().stream.append(bare)
    const { stream } = open({ maxHeldBytes: 2 * byteLength })
    for (let i = 0; i < 4; i++) stream.append(bare)
    expect(stream.fragments.map((fragment) => fragment.index)).toEqual([2, 3])
    stream.dropBefore(stream.fragments[1]!.fragmentNumber)
    stream.append(bare)
    expect(stream.fragments.map((fragment) => fragment.index)).toEqual([3, 4])
    stream.append({ ...specs[0]!, fragmentNumber: `${2n ** 157n}` })
    expect(stream.fragments.map((fragment) => fragment.index)).toEqual([5])
  })
})

describe('a live source', () => {
  it('appends at its pace and can be stopped and replaced', () => {
    const { stream, clock } = open()
    stream.startLive({ source: specs, intervalMs: 1000 })
    clock.advance(1000)
    expect(stream.appendedCount).toBe(2)
    stream.startLive({ source: syntheticFragments(small), intervalMs: 100 })
    clock.advance(1000)
    expect(stream.appendedCount).toBe(13)
    stream.stopLive()
    clock.advance(1000)
    expect(stream.appendedCount).toBe(13)
    expect(clock.pending).toBe(0)
  })

  it('ends with its source', () => {
    const { stream, clock } = open()
    stream.startLive({ source: specs })
    clock.advance(100_000)
    expect(stream.appendedCount).toBe(4)
    expect(clock.pending).toBe(0)
  })

  it('keeps its pace when the time of day is set', () => {
    const { stream, clock } = open()
    stream.startLive({ source: syntheticFragments(small) })
    clock.advance(1000)
    for (const offsetMs of [3_600_000, -3_600_000]) {
      clock.dayOffsetMs = offsetMs
      const before = stream.appendedCount
      clock.advance(3000)
      expect(stream.appendedCount - before).toBe(3)
    }
  })

  it('does not pour out what a long sleep of the machine has missed', () => {
    const { stream, clock } = open()
    stream.startLive({ source: syntheticFragments(small) })
    clock.sleptMs = 3_600_000
    clock.advance(1000)
    expect(stream.appendedCount).toBeLessThan(5)
  })

  it('throws the error of its first fragment, and tells those of later ones', () => {
    const { stream, clock } = open()
    const bad: FragmentSpec = {
      frames: [{ trackNumber: 1, timestampMs: 40_000, data: new Uint8Array(1) }],
    }
    expect(() => stream.startLive({ source: [bad] })).toThrow(RangeError)
    expect(clock.pending).toBe(0)
    const errors: unknown[] = []
    stream.startLive({ source: [bare, bad, bare], onError: (error) => errors.push(error) })
    clock.advance(10_000)
    expect(errors).toEqual([expect.any(RangeError)])
    expect([stream.appendedCount, clock.pending]).toEqual([1, 0])
  })

  it('that fails is a warning of the process by default', () => {
    const { stream, clock } = open()
    const warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
    stream.startLive({ source: failing() })
    clock.advance(10_000)
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      expect.stringMatching(/a live source has failed.*: the camera is gone$/),
    )
    expect(stream.appendedCount).toBe(1)
  })

  it('is ended when it is stopped, by its count too, and may stop itself', () => {
    const ended: string[] = []
    function* source(name: string, beforeThird?: () => void): Generator<FragmentSpec> {
      try {
        for (let i = 0; ; i++) {
          if (i === 2) beforeThird?.()
          yield bare
        }
      } finally {
        ended.push(name)
      }
    }
    const { stream, clock } = open()
    stream.startLive({ source: source('stopped') })
    stream.stopLive()
    stream.startLive({ source: source('replaced') })
    stream.startLive({ source: source('counted'), count: 2 })
    clock.advance(10_000)
    stream.startLive({ source: source('itself', () => stream.stopLive()) })
    clock.advance(10_000)
    stream.startLive({ source: source('removed') })
    stream.remove()
    expect(ended).toEqual(['stopped', 'replaced', 'counted', 'itself', 'removed'])
    expect([stream.appendedCount, clock.pending]).toEqual([1 + 1 + 2 + 2 + 1, 0])
  })

  it('has no retention that is no time', () => {
    expect(() => open({ retentionMs: Number.NaN })).toThrow(RangeError)
    expect(() => open({ retentionMs: -1 })).toThrow(RangeError)
    expect(open({ retentionMs: 0, fragments: [bare] }).stream.fragments).toEqual([])
  })

  it('needs a pace above zero', () => {
    const { stream } = open()
    expect(() => stream.startLive({ source: specs, intervalMs: 0 })).toThrow(RangeError)
    expect(() => stream.startLive({ source: specs, bytesPerSecond: -1 })).toThrow(RangeError)
  })
})
