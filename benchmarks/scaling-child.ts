/** The measured process of `scaling.ts`: `node … scaling-child.js length|streams|beside|block|memory`. Prints JSON. */
import { performance } from 'node:perf_hooks'
import { contenderNamed, OURS } from './contenders/registry.js'
import { touchingFloor } from './contenders/touching-floor.js'
import { cut, ownCopy } from './inputs/chunks.js'
import { StreamBuilder } from './inputs/stream-builder.js'
import { Random } from './inputs/random.js'
import { RECIPES, videoTrack } from './inputs/recipes.js'
import { spreadOf } from './statistics.js'
import { Tally } from './tally.js'
import type { Feed } from './contenders/contender.js'
import type { RecipeName } from './inputs/recipes.js'
import type { Scaling, ScalingKind } from './scaling.js'

const MEGABYTE = 1_000_000
const CHUNK_BYTES = 65_536
const ROUNDS = 5
const STREAMS = 64
// Once takes us 2 to 20 ms, of which one collection more or less is a tenth or more.
const STREAM_REPEATS = 25

const works = await contenderNamed(OURS).load()
const { elements, fragments, scratch, unread } = works
if (
  elements?.kind !== 'push' ||
  fragments?.kind !== 'push' ||
  scratch?.kind !== 'push' ||
  unread?.kind !== 'push'
) {
  throw new Error('nothing to scale')
}
const { open } = fragments
const { open: openElements } = elements
const { open: openScratch } = scratch
const { open: openUnread } = unread

function chunksOf(name: RecipeName, targetBytes: number): readonly Buffer[] {
  return cut(RECIPES[name].build(targetBytes).writer.bytes, CHUNK_BYTES)
}

function byteLength(chunks: readonly Buffer[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0)
}

/** Nanoseconds per byte of `run`, which reads `bytes`. */
function timed(bytes: number, run: () => void): number {
  const start = performance.now()
  run()
  return ((performance.now() - start) * 1e6) / bytes
}

/** Alternates the two, so that whatever else the machine does hits both. */
function compare(name: string, small: () => number, large: () => number): Scaling {
  small()
  large()
  const ratios: number[] = []
  const smallNs: number[] = []
  const largeNs: number[] = []
  for (let i = 0; i < ROUNDS; i += 1) {
    smallNs.push(small())
    largeNs.push(large())
    ratios.push(largeNs[i] / smallNs[i])
  }
  return {
    name,
    ratio: spreadOf(ratios),
    smallNsPerKilobyte: spreadOf(smallNs.map((ns) => ns * 1000)),
    largeNsPerKilobyte: spreadOf(largeNs.map((ns) => ns * 1000)),
  }
}

function readRepeatedly(
  chunks: readonly Buffer[],
  times: number,
  openFeed: (tally: Tally) => Feed = open,
): void {
  const feed = openFeed(new Tally())
  for (let i = 0; i < times; i += 1) for (const chunk of chunks) feed.push(chunk)
  feed.end()
}

/** One parser fed 50 MB ten times over, against one parser fed 500 MB: the same bytes in all. */
function* lengths(): Generator<Scaling> {
  for (const name of ['audio', 'video'] as const) {
    const chunks = chunksOf(name, 2 * MEGABYTE)
    const bytes = byteLength(chunks)
    const times = Math.ceil((50 * MEGABYTE) / bytes)
    yield compare(
      `${name}: 50 MB → 500 MB in one stream`,
      () =>
        timed(10 * times * bytes, () => {
          for (let i = 0; i < 10; i += 1) readRepeatedly(chunks, times)
        }),
      () => timed(10 * times * bytes, () => readRepeatedly(chunks, 10 * times)),
    )
  }
}

/**
 * 64 parsers, one stream after the other, against the same 64 taking turns chunk by chunk. What is read of the payloads when a
 * fragment is complete has then left the nearer caches; with payloads unread it shows what the parser itself costs more.
 */
function* streams(): Generator<Scaling> {
  for (const name of ['audio', 'video'] as const) {
    const parts = Array.from({ length: STREAMS }, () => chunksOf(name, MEGABYTE))
    yield compareStreams(`${name}: 1 → ${STREAMS} streams at once`, parts, open)
    // In audio hardly anything has to be joined.
    if (name === 'video') {
      const scratched = `${name}: 1 → ${STREAMS} streams at once, with scratch memory`
      yield compareStreams(scratched, parts, openScratch)
    }
    yield compareStreams(
      `${name}: 1 → ${STREAMS} streams at once, payloads unread`,
      parts,
      openUnread,
    )
  }
}

/**
 * Beside the same streams: the reader without whole fragments, the rivals, and a floor. What the floor takes longer for 64 streams
 * no reader can save whose payloads are looked at fragment by fragment; the faster the reader, the larger a part of its time.
 */
