// Lost bytes make elements of garbage, with sizes of chance: none may swallow the documents behind it.
import { describe, expect, it } from 'vitest'
import { MATROSKA_RULE } from '../../src/parser/completion.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import { concat, EBML_HEADER, element } from '../helpers/ebml-bytes.js'
import { toHex } from '../helpers/hex.js'
import { chunksOf } from '../helpers/drain.js'
import { expectResync, outline, parse, parseResyncing, segmentOf } from './fragment-harness.js'

/** 36 bytes: a header, a Segment, a Cluster at 1 ms and a block of one byte. */
const SOUND = segmentOf('1F43B675 FF E7 81 01 A3 85 81 0000 80 AA')
const BLOCK = '1@1K AA'
/** A plausible beginning, but no DocType. */
const FALSE_HEADER = '1A45DFA3 88 4286 81 01 42F7 81 01'

/** Expects that the document with this one block is whole, and the one behind it too. */
function expectUndamaged(document: Uint8Array, block: string): void {
  const { length } = document
  expectResync(
    [document, SOUND],
    [
      [`0+${length} complete`, block],
      [`${length}+36 complete`, BLOCK],
    ],
    [],
  )
}

describe('an element with a size of chance', () => {
  it.each([
    ['unregistered', 'FE', '0xfe', []],
    ['unregistered with a long ID', '1FFFFFF1', '0x1ffffff1', []],
    [
      'misplaced',
      'D7',
      'TrackNumber',
      ['misplaced-element at 36 Segment/Tracks/TrackEntry/TrackNumber'],
    ],
    ['a Void', 'EC', 'Void', []],
    ['a master that is stepped over', '5854', 'SilentTracks', []],
  ])('swallows no document: %s', (_name, id, name, errors) => {
    for (const size of ['5000', '10 F00000']) {
      const garbage = concat(id, size, '00 11 22')
      const at = 36 + garbage.length
      expectResync(
        [SOUND, garbage, SOUND, SOUND],
        [
          ['0+36 damaged', BLOCK, ...errors, `unexpected-document at 36 Segment/Cluster/${name}`],
          [`${at}+36 complete`, BLOCK],
          [`${at + 36}+36 complete`, BLOCK],
        ],
        [`36-${at} unexpected-document`],
      )
    }
  })

  it('swallows no document: a number, short enough to be put together or not', () => {
    for (const [size, ...errors] of [
      ['5000'],
      ['10 F00000', 'invalid-value-size at 36 Segment/Cluster/Timestamp'],
    ]) {
      const garbage = concat('E7', size, '00 11')
      const at = 36 + garbage.length
      expectResync(
        [SOUND, garbage, SOUND],
        [
          ['0+36 damaged', BLOCK, ...errors, 'unexpected-document at 36 Segment/Cluster/Timestamp'],
          [`${at}+36 complete`, BLOCK],
        ],
        [`36-${at} unexpected-document`],
      )
    }
  })

  it('swallows no document: a block, whose bytes so far are told', () => {
    expectResync(
      [SOUND, 'A3 10 F00000 81 0002 80 BBCC', SOUND],
      [
        [
          '0+36 damaged',
          BLOCK,
          'cut: 1@3K BBCC',
          'unexpected-document at 36 Segment/Cluster/SimpleBlock',
        ],
        ['47+36 complete', BLOCK],
      ],
      ['36-47 unexpected-document'],
    )
  })

  it('swallows no header in part, nor one that begins in its own header', () => {
    // The element ends in the middle of the EBML header.
    expectResync(
      [SOUND, 'FE 85 00', SOUND],
      [
        ['0+36 damaged', BLOCK, 'unexpected-document at 36 Segment/Cluster/0xfe'],
        ['39+36 complete', BLOCK],
      ],
      ['36-39 unexpected-document'],
    )
    // A size of two bytes, of which the second is the EBML header's first.
    expectResync(
      [SOUND, 'FE 40', SOUND],
      [
        ['0+36 damaged', BLOCK, 'unexpected-document at 36 Segment/Cluster'],
        ['38+36 complete', BLOCK],
      ],
      ['36-38 unexpected-document'],
    )
  })

  it('swallows no document inside a parent of known size either', () => {
    // The element ends with its Cluster, far behind the next document.
    expectResync(
      [segmentOf('1F43B675 40C8 E7 81 01 FE 40C2'), SOUND, SOUND, SOUND],
      [
        ['0+30 damaged', 'unexpected-document at 30 Segment/Cluster/0xfe'],
        ['33+36 complete', BLOCK],
        ['69+36 complete', BLOCK],
        ['105+36 complete', BLOCK],
      ],
      ['30-33 unexpected-document'],
    )
  })

  it('swallows nothing in chunks of any size', () => {
    const bytes = concat(SOUND, 'FE 10 F00000', new Uint8Array(700), SOUND, SOUND)
    const whole = parseResyncing(bytes)
    expect(whole.skips).toEqual(['36-741 unexpected-document'])
    for (const size of [2, 3, 5, 7, 251, 255, 256, 257, 300]) {
      const { fragments, failure, skips } = parseResyncing([...chunksOf(bytes, size)])
      expect(failure).toBeUndefined()
      expect(skips).toEqual(whole.skips)
      expect(outline({ fragments, failure })).toEqual(outline(whole))
    }
  })

  it('is told with where it began and where the document does', () => {
    const messages: string[] = []
    const parser = new FragmentParser(MATROSKA_RULE, {
      onDamage: 'resync',
      onSkip: ({ error }) => messages.push(error.message),
    })
    parser.push(concat(SOUND, 'FE 5000 00', SOUND))
    expect(messages).toEqual([
      'a new EBML header at byte 40, where this element has not ended; the stream was cut and joined here (unexpected-document at byte 36, Segment/Cluster/0xfe)',
    ])
  })
})

