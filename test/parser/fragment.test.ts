import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { MATROSKA_RULE } from '../../src/parser/completion.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import { parseFrames } from '../../src/parser/parse-fragments.js'
import type { Frame } from '../../src/parser/frame.js'
import { concat, element, openElement, tagsOf } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { toHex } from '../helpers/hex.js'
import { growthSince, held, MIB } from '../memory/memory.js'
import { lineOf, linesOf, parse, segmentOf } from './fragment-harness.js'

const STREAM = segmentOf(
  element('1654AE6B', element('AE', 'D7 81 01', '63A2 83 010203')),
  element(
    '1F43B675',
    'E7 81 01',
    'A3 86 81 0000 80 AABB',
    'A3 84 81 0001 80',
    'A0 8A A1 85 81 0002 00 CC FB 81 FF',
    'A3 87 81 0003 84 01 D1 D2',
  ),
)

describe('detach', () => {
  it('leaves everything as it was, in memory of the size of the frames', () => {
    everySplit(STREAM, (chunks) => {
      const [fragment] = parse(chunks).fragments
      const before = linesOf(fragment)
      fragment.detach()
      expect(linesOf(fragment)).toEqual(before)
      const [first] = fragment.frames
      for (const frame of fragment.frames) expect(frame.data.buffer).toBe(first.data.buffer)
      expect(first.data.buffer.byteLength).toBe(5)
      expect(fragment.frames.map(({ byteLength }) => byteLength)).toEqual([2, 0, 1, 1, 1])
      expect(fragment.frames.map(({ isKeyframe }) => isKeyframe)).toEqual([
        true,
        true,
        false,
        true,
        true,
      ])
      expect(fragment.frames.map(({ laceIndex }) => laceIndex)).toEqual([0, 0, 0, 0, 1])
    })
  })

  it('lets go of the chunks: what is written over them does not show', () => {
    const chunk = concat(STREAM, element('EC', '00'.repeat(300)))
    const [fragment] = parse(chunk).fragments
    fragment.detach()
    chunk.fill(0)
    expect(fragment.frames.map((frame) => lineOf(frame))).toEqual([
      '1@1K AABB',
      '1@2K ',
      '1@3 CC',
      '1@4K D1',
      '1@4K D2',
    ])
    expect(fragment.tracks[0].codecPrivate?.length).toBe(3)
  })

  it('takes frames of many slices, read before or not', () => {
    const payload = Uint8Array.from({ length: 7000 }, (_, i) => i % 253)
    const bytes = segmentOf(openElement('1F43B675', 1, element('A3', '81 0000 80', payload)))
    for (const isRead of [true, false]) {
      const chunks = [bytes.slice(0, 2000), bytes.slice(2000, 5000), bytes.slice(5000)]
      const [fragment] = parse(chunks).fragments
      const [frame] = fragment.frames
      const data = isRead ? frame.data : undefined
      fragment.detach()
      expect(frame.slices).toHaveLength(1)
      expect(toHex(frame.data)).toBe(toHex(payload))
      expect(frame.data.buffer.byteLength).toBe(7000)
      if (data !== undefined) expect(toHex(data)).toBe(toHex(payload))
      for (const chunk of chunks) chunk.fill(0)
      expect(toHex(frame.data)).toBe(toHex(payload))
    }
  })

  it('takes the truncated frame along', () => {
    const [fragment] = parse(STREAM.slice(0, -1)).fragments
    const cut = segmentOf('1F43B675 FF A3 86 81 0000 80 AABB')
    const [other] = parse([cut.slice(0, -1)]).fragments
    const before = [linesOf(fragment), linesOf(other)]
    fragment.detach()
    other.detach()
    expect([linesOf(fragment), linesOf(other)]).toEqual(before)
    expect(other.truncatedFrame?.data.buffer.byteLength).toBe(1)
  })

  it('may be called twice, and on a fragment without frames', () => {
    const [fragment] = parse(STREAM).fragments
    const before = linesOf(fragment)
    fragment.detach()
    fragment.detach()
    expect(linesOf(fragment)).toEqual(before)
    const [empty] = parse(segmentOf('1F43B675 80')).fragments
    expect(() => empty.detach()).not.toThrow()
  })
})

