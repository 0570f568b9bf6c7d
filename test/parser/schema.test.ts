import { EbmlTagFactory, EbmlTagId } from 'ebml-stream'
import { describe, expect, it } from 'vitest'
import type { ElementKind } from '../../src/parser/schema.js'
import { ELEMENTS, findElement, GLOBAL, ID, ROOT } from '../../src/parser/schema.js'

const byName = new Map(ELEMENTS.map((definition) => [definition.name, definition]))

function pathOf(name: string): string {
  const names: string[] = []
  let definition = byName.get(name)
  while (definition !== undefined) {
    names.unshift(definition.name)
    definition = findElement(definition.parentId)
  }
  return names.join('/')
}

describe('the element table', () => {
  it('holds 272 elements: 11 of the EBML header, 259 of Matroska, 2 global ones', () => {
    const roots = ELEMENTS.map(({ name }) => pathOf(name).split('/')[0])
    expect(roots.filter((root) => root === 'EBML')).toHaveLength(11)
    expect(roots.filter((root) => root === 'Segment')).toHaveLength(259)
    expect(ELEMENTS.filter(({ parentId }) => parentId === GLOBAL)).toHaveLength(2)
    expect(ELEMENTS).toHaveLength(272)
  })

  it('has no ID and no name twice', () => {
    expect(new Set(ELEMENTS.map(({ id }) => id)).size).toBe(ELEMENTS.length)
    expect(byName.size).toBe(ELEMENTS.length)
  })

  it('has only IDs that are VINTs of the shortest width', () => {
    for (const { id, name } of ELEMENTS) {
      const width = Math.ceil((32 - Math.clz32(id)) / 8)
      const marker = 1 << (7 * width)
      const value = id - marker
      expect(id, name).toBeGreaterThanOrEqual(marker)
      expect(id, name).toBeLessThan(2 * marker - 1)
      // RFC 8794 §5: all ones are reserved, and a value that fits a narrower ID must use it. All zeros were reserved
      // too, until RFC 9559 allowed 0x80 for ChapterDisplay.
      expect(value, name).toBeGreaterThanOrEqual(width === 1 ? 0 : 2 ** (7 * (width - 1)) - 1)
    }
  })

  it('gives every element but the roots and the global ones a parent that is a master', () => {
    for (const { name, parentId } of ELEMENTS) {
      if (parentId === ROOT || parentId === GLOBAL) continue
      expect(findElement(parentId)?.kind, name).toBe('master')
    }
  })

  it('has the roots EBML and Segment and the global elements Void and CRC-32', () => {
    const namesUnder = (parent: number): string[] =>
      ELEMENTS.filter(({ parentId }) => parentId === parent).map(({ name }) => name)
    expect(namesUnder(ROOT)).toEqual(['EBML', 'Segment'])
    expect(namesUnder(GLOBAL)).toEqual(['Void', 'CRC-32'])
  })

  it('lets ChapterAtom and SimpleTag contain themselves, and nothing else', () => {
    const names = ELEMENTS.filter(({ isRecursive }) => isRecursive).map(({ name }) => name)
    expect(names).toEqual(['ChapterAtom', 'SimpleTag'])
  })

  it('allows an unknown size on Segment and Cluster only', () => {
    const names = ELEMENTS.filter(({ isUnknownSizeAllowed }) => isUnknownSizeAllowed)
    expect(names.map(({ name }) => name)).toEqual(['Segment', 'Cluster'])
  })

  it('has defaults that fit the kind, and none on masters and binaries', () => {
    for (const { name, kind, defaultValue } of ELEMENTS) {
      if (defaultValue === undefined) continue
      const type = kind === 'string' || kind === 'utf8' ? 'string' : 'number'
      expect(['uint', 'int', 'float', 'string', 'utf8'], name).toContain(kind)
      expect(typeof defaultValue, name).toBe(type)
      expect(defaultValue, name).not.toBeNaN()
    }
  })

  it.each<[number, string, ElementKind, number | string | undefined]>([
    [0x1a45dfa3, 'EBML', 'master', undefined],
    [0x4282, 'EBML/DocType', 'string', undefined],
    [0x4283, 'EBML/DocTypeExtension/DocTypeExtensionName', 'string', undefined],
    [0x42f3, 'EBML/EBMLMaxSizeLength', 'uint', 8],
    [0x2ad7b1, 'Segment/Info/TimestampScale', 'uint', 1_000_000],
    [0x4489, 'Segment/Info/Duration', 'float', undefined],
    [0x4461, 'Segment/Info/DateUTC', 'date', undefined],
    [0xe7, 'Segment/Cluster/Timestamp', 'uint', undefined],
    [0xa3, 'Segment/Cluster/SimpleBlock', 'binary', undefined],
    [0xa1, 'Segment/Cluster/BlockGroup/Block', 'binary', undefined],
    [0xfb, 'Segment/Cluster/BlockGroup/ReferenceBlock', 'int', undefined],
    [0x75a2, 'Segment/Cluster/BlockGroup/DiscardPadding', 'int', undefined],
    [0xee, 'Segment/Cluster/BlockGroup/BlockAdditions/BlockMore/BlockAddID', 'uint', 1],
    [0x23314f, 'Segment/Tracks/TrackEntry/TrackTimestampScale', 'float', 1],
    [0x22b59c, 'Segment/Tracks/TrackEntry/Language', 'string', 'eng'],
    [0x536e, 'Segment/Tracks/TrackEntry/Name', 'utf8', undefined],
    [0x55bb, 'Segment/Tracks/TrackEntry/Video/Colour/Primaries', 'uint', 2],
    [0x7675, 'Segment/Tracks/TrackEntry/Video/Projection/ProjectionPoseRoll', 'float', 0],
    [0xb5, 'Segment/Tracks/TrackEntry/Audio/SamplingFrequency', 'float', 8000],
    [0x9f, 'Segment/Tracks/TrackEntry/Audio/Channels', 'uint', 1],
    [
      0x5032,
      'Segment/Tracks/TrackEntry/ContentEncodings/ContentEncoding/ContentEncodingScope',
      'uint',
      1,
    ],
    [0xf1, 'Segment/Cues/CuePoint/CueTrackPositions/CueClusterPosition', 'uint', undefined],
    [
      0x437c,
      'Segment/Chapters/EditionEntry/ChapterAtom/ChapterDisplay/ChapLanguage',
      'string',
      'eng',
    ],
    [0x68ca, 'Segment/Tags/Tag/Targets/TargetTypeValue', 'uint', 50],
    [0x447a, 'Segment/Tags/Tag/SimpleTag/TagLanguage', 'string', 'und'],
    [0x4487, 'Segment/Tags/Tag/SimpleTag/TagString', 'utf8', undefined],
  ])('agrees with the RFC on 0x%s (%s)', (id, path, kind, defaultValue) => {
    const definition = findElement(id)
    expect(definition).toMatchObject({ kind, defaultValue })
    expect(pathOf(definition?.name ?? '')).toBe(path)
  })

  it('finds nothing for an ID that is not registered', () => {
    expect(findElement(0x4100)).toBeUndefined()
    expect(findElement(ROOT)).toBeUndefined()
    expect(findElement(GLOBAL)).toBeUndefined()
  })
})

