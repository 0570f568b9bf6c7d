/**
 * The samples, read by `ebml-stream` as well. Where the two agree a mistake would have to be made twice.
 *
 * Left out, because `ebml-stream` is wrong there:
 * - where masters end: it knows no unknown size and ends them at their first child; an empty one it ends too late;
 * - lacing and the invisible flag: it reads bits 0x0C and 0x10, they are 0x06 and 0x08 (RFC 9559 §10.2), so of laced blocks
 *   only the bytes after the header are compared;
 * - signed integers of 3 and 5 to 8 bytes, which it reads as NaN;
 * - the inside of masters that are newer than its table (Colour, …): it takes them for binary elements;
 * - text after a NUL: it keeps it, RFC 8794 §13 lets a reader stop.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import {
  Block,
  EbmlDataTag,
  EbmlElementType,
  EbmlStreamDecoder,
  EbmlTagFactory,
  EbmlTagId,
  EbmlTagPosition,
  SimpleBlock,
} from 'ebml-stream'
import type { EbmlTag } from 'ebml-stream'
import { describe, expect, it } from 'vitest'
import type { EbmlHandler, Track } from '../../src/parser/index.js'
import {
  EbmlReader,
  FragmentParser,
  MATROSKA_RULE,
  readBlockHeader,
  readFloat,
  readString,
  readUintBig,
} from '../../src/parser/index.js'
import { chunksOf, drain } from '../helpers/drain.js'

const SAMPLES = fileURLToPath(new URL('../../samples/media/', import.meta.url))
const CHUNK_BYTES = 4096

function untilNul(text: string): string {
  return text.split('\u0000')[0] ?? ''
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function typeOf(id: number): EbmlElementType {
  return EbmlTagFactory.create(id).type
}

async function decode(bytes: Uint8Array): Promise<readonly EbmlTag[]> {
  const tags: EbmlTag[] = []
  await pipeline(
    Readable.from(chunksOf(bytes, CHUNK_BYTES)),
    new EbmlStreamDecoder(),
    new Writable({
      objectMode: true,
      write(tag: EbmlTag, _encoding, done) {
        tags.push(tag)
        done()
      },
    }),
  )
  return tags
}

/** Both sides as lines: ID, size, value; masters where they begin. */
function theirLines(tags: readonly EbmlTag[]): string[] {
  return tags
    .filter((tag) => tag.position !== EbmlTagPosition.End)
    .map((tag) => `${tag.id.toString(16)} ${tag.size} ${theirValue(tag)}`)
}

function theirValue(tag: EbmlTag): string {
  if (tag instanceof Block) {
    const flags = tag instanceof SimpleBlock ? ` ${tag.keyframe} ${tag.discardable}` : ''
    return `${tag.track} ${tag.value}${flags} ${hex(tag.payload)}`
  }
  if (!(tag instanceof EbmlDataTag)) return 'master'
  const data = tag.data as number | string | Uint8Array
  switch (tag.type) {
    case EbmlElementType.UnsignedInt:
      return String(BigInt(typeof data === 'string' ? `0x${data}` : (data as number)))
    case EbmlElementType.String:
    case EbmlElementType.UTF8:
      return untilNul(String(data))
    case EbmlElementType.Float:
    case EbmlElementType.Integer:
      return String(data)
    default:
      return hex(data as Uint8Array)
  }
}

class OurLines implements EbmlHandler {
  readonly lines: string[] = []
  #body: Uint8Array[] = []

  onMasterStart(id: number, _offset: number, size: number): boolean {
    const isKnown = typeOf(id) === EbmlElementType.Master
    // What it does not know it shows as bytes; ours are not asked for, so the size has to do.
    this.lines.push(`${id.toString(16)} ${size} ${isKnown ? 'master' : ''}`)
    return isKnown
  }

  onMasterEnd(): void {}

  onValue(id: number, bytes: Uint8Array, start: number, end: number): void {
    this.#add(id, end - start, valueOf(id, bytes, start, end))
  }

  onBody(id: number, bytes: Uint8Array, start: number, end: number, bytesLeft: number): void {
    this.#body.push(bytes.slice(start, end))
    if (bytesLeft > 0) return
    const whole = Buffer.concat(this.#body)
    this.#body = []
    this.#add(id, whole.length, bodyOf(id, whole))
  }

  #add(id: number, size: number, value: string): void {
    this.lines.push(`${id.toString(16)} ${size} ${value}`)
  }
}

function valueOf(id: number, bytes: Uint8Array, start: number, end: number): string {
  switch (typeOf(id)) {
    case EbmlElementType.UnsignedInt:
      return String(readUintBig(bytes, start, end))
    case EbmlElementType.Float:
      return String(readFloat(bytes, start, end))
    case EbmlElementType.String:
    case EbmlElementType.UTF8:
      return readString(bytes, start, end)
    default:
      return hex(bytes.subarray(start, end))
  }
}

