// RFC 9559 §11: ns = (Cluster + relative × TrackTimestampScale) × TimestampScale − CodecDelay.
import { describe, expect, it } from 'vitest'
import { element } from '../helpers/ebml-bytes.js'
import { framesOf, trackEntry } from './fragment-harness.js'

// A SimpleBlock of track 1 with the relative timestamp in hex, and one byte.
const block = (relative: string): string => `A3 85 81 ${relative} 80 AA`

describe('the time of a frame', () => {
  it('is Cluster plus block in milliseconds when Info says nothing of the scale', () => {
    const frames = framesOf([], ['E7 82 03E8', block('0000'), block('0005'), block('FFFF')])
    expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([1000, 1005, 999])
    expect(frames.map(({ timestampNs }) => timestampNs)).toEqual([
      1_000_000_000n,
      1_005_000_000n,
      999_000_000n,
    ])
  })

  it('is exact to the nanosecond over epoch milliseconds, which are over 2^53 as nanoseconds', () => {
    const frames = framesOf([], ['E7 86 016001686D46', block('0000'), block('7FFF'), block('8000')])
    const cluster = 0x016001686d46
    expect(cluster).toBeGreaterThan(1_511_000_000_000)
    expect(frames.map(({ timestampNs }) => timestampNs)).toEqual(
      [0n, 32_767n, -32_768n].map((ms) => (BigInt(cluster) + ms) * 1_000_000n),
    )
    expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([
      cluster,
      cluster + 32_767,
      cluster - 32_768,
    ])
  })

  it.each([
    ['1', '01', 1n],
    ['3', '03', 3n],
    ['1,000', '03E8', 1000n],
    ['100,000', '0186A0', 100_000n],
    ['1,000,000,000', '3B9ACA00', 1_000_000_000n],
  ])(
    'is exact with a TimestampScale of %s and a Cluster timestamp of 64 bits',
    (_name, hexScale, scale) => {
      const ticks = 0x8000_0000_0000_3039n
      const [frame] = framesOf(
        [],
        ['E7 88 8000000000003039', block('0007')],
        [element('2AD7B1', hexScale)],
      )
      expect(frame.timestampNs).toBe((ticks + 7n) * scale)
      expect(frame.timestampMs).toBeCloseTo((Number(ticks) * Number(scale)) / 1e6, -8)
    },
  )

  it('has decimals in milliseconds when ticks are shorter than one', () => {
    const frames = framesOf([], ['E7 81 01', block('0001'), block('FFFE')], ['2AD7B1 83 0186A0'])
    expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([0.2, -0.1])
    expect(frames.map(({ timestampNs }) => timestampNs)).toEqual([200_000n, -100_000n])
  })

  it('takes the last TimestampScale before the Cluster, and a Timestamp after the block too', () => {
    const [frame] = framesOf([], [block('0001'), 'E7 81 0A'])
    expect(frame.timestampMs).toBe(11)
  })

  it('is 0 plus the block when the Cluster has no Timestamp, or an empty one', () => {
    for (const timestamp of ['', 'E7 80']) {
      const [frame] = framesOf([], [timestamp, block('0003')])
      expect(frame.timestampNs).toBe(3_000_000n)
    }
  })
})

describe('TrackTimestampScale', () => {
  it.each([
    ['3F000000', 0.5, 1005],
    ['40000000', 2, 1020],
    ['3FF8000000000000', 1.5, 1015],
  ])(
    '%s multiplies the relative timestamp, not that of the Cluster',
    (source, scale, timestampMs) => {
      const [frame] = framesOf(
        [trackEntry('01', element('23314F', source))],
        ['E7 82 03E8', block('000A')],
      )
      expect(frame.track?.timestampScale).toBe(scale)
      expect(frame.timestampMs).toBe(timestampMs)
      expect(frame.timestampNs).toBe(BigInt(timestampMs) * 1_000_000n)
    },
  )

  it('gives whole nanoseconds', () => {
    const third = '3FD5555555555555'
    const [frame] = framesOf(
      [trackEntry('01', element('23314F', third))],
      ['E7 81 01', block('0001')],
      ['2AD7B1 81 01'],
    )
    expect(frame.timestampNs).toBe(1n)
  })

  it.each(['', '00000000', 'BF800000', '7F800000', 'FF800000', '7FC00000', '7FEFFFFFFFFFFFFF'])(
    'of [%s], which is no sane factor, reads as 1 and never makes a time throw',
    (source) => {
      const [frame] = framesOf(
        [trackEntry('01', element('23314F', source))],
        ['E7 82 03E8', block('000A')],
      )
      expect(frame.timestampNs).toBe(1_010_000_000n)
      expect(frame.timestampMs).toBe(1010)
    },
  )

  it('counts for the frames of its track only', () => {
    const frames = framesOf(
      [trackEntry('01', '23314F 84 40000000'), trackEntry('02')],
      [block('000A'), 'A3 85 82 000A 80 AA', 'A3 85 83 000A 80 AA'],
    )
    expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([20, 10, 10])
  })
})

