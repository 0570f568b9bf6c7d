import { describe, expect, it } from 'vitest'
import { FragmentParser, MATROSKA_RULE, type ParseError } from '../../src/parser/index.js'

const HEADER = '1a45dfa380'
const LIVE_SEGMENT = '18538067ff'

/** The failure that the bytes lead to, pushed whole and one byte at a time. */
function failureOf(hex: string, options: { maxFragmentBytes?: number } = {}): unknown[] {
  const bytes = Uint8Array.from(Buffer.from(hex, 'hex'))
  const whole = new FragmentParser(MATROSKA_RULE, options)
  whole.push(bytes)
  const dripped = new FragmentParser(MATROSKA_RULE, options)
  for (const byte of bytes) {
    if (dripped.failure === undefined) dripped.push(Uint8Array.of(byte))
  }
  return [whole, dripped].map(({ failure }) => {
    const error = failure as ParseError | undefined
    return error && { code: error.code, offset: error.offset, path: error.path }
  })
}

function twice<T>(value: T): T[] {
  return [value, value]
}

describe('an element that nobody knows', () => {
  it('is stepped over up to the limit, and damage beyond it', () => {
    const element = (size: number): string =>
      `${HEADER}${LIVE_SEGMENT}4100${(0x10000000 | size).toString(16)}`
    expect(failureOf(element(2_000_000), { maxFragmentBytes: 2_000_000 })).toEqual(twice(undefined))
    expect(failureOf(element(1_048_576), { maxFragmentBytes: 1 })).toEqual(twice(undefined))
    expect(failureOf(element(2_000_001), { maxFragmentBytes: 2_000_000 })).toEqual(
      twice({ code: 'element-too-large', offset: 10, path: 'Segment/0x4100' }),
    )
  })

  it('cannot swallow a live stream by an absurd size', () => {
    expect(failureOf(`${HEADER}${LIVE_SEGMENT}410001000fffffffffff`)).toEqual(
      twice({ code: 'element-too-large', offset: 10, path: 'Segment/0x4100' }),
    )
  })

  it.each([
    ['Void', 'ec', 'Segment/Void'],
    ['CRC-32', 'bf', 'Segment/CRC-32'],
    ['Cues, which nobody needs', '1c53bb6b', 'Segment/Cues'],
    ['a PixelWidth, misplaced', 'b0', 'Segment/PixelWidth'],
    ['a Timestamp in a Cluster', '1f43b675ffe7', 'Segment/Cluster/Timestamp'],
    ['an EncryptedBlock in a Cluster', '1f43b675ffaf', 'Segment/Cluster/EncryptedBlock'],
    ['a Block in a Cluster, misplaced', '1f43b675ffa1', 'Segment/Cluster/Block'],
    ['a SimpleBlock in a Segment, misplaced', 'a3', 'Segment/SimpleBlock'],
  ])('nor can one that is known: %s', (_name, id, path) => {
    const offset = id.startsWith('1f43b675') ? 15 : 10
    const absurd = `${HEADER}${LIVE_SEGMENT}${id}01000fffffffffff`
    expect(failureOf(absurd)).toEqual(twice({ code: 'element-too-large', offset, path }))
  })

  it('is stepped over whatever its size where a parent of known size holds it', () => {
    const unregistered = `4100${(0x10000000 | 2_000_000).toString(16)}`
    const held = `${HEADER}${LIVE_SEGMENT}1549a966${(0x10000000 | 2_000_006).toString(16)}${unregistered}`
    expect(failureOf(held, { maxFragmentBytes: 100 })).toEqual(twice(undefined))
  })
})

describe('what frames hold', () => {
  const head = `${HEADER}${LIVE_SEGMENT}1f43b675ffe78100`
  const block = 'a3858100008055'

  it('is bounded by how far they lie apart, not by their payload alone', () => {
    const parser = new FragmentParser(MATROSKA_RULE, { maxFragmentBytes: 1000 })
    parser.push(Uint8Array.from(Buffer.from(head, 'hex')))
    const chunk = new Uint8Array(7 + 4 + 0xfff5)
    chunk.set(Buffer.from(`${block}ec20fff5`, 'hex'))
    // A one-byte frame and a Void of the rest, again and again.
    let pushed = 0
    while (parser.failure === undefined && pushed < 100) {
      parser.push(chunk.slice())
      pushed += 1
    }
    expect(parser.failure).toMatchObject({ code: 'fragment-too-large' })
    expect(pushed).toBeLessThan(20)
  })

  it('is not bounded that way when frames are handed out and let go', () => {
    const parser = new FragmentParser(MATROSKA_RULE, {
      maxFragmentBytes: 1000,
      collectFrames: false,
    })
    parser.push(Uint8Array.from(Buffer.from(head, 'hex')))
    const chunk = new Uint8Array(7 + 4 + 0xfff5)
    chunk.set(Buffer.from(`${block}ec20fff5`, 'hex'))
    for (let i = 0; i < 40; i += 1) parser.push(chunk.slice())
    expect(parser.failure).toBeUndefined()
  })
})

describe('an input that is no EBML', () => {
  it.each(['68', '6869', '00', 'ff', '1a46', '1a45df00'])('is refused however short: %s', (hex) => {
    expect(failureOf(hex)).toMatchObject(twice({ code: 'not-ebml', offset: 0 }))
  })

  it.each(['1a', '1a45', '1a45df', '1a45dfa3'])(
    'is not refused while it may become one: %s',
    (hex) => {
      expect(failureOf(hex)).toEqual(twice(undefined))
    },
  )
})
