import { describe, expect, it } from 'vitest'
import {
  BODY,
  indexOfId,
  KIND_BY_INDEX,
  MASTER,
  nameOf,
  PARENT_ID_BY_INDEX,
  pathOf,
  SCALAR,
  UNREGISTERED,
} from '../../src/parser/element-index.js'
import { ELEMENTS } from '../../src/parser/schema.js'

describe('the index of elements', () => {
  it('gives every registered ID an index of its own', () => {
    const indexes = ELEMENTS.map(({ id }) => indexOfId(id))
    expect(new Set(indexes).size).toBe(ELEMENTS.length)
    expect(indexes).not.toContain(UNREGISTERED)
  })

  it('has the parent of the table at every index', () => {
    for (const { id, name, parentId } of ELEMENTS) {
      expect(PARENT_ID_BY_INDEX[indexOfId(id)], name).toBe(parentId)
    }
  })

  it('reads masters as masters, numbers and texts in one piece, binaries in slices', () => {
    for (const { id, name, kind } of ELEMENTS) {
      if (name === 'CRC-32') continue
      const expected = kind === 'master' ? MASTER : kind === 'binary' ? BODY : SCALAR
      expect(KIND_BY_INDEX[indexOfId(id)], name).toBe(expected)
    }
  })

  it('reads CRC-32 in one piece although it is binary: it is a number of four bytes', () => {
    expect(KIND_BY_INDEX[indexOfId(0xbf)]).toBe(SCALAR)
  })

  it.each([0x81, 0x4100, 0x7fff, 0x200001, 0x3fffff, 0x10000001, 0x1fffffff, 0])(
    'has index 0 for %d, which is not registered',
    (id) => {
      expect(indexOfId(id)).toBe(UNREGISTERED)
      expect(KIND_BY_INDEX[indexOfId(id)]).toBe(UNREGISTERED)
    },
  )

  it('gives an unregistered ID a parent that no element has', () => {
    const parents = new Set([0, ...ELEMENTS.flatMap(({ id, parentId }) => [id, parentId])])
    expect(parents.has(PARENT_ID_BY_INDEX[UNREGISTERED])).toBe(false)
  })
})

describe('nameOf', () => {
  it('is the name of the RFC, or the ID in hex', () => {
    expect(nameOf(0xa3)).toBe('SimpleBlock')
    expect(nameOf(0xbf)).toBe('CRC-32')
    expect(nameOf(0x4100)).toBe('0x4100')
  })
})

describe('pathOf', () => {
  it.each([
    [0x1a45dfa3, 'EBML'],
    [0x4282, 'EBML/DocType'],
    [0x18538067, 'Segment'],
    [0xa3, 'Segment/Cluster/SimpleBlock'],
    [0x4487, 'Segment/Tags/Tag/SimpleTag/TagString'],
    [0x54b0, 'Segment/Tracks/TrackEntry/Video/DisplayWidth'],
    [0xec, 'Void'],
    [0x4100, '0x4100'],
  ])('of %d is %s', (id, path) => {
    expect(pathOf(id)).toBe(path)
  })
})
