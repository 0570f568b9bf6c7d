import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { FragmentParser, MATROSKA_RULE, ParseError } from '../../src/parser/index.js'
import { ID } from '../../src/parser/schema.js'
import {
  concatBytes,
  element,
  simpleBlock,
  stringElement,
  uintElement,
  withCrc32,
} from '../../src/simulator/ebml-writer.js'
import {
  FileSourceError,
  type FragmentSpec,
  ManualClock,
  type PreparedFragment,
  buildErrorDocument,
  buildFragment,
  fragmentsFromFile,
  syntheticFragments,
} from '../../src/simulator/index.js'
import { headTags, tailTags } from '../../src/simulator/service-tags.js'
import { SimulatedStream } from '../../src/simulator/stream.js'
import {
  type GetMediaFragment,
  GetMediaParser,
  decodeFragmentNumber,
} from '../../src/tags/index.js'
import { take } from './sdk.js'

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

  const specs = take(syntheticFragments({ frameRate: 5, frameBytes: 30, keyframeBytes: 50 }), 3)
  const numbers = specs.map((spec) => spec.fragmentNumber)
  const [first, second, third] = specs.map((spec) => buildFragment(spec)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  /** The second one cut off between two blocks. */
  const incomplete: FragmentSpec = {
    ...specs[1],
    frames: specs[1]!.frames!.slice(0, 4),
    hasTail: false,
  }
  const cutOff = buildFragment(incomplete)
  const ended = buildErrorDocument({
    id: 3002,
    position: 'after-cluster',
    fragment: { ...specs[1], hasTail: false },
  })
  /** Tags that end a fragment of which there was nothing else. */
  const noCluster = buildFragment({ ...specs[0], frames: undefined })

  it.each([
    ['cut off in the middle of the file', [first, cutOff, third]],
    ['cut off at its end', [first, third, cutOff]],
    ['that ended in an error', [first, ended, third]],
    ['cut off behind tags without a Cluster', [noCluster, cutOff, first, third]],
  ])('loses a fragment %s', (_, pieces) => {
    const read = parse(sent(fragmentsFromFile(Buffer.concat(pieces))))
    expect(read.map(({ metadata }) => metadata.fragmentNumber)).toEqual([numbers[0], numbers[2]])
    expect(read.every(({ isComplete, frames }) => isComplete && frames.length === 10)).toBe(true)
  })

  it('of several sessions has each fragment once', () => {
    for (const pieces of [
      [first, cutOff, second, third],
      [first, second, second, third, first, third],
    ]) {
      const bytes = sent(fragmentsFromFile(Buffer.concat(pieces)))
      expect(Buffer.compare(bytes, Buffer.concat([first, second, third]))).toBe(0)
    }
  })

  it('keeps an error that its fragment survived, and the fragment’s own number', () => {
    const error = buildErrorDocument({
      id: 5000,
      fragmentNumber: '7',
      position: 'before-cluster',
      fragment: specs[0],
    })
    const [fragment, ...rest] = parse(sent(fragmentsFromFile(error)))
    expect(rest).toEqual([])
    expect(fragment!.metadata).toMatchObject({ fragmentNumber: numbers[0] })
    expect(fragment!.metadata.serviceErrors).toMatchObject([{ id: 5000, fragmentNumber: '7' }])
  })

  it('whose numbers are none gets new ones', () => {
    const bytes = Buffer.concat([buildFragment({ ...specs[0], fragmentNumber: '12a' }), second])
    const read = parse(sent(fragmentsFromFile(bytes)))
    expect(
      read.map(({ metadata }) => decodeFragmentNumber(metadata.fragmentNumber!)),
    ).toMatchObject([{ sequence: 1n }, { sequence: 2n }])
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

  const info = element(ID.Info, uintElement(ID.TimestampScale, 1_000_000))
  const cluster = (timestamp: number | bigint): Uint8Array => {
    const frame = { trackNumber: 1, relativeTimestamp: 0, frames: [Uint8Array.of(1)] }
    return element(ID.Cluster, [uintElement(ID.Timestamp, timestamp), simpleBlock(frame)])
  }
  const file = (...children: Uint8Array[]): Uint8Array =>
    concatBytes([
      element(ID.EBML, stringElement(ID.DocType, 'matroska')),
      element(ID.Segment, [info, ...children]),
    ])
  const tag = (name: string, value: string): Uint8Array =>
    element(ID.SimpleTag, [stringElement(ID.TagName, name), stringElement(ID.TagString, value)])

  it('keeps its own tags, also those that stand among the service’s', () => {
    const mixed = element(
      ID.Tags,
      withCrc32(
        element(
          ID.Tag,
          withCrc32([
            tag('LOCATION', 'door'),
            tag('AWS_KINESISVIDEO_FRAGMENT_NUMBER', '17'),
            tag('AWS_KINESISVIDEO_CONTINUATION_TOKEN', '17'),
            tag('AWS_KINESISVIDEO_CUSTOM', 'x'),
          ]),
        ),
      ),
    )
    const bytes = sent(fragmentsFromFile(file(mixed, cluster(0), cluster(40))))
    const parser = new GetMediaParser({ verifyCrc32: true })
    const read = [...parser.push(bytes), ...parser.end()]
    expect(read).toHaveLength(2)
    for (const { tags, metadata, errors, isComplete } of read) {
      expect(tags.map(({ name, value }) => [name, value])).toEqual([['LOCATION', 'door']])
      expect(metadata.unknownTags).toEqual([])
      expect([isComplete, errors, metadata.fragmentNumber === '17']).toEqual([true, [], false])
    }
  })

  it('is sent without attachments and cues, and with one header for all', () => {
    const attachments = element(ID.Attachments, element(0x61a7, new Uint8Array(100_000)))
    const cues = element(ID.Cues, new Uint8Array(0))
    const plain = fragmentsFromFile(file(cluster(0), cluster(40), cluster(80)))
    const fragments = fragmentsFromFile(
      file(attachments, cues, cluster(0), attachments, cluster(40), cluster(80), cues),
    )
    expect(Buffer.compare(sent(fragments), sent(plain))).toBe(0)
    expect(new Set(fragments.map(({ preamble }) => preamble)).size).toBe(1)
  })

  it('may tell any time', () => {
    const fragments = fragmentsFromFile(
      file(cluster(0), cluster(0x0060_0000_0000_0000n), cluster(9)),
    )
    const read = parse(sent(fragments))
    expect(read.map(({ metadata }) => metadata.serverTimestampMs)).toEqual([
      1_700_000_000_120, 8_640_000_000_000_000, 1_700_000_000_129,
    ])
  })

  const corpus = fileURLToPath(new URL('../fuzz/corpus/', import.meta.url))
  it.each(readdirSync(corpus))('is served or refused, whatever it is: %s', (name) => {
    const bytes = new Uint8Array(readFileSync(`${corpus}${name}`))
    let fragments: readonly PreparedFragment[] = []
    try {
      fragments = fragmentsFromFile(bytes)
    } catch (error) {
      if (!(error instanceof ParseError)) expect(error).toBeInstanceOf(FileSourceError)
    }
    expect(() => sent(fragments)).not.toThrow()
  })

  it('says what is wrong with a file that is none', () => {
    expect(() => fragmentsFromFile(new TextEncoder().encode('not a film'))).toThrow(ParseError)
    expect(() => fragmentsFromFile(sample('error-4503.mkv'))).toThrow(/no whole Cluster/)
    expect(() => fragmentsFromFile(new Uint8Array(0))).toThrow(FileSourceError)
  })
})

it('a file whose tags of the service all stand at its end is no capture, and is served whole', () => {
  const file = concatBytes([
    element(ID.EBML, stringElement(ID.DocType, 'matroska')),
    element(
      ID.Segment,
      concatBytes([
        ...[0, 1000, 2000].map((time) => element(ID.Cluster, uintElement(ID.Timestamp, time))),
        headTags({ fragmentNumber: '1234' }),
        tailTags({ continuationToken: '1234' }),
      ]),
    ),
  ])
  expect(fragmentsFromFile(file)).toHaveLength(3)
})