async function* streamsBeside(): AsyncGenerator<Scaling> {
  for (const name of ['audio', 'video'] as const) {
    const parts = Array.from({ length: STREAMS }, () => chunksOf(name, MEGABYTE))
    const title = `${name}: 1 → ${STREAMS} streams at once`
    yield compareStreams(`${title}, ${OURS}`, parts, open)
    yield compareStreams(`${title}, floor: touch only`, parts, touchingFloor(parts[0], CHUNK_BYTES))
    yield compareStreams(`${title}, ${OURS}, elements only`, parts, openElements)
    for (const rival of ['ts-ebml', 'ebml-stream']) {
      const work = (await contenderNamed(rival).load()).fragments
      if (work?.kind !== 'push') throw new Error(`${rival} cannot be fed`)
      yield compareStreams(`${title}, ${rival}`, parts, (tally) => work.open(tally), 2)
    }
  }
}

function compareStreams(
  name: string,
  parts: readonly (readonly Buffer[])[],
  openFeed: (tally: Tally) => Feed,
  repeats: number = STREAM_REPEATS,
): Scaling {
  const bytes = parts.reduce((sum, chunks) => sum + byteLength(chunks), 0)
  const longest = Math.max(...parts.map((chunks) => chunks.length))
  const inTurns = (): void => {
    const feeds = parts.map(() => openFeed(new Tally()))
    for (let i = 0; i < longest; i += 1) {
      for (const [k, chunks] of parts.entries()) if (i < chunks.length) feeds[k].push(chunks[i])
    }
    for (const feed of feeds) feed.end()
  }
  const times = Array.from({ length: repeats })
  return compare(
    name,
    () =>
      timed(times.length * bytes, () => {
        for (const _ of times) for (const chunks of parts) readRepeatedly(chunks, 1, openFeed)
      }),
    () =>
      timed(times.length * bytes, () => {
        for (const _ of times) inTurns()
      }),
  )
}

/**
 * One block of 16 MiB against sixteen of 1 MiB, for chunks of every size: anything quadratic shows here. The payload is not
 * joined, which is the parser alone; then it is, and the pages of a fresh 16 MiB array are part of the figure.
 */
function* blocks(): Generator<Scaling> {
  const small = oneBlock(1 << 20)
  const large = oneBlock(1 << 24)
  for (const chunkBytes of [1, 7, 1400, 16_384, 65_536]) {
    yield compareBlocks(`${chunkBytes}-byte chunks`, small, large, chunkBytes, openUnread)
  }
  yield compareBlocks('65536-byte chunks, joined', small, large, 65_536, open)
}

function compareBlocks(
  name: string,
  small: Buffer,
  large: Buffer,
  chunkBytes: number,
  openFeed: (tally: Tally) => Feed,
): Scaling {
  // A million objects of one byte each would fill the heap: tiny chunks are cut while they are fed.
  const feedAll = (bytes: Buffer): void => {
    const feed = openFeed(new Tally())
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      feed.push(bytes.subarray(at, at + chunkBytes))
    }
    feed.end()
  }
  return compare(
    `one block, 1 MiB → 16 MiB, ${name}`,
    () =>
      timed(16 * small.length, () => {
        for (let i = 0; i < 16; i += 1) feedAll(small)
      }),
    () => timed(large.length, () => feedAll(large)),
  )
}

function oneBlock(payloadBytes: number): Buffer {
  const random = new Random(1)
  const builder = new StreamBuilder(random)
  builder.getMediaFragment({
    tracks: [videoTrack],
    tags: [],
    clusterTimestampMs: 0,
    clusterSize: 'known',
    writeBlocks(writer) {
      writer.simple(1, 0, true, random.bytes(payloadBytes))
    },
  })
  return ownCopy(builder.writer.bytes)
}

/** The same stream from a few chunks that stay in the cache, and from 256 MB that do not fit. Not judged. */
function* memory(): Generator<Scaling> {
  for (const name of ['audio', 'video'] as const) {
    const warm = chunksOf(name, 2 * MEGABYTE)
    const cold = chunksOf(name, 256 * MEGABYTE)
    const coldBytes = byteLength(cold)
    const times = Math.ceil(coldBytes / byteLength(warm))
    yield compare(
      `${name}: from the cache → from 256 MB of memory`,
      () => timed(times * byteLength(warm), () => readRepeatedly(warm, times)),
      () => timed(coldBytes, () => readRepeatedly(cold, 1)),
    )
  }
}

const kinds: Readonly<Record<ScalingKind, () => Iterable<Scaling> | AsyncIterable<Scaling>>> = {
  length: lengths,
  streams,
  beside: streamsBeside,
  block: blocks,
  memory,
}
const found: Scaling[] = []
for await (const scaling of kinds[process.argv[2] as ScalingKind]()) found.push(scaling)
console.log(JSON.stringify(found))
