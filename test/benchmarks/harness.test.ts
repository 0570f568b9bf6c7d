import { createHash } from 'node:crypto'
import { GetMediaParser } from 'kvs-fragments'
import { describe, expect, it } from 'vitest'
import { solve } from '../../benchmarks/allocation.js'
import { touchingFloor } from '../../benchmarks/contenders/touching-floor.js'
import { judge } from '../../benchmarks/goals.js'
import { cut } from '../../benchmarks/inputs/chunks.js'
import { RECIPES } from '../../benchmarks/inputs/recipes.js'
import { readPinned } from '../../benchmarks/inputs/store.js'
import { readmeTable, replaceBetweenMarkers, resultsPage } from '../../benchmarks/report.js'
import { format, formatSpread, spreadOf } from '../../benchmarks/statistics.js'
import { Tally } from '../../benchmarks/tally.js'
import { findMismatch } from '../../benchmarks/verify.js'
import type { Findings } from '../../benchmarks/goals.js'
import type { Figures } from '../../benchmarks/rounds.js'

describe('statistics', () => {
  it('takes the middle of an odd number of runs and the mean of the middle two of an even one', () => {
    expect(spreadOf([3, 100, 1])).toStrictEqual({ median: 3, min: 1, max: 100 })
    expect(spreadOf([4, 1, 2, 100]).median).toBe(3)
  })

  it('writes three significant digits', () => {
    expect([0, 0.01234, 4.567, 12.34, 123.4, 12_345].map(format)).toStrictEqual([
      '0',
      '0.0123',
      '4.57',
      '12.3',
      '123',
      '12,300',
    ])
    expect(formatSpread({ median: 2, min: 1, max: 3 })).toBe('2.00 (1.00–3.00)')
  })
})

describe('the tally', () => {
  const frame = (tally: Tally, data: number[]): void =>
    tally.frame(1, 40, true, Uint8Array.from(data))

  it('differs when frames change places', () => {
    const first = new Tally()
    const second = new Tally()
    frame(first, [1, 2])
    frame(first, [3, 4])
    frame(second, [3, 4])
    frame(second, [1, 2])
    expect(first.checksum).not.toBe(second.checksum)
  })

  it.each([
    ['another track', (tally: Tally) => tally.frame(2, 40, true, Uint8Array.of(1, 2, 3))],
    ['another time', (tally: Tally) => tally.frame(1, 41, true, Uint8Array.of(1, 2, 3))],
    ['no keyframe', (tally: Tally) => tally.frame(1, 40, false, Uint8Array.of(1, 2, 3))],
    ['another length', (tally: Tally) => tally.frame(1, 40, true, Uint8Array.of(1, 2, 3, 3))],
    ['a shifted view', (tally: Tally) => tally.frame(1, 40, true, Uint8Array.of(0, 1, 2))],
  ])('differs for %s', (_name, report) => {
    const right = new Tally()
    frame(right, [1, 2, 3])
    const wrong = new Tally()
    report(wrong)
    expect(wrong.checksum).not.toBe(right.checksum)
  })

  it('is the same for a frame in parts, and hashes every byte of both', () => {
    const [whole, parts] = [createHash('sha256'), createHash('sha256')]
    const joined = new Tally(whole)
    const sliced = new Tally(parts)
    frame(joined, [1, 2, 3])
    sliced.slicedFrame(1, 40, true, [Uint8Array.of(1), Uint8Array.of(2, 3)])
    expect(sliced.checksum).toBe(joined.checksum)
    expect(parts.digest('hex')).toBe(whole.digest('hex'))
  })
})

describe('verifying a run', () => {
  const expected = readPinned().drip

  it('names everything that is missing from a run that did nothing', () => {
    expect(findMismatch('fragments', new Tally(), expected)).toMatch(
      /frames 0 instead of 60.*fragments 0 instead of 1.*checksum/,
    )
  })

  it('compares the payload hash only when there is one', () => {
    const tally = Object.assign(new Tally(), {
      ...expected,
      checksum: expected.checksums.frames,
    })
    expect(findMismatch('frames', tally, expected)).toBeUndefined()
    expect(findMismatch('frames', tally, expected, expected.payloadSha256)).toBeUndefined()
    expect(findMismatch('frames', tally, expected, 'other')).toMatch(/payload hash/)
  })
})