function bodyOf(id: number, body: Uint8Array): string {
  if (id !== EbmlTagId.SimpleBlock && id !== EbmlTagId.Block) return hex(body)
  const header = readBlockHeader(body, 0, body.length)
  if (header === undefined) throw new Error('a block without a header')
  const { trackNumber, relativeTimestamp, flags, length } = header
  const isSimple = id === EbmlTagId.SimpleBlock
  const ownFlags = isSimple ? ` ${(flags & 0x80) !== 0} ${(flags & 0x01) !== 0}` : ''
  return `${trackNumber} ${relativeTimestamp}${ownFlags} ${hex(body.subarray(length))}`
}

/** Lines of elements that only we can read are cut to ID and size on both sides. */
function comparable(line: string): string {
  const [idText = '', size = ''] = line.split(' ')
  const type = typeOf(Number.parseInt(idText, 16))
  const isInteger = type === EbmlElementType.Integer
  return isInteger || line.endsWith(' ') || type === undefined ? `${idText} ${size}` : line
}

/** The text of each `id`, in order. */
function texts(tags: readonly EbmlTag[], id: EbmlTagId): string[] {
  return tags
    .filter((tag) => (tag.id as EbmlTagId) === id && tag.position === EbmlTagPosition.Content)
    .map(theirValue)
}

function lineOfTrack({ number, uid, codecId, name }: Track): string {
  return `${number} ${uid} ${codecId} ${name ?? ''}\n`
}

/** The same of each Tracks element. */
function theirTracks(tags: readonly EbmlTag[]): ReadonlySet<string> {
  const elements: Map<EbmlTagId, string>[][] = []
  for (const tag of tags) {
    const id = tag.id as EbmlTagId
    if (tag.position === EbmlTagPosition.Start) {
      if (id === EbmlTagId.Tracks) elements.push([])
      else if (id === EbmlTagId.TrackEntry) elements.at(-1)?.push(new Map())
    } else if (tag.position === EbmlTagPosition.Content) {
      elements.at(-1)?.at(-1)?.set(id, theirValue(tag))
    }
  }
  return new Set(
    elements.map((entries) =>
      entries
        .map((entry) =>
          lineOfTrack({
            number: Number(entry.get(EbmlTagId.TrackNumber)),
            uid: BigInt(entry.get(EbmlTagId.TrackUID) ?? ''),
            codecId: entry.get(EbmlTagId.CodecID) ?? '',
            name: entry.get(EbmlTagId.Name),
          } as Track),
        )
        .join(''),
    ),
  )
}

describe('ebml-stream and this parser', () => {
  for (const name of readdirSync(SAMPLES).filter((file) => file.endsWith('.mkv'))) {
    const bytes = readFileSync(SAMPLES + name)

    it(`find the same elements, sizes and values in ${name}`, async () => {
      const ours = new OurLines()
      const reader = new EbmlReader(ours)
      for (const chunk of chunksOf(bytes, CHUNK_BYTES)) reader.write(chunk)
      reader.end()
      const theirs = theirLines(await decode(bytes))
      expect(theirs.length).toBeGreaterThan(10)
      expect(ours.lines.map(comparable)).toEqual(theirs.map(comparable))
    })

    it(`find the same frames, tracks and tags in ${name}`, async () => {
      const theirs = await decode(bytes)
      const { fragments } = drain(new FragmentParser(MATROSKA_RULE), chunksOf(bytes, CHUNK_BYTES))
      const blocks = theirs.filter((tag): tag is Block => tag instanceof Block)
      const frames = fragments.flatMap((fragment) => fragment.frames)
      // A block's laces one after the other: in front of them its payload has their sizes, and without laces nothing.
      const ours: { track: number; laces: number; data: string }[] = []
      for (const { trackNumber, laceIndex, data } of frames) {
        if (laceIndex === 0) ours.push({ track: trackNumber, laces: 0, data: '' })
        const block = ours[ours.length - 1]
        block.laces += 1
        block.data += hex(data)
      }
      expect(ours).toEqual(
        blocks.map(({ track, payload }, i) => {
          const { laces, data } = ours[i]
          const whole = hex(payload)
          return { track, laces, data: laces > 1 ? whole.slice(-data.length) : whole }
        }),
      )

      const tags = fragments.flatMap((fragment) => fragment.tags)
      expect(tags.map((tag) => tag.name)).toEqual(texts(theirs, EbmlTagId.TagName))
      expect(tags.map((tag) => tag.value)).toEqual(texts(theirs, EbmlTagId.TagString))

      // Fragments of one Segment share their tracks, and equal Segments may: each kind once.
      const ourTracks = new Set(
        fragments.map((fragment) => fragment.tracks.map(lineOfTrack).join('')),
      )
      expect([...ourTracks].filter((lines) => lines !== '')).toEqual([...theirTracks(theirs)])
    })
  }
})
