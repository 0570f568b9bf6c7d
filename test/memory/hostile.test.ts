// Streams that ask for everything and never end: what they get is a typed error, or nothing, and no memory.
import { beforeAll, describe, expect, it } from 'vitest'
import type { ParseErrorCode } from '../../src/parser/index.js'
import { ID, ParseError } from '../../src/parser/index.js'
import {
  concatBytes,
  element,
  stringElement,
  uintElement,
} from '../../src/simulator/ebml-writer.js'
import { GetMediaParser } from '../../src/tags/index.js'
import type { Held } from './memory.js'
import { growthWithin, held, MIB } from './memory.js'
import { DOCUMENT_START, header, noise, tagsElement } from './streams.js'

const MAX_INPUT_BYTES = 4 * MIB
/** While it goes on: what the default limits let one fragment hold, were it all elements and no media. */
const MAX_HELD_BYTES = 24 * MIB
/** Once it has failed, or gone on for long. */
const MAX_LEFT_BYTES = 6 * MIB

interface Hostile {
  readonly name: string
  readonly start: Uint8Array
  /** Follows the start over and over; nothing when the start is all. */
  readonly again: Uint8Array
  /** Undefined: no error, however long it goes on. */
  readonly code: ParseErrorCode | undefined
}

const NOTHING = new Uint8Array(0)
const OPEN_CLUSTER = concatBytes([DOCUMENT_START, header(ID.Cluster, 2 ** 50)])

function repeated(...bytes: number[]): Uint8Array {
  const count = Math.ceil(65_536 / bytes.length)
  return Uint8Array.from({ length: count * bytes.length }, (_, i) => bytes[i % bytes.length])
}

function filled(piece: Uint8Array): Uint8Array {
  return repeated(...piece)
}

function nested(levels: number): Uint8Array {
  let inner = stringElement(ID.TagName, 'deep')
  for (let level = 0; level < levels; level += 1) inner = element(ID.SimpleTag, inner)
  return element(ID.Tags, element(ID.Tag, inner))
}

const CASES: readonly Hostile[] = [
  { name: 'garbage', start: noise(65_536, 7), again: noise(65_536, 8), code: 'not-ebml' },
  { name: '00 00 00 …', start: NOTHING, again: repeated(0), code: 'not-ebml' },
  { name: 'FF FF FF …', start: NOTHING, again: repeated(0xff), code: 'not-ebml' },
  { name: 'EC 80 EC 80 …', start: NOTHING, again: repeated(0xec, 0x80), code: 'not-ebml' },
  {
    name: '00 00 00 … in a Segment',
    start: DOCUMENT_START,
    again: repeated(0),
    code: 'invalid-id',
  },
  {
    name: 'FF FF FF … in a Segment',
    start: DOCUMENT_START,
    again: repeated(0xff),
    code: 'unknown-size-not-allowed',
  },
  {
    name: 'EC 80 EC 80 … in a Segment',
    start: DOCUMENT_START,
    again: repeated(0xec, 0x80),
    code: 'too-many-elements',
  },
  {
    name: 'EBML headers without end',
    start: NOTHING,
    again: repeated(0x1a, 0x45, 0xdf, 0xa3, 0x80),
    code: undefined,
  },
  {
    name: 'empty Clusters without end',
    start: DOCUMENT_START,
    again: repeated(0x1f, 0x43, 0xb6, 0x75, 0x80),
    code: undefined,
  },
  {
    name: '10,000 levels of nesting',
    start: concatBytes([DOCUMENT_START, nested(10_000)]),
    again: NOTHING,
    code: 'depth-exceeded',
  },
  {
    name: 'a declared size of 2^56 − 2',
    start: concatBytes([
      DOCUMENT_START,
      Uint8Array.of(0x1f, 0x43, 0xb6, 0x75, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe),
    ]),
    again: noise(65_536, 9),
    code: 'size-too-large',
  },
  {
    name: 'a declared block of 1 TB',
    start: concatBytes([OPEN_CLUSTER, header(ID.SimpleBlock, 2 ** 40)]),
    again: noise(65_536, 10),
    code: 'fragment-too-large',
  },
  {
    name: 'a declared string of 1 TB',
    start: concatBytes([
      DOCUMENT_START,
      header(ID.Tags, 2 ** 50),
      header(ID.Tag, 2 ** 45),
      header(ID.SimpleTag, 2 ** 44),
      header(ID.TagString, 2 ** 40),
    ]),
    again: noise(65_536, 11),
    code: undefined,
  },
  {
    name: 'a declared Void of 1 TB',
    start: concatBytes([OPEN_CLUSTER, header(ID.Void, 2 ** 40)]),
    again: noise(65_536, 12),
    code: undefined,
  },
  {
    name: 'a declared CodecPrivate of 1 TB',
    start: concatBytes([
      DOCUMENT_START,
      header(ID.Tracks, 2 ** 50),
      header(ID.TrackEntry, 2 ** 45),
      header(ID.CodecPrivate, 2 ** 40),
    ]),
    again: noise(65_536, 13),
    code: undefined,
  },
  {
    name: 'tags without end, in one Tags element',
    start: concatBytes([DOCUMENT_START, header(ID.Tags, 2 ** 50), header(ID.Tag, 2 ** 45)]),
    again: filled(element(ID.SimpleTag, stringElement(ID.TagName, 'N'))),
    code: 'too-many-elements',
  },
  {
    name: 'tags without end, in Tags elements without end',
    start: DOCUMENT_START,
    again: filled(tagsElement({ NAME: 'value' })),
    code: 'too-many-elements',
  },
  {
    name: 'targets without end',
    start: concatBytes([
      DOCUMENT_START,
      header(ID.Tags, 2 ** 50),
      header(ID.Tag, 2 ** 45),
      header(ID.Targets, 2 ** 44),
    ]),
    again: filled(uintElement(ID.TagTrackUID, 7)),
    code: 'too-many-elements',
  },
  {
    name: 'tracks without end',
    start: concatBytes([DOCUMENT_START, header(ID.Tracks, 2 ** 50)]),
    again: filled(element(ID.TrackEntry, uintElement(ID.TrackNumber, 1))),
    code: 'too-many-elements',
  },
  {
    name: 'values without end in one TrackEntry',
    start: concatBytes([
      DOCUMENT_START,
      header(ID.Tracks, 2 ** 50),
      header(ID.TrackEntry, 2 ** 45),
    ]),
    again: filled(uintElement(ID.TrackNumber, 1)),
    code: 'too-many-elements',
  },
  {
    name: 'timestamps without end',
    start: OPEN_CLUSTER,
    again: filled(uintElement(ID.Timestamp, 1)),
    code: 'too-many-elements',
  },
  {
    name: 'references without end in one BlockGroup',
    start: concatBytes([OPEN_CLUSTER, header(ID.BlockGroup, 2 ** 45)]),
    again: filled(uintElement(ID.ReferenceBlock, 1)),
    code: 'too-many-elements',
  },
  {
    name: 'Blocks without end in one BlockGroup',
    start: concatBytes([OPEN_CLUSTER, header(ID.BlockGroup, 2 ** 45)]),
    again: filled(element(ID.Block, Uint8Array.of(0x81, 0, 0, 0))),
    code: 'too-many-elements',
  },
  {
    name: 'empty frames without end',
    start: OPEN_CLUSTER,
    again: filled(element(ID.SimpleBlock, Uint8Array.of(0x81, 0, 0, 0))),
    code: 'too-many-elements',
  },
  {
    name: 'laces of 256 empty frames without end',
    start: OPEN_CLUSTER,
    again: filled(element(ID.SimpleBlock, Uint8Array.of(0x81, 0, 0, 0x04, 0xff))),
    code: 'too-many-elements',
  },
  {
    name: 'in-band errors without end',
    start: DOCUMENT_START,
    again: filled(tagsElement({ AWS_KINESISVIDEO_ERROR_ID: '5000' })),
    code: 'too-many-elements',
  },
  {
    name: 'broken blocks without end',
    start: OPEN_CLUSTER,
    again: filled(element(ID.SimpleBlock, Uint8Array.of(0))),
    code: 'too-many-elements',
  },
  {
    name: 'misplaced elements without end',
    start: OPEN_CLUSTER,
    again: filled(uintElement(ID.PixelWidth, 1)),
    code: 'too-many-elements',
  },
]