it('tells allocations per frame from allocations per fragment', () => {
  // 1,000 bytes a fragment and 100 a frame.
  const few = { bytes: 10 * 1000 + 200 * 100, frames: 200, fragments: 10 }
  const many = { bytes: 4 * 1000 + 2000 * 100, frames: 2000, fragments: 4 }
  expect(solve(few, many)).toStrictEqual({ bytesPerFragment: 1000, bytesPerFrame: 100 })
})

describe('the floor that only touches', () => {
  it('looks at each header and at both ends of each payload, once, whatever the chunks', () => {
    const bytes = Buffer.from(RECIPES.audio.build(400_000).writer.bytes)
    const parser = new GetMediaParser()
    let frames = 0
    let expected = 0
    for (const fragment of [...parser.push(bytes), ...parser.end()]) {
      for (const { data } of fragment.frames) {
        frames += 1
        expected ^= bytes[data.byteOffset - bytes.byteOffset - 1] ^ data[0] ^ (data.at(-1) ?? 0)
      }
    }
    expect(frames).toBeGreaterThan(1000)
    for (const chunkBytes of [1000, 65_536]) {
      const chunks = cut(bytes, chunkBytes)
      const tally = new Tally()
      const feed = touchingFloor(chunks, chunkBytes)(tally)
      for (const chunk of chunks) feed.push(chunk)
      feed.end()
      expect([tally.frames, tally.checksum]).toStrictEqual([frames, expected])
    }
  })
})

