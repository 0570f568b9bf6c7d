import { describe, expect, it } from 'vitest'
import { ElementNode } from '../../src/parser/element-tree.js'
import type { ElementKind } from '../../src/parser/schema.js'
import { findElement, ID } from '../../src/parser/schema.js'
import { readSegmentInfo } from '../../src/parser/segment-info.js'
import { hex, toHex } from '../helpers/hex.js'

function nodeOf(id: number, values: readonly (readonly [number, string])[]): ElementNode {
  const node = new ElementNode(id)
  for (const [valueId, source] of values) {
    const bytes = hex(source)
    const kind: ElementKind = findElement(valueId)?.kind ?? 'binary'
    node.add(valueId, kind, bytes, 0, bytes.length)
  }
  return node
}

describe('ElementNode', () => {
  it('reads each kind of value as its type', () => {
    const node = nodeOf(ID.TrackEntry, [
      [ID.TrackNumber, '02'],
      [ID.TrackUID, 'FF FF FF FF FF FF FF FF'],
      [ID.TrackOffset, 'FE'],
      [ID.TrackTimestampScale, '3F 00 00 00'],
      [ID.Name, "'Caf' C3 A9 00 00"],
      [ID.CodecPrivate, '01 42 C0'],
    ])
    expect(node.uint(ID.TrackNumber)).toBe(2)
    expect(node.uintBig(ID.TrackUID)).toBe(2n ** 64n - 1n)
    expect(node.uintBig(ID.TrackOffset)).toBe(-2n)
    expect(node.float(ID.TrackTimestampScale)).toBe(0.5)
    expect(node.text(ID.Name)).toBe('Café')
    expect(toHex(node.binary(ID.CodecPrivate) ?? hex(''))).toBe('0142C0')
  })

  it('gives the default of the RFC for a value that is absent', () => {
    const node = nodeOf(ID.TrackEntry, [])
    expect(node.uint(ID.FlagEnabled)).toBe(1)
    expect(node.text(ID.Language)).toBe('eng')
    expect(node.float(ID.TrackTimestampScale)).toBe(1)
    expect(node.uint(ID.TrackNumber)).toBeUndefined()
    expect(node.text(ID.Name)).toBeUndefined()
    expect(node.binary(ID.CodecPrivate)).toBeUndefined()
  })

  it('gives the default, else 0 or the empty text, for a value of length 0 (RFC 8794 §6.1)', () => {
    const node = nodeOf(ID.TrackEntry, [
      [ID.FlagEnabled, ''],
      [ID.Language, ''],
      [ID.TrackTimestampScale, ''],
      [ID.TrackNumber, ''],
      [ID.Name, ''],
    ])
    expect(node.uint(ID.FlagEnabled)).toBe(1)
    expect(node.text(ID.Language)).toBe('eng')
    expect(node.float(ID.TrackTimestampScale)).toBe(1)
    expect(node.uint(ID.TrackNumber)).toBe(0)
    expect(node.text(ID.Name)).toBe('')
  })

  it('takes the first of a value that comes twice', () => {
    const node = nodeOf(ID.TrackEntry, [
      [ID.TrackNumber, '01'],
      [ID.TrackNumber, '02'],
    ])
    expect(node.uint(ID.TrackNumber)).toBe(1)
  })

  it('answers undefined, and not a wrong type, when a value is asked for as another kind', () => {
    const node = nodeOf(ID.TrackEntry, [[ID.Name, "'x'"]])
    expect(node.uint(ID.Name)).toBeUndefined()
    expect(node.float(ID.Name)).toBeUndefined()
    expect(node.binary(ID.Name)).toBeUndefined()
  })

  it('copies binaries: they do not change with the chunk', () => {
    const chunk = hex('01 02')
    const node = new ElementNode(ID.TrackEntry)
    node.add(ID.CodecPrivate, 'binary', chunk, 0, 2)
    chunk.fill(0)
    expect(toHex(node.binary(ID.CodecPrivate) ?? chunk)).toBe('0102')
  })

  it('finds the first child of an ID, and all of them in order', () => {
    const node = new ElementNode(ID.Tracks)
    const [a, b] = [new ElementNode(ID.TrackEntry), new ElementNode(ID.TrackEntry)]
    node.children.push(a, new ElementNode(ID.Video), b)
    expect(node.child(ID.TrackEntry)).toBe(a)
    expect(node.childrenOf(ID.TrackEntry)).toEqual([a, b])
    expect(node.child(ID.Audio)).toBeUndefined()
  })
})

describe('readSegmentInfo', () => {
  it('reads every field', () => {
    const info = readSegmentInfo(
      nodeOf(ID.Info, [
        [ID.TimestampScale, '03 E8'],
        [ID.Title, "'Front door' 00 00"],
        [ID.MuxingApp, "'Lavf'"],
        [ID.WritingApp, "'camera'"],
        [ID.DateUTC, '00 00 00 00 00 0F 42 40'],
        [ID.SegmentUUID, '00 01 02 03'],
        [ID.Duration, '3F 80 00 00'],
      ]),
    )
    expect(info).toEqual({
      timestampScale: 1000,
      title: 'Front door',
      muxingApp: 'Lavf',
      writingApp: 'camera',
      dateUtcMs: Date.UTC(2001, 0, 1) + 1,
      segmentUuid: hex('00 01 02 03'),
    })
  })

  it('has ticks of a millisecond and nothing else when Info is empty', () => {
    expect(readSegmentInfo(nodeOf(ID.Info, []))).toEqual({
      timestampScale: 1_000_000,
      title: undefined,
      muxingApp: undefined,
      writingApp: undefined,
      dateUtcMs: undefined,
      segmentUuid: undefined,
    })
  })

  it.each(['', '00', '00 00 00 00'])('reads a TimestampScale of [%s] as the default', (source) => {
    const info = readSegmentInfo(nodeOf(ID.Info, [[ID.TimestampScale, source]]))
    expect(info.timestampScale).toBe(1_000_000)
  })
})