describe('slices', () => {
  const cluster = openElement('1F43B675', 1, 'E7 81 01', 'A3 85 81 0000 80 AA')
  const bytes = concat(segmentOf(cluster), segmentOf(cluster), segmentOf(cluster))

  it('are there only where bytes are kept', () => {
    expect(parse(bytes).fragments.map(({ slices }) => slices)).toEqual(Array(3).fill(undefined))
  })

  it('make the same stream again, of views of the chunks', () => {
    everySplit(bytes, (chunks) => {
      const { fragments } = parse(chunks, { keepBytes: true })
      expect(fragments).toHaveLength(3)
      expect(Buffer.concat(fragments.flatMap(({ slices = [] }) => slices)).toString('hex')).toBe(
        Buffer.from(bytes).toString('hex'),
      )
    })
    const chunk = concat(bytes, bytes, bytes, bytes)
    for (const { slices } of parse(chunk, { keepBytes: true }).fragments) {
      expect(slices).toHaveLength(1)
      expect(slices?.[0].buffer).toBe(chunk.buffer)
    }
  })

  it('begin anew with another stream', () => {
    const parser = new FragmentParser(MATROSKA_RULE, { keepBytes: true })
    for (let i = 0; i < 2; i += 1) {
      const fragments = [...parser.push(bytes.slice(0, 50)), ...parser.end()]
      expect(Buffer.concat(fragments.flatMap(({ slices = [] }) => slices))).toEqual(
        Buffer.from(bytes.slice(0, 50)),
      )
    }
    parser.push(bytes.slice(0, 10))
    parser.reset()
    expect(parser.push(bytes)[0].slices).toHaveLength(1)
  })

  it('are a copy of their own after detach', () => {
    const chunk = concat(bytes, element('EC', '00'.repeat(300)))
    const [fragment] = parse(chunk, { keepBytes: true }).fragments
    const before = Buffer.concat(fragment.slices ?? [])
    fragment.detach()
    chunk.fill(0)
    expect(fragment.slices).toHaveLength(1)
    expect(Buffer.concat(fragment.slices ?? [])).toEqual(before)
    expect(fragment.slices?.[0].buffer.byteLength).toBe(fragment.byteLength)
  })

  it('are those of each fragment, however large the memory is that its chunks are parts of', () => {
    const block = element('A3', '81 0000 80', new Uint8Array(20_000))
    const one = segmentOf(openElement('1F43B675', 1, 'E7 81 01', block))
    const file = concat(...Array.from({ length: 200 }, () => one))
    const options = { keepBytes: true, maxFragmentBytes: 30_000 }
    const parts = Array.from({ length: Math.ceil(file.length / 65_536) }, (_, i) =>
      file.subarray(i * 65_536, (i + 1) * 65_536),
    )
    for (const chunks of [[file], parts]) {
      const { fragments } = parse(chunks, options)
      const lengths = fragments.map(({ slices }) => slices && Buffer.concat(slices).length)
      expect(lengths).toEqual(Array(200).fill(one.length))
    }
  })

  it('are let go of at the end, and are not kept for those who see frames only', async () => {
    const start = segmentOf('1F43B675 FF E7 81 01')
    const filler = element('EC', new Uint8Array(65_500))
    const parser = new FragmentParser(MATROSKA_RULE, { keepBytes: true })
    const before = held()
    parser.push(start)
    for (let i = 0; i < 100; i += 1) parser.push(filler.slice())
    expect(growthSince(before).arrayBufferBytes).toBeGreaterThan(6 * MIB)
    parser.end()
    expect(growthSince(before).arrayBufferBytes).toBeLessThan(2 * MIB)

    let growth = 0
    function* source(): Generator<Uint8Array> {
      yield start
      for (let i = 0; i < 100; i += 1) yield filler.slice()
      growth = growthSince(before).arrayBufferBytes
    }
    for await (const frame of parseFrames(source(), { keepBytes: true })) expect(frame).toBeFalsy()
    expect(growth).toBeGreaterThan(-2 * MIB)
    expect(growth).toBeLessThan(2 * MIB)
  })

  it('are not kept of a fragment without measure', () => {
    const parser = new FragmentParser(MATROSKA_RULE, { keepBytes: true, maxFragmentBytes: 1000 })
    // A Void without end in a Cluster of known size: 2^40 bytes.
    parser.push(segmentOf('1F43B675 01 00010000000000 E7 81 01 EC 01 00008000000000'))
    const before = held()
    for (let i = 0; i < 200; i += 1) parser.push(new Uint8Array(65_536))
    expect(growthSince(before).arrayBufferBytes).toBeLessThan(2 * MIB)
    const [fragment] = parser.end()
    expect(fragment.slices).toBeUndefined()
  })
})

describe('tags', () => {
  it('of the producer are at hand with each frame, as far as they were read', () => {
    const seen: (readonly string[])[] = []
    const cluster = element('1F43B675', 'E7 81 01', 'A3 85 81 0000 80 AA')
    const bytes = segmentOf(tagsOf(['ContactId', 'c-1']), cluster, tagsOf(['After', '1']))
    everySplit(bytes, (chunks) => {
      const frames: Frame<undefined>[] = []
      const onFrame = (frame: Frame<undefined>): void => {
        frames.push(frame)
        seen.push(frame.tags.map(({ name }) => name))
      }
      parse(chunks, { onFrame, collectFrames: false })
      expect(frames[0].tags.map(({ name }) => name)).toEqual(['ContactId', 'After'])
    })
    expect(new Set(seen.map(String))).toEqual(new Set(['ContactId']))
  })
})

describe('in a log', () => {
  const [fragment] = parse(
    segmentOf(
      element('1654AE6B', element('AE', 'D7 81 01', '73C5 88 FFFFFFFFFFFFFFFF', '63A2 83 010203')),
      tagsOf(['ContactId', 'c-1']),
      element('1F43B675', 'E7 81 01', 'A3 86 81 0000 80 AABB', 'A3 81 00'),
    ),
  ).fragments

  it('a fragment shows what it is, without bytes, though JSON knows no bigint', () => {
    expect(JSON.parse(JSON.stringify({ fragment }))).toEqual({
      fragment: {
        offset: 0,
        byteLength: fragment.byteLength,
        isComplete: true,
        timestampMs: 1,
        frames: 1,
        tags: [{ name: 'ContactId', value: 'c-1' }],
        tracks: [{ number: 1, type: 'unknown', codecId: '' }],
        errors: [expect.stringContaining('invalid-block')],
      },
    })
  })

  it('a frame shows its times and its size, on the console too', () => {
    const shown = { trackNumber: 1, timestampMs: 1, isKeyframe: true, byteLength: 2 }
    expect(JSON.parse(JSON.stringify(fragment.frames))).toEqual([shown])
    for (const [name, value] of Object.entries(shown)) {
      expect(inspect(fragment.frames[0])).toContain(`${name}: ${value}`)
    }
  })
})