describe('ID', () => {
  it('has the ID of the table under every name', () => {
    for (const [name, id] of Object.entries(ID)) {
      expect(findElement(id)?.name, name).toBe(name === 'CRC32' ? 'CRC-32' : name)
    }
  })

  it('covers every element under TrackEntry and Tag', () => {
    const ids = new Set<number>(Object.values(ID))
    const needed = ELEMENTS.filter(({ name }) => /TrackEntry|Segment\/Tags/.test(pathOf(name)))
    expect(needed.filter(({ id }) => !ids.has(id))).toEqual([])
  })
})

describe('the table beside the one of ebml-stream', () => {
  const kinds: Record<string, ElementKind> = {
    m: 'master',
    u: 'uint',
    i: 'int',
    f: 'float',
    s: 'string',
    8: 'utf8',
    d: 'date',
    b: 'binary',
  }
  // Names that changed before the RFC.
  const renamed: Record<string, string> = {
    ChapterSegmentUID: 'ChapterSegmentUUID',
    ChapterTrackNumber: 'ChapterTrackUID',
    ColourSpace: 'UncompressedFourCC',
    CRC32: 'CRC-32',
    FileMimeType: 'FileMediaType',
    NextUID: 'NextUUID',
    PrevUID: 'PrevUUID',
    ReferenceTimeCode: 'ReferenceTimestamp',
    SegmentUID: 'SegmentUUID',
    Timecode: 'Timestamp',
    TimecodeScale: 'TimestampScale',
    TrackTimecodeScale: 'TrackTimestampScale',
  }
  // The signatures of drafts before RFC 8794, and a TimecodeScale that no version of Matroska has.
  const unregistered = new Set([
    'Signature',
    'SignatureAlgo',
    'SignatureElementList',
    'SignatureElements',
    'SignatureHash',
    'SignaturePublicKey',
    'SignatureSlot',
    'SignedElement',
    'TimecodeScaleDenominator',
  ])

  it('agrees on the ID, the name and the kind of all 218 elements that are registered', () => {
    const shared = Object.entries(EbmlTagId).filter(
      (entry): entry is [string, number] =>
        typeof entry[1] === 'number' && !unregistered.has(entry[0]),
    )
    for (const [name, id] of shared) {
      const tag = EbmlTagFactory.create(id as EbmlTagId.Void)
      expect(findElement(id), name).toMatchObject({
        name: renamed[name] ?? name,
        kind: kinds[tag.type],
      })
    }
    expect(shared).toHaveLength(218)
  })
})
