import { describe, expect, it } from 'vitest'
import type { Tag } from '../../src/parser/tag.js'
import { tagsNamed, tagValue } from '../../src/parser/tag.js'
import type { Part } from '../helpers/ebml-bytes.js'
import { element, simpleTag } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { hex } from '../helpers/hex.js'
import { parse, segmentOf } from './fragment-harness.js'

const WHOLE_SEGMENT = {
  typeValue: 50,
  type: undefined,
  trackUids: [],
  editionUids: [],
  chapterUids: [],
  attachmentUids: [],
}
const PLAIN = {
  value: undefined,
  binary: undefined,
  language: 'und',
  isDefault: true,
  position: 'before',
  targets: WHOLE_SEGMENT,
  children: [],
}

/** The tags of one Tags element with these parts, read in every cut. */
function tagsIn(...parts: readonly Part[]): readonly Tag[] {
  const bytes = segmentOf(element('1254C367', ...parts), '1F43B675 80')
  const whole = parse(bytes).fragments[0]
  expect(whole.errors).toEqual([])
  everySplit(bytes, (chunks) => expect(parse(chunks).fragments[0].tags).toEqual(whole.tags))
  return whole.tags
}

describe('a SimpleTag', () => {
  it('has a name and a text', () => {
    expect(tagsIn("7373 93 67C8 90 45A3 84 'NAME' 4487 86 'value' 00")).toEqual([
      { ...PLAIN, name: 'NAME', value: 'value' },
    ])
  })

  it('has bytes instead of a text, a copy of its own', () => {
    const chunk = segmentOf(
      element('1254C367', element('7373', element('67C8', "45A3 81 'b'", '4485 83 00FF01'))),
      '1F43B675 80',
      element('EC', '00'.repeat(300)),
    )
    const [tag] = parse(chunk).fragments[0].tags
    chunk.fill(0)
    expect(tag).toEqual({ ...PLAIN, name: 'b', binary: hex('00FF01') })
    expect(tag.binary?.buffer.byteLength).toBe(3)
  })

  it('may have neither, or an empty one of each', () => {
    expect(tagsIn(element('7373', "67C8 84 45A3 81 'n'", '67C8 80', '67C8 83 4487 80'))).toEqual([
      { ...PLAIN, name: 'n' },
      { ...PLAIN, name: '' },
      { ...PLAIN, name: '', value: '' },
    ])
    expect(tagsIn(element('7373', '67C8 83 4485 80'))[0].binary).toEqual(hex(''))
  })

  it('has a language and may not be the default', () => {
    const tags = tagsIn(
      element(
        '7373',
        element('67C8', "447A 83 'fre'", '4484 81 00'),
        element('67C8', '447A 80', '4484 80'),
        element('67C8', '4484 81 01'),
      ),
    )
    expect(tags.map(({ language, isDefault }) => [language, isDefault])).toEqual([
      ['fre', false],
      ['und', true],
      ['und', true],
    ])
  })

  it('has the language of TagLanguageBCP47 when both are there, in whatever order', () => {
    const bcp = "447B 85 'fr-CA'"
    const old = "447A 83 'fre'"
    const tags = tagsIn(
      element('7373', element('67C8', old, bcp), element('67C8', bcp, old), element('67C8', bcp)),
    )
    expect(tags.map(({ language }) => language)).toEqual(['fr-CA', 'fr-CA', 'fr-CA'])
  })

  it('nests, to any depth that maxDepth allows', () => {
    const tags = tagsIn(
      element(
        '7373',
        element(
          '67C8',
          "45A3 81 'a'",
          element('67C8', "45A3 81 'b'", element('67C8', "45A3 81 'c'")),
          "4487 81 '1'",
          element('67C8', "45A3 81 'd'", "4487 81 '2'"),
        ),
        element('67C8', "45A3 81 'e'"),
      ),
    )
    expect(tags).toEqual([
      {
        ...PLAIN,
        name: 'a',
        value: '1',
        children: [
          { ...PLAIN, name: 'b', children: [{ ...PLAIN, name: 'c' }] },
          { ...PLAIN, name: 'd', value: '2' },
        ],
      },
      { ...PLAIN, name: 'e' },
    ])
  })

  it('has any name: __proto__ and constructor are legal', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__proto__']
    const tags = tagsIn(element('7373', ...names.map((name, i) => simpleTag(name, `${i}`))))
    expect(tags.map(({ name }) => name)).toEqual(names)
    expect(tags.map(({ value }) => value)).toEqual(['0', '1', '2', '3', '4'])
    expect(tagValue(tags, '__proto__')).toBe('4')
    expect(tagValue([], '__proto__')).toBeUndefined()
    expect(tagsNamed(tags, '__proto__')).toHaveLength(2)
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
  })

  it('has malformed UTF-8 as U+FFFD', () => {
    const [tag] = tagsIn(element('7373', element('67C8', '45A3 82 61FF', '4487 81 C3')))
    expect([tag.name, tag.value]).toEqual(['a\uFFFD', '\uFFFD'])
  })
})

