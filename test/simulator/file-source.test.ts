import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { FragmentParser, MATROSKA_RULE, ParseError } from '../../src/parser/index.js'
import { ManualClock, type PreparedFragment, fragmentsFromFile } from '../../src/simulator/index.js'
import { SimulatedStream } from '../../src/simulator/stream.js'
import { type GetMediaFragment, GetMediaParser } from '../../src/tags/index.js'

function sample(name: string): Uint8Array {
  const path = fileURLToPath(new URL(`../../samples/media/${name}`, import.meta.url))
  return new Uint8Array(readFileSync(path))
}

/** What a stream of these fragments sends. */
function sent(fragments: Iterable<PreparedFragment>): Uint8Array {
  const stream = new SimulatedStream({ name: 'file', fragments }, new ManualClock())
  return new Uint8Array(Buffer.concat(stream.fragments.map((fragment) => fragment.payload(9))))
}

function parse(bytes: Uint8Array): readonly GetMediaFragment[] {
  const parser = new GetMediaParser()
  return [...parser.push(bytes), ...parser.end()]
}

describe('a GetMedia capture', () => {
  it.each(['camera.mkv', 'connect.mkv', 'producer-sdk.mkv'])('keeps every byte of %s', (name) => {
    const bytes = sample(name)
    expect(Buffer.compare(sent(fragmentsFromFile(bytes)), bytes)).toBe(0)
  })

  it('is identified by its own tags', () => {
    const bytes = sample('camera.mkv')
    const read = parse(bytes).map(({ metadata }) => ({
      fragmentNumber: metadata.fragmentNumber,
      serverTimestampMs: metadata.serverTimestampMs,
      producerTimestampMs: metadata.producerTimestampMs,
      continuationToken: metadata.continuationToken,
    }))
    expect(fragmentsFromFile(bytes)).toMatchObject(read)
  })

  it('loses a fragment that is cut off', () => {
    const cut = fragmentsFromFile(sample('truncated.mkv'))
    expect(cut).toHaveLength(1)
    expect(cut[0]!.fragmentNumber).toBe(fragmentsFromFile(sample('camera.mkv'))[0]!.fragmentNumber)
  })

  it('gets a header for each run when several share a Segment', () => {
    const merged = sample('merged.mkv')
    const fragments = fragmentsFromFile(merged)
    expect(fragments).toHaveLength(3)
    // The last one alone can be read from its first byte on.
    const [last] = parse(sent(fragments.slice(2)))
    expect(last).toMatchObject({ isComplete: true })
    expect(last!.tracks).toHaveLength(1)
    expect(last!.frames).toHaveLength(10)
  })

  it('gets GetMedia’s tags when it comes from GetMediaForFragmentList', () => {
    const read = parse(sent(fragmentsFromFile(sample('fragment-list.mkv'))))
    expect(read).toHaveLength(4)
    for (const fragment of read) {
      expect(fragment.isComplete).toBe(true)
      expect(fragment.metadata.millisBehindNow).toBe(9)
    }
  })
})

describe('any other Matroska file', () => {
  const ordinary = sample('ordinary.mkv')

  it('becomes one fragment per Cluster, with the file’s times and every frame', () => {
    const read = parse(sent(fragmentsFromFile(ordinary, { startMs: 1_600_000_000_000 })))
    expect(read.map(({ metadata }) => metadata.producerTimestampMs)).toEqual([
      1_600_000_000_000, 1_600_000_001_000, 1_600_000_002_000,
    ])
    expect(read.every((fragment) => fragment.isComplete && fragment.tracks.length === 2)).toBe(true)
    const parser = new FragmentParser(MATROSKA_RULE)
    const plain = [...parser.push(ordinary), ...parser.end()]
    const frames = (list: readonly { frames: readonly { data: Uint8Array }[] }[]): string[] =>
      list.flatMap((fragment) =>
        fragment.frames.map((frame) => Buffer.from(frame.data).toString('base64')),
      )
    expect(frames(read)).toEqual(frames(plain))
  })

  it('shares the memory of the file', () => {
    for (const { cluster } of fragmentsFromFile(ordinary)) {
      expect(cluster.buffer).toBe(ordinary.buffer)
    }
  })

  it('says what is wrong with a file that is none', () => {
    expect(() => fragmentsFromFile(new TextEncoder().encode('not a film'))).toThrow(ParseError)
    expect(() => fragmentsFromFile(sample('error-4503.mkv'))).toThrow(/no whole Cluster/)
    expect(() => fragmentsFromFile(new Uint8Array(0))).toThrow(RangeError)
  })
})
