import { describe, expect, it } from 'vitest'
import { TrackCounts } from '../../src/cli/track-counts.js'
import { buildFragment } from '../../src/simulator/media.js'
import type { GetMediaFrame } from '../../src/tags/get-media-parser.js'
import { encodeFragmentNumber } from '../../src/tags/fragment-number.js'
import { inspectBytes, jsonLines } from './run-command.js'

const frame = (trackNumber: number): GetMediaFrame =>
  ({ trackNumber, isKeyframe: trackNumber % 2 === 0, byteLength: 10 }) as GetMediaFrame

describe('TrackCounts', () => {
  it('counts each track', () => {
    const counts = new TrackCounts()
    counts.addFrames([frame(2), frame(1), frame(2)])
    expect(counts.entries).toEqual([
      [1, { frames: 1, keyframes: 0, bytes: 10 }],
      [2, { frames: 2, keyframes: 2, bytes: 20 }],
    ])
    expect(counts.byTrack('frames')).toEqual({ 1: 1, 2: 2 })
  })

  it('stays small over fragments that each have other tracks, and loses no frame', () => {
    const totals = new TrackCounts()
    for (let fragment = 0; fragment < 500; fragment += 1) {
      const counts = new TrackCounts()
      counts.addFrames(Array.from({ length: 200 }, (_, n) => frame(200 * fragment + n + 1)))
      expect(counts.entries).toHaveLength(129)
      totals.addCounts(counts)
    }
    expect(totals.entries).toHaveLength(129)
    expect(totals.entries.at(-1)).toEqual([
      'other',
      { frames: 99_872, keyframes: 49_936, bytes: 998_720 },
    ])
    expect(totals.total).toEqual({ frames: 100_000, keyframes: 50_000, bytes: 1_000_000 })
  })
})

it('shows the tracks behind the 128th as one', async () => {
  const bytes = Buffer.concat(
    Array.from({ length: 3 }, (_, index) =>
      buildFragment({
        fragmentNumber: encodeFragmentNumber({
          sequence: BigInt(index + 1),
          serverTimestampMs: 1_700_000_000_000,
          random: 1,
        }),
        frames: Array.from({ length: 60 }, (__, n) => ({
          trackNumber: 60 * index + n + 1,
          timestampMs: 0,
          data: Uint8Array.of(1),
        })),
      }),
    ),
  )
  const summary = jsonLines((await inspectBytes(bytes, ['--json'])).stdout).at(-1)
  expect(Object.keys(summary?.['frames'] as object)).toHaveLength(129)
  expect(summary).toMatchObject({ frames: { 1: 1, 128: 1, other: 52 }, frameBytes: { other: 52 } })
  const { stdout } = await inspectBytes(bytes)
  expect(stdout).toMatch(/\n {2}track 128: 1 frame .*\n {2}other tracks: 52 frames .*\n/)
})