describe('Targets', () => {
  const targets = element(
    '63C0',
    '68CA 81 1E',
    "63CA 85 'TRACK'",
    '63C5 88 FFFFFFFFFFFFFFFF',
    '63C5 81 02',
    '63C9 81 03',
    '63C4 81 04',
    '63C6 81 05',
  )
  const expected = {
    typeValue: 30,
    type: 'TRACK',
    trackUids: [2n ** 64n - 1n, 2n],
    editionUids: [3n],
    chapterUids: [4n],
    attachmentUids: [5n],
  }

  it('are those of every SimpleTag of the same Tag, before and after them', () => {
    const tags = tagsIn(
      element('7373', simpleTag('a', '1'), targets, simpleTag('b', '2')),
      element('7373', simpleTag('c', '3')),
      element('7373', targets, simpleTag('d', '4'), simpleTag('e', '5')),
    )
    expect(tags.map((tag) => tag.targets)).toEqual([
      expected,
      expected,
      WHOLE_SEGMENT,
      expected,
      expected,
    ])
  })

  it('are those of nested SimpleTags too, before and after them', () => {
    const nested = element('67C8', "45A3 81 'a'", simpleTag('b', '1'))
    for (const tags of [
      tagsIn(element('7373', targets, nested)),
      tagsIn(element('7373', nested, targets)),
    ]) {
      expect(tags[0].targets).toEqual(expected)
      expect(tags[0].children[0].targets).toEqual(expected)
    }
  })

  it('that are empty, or hold values of length 0, mean the whole Segment', () => {
    const tags = tagsIn(
      element('7373', '63C0 80', simpleTag('a', '1')),
      element('7373', element('63C0', '68CA 80'), simpleTag('b', '1')),
    )
    expect(tags.map((tag) => tag.targets)).toEqual([WHOLE_SEGMENT, WHOLE_SEGMENT])
  })

  it('of one Tag are not those of the next', () => {
    const tags = tagsIn(
      element('7373', element('63C0', '63C5 81 01'), simpleTag('a', '1')),
      element('7373', element('63C0', '63C5 81 02'), simpleTag('b', '1')),
      element('7373', simpleTag('c', '1')),
    )
    expect(tags.map((tag) => tag.targets.trackUids)).toEqual([[1n], [2n], []])
  })
})

describe('the tags of a fragment', () => {
  it('are listed in order, repeats kept, over several Tag and Tags elements', () => {
    const tag = (name: string, value: string): Uint8Array =>
      element('1254C367', element('7373', simpleTag(name, value)))
    const bytes = segmentOf(
      tag('A', '1'),
      element(
        '1254C367',
        element('7373', simpleTag('A', '2')),
        element('7373', simpleTag('B', '3')),
      ),
      element('1F43B675', 'E7 81 00'),
      tag('A', '4'),
    )
    everySplit(bytes, (chunks) => {
      const [{ tags }] = parse(chunks).fragments
      expect(tags.map(({ name, value, position }) => [name, value, position])).toEqual([
        ['A', '1', 'before'],
        ['A', '2', 'before'],
        ['B', '3', 'before'],
        ['A', '4', 'after'],
      ])
    })
  })

  it('may be none: empty Tags and Tag elements', () => {
    expect(tagsIn()).toEqual([])
    expect(tagsIn('7373 80', '7373 83 63C0 80')).toEqual([])
  })

  it('pass over what does not belong: unregistered elements, Void, CRC-32', () => {
    const tags = tagsIn(
      'EC 81 00',
      '4100 81 00',
      element('7373', 'BF 84 00000000', element('67C8', 'EC 80', "45A3 81 'n'", '4101 80')),
    )
    expect(tags.map(({ name }) => name)).toEqual(['n'])
  })

  it('do not share their lists: one tag cannot change another', () => {
    const [a, b] = tagsIn(
      element('7373', simpleTag('a', '1'), element('67C8', simpleTag('c', '2'))),
    )
    expect(a.children).toEqual([])
    expect(b.children).toHaveLength(1)
    const later = tagsIn(element('7373', simpleTag('x', '1')))
    expect(later[0].children).toEqual([])
    expect(later[0].targets).toEqual(WHOLE_SEGMENT)
  })
})

describe('tagsNamed and tagValue', () => {
  const tags = tagsIn(
    element(
      '7373',
      simpleTag('A', 'first'),
      simpleTag('B', 'other'),
      simpleTag('A', 'last'),
      element('67C8', "45A3 81 'A'", '4485 81 00'),
      element('67C8', "45A3 81 'C'", simpleTag('D', 'nested')),
    ),
  )

  it('find all of a name, and the value that holds when it is repeated', () => {
    expect(tagsNamed(tags, 'A').map(({ value }) => value)).toEqual(['first', 'last', undefined])
    expect(tagValue(tags, 'A')).toBe('last')
  })

  it('find nothing for a name that is not there, or only nested, and no value for a binary', () => {
    expect(tagsNamed(tags, 'D')).toEqual([])
    expect(tagValue(tags, 'D')).toBeUndefined()
    expect(tagValue(tags, 'C')).toBeUndefined()
    expect(tagsNamed(tags, 'a')).toEqual([])
  })
})
