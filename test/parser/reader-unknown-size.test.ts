// RFC 8794 §6.2: what ends an element of unknown size, and what does not.
import { describe, it } from 'vitest'
import { expectEvents, expectFailure } from './event-recorder.js'

// 16 bytes
const HEADER = "1A45DFA3 8B 4282 88 'matroska'"
const HEADER_EVENTS = ['0 +EBML 11', '5 DocType 6D6174726F736B61', '16 -EBML']

describe('a Cluster of unknown size', () => {
  it('ends at a sibling', () => {
    expectEvents(
      `${HEADER}
       18538067 FF
         1F43B675 FF E7 81 01      # 21
         1F43B675 FF E7 81 02      # 29`,
      [
        ...HEADER_EVENTS,
        '16 +Segment ?',
        '21 +Cluster ?',
        '26 Timestamp 01',
        '29 -Cluster',
        '29 +Cluster ?',
        '34 Timestamp 02',
        '37 -Cluster',
        '37 -Segment',
      ],
    )
  })

  it.each([
    ['Tags', '1254C367'],
    ['Cues', '1C53BB6B'],
    ['Info', '1549A966'],
    ['Tracks', '1654AE6B'],
    ['SeekHead', '114D9B74'],
    ['Attachments', '1941A469'],
    ['Chapters', '1043A770'],
  ])('ends at %s, an element of its parent', (name, id) => {
    expectEvents(`${HEADER} 18538067 FF 1F43B675 FF E7 81 01 ${id} 80`, [
      ...HEADER_EVENTS,
      '16 +Segment ?',
      '21 +Cluster ?',
      '26 Timestamp 01',
      '29 -Cluster',
      `29 +${name} 0`,
      `34 -${name}`,
      '34 -Segment',
    ])
  })

  it('ends at an element of its parent in a Segment of known size', () => {
    expectEvents(`${HEADER} 18538067 8D 1F43B675 FF E7 81 01 1254C367 80 18538067 80`, [
      ...HEADER_EVENTS,
      '16 +Segment 13',
      '21 +Cluster ?',
      '26 Timestamp 01',
      '29 -Cluster',
      '29 +Tags 0',
      '34 -Tags',
      '34 -Segment',
      '34 +Segment 0',
      '39 -Segment',
    ])
  })

  it('ends with its parent of known size', () => {
    expectEvents(`${HEADER} 18538067 88 1F43B675 FF E7 81 01 ${HEADER}`, [
      ...HEADER_EVENTS,
      '16 +Segment 8',
      '21 +Cluster ?',
      '26 Timestamp 01',
      '29 -Cluster',
      '29 -Segment',
      '29 +EBML 11',
      '34 DocType 6D6174726F736B61',
      '45 -EBML',
    ])
  })

  it('ends with its parent of known size when it has no children at all', () => {
    expectEvents(`${HEADER} 18538067 85 1F43B675 FF EC 80`, [
      ...HEADER_EVENTS,
      '16 +Segment 5',
      '21 +Cluster ?',
      '26 -Cluster',
      '26 -Segment',
      '26 Void: ',
    ])
  })

  it('ends, and its Segment of unknown size too, at an EBML header', () => {
    expectEvents(`${HEADER} 18538067 FF 1F43B675 FF E7 81 01 ${HEADER}`, [
      ...HEADER_EVENTS,
      '16 +Segment ?',
      '21 +Cluster ?',
      '26 Timestamp 01',
      '29 -Cluster',
      '29 -Segment',
      '29 +EBML 11',
      '34 DocType 6D6174726F736B61',
      '45 -EBML',
    ])
  })

  it('ends, and its Segment of unknown size too, at another Segment: the producer restarted', () => {
    expectEvents(`${HEADER} 18538067 FF 1F43B675 FF E7 81 01 18538067 FF 1F43B675 80`, [
      ...HEADER_EVENTS,
      '16 +Segment ?',
      '21 +Cluster ?',
      '26 Timestamp 01',
      '29 -Cluster',
      '29 -Segment',
      '29 +Segment ?',
      '34 +Cluster 0',
      '39 -Cluster',
      '39 -Segment',
    ])
  })

  it('ends at the end of input', () => {
    expectEvents(`${HEADER} 18538067 FF 1F43B675 FF`, [
      ...HEADER_EVENTS,
      '16 +Segment ?',
      '21 +Cluster ?',
      '26 -Cluster',
      '26 -Segment',
    ])
  })

  it('does not end at Void, CRC-32 or an ID that is not registered', () => {
    expectEvents(
      `${HEADER}
       18538067 FF
         1F43B675 FF
           EC 81 00               # 26
           E7 81 01               # 29
           BF 84 01020304         # 32
           4100 81 00             # 38, not registered
           1F43B676 80            # 42, one bit from a Cluster
           A3 84 81 0000 80       # 47`,
      [
        ...HEADER_EVENTS,
        '16 +Segment ?',
        '21 +Cluster ?',
        '26 Void: 00',
        '29 Timestamp 01',
        '32 CRC-32 01020304',
        '38 0x4100: 00',
        '42 0x1f43b676: ',
        '47 SimpleBlock: 81000080',
        '53 -Cluster',
        '53 -Segment',
      ],
    )
  })

  it('does not end at an element of another branch, which is stepped over', () => {
    expectEvents(`${HEADER} 18538067 FF 1F43B675 FF AE 83 D78101 E7 81 01`, [
      ...HEADER_EVENTS,
      '16 +Segment ?',
      '21 +Cluster ?',
      '26 misplaced-element TrackEntry',
      '31 Timestamp 01',
      '34 -Cluster',
      '34 -Segment',
    ])
  })

  it('is not ended from inside one of its children of known size', () => {
    expectEvents(
      `${HEADER}
       18538067 FF
         1F43B675 FF
           A0 89                  # 26 BlockGroup
             1F43B675 80          # 28 misplaced
             A1 82 8100           # 33
           E7 81 02               # 37`,
      [
        ...HEADER_EVENTS,
        '16 +Segment ?',
        '21 +Cluster ?',
        '26 +BlockGroup 9',
        '28 misplaced-element Cluster',
        '33 Block: 8100',
        '37 -BlockGroup',
        '37 Timestamp 02',
        '40 -Cluster',
        '40 -Segment',
      ],
    )
  })
})