describe('the report', () => {
  const flat = (value: number): Figures['nsPerFrame'] => ({ median: value, min: value, max: value })
  const figures = (nsPerFrame: number): Figures => ({
    nsPerFrame: flat(nsPerFrame),
    megabytesPerSecond: flat(1e5 / nsPerFrame),
    cpuSecondsPerGigabyte: flat(nsPerFrame),
    gcShare: flat(0.05),
    peakRssBytes: flat(6e7),
  })
  const findings: Findings = {
    results: [
      {
        comparison: {
          level: 'fragments',
          input: {
            name: 'audio',
            summary: 'two tracks',
            path: '',
            expected: readPinned().audio,
            isGetMedia: true,
            isRealFile: false,
          },
          chunks: 65_536,
          entries: [],
        },
        outcomes: [
          { entry: { contender: 'kvs-fragments', level: 'fragments' }, figures: figures(100) },
          { entry: { contender: 'ts-ebml', level: 'fragments' }, figures: figures(700) },
          { entry: { contender: 'ebml-stream', level: 'fragments' }, figures: figures(1400) },
          { entry: { contender: 'ebml', level: 'fragments' }, without: 'cannot: a reason' },
        ],
      },
    ],
    endToEnd: [],
    scaling: [],
    streamsBeside: [],
    streamsAtOnce: [],
    memory: [],
    imports: [],
    allocations: [],
  }
  const facts = { command: 'npm run bench', machine: 'A machine', rounds: 5, date: '2030-01-01' }

  it('compares with ours and says who cannot', () => {
    const page = resultsPage(findings, facts)
    expect(page).toContain('| ts-ebml | 700 (700–700) | 143 | 700 | 5.0 % | 60 | 7.00 | 7.00 |')
    expect(page).toContain('| ebml | cannot: a reason |')
  })

  it('judges and shows our other way to the same frames beside the first', () => {
    const [{ comparison, outcomes }] = findings.results
    const video = {
      comparison: { ...comparison, input: { ...comparison.input, name: 'video' } },
      outcomes: [
        ...outcomes,
        { entry: { contender: 'kvs-fragments', level: 'scratch' as const }, figures: figures(50) },
      ],
    }
    const found = { ...findings, results: [video] }
    expect(judge(found).map(({ goal, found: ratio }) => [goal, ratio])).toStrictEqual([
      ['fragments, video: times as fast as ts-ebml', 7],
      ['fragments, video: times as fast as ebml-stream', 14],
      ['fragments, video, with scratch memory: times as fast as ts-ebml', 14],
      ['fragments, video, with scratch memory: times as fast as ebml-stream', 28],
    ])
    expect(resultsPage(found, facts)).toContain('| kvs-fragments, with scratch memory | 50')
    expect(readmeTable(found, facts)).toMatch(
      /^\| The same, .* \| 50\.0 .* 14\.0 × \| 28\.0 × \|$/m,
    )
  })

  it('tells our ways apart where memory and the consumer are judged and shown', () => {
    const use = { contender: 'kvs-fragments', input: 'video', megabytes: 50, allowedBytes: 2e7 }
    const spread = flat(1)
    const figure = {
      cpuSecondsPerGigabyte: spread,
      megabytesPerSecond: spread,
      peakRssBytes: spread,
    }
    const session = { input: 'video', protocol: 'https', drain: figure, consumer: figure } as const
    const found: Findings = {
      ...findings,
      results: [],
      memory: (['fragments', 'scratch'] as const).map((level) => ({
        ...use,
        level,
        aboveDrainBytes: flat(1e6),
      })),
      endToEnd: (['fragments', 'scratch'] as const).map((level) => ({
        ...session,
        level,
        cpuRatio: spread,
        aboveDrainBytes: spread,
      })),
    }
    expect(judge(found).map(({ goal }) => goal)).toStrictEqual([
      'consumer end to end, HTTPS, video: client CPU against the bare drain',
      'consumer end to end, HTTPS, video, with scratch memory: client CPU against the bare drain',
      'peak RSS above draining, video, 50 MB',
      'peak RSS above draining, video, with scratch memory, 50 MB',
    ])
    const page = resultsPage(found, facts)
    for (const row of [
      '| video, HTTPS |',
      '| video, HTTPS, with scratch memory |',
      '| kvs-fragments | video, 50 MB |',
      '| kvs-fragments, with scratch memory | video, 50 MB |',
    ]) {
      expect(page).toContain(row)
    }
  })

  it('shows many streams beside rivals and by reader, and judges neither', () => {
    const found: Findings = {
      ...findings,
      results: [],
      streamsBeside: [
        {
          name: 'audio: 1 → 64 streams at once, floor: touch only',
          ratio: flat(1.4),
          smallNsPerKilobyte: flat(100),
          largeNsPerKilobyte: flat(140),
        },
      ],
      streamsAtOnce: [
        {
          input: 'video',
          reader: 'hold',
          streams: 64,
          cpuSecondsPerGigabyte: flat(3),
          ratio: flat(1.5),
          peakRssBytes: flat(2e8),
        },
      ],
    }
    const page = resultsPage(found, facts)
    expect(page).toContain(
      '| audio: 1 → 64 streams at once, floor: touch only | 1.40 (1.40–1.40) | 100 | 140 |',
    )
    expect(page).toContain(
      '| video | bare listener that holds the chunks of a fragment | 64 | 3.00 (3.00–3.00) | 1.50 (1.50–1.50) | 200.0 |',
    )
    expect(judge(found)).toStrictEqual([])
    expect(resultsPage(findings, facts)).not.toContain('Many streams')
  })

  it('judges only what was measured, by the ratio of medians', () => {
    expect(judge(findings).map(({ goal, isMet }) => [goal, isMet])).toStrictEqual([
      ['fragments, audio: times as fast as ts-ebml', true],
      ['fragments, audio: times as fast as ebml-stream', false],
    ])
  })

  it('puts its table between the markers of the README and touches nothing else', () => {
    const readme = 'before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n'
    const table = readmeTable(findings, facts)
    expect(replaceBetweenMarkers(readme, table)).toBe(
      `before\n<!-- bench:start -->\n${table}\n<!-- bench:end -->\nafter\n`,
    )
    expect(table).toContain('| Two tracks. | 100 | 1,000 | 7.00 × | 14.0 × |')
    expect(replaceBetweenMarkers('no markers', table)).toBeUndefined()
  })
})
