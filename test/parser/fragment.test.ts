import { describe, expect, it } from 'vitest'
import { concat, element, openElement } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { toHex } from '../helpers/hex.js'
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