interface Fed {
  readonly bytes: number
  readonly fragments: number
  readonly codes: ReadonlySet<string>
}

/** Feeds a parser until it fails or has had enough. A function of its own, so that nothing of it stays on the stack. */
function feed(parser: GetMediaParser, { start, again }: Hostile, before: Held): Fed {
  const codes = new Set<string>()
  let bytes = 0
  let chunks = 0
  let fragments = 0
  while (bytes < MAX_INPUT_BYTES && parser.failure === undefined) {
    const chunk = bytes === 0 && start.length > 0 ? start : again
    if (chunk.length === 0) break
    for (const fragment of parser.push(chunk)) {
      fragments += 1
      for (const error of fragment.errors) codes.add(error.code)
    }
    bytes += chunk.length
    chunks += 1
    // After 1, 2, 4, 8, … chunks: a look may take longer than the parsing.
    if ((chunks & (chunks - 1)) === 0) {
      expect(growthWithin(MAX_HELD_BYTES, before)).toBeLessThan(MAX_HELD_BYTES)
    }
  }
  return { bytes, fragments, codes }
}

describe('a hostile stream', () => {
  // One for all of them: what one leaves behind counts against the next, too.
  let before: Held
  beforeAll(() => {
    before = held()
  })

  for (const hostile of CASES) {
    const { name, code } = hostile
    for (const onDamage of ['throw', 'resync'] as const) {
      it(`${name}, with onDamage '${onDamage}': ${code ?? 'no error'}, no memory`, () => {
        const skipped = new Set<string>()
        const parser = new GetMediaParser({
          onDamage,
          verifyCrc32: true,
          onSkip: ({ error }) => skipped.add(error.code),
        })
        const { bytes, fragments, codes } = feed(parser, hostile, before)
        expect(growthWithin(MAX_LEFT_BYTES, before)).toBeLessThan(MAX_LEFT_BYTES)
        // The parser is looked at after the measurement, so it is what was measured.
        if (onDamage === 'throw') {
          expect(parser.failure instanceof ParseError ? parser.failure.code : undefined).toBe(code)
        } else {
          expect(parser.failure).toBeUndefined()
          parser.end()
          if (code !== undefined) expect([...codes, ...skipped]).toContain(code)
        }
        expect(fragments).toBeLessThanOrEqual(1 + bytes / 5)
      }, 60_000)
    }
  }
})