describe('CodecDelay', () => {
  it('is taken off, to the nanosecond', () => {
    // 6.5 ms, as Opus has it, and one nanosecond.
    const frames = framesOf(
      [trackEntry('01', '56AA 83 632EA1')],
      ['E7 86 016001686D46', block('0000'), block('0014')],
    )
    const cluster = 0x016001686d46n * 1_000_000n
    expect(frames.map(({ timestampNs }) => timestampNs)).toEqual([
      cluster - 6_500_001n,
      cluster + 20_000_000n - 6_500_001n,
    ])
    expect(frames[1].timestampMs).toBeCloseTo(0x016001686d46 + 13.5, 2)
  })

  it('may make a time negative', () => {
    const [frame] = framesOf([trackEntry('01', '56AA 83 632EA0')], ['E7 81 00', block('0000')])
    expect(frame.timestampNs).toBe(-6_500_000n)
    expect(frame.timestampMs).toBe(-6.5)
  })

  it('counts together with a TrackTimestampScale', () => {
    const [frame] = framesOf(
      [trackEntry('01', '56AA 83 632EA0', '23314F 84 40000000')],
      ['E7 81 64', block('000A')],
    )
    expect(frame.timestampNs).toBe(113_500_000n)
  })
})

describe('laced frames', () => {
  // Xiph, three frames of a byte each.
  const laced = 'A3 8A 81 000A 82 02 01 01 AA BB CC'

  it('follow each other by DefaultDuration', () => {
    const frames = framesOf([trackEntry('01', '23E383 84 01312D00')], ['E7 81 64', laced])
    expect(frames.map(({ timestampNs }) => timestampNs)).toEqual([
      110_000_000n,
      130_000_000n,
      150_000_000n,
    ])
    expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([110, 130, 150])
    expect(frames.map(({ durationMs }) => durationMs)).toEqual([20, 20, 20])
    expect(frames.map(({ laceIndex }) => laceIndex)).toEqual([0, 1, 2])
  })

  it('follow each other to the nanosecond where the duration is no whole number of ticks', () => {
    // 33,366,667 ns: 29.97 pictures a second.
    const frames = framesOf([trackEntry('01', '23E383 84 01FD228B')], ['E7 81 00', laced])
    expect(frames.map(({ timestampNs }) => timestampNs)).toEqual([
      10_000_000n,
      10_000_000n + 33_366_667n,
      10_000_000n + 66_733_334n,
    ])
  })

  it('follow each other by their share of BlockDuration when there is no DefaultDuration', () => {
    const group = element('A0', 'A1 8A 81 000A 02 02 01 01 AA BB CC', '9B 81 19')
    for (const tracks of [[], [trackEntry('01')]]) {
      const frames = framesOf(tracks, ['E7 81 64', group])
      expect(frames.map(({ timestampNs }) => timestampNs)).toEqual([
        110_000_000n,
        118_333_333n,
        126_666_667n,
      ])
      expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([110, 118.333333, 126.666667])
    }
    // In ticks of the track; CodecDelay counts once.
    const track = trackEntry('01', '23314F 84 40000000', '56AA 83 632EA0')
    const frames = framesOf([track], ['E7 81 64', group])
    expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([113.5, 130.166667, 146.833333])
  })

  it('all have the time of the block when there is no duration', () => {
    for (const tracks of [[], [trackEntry('01')]]) {
      const frames = framesOf(tracks, ['E7 81 64', laced])
      expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([110, 110, 110])
      expect(frames.map(({ durationMs }) => durationMs)).toEqual([undefined, undefined, undefined])
    }
  })

  it('count CodecDelay once', () => {
    const frames = framesOf(
      [trackEntry('01', '23E383 84 01312D00', '56AA 83 632EA0')],
      ['E7 81 64', laced],
    )
    expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([103.5, 123.5, 143.5])
  })

  it('share the BlockDuration of their group', () => {
    const frames = framesOf(
      [trackEntry('01', '23E383 84 01312D00')],
      ['E7 81 64', element('A0', 'A1 8A 81 000A 02 02 01 01 AA BB CC', '9B 81 1E')],
    )
    expect(frames.map(({ durationMs }) => durationMs)).toEqual([10, 10, 10])
    expect(frames.map(({ timestampMs }) => timestampMs)).toEqual([110, 130, 150])
  })
})

describe('the duration of a frame', () => {
  const group = (...parts: readonly string[]): Uint8Array =>
    element('A0', 'A1 85 81 0000 00 AA', ...parts)

  it('is BlockDuration in ticks of the Segment', () => {
    const [frame] = framesOf([], [group('9B 82 03E8')], ['2AD7B1 82 03E8'])
    expect(frame.durationMs).toBe(1)
  })

  it('is BlockDuration in ticks of the track, when that has a scale (RFC 9559 §5.1.3.5.3)', () => {
    const [frame] = framesOf([trackEntry('01', '23314F 84 40000000')], [group('9B 81 0A')])
    expect(frame.durationMs).toBe(20)
  })

  it('is BlockDuration before DefaultDuration, even when it is 0', () => {
    const tracks = [trackEntry('01', '23E383 84 01312D00')]
    const durations = [group('9B 81 05'), group('9B 80'), group('9B 81 00'), group()].map(
      (part) => framesOf(tracks, [part])[0].durationMs,
    )
    expect(durations).toEqual([5, 0, 0, 20])
  })

  it('is DefaultDuration for a SimpleBlock, and unknown without one', () => {
    const [frame] = framesOf([trackEntry('01', '23E383 84 01FD228B')], [block('0000')])
    expect(frame.durationMs).toBe(33.366667)
    expect(framesOf([trackEntry('01')], [block('0000')])[0].durationMs).toBeUndefined()
    expect(framesOf([], [block('0000')])[0].durationMs).toBeUndefined()
  })
})