describe('an element that is what it says', () => {
  it.each([
    ['unregistered and small', element('FE', '00 11 22')],
    ['unregistered and empty', element('FE')],
    ['unregistered with a false header', element('FE', FALSE_HEADER)],
    [
      'unregistered with the beginning of a header at its end',
      element('FE', EBML_HEADER.subarray(0, 4)),
    ],
    ['a Void with a false header', element('EC', FALSE_HEADER, FALSE_HEADER)],
  ])('is passed over: %s', (_name, strange) => {
    const document = segmentOf('1F43B675 FF E7 81 01', strange, 'A3 85 81 0000 80 AA')
    expectUndamaged(document, BLOCK)
  })

  it('is read: a frame with a false header, or with the beginning of one at its end', () => {
    for (const data of [concat(FALSE_HEADER, '00'), EBML_HEADER.slice(0, 4)]) {
      const document = segmentOf('1F43B675 FF E7 81 01', element('A3', '81 0000 80', data))
      expectUndamaged(document, `1@1K ${toHex(data)}`)
    }
  })

  it('is an attachment that is a Matroska file', () => {
    const file = element('61A7', element('466E', "'a.mkv'"), element('465C', SOUND))
    const document = segmentOf(
      element('1941A469', file),
      '1F43B675 FF E7 81 01 A3 85 81 0000 80 AA',
    )
    expectUndamaged(document, BLOCK)
  })

  it("may hold a document when damage is not looked for, with onDamage 'throw'", () => {
    const document = segmentOf(
      '1F43B675 FF E7 81 01',
      element('FE', SOUND),
      element('D7', SOUND),
      'A3 85 81 0000 80 AA',
    )
    const { fragments, failure } = parse(document)
    expect(failure).toBeUndefined()
    expect(fragments).toHaveLength(1)
    expect(fragments[0].isComplete).toBe(true)
  })
})

describe('a callback that throws over bytes that were held back', () => {
  it('stops the parser at the end of input as it does before', () => {
    const parser = new FragmentParser(MATROSKA_RULE, {
      onDamage: 'resync',
      onFrame: () => {
        throw new Error('no more')
      },
    })
    // The last byte of the frame may begin a header.
    parser.push(segmentOf('1F43B675 FF A3 85 81 0000 80 1A'))
    expect(parser.failure).toBeUndefined()
    expect(parser.end()).toHaveLength(1)
    expect(parser.failure?.message).toBe('no more')
  })
})
