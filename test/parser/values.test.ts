import { describe, expect, it } from 'vitest'
import type { ElementKind } from '../../src/parser/schema.js'
import {
  copyBytes,
  isLengthOf,
  readDateMs,
  readFloat,
  readIntBig,
  readName,
  readString,
  readUint,
  readUintBig,
} from '../../src/parser/values.js'
import { hex, toHex } from '../helpers/hex.js'

type Reader<T> = (bytes: Uint8Array, start: number, end: number) => T

/** Reads in the middle of other bytes: a reader that strays gives a wrong answer. */
function read<T>(reader: Reader<T>, source: string): T {
  const value = hex(source)
  const bytes = new Uint8Array(value.length + 8).fill(0xa5)
  bytes.set(value, 4)
  return reader(bytes, 4, 4 + value.length)
}

describe('isLengthOf', () => {
  it.each<[ElementKind, number[]]>([
    ['uint', [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    ['int', [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    ['float', [0, 4, 8]],
    ['date', [0, 8]],
  ])('lets %s have %s bytes, up to a dozen', (kind, lengths) => {
    const allowed = Array.from({ length: 13 }, (_, length) => length).filter((length) =>
      isLengthOf(kind, length),
    )
    expect(allowed).toEqual(lengths)
  })

  it.each<ElementKind>(['string', 'utf8', 'binary', 'master'])('lets %s have any', (kind) => {
    expect([0, 1, 9, 70_000].every((length) => isLengthOf(kind, length))).toBe(true)
  })
})

describe('readUint and readUintBig', () => {
  it.each([
    ['', 0n],
    ['00', 0n],
    ['FF', 255n],
    ['01 00', 256n],
    ['01 02 03', 66_051n],
    ['FF FF FF FF', 2n ** 32n - 1n],
    ['80 00 00 00', 2n ** 31n],
    ['01 00 00 00 00', 2n ** 32n],
    ['FF FF FF FF FF FF', 2n ** 48n - 1n],
    ['1F FF FF FF FF FF FF', 2n ** 53n - 1n],
  ])('read [%s] as %d', (source, value) => {
    expect(read(readUintBig, source)).toBe(value)
    expect(read(readUint, source)).toBe(Number(value))
  })

  it.each([
    ['20 00 00 00 00 00 01', 2n ** 53n + 1n],
    ['FF FF FF FF FF FF FF', 2n ** 56n - 1n],
    ['00 00 00 00 00 00 00 01', 1n],
    ['80 00 00 00 00 00 00 01', 2n ** 63n + 1n],
    ['FF FF FF FF FF FF FF FF', 2n ** 64n - 1n],
  ])('are exact as a bigint over 53 bits: [%s]', (source, value) => {
    expect(read(readUintBig, source)).toBe(value)
  })

  it('round as a number over 53 bits', () => {
    expect(read(readUint, 'FF FF FF FF FF FF FF FF')).toBe(2 ** 64)
  })

  it('take the last eight of more bytes, as a bigint', () => {
    expect(read(readUintBig, 'FF 00 00 00 00 00 00 01 02')).toBe(258n)
  })
})

describe('readIntBig', () => {
  it.each([
    ['', 0n],
    ['7F', 127n],
    ['80', -128n],
    ['FF', -1n],
    ['00 FF', 255n],
    ['FF 00', -256n],
    ['80 00 00', -8_388_608n],
    ['7F FF FF FF', 2n ** 31n - 1n],
    ['80 00 00 00', -(2n ** 31n)],
    ['FF FF FF FF FE', -2n],
    ['80 00 00 00 00 00', -(2n ** 47n)],
    ['FF FF FF FF FF FF FE', -2n],
    ['7F FF FF FF FF FF FF FF', 2n ** 63n - 1n],
    ['80 00 00 00 00 00 00 00', -(2n ** 63n)],
  ])('reads [%s] as %d', (source, value) => {
    expect(read(readIntBig, source)).toBe(value)
  })
})

describe('readFloat', () => {
  it.each([
    ['', 0],
    ['00 00 00 00', 0],
    ['3F 80 00 00', 1],
    ['C0 20 00 00', -2.5],
    ['46 FA 00 00', 32_000],
    ['7F 80 00 00', Number.POSITIVE_INFINITY],
    ['40 E5 88 80 00 00 00 00', 44_100],
    ['BF F0 00 00 00 00 00 00', -1],
    ['40 8F 40 00 00 00 00 00', 1000],
  ])('reads [%s] as %d', (source, value) => {
    expect(read(readFloat, source)).toBe(value)
  })

  it('reads NaN as NaN', () => {
    expect(read(readFloat, '7F C0 00 00')).toBeNaN()
  })

  it.each(['00', '3F 80', '3F 80 00', '3F 80 00 00 00', '00 00 00 00 00 00 00 00 00'])(
    'reads [%s], of a length that no float has, as NaN',
    (source) => {
      expect(read(readFloat, source)).toBeNaN()
    },
  )

  it('leaves nothing of a long one in a short one', () => {
    read(readFloat, 'FF FF FF FF FF FF FF FF')
    expect(read(readFloat, '3F 80 00 00')).toBe(1)
  })
})

describe('readDateMs', () => {
  it('counts from the beginning of 2001', () => {
    expect(read(readDateMs, '00 00 00 00 00 00 00 00')).toBe(Date.UTC(2001, 0, 1))
    expect(read(readDateMs, '')).toBe(Date.UTC(2001, 0, 1))
  })

  it('reads nanoseconds, before and after', () => {
    // 86,400 × 10^9 ns: one day.
    expect(read(readDateMs, '00 00 4E 94 91 4F 00 00')).toBe(Date.UTC(2001, 0, 2))
    expect(read(readDateMs, 'FF FF FF FF FF F0 BD C0')).toBe(Date.UTC(2001, 0, 1) - 1)
  })
})

describe.each([
  ['readString', readString],
  ['readName', readName],
])('%s', (_, readText) => {
  it('reads ASCII and UTF-8', () => {
    expect(read(readText, "'A_AAC'")).toBe('A_AAC')
    expect(read(readText, 'C3 A9 E2 82 AC F0 9F 8E A5')).toBe('é€🎥')
  })

  it('is empty for no bytes and for padding alone', () => {
    expect(read(readText, '')).toBe('')
    expect(read(readText, '00 00')).toBe('')
  })

  it('stops at the first NUL: what follows is padding, whatever it is', () => {
    expect(read(readText, "'V_VP8' 00 00 00")).toBe('V_VP8')
    expect(read(readText, "'V_VP8' 00 'garbage'")).toBe('V_VP8')
    expect(read(readText, 'C3 A9 00 FF FF')).toBe('é')
  })

  it.each([
    ['FF', '\uFFFD'],
    ['61 C3', 'a\uFFFD'],
    ['C0 AF', '\uFFFD\uFFFD'],
    ['ED A0 80', '\uFFFD\uFFFD\uFFFD'],
    ['F0 9F 8E', '\uFFFD'],
    ['61 80 62', 'a\uFFFDb'],
  ])('never throws on malformed UTF-8: [%s]', (source, text) => {
    expect(read(readText, source)).toBe(text)
  })

  it('takes no byte for a character that was remembered from two', () => {
    const text = (source: string): string => read(readText, source)
    expect(text('C3A9')).toBe('é')
    expect(text('E9')).toBe('\uFFFD')
    expect(text('C3A9 41')).toBe('éA')
    expect(text('E9 41')).toBe('\uFFFDA')
    expect(text('E9 41')).toBe('\uFFFDA')
  })

  it('keeps a byte order mark: what the producer wrote is what the user gets', () => {
    expect(read(readText, 'EF BB BF 61')).toBe('\uFEFFa')
  })

  it('reads __proto__ and constructor as the texts they are', () => {
    expect(read(readText, "'__proto__'")).toBe('__proto__')
    expect(read(readText, "'constructor'")).toBe('constructor')
  })

  it('reads texts of every length around the length up to which they are remembered', () => {
    for (let length = 0; length < 200; length += 1) {
      const text = 'x'.repeat(length)
      expect(read(readText, `'${text}'`)).toBe(text)
    }
  })

  it('never gives one text for another, however many it has seen', () => {
    for (let round = 0; round < 2; round += 1) {
      for (let i = 0; i < 20_000; i += 1) {
        const text = `tag ${i * 7919}`
        const bytes = new TextEncoder().encode(text)
        if (readString(bytes, 0, bytes.length) !== text) expect.fail(text)
      }
    }
  })

  it('is not changed by what is later written over its bytes', () => {
    const bytes = hex("'first'")
    const text = readString(bytes, 0, 5)
    bytes.set(hex("'other'"))
    expect(text).toBe('first')
    expect(readString(bytes, 0, 5)).toBe('other')
  })
})

describe('copyBytes', () => {
  it('has an ArrayBuffer of its own, of the size of the range', () => {
    const bytes = hex('00 01 02 03 04')
    const copy = copyBytes(bytes, 1, 4)
    expect(toHex(copy)).toBe('010203')
    expect(copy.buffer).not.toBe(bytes.buffer)
    expect(copy.buffer.byteLength).toBe(3)
  })

  it('copies out of a Node Buffer too, whose slice() would be a view, and gives a plain Uint8Array', () => {
    const buffer = Buffer.from('hello')
    const copy = copyBytes(buffer, 0, 2)
    buffer.fill(0)
    expect(toHex(copy)).toBe('6865')
    expect(copy.constructor).toBe(Uint8Array)
  })
})
