import { describe, expect, it } from 'vitest'
import {
  BodyCollector,
  headOf,
  joinSlices,
  sliceRange,
  SMALL_PART_BYTES,
} from '../../src/parser/body-collector.js'
import { hex, toHex } from '../helpers/hex.js'

/** `length` bytes that tell where they come from. */
function patternOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 101) % 251)
}

function collect(collector: BodyCollector, parts: readonly Uint8Array[]): Uint8Array[] {
  for (const part of parts) collector.append(part, 0, part.length)
  return collector.take()
}

function join(parts: readonly Uint8Array[]): string {
  return parts.map(toHex).join('')
}

describe('BodyCollector', () => {
  it('keeps parts of 1 KiB and more where they are: views of the same ArrayBuffer', () => {
    const chunks = [patternOf(5000, 1), patternOf(4000, 2)]
    const collector = new BodyCollector()
    collector.append(chunks[0], 1000, 5000)
    collector.append(chunks[1], 0, SMALL_PART_BYTES)
    const slices = collector.take()
    expect(slices.map(({ buffer }) => buffer)).toEqual(chunks.map(({ buffer }) => buffer))
    expect(slices[0].buffer).toBe(chunks[0].buffer)
    expect(slices.map(({ byteOffset }) => byteOffset)).toEqual([1000, 0])
    expect(slices.map(({ length }) => length)).toEqual([4000, SMALL_PART_BYTES])
  })

  it('copies parts below 1 KiB, and neighbours of them into one slice', () => {
    const parts = [1023, 1, 64, 65, 500].map(patternOf)
    const slices = collect(new BodyCollector(), parts)
    expect(slices).toHaveLength(1)
    expect(join(slices)).toBe(join(parts))
    for (const { buffer } of parts) expect(slices[0].buffer).not.toBe(buffer)
  })

  it('keeps the order of small and large parts', () => {
    const parts = [10, 2000, 20, 30, 3000, 4000, 1].map(patternOf)
    const slices = collect(new BodyCollector(), parts)
    expect(slices.map(({ length }) => length)).toEqual([10, 2000, 50, 3000, 4000, 1])
    expect(join(slices)).toBe(join(parts))
  })

  it('counts bytes and slices of the body at hand', () => {
    const collector = new BodyCollector()
    expect([collector.length, collector.sliceCount]).toEqual([0, 0])
    const counts = [10, 20, 2000, 5, 5, 1024].map((length) => {
      collector.append(patternOf(length, 1), 0, length)
      return [collector.length, collector.sliceCount]
    })
    expect(counts).toEqual([
      [10, 1],
      [30, 1],
      [2030, 2],
      [2035, 3],
      [2040, 3],
      [3064, 4],
    ])
    expect(collector.take()).toHaveLength(4)
    expect([collector.length, collector.sliceCount]).toEqual([0, 0])
  })

  it('is not touched by what is later written into the chunks of small parts', () => {
    const part = patternOf(100, 3)
    const before = toHex(part)
    const slices = collect(new BodyCollector(), [part])
    part.fill(0)
    expect(join(slices)).toBe(before)
  })

  it('never overwrites what it gave away, over many bodies and all sizes of parts', () => {
    const collector = new BodyCollector()
    const expected: string[] = []
    const bodies: Uint8Array[][] = []
    for (let body = 0; body < 300; body += 1) {
      const parts = Array.from({ length: 1 + (body % 7) }, (_, i) =>
        patternOf((body * 37 + i * 211) % 1500, body + i),
      )
      expected.push(join(parts))
      bodies.push(collect(collector, parts))
    }
    expect(bodies.map(join)).toEqual(expected)
  })

  it('puts together a body of many single bytes in few slices', () => {
    const body = patternOf(200_000, 4)
    const collector = new BodyCollector()
    for (let i = 0; i < body.length; i += 1) collector.append(body, i, i + 1)
    const slices = collector.take()
    expect(slices.length).toBeLessThan(12)
    expect(join(slices)).toBe(toHex(body))
  })

  it('has no slices for a body without bytes', () => {
    const collector = new BodyCollector()
    collector.append(hex('01'), 0, 0)
    expect(collector.take()).toEqual([])
  })
})

describe('sliceRange', () => {
  const slices = [hex('00 01 02'), hex('03'), hex('04 05 06 07')]

  it('gives every range of the body as views of the same memory', () => {
    for (let from = 0; from <= 8; from += 1) {
      for (let to = from; to <= 8; to += 1) {
        const part = sliceRange(slices, from, to)
        expect(join(part)).toBe('0001020304050607'.slice(2 * from, 2 * to))
        for (const { buffer, length } of part) {
          expect(slices.some((slice) => slice.buffer === buffer)).toBe(true)
          expect(length).toBeGreaterThan(0)
        }
      }
    }
  })

  it('goes to the end of the body when the range does', () => {
    expect(join(sliceRange(slices, 2, Number.POSITIVE_INFINITY))).toBe('020304050607')
    expect(sliceRange(slices, 8, Number.POSITIVE_INFINITY)).toEqual([])
  })
})

describe('headOf', () => {
  it('is the first slice itself when that is long enough, or all there is', () => {
    const first = hex('00 01 02')
    expect(headOf([first, hex('03')], 3)).toBe(first)
    expect(headOf([first], 8)).toBe(first)
  })

  it('is put together from several otherwise', () => {
    expect(toHex(headOf([hex('00'), hex('01'), hex('02 03')], 3))).toBe('000102')
    expect(toHex(headOf([hex('00'), hex('01')], 9))).toBe('0001')
    expect(toHex(headOf([], 9))).toBe('')
  })
})

describe('joinSlices', () => {
  it('gives a single slice as it is, several in one array, and none as an empty one', () => {
    const slice = hex('01 02')
    expect(joinSlices([slice])).toBe(slice)
    expect(toHex(joinSlices([slice, hex('03'), hex('04 05')]))).toBe('0102030405')
    expect(joinSlices([])).toEqual(new Uint8Array(0))
  })
})
