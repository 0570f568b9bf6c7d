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
      `${HEADER}${LIVE_SEGMENT}4100${(0x4000 | size).toString(16)}`
    expect(failureOf(element(100), { maxFragmentBytes: 100 })).toEqual(twice(undefined))
    expect(failureOf(element(101), { maxFragmentBytes: 100 })).toEqual(
      twice({ code: 'element-too-large', offset: 10, path: 'Segment/0x4100' }),
    )
  })

  it('cannot swallow a live stream by an absurd size', () => {
    expect(failureOf(`${HEADER}${LIVE_SEGMENT}410001000fffffffffff`)).toEqual(
      twice({ code: 'element-too-large', offset: 10, path: 'Segment/0x4100' }),
    )
  })

  it('is held to the same limit when it is known, but misplaced', () => {
    // A PixelWidth directly in the Segment's Info, which has a known size.
    const misplaced = `${HEADER}${LIVE_SEGMENT}1549a96640ffb04067`
    expect(failureOf(misplaced, { maxFragmentBytes: 102 })).toEqual(
      twice({ code: 'element-too-large', offset: 16, path: 'Segment/Info/PixelWidth' }),
    )
    expect(failureOf(misplaced, { maxFragmentBytes: 103 })).toEqual(twice(undefined))
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