describe('a Segment of unknown size', () => {
  it('does not end at what may stand in it, nor at what is stepped over', () => {
    expectEvents(`${HEADER} 18538067 FF EC 80 4100 80 D7 80 BF 80 1254C367 80 1549A966 80`, [
      ...HEADER_EVENTS,
      '16 +Segment ?',
      '21 Void: ',
      '23 0x4100: ',
      '26 misplaced-element TrackNumber',
      '28 CRC-32 ',
      '30 +Tags 0',
      '35 -Tags',
      '35 +Info 0',
      '40 -Info',
      '40 -Segment',
    ])
  })
})

describe('a master of unknown size that is answered false', () => {
  it('is read through to where it ends, and nothing of it is told', () => {
    expectEvents(
      `${HEADER}
       18538067 FF
         1F43B675 FF              # 21
           E7 81 01
           A0 86 A1 84 81 0000 80
           A3 84 81 0000 80
           4100 80
           EC 80
         1254C367 80              # 50`,
      [...HEADER_EVENTS, '16 +Segment ?', '21 +Cluster ?', '48 +Tags 0', '53 -Tags', '53 -Segment'],
      { skip: ['Cluster'] },
    )
  })

  it('ends with the document it is in', () => {
    expectEvents(
      `${HEADER} 18538067 FF 1F43B675 FF E7 81 01 1254C367 83 7373 80 ${HEADER}`,
      [...HEADER_EVENTS, '16 +Segment ?', '37 +EBML 11', '42 DocType 6D6174726F736B61', '53 -EBML'],
      { skip: ['Segment'] },
    )
  })

  it('tells nothing of what may not stand in it, either', () => {
    expectEvents(
      `${HEADER} 18538067 FF 1F43B675 FF D7 81 01 E7 81 01`,
      [...HEADER_EVENTS, '16 +Segment ?', '21 +Cluster ?', '32 -Segment'],
      { skip: ['Cluster'] },
    )
  })

  it('does not hide the children of the next one', () => {
    expectEvents(
      `${HEADER} 18538067 FF 1F43B675 FF E7 81 01 1254C367 80 1F43B675 83 E7 81 02`,
      [
        ...HEADER_EVENTS,
        '16 +Segment ?',
        '21 +Cluster ?',
        '29 +Tags 0',
        '34 -Tags',
        '34 +Cluster 3',
        '42 -Segment',
      ],
      { skip: ['Cluster'] },
    )
  })

  it('must be sound for all that: its structure is what tells its end', () => {
    expectFailure(
      `${HEADER} 18538067 FF 1F43B675 FF E7 81 01 00`,
      [...HEADER_EVENTS, '16 +Segment ?', '21 +Cluster ?'],
      { code: 'invalid-id', offset: 29, path: 'Segment/Cluster' },
      { skip: ['Cluster'] },
    )
  })
})
