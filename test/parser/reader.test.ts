import { describe, expect, it } from 'vitest'
import { EbmlReader } from '../../src/parser/index.js'
import { concat, EBML_HEADER, openElement, sizeOf, wideElement } from '../helpers/ebml-bytes.js'
import { hex } from '../helpers/hex.js'
import { expectEvents, readEvents } from './event-recorder.js'

// 16 bytes: 1A45DFA3 8B { 4282 88 'matroska' }
const HEADER = "1A45DFA3 8B 4282 88 'matroska'"
const HEADER_EVENTS = ['0 +EBML 11', '5 DocType 6D6174726F736B61', '16 -EBML']

describe('EbmlReader', () => {
  it('reads a document: masters, numbers, texts and bodies, with the offsets of their headers', () => {
    expectEvents(
      `${HEADER}
       18538067 9E                    # 16 Segment, 30 bytes
         1549A966 86                  # 21 Info, 6 bytes
           2AD7B1 82 03E8             # 26 TimestampScale
         1F43B675 8E                  # 32 Cluster, 14 bytes
           E7 81 05                   # 37 Timestamp
           A3 85 81 0000 80 AA        # 40 SimpleBlock
           A0 82                      # 47 BlockGroup
             A1 80                    # 49 Block, empty`,
      [
        ...HEADER_EVENTS,
        '16 +Segment 30',
        '21 +Info 6',
        '26 TimestampScale 03E8',
        '32 -Info',
        '32 +Cluster 14',
        '37 Timestamp 05',
        '40 SimpleBlock: 81000080AA',
        '47 +BlockGroup 2',
        '49 Block: ',
        '51 -BlockGroup',
        '51 -Cluster',
        '51 -Segment',
      ],
    )
  })

  it('reads known sizes at all eight widths, on every kind of element', () => {
    for (let width = 1; width <= 8; width += 1) {
      const timestamp = wideElement('E7', width, '05')
      const block = wideElement('A3', width, '81 0000 80 AA BB')
      const unregistered = wideElement('4100', width, 'CC')
      const cluster = wideElement('1F43B675', width, timestamp, block, unregistered)
      const segmentAt = 16
      const clusterAt = segmentAt + 4 + width
      const timestampAt = clusterAt + 4 + width
      const blockAt = timestampAt + timestamp.length
      const unregisteredAt = blockAt + block.length
      const endAt = unregisteredAt + unregistered.length
      expectEvents(concat(EBML_HEADER, wideElement('18538067', width, cluster)), [
        ...HEADER_EVENTS,
        `${segmentAt} +Segment ${cluster.length}`,
        `${clusterAt} +Cluster ${endAt - timestampAt}`,
        `${timestampAt} Timestamp 05`,
        `${blockAt} SimpleBlock: 81000080AABB`,
        `${unregisteredAt} 0x4100: CC`,
        `${endAt} -Cluster`,
        `${endAt} -Segment`,
      ])
    }
  })

  it('reads unknown sizes at all eight widths', () => {
    for (let width = 1; width <= 8; width += 1) {
      const bytes = concat(
        EBML_HEADER,
        openElement('18538067', width, openElement('1F43B675', width, 'E7 81 05')),
      )
      const clusterAt = 20 + width
      const timestampAt = clusterAt + 4 + width
      expectEvents(bytes, [
        ...HEADER_EVENTS,
        '16 +Segment ?',
        `${clusterAt} +Cluster ?`,
        `${timestampAt} Timestamp 05`,
        `${timestampAt + 3} -Cluster`,
        `${timestampAt + 3} -Segment`,
      ])
    }
  })

  it('reads elements of length 0: an empty value, one empty slice, a master without children', () => {
    expectEvents(`${HEADER} 18538067 8B 1F43B675 86 E7 80 A3 80 A0 80`, [
      ...HEADER_EVENTS,
      '16 +Segment 11',
      '21 +Cluster 6',
      '26 Timestamp ',
      '28 SimpleBlock: ',
      '30 +BlockGroup 0',
      '32 -BlockGroup',
      '32 -Cluster',
      '32 -Segment',
    ])
  })

  it('hands on unregistered elements, of IDs of one to four bytes, and goes on after them', () => {
    expectEvents(
      `${HEADER}
       18538067 FF
         81 81 01
         4100 82 0102
         200001 83 010203
         10000001 84 01020304
         1F43B675 83 E7 81 05`,
      [
        ...HEADER_EVENTS,
        '16 +Segment ?',
        '21 0x81: 01',
        '24 0x4100: 0102',
        '29 0x200001: 010203',
        '36 0x10000001: 01020304',
        '45 +Cluster 3',
        '50 Timestamp 05',
        '53 -Cluster',
        '53 -Segment',
      ],
    )
  })

  it('hands on Void and CRC-32 wherever they stand, Void between documents too', () => {
    expectEvents(
      `1A45DFA3 9A BF 84 01020304 4282 88 'matroska' EC 84 00000000 EC 81 FF
       EC 80
       18538067 99
         BF 84 05060708
         1F43B675 8E
           EC 81 00
           BF 84 090A0B0C
           A0 83 EC 81 01
       EC 82 0203`,
      [
        '0 +EBML 26',
        '5 CRC-32 01020304',
        '11 DocType 6D6174726F736B61',
        '22 Void: 00000000',
        '28 Void: FF',
        '31 -EBML',
        '31 Void: ',
        '33 +Segment 25',
        '38 CRC-32 05060708',
        '44 +Cluster 14',
        '49 Void: 00',
        '52 CRC-32 090A0B0C',
        '58 +BlockGroup 3',
        '60 Void: 01',
        '63 -BlockGroup',
        '63 -Cluster',
        '63 -Segment',
        '63 Void: 0203',
      ],
    )
  })

  it('steps over a master that is answered false, whatever is in it', () => {
    expectEvents(
      `${HEADER}
       18538067 92
         114D9B74 85 00 FFFFFFFF        # 21 SeekHead, with something that is no element
         1F43B675 83 E7 81 05           # 31`,
      [
        ...HEADER_EVENTS,
        '16 +Segment 18',
        '21 +SeekHead 5',
        '31 +Cluster 3',
        '36 Timestamp 05',
        '39 -Cluster',
        '39 -Segment',
      ],
      { skip: ['SeekHead'] },
    )
  })

  it('steps over whole documents', () => {
    expectEvents(
      `${HEADER} 18538067 81 00 ${HEADER} 18538067 80`,
      ['0 +EBML 11', '16 +Segment 1', '22 +EBML 11', '38 +Segment 0'],
      { skip: ['EBML', 'Segment'] },
    )
  })

  it('reads recursive elements: SimpleTags in a SimpleTag', () => {
    expectEvents(
      `${HEADER}
       18538067 FF
         1254C367 8F          # 21 Tags
           7373 8C            # 26 Tag
             67C8 89          # 29 SimpleTag
               67C8 83        # 32 SimpleTag
                 67C8 80      # 35 SimpleTag
               67C8 80        # 38 SimpleTag`,
      [
        ...HEADER_EVENTS,
        '16 +Segment ?',
        '21 +Tags 15',
        '26 +Tag 12',
        '29 +SimpleTag 9',
        '32 +SimpleTag 3',
        '35 +SimpleTag 0',
        '38 -SimpleTag',
        '38 -SimpleTag',
        '38 +SimpleTag 0',
        '41 -SimpleTag',
        '41 -SimpleTag',
        '41 -Tag',
        '41 -Tags',
        '41 -Segment',
      ],
    )
  })

  it('reads documents that follow each other, and a Segment without a header of its own', () => {
    expectEvents(`${HEADER} 18538067 80 ${HEADER} 18538067 FF ${HEADER} 18538067 FF 18538067 80`, [
      ...HEADER_EVENTS,
      '16 +Segment 0',
      '21 -Segment',
      '21 +EBML 11',
      '26 DocType 6D6174726F736B61',
      '37 -EBML',
      '37 +Segment ?',
      '42 -Segment',
      '42 +EBML 11',
      '47 DocType 6D6174726F736B61',
      '58 -EBML',
      '58 +Segment ?',
      '63 -Segment',
      '63 +Segment 0',
      '68 -Segment',
    ])
  })

  it('tells that a master ended with the chunk that ends it, not with the next byte', () => {
    const bytes = hex(`${HEADER} 18538067 85 EC 83 010203`)
    expect(readEvents([bytes]).events.at(-1)).toBe('26 -Segment')
    const events: string[] = []
    const reader = new EbmlReader({
      onMasterStart: () => true,
      onMasterEnd: (id, endOffset) => events.push(`${endOffset} ${id.toString(16)}`),
      onValue: () => {},
      onBody: () => {},
    })
    for (const byte of bytes) reader.write(Uint8Array.of(byte))
    expect(events).toEqual(['16 1a45dfa3', '26 18538067'])
  })

  it('steps over a known element where it may not stand, and says so', () => {
    expectEvents(
      `${HEADER}
       18538067 FF
         D7 81 01                  # 21 TrackNumber belongs in a TrackEntry
         1549A966 88               # 24
           7373 83 67C8 80         # 29 Tag belongs in Tags
           E7 80                   # 35 Timestamp belongs in a Cluster
         1F43B675 86               # 37
           AE 84 D7 82 0102        # 42 TrackEntry belongs in Tracks`,
      [
        ...HEADER_EVENTS,
        '16 +Segment ?',
        '21 misplaced-element TrackNumber',
        '24 +Info 8',
        '29 misplaced-element Tag',
        '35 misplaced-element Timestamp',
        '37 -Info',
        '37 +Cluster 6',
        '42 misplaced-element TrackEntry',
        '48 -Cluster',
        '48 -Segment',
      ],
    )
  })

  it('does without onContentError', () => {
    const reader = new EbmlReader({
      onMasterStart: () => true,
      onMasterEnd: () => {},
      onValue: () => {},
      onBody: () => {},
    })
    reader.write(hex(`${HEADER} 18538067 FF D7 81 01`))
    expect(reader.end()).toBeUndefined()
  })

  it('hands on a text of maxValueBytes in one piece', () => {
    expectEvents(
      `${HEADER} 18538067 FF 1549A966 8B 7BA9 88 'abcdefgh'`,
      [
        ...HEADER_EVENTS,
        '16 +Segment ?',
        '21 +Info 11',
        '26 Title 6162636465666768',
        '37 -Info',
        '37 -Segment',
      ],
      { maxValueBytes: 8 },
    )
  })

  it('hands on a text of one byte more in slices of the chunks, like a body', () => {
    expectEvents(
      `${HEADER} 18538067 FF 1549A966 8C 7BA9 89 'abcdefghi'`,
      [
        ...HEADER_EVENTS,
        '16 +Segment ?',
        '21 +Info 12',
        '26 Title: 616263646566676869',
        '38 -Info',
        '38 -Segment',
      ],
      { maxValueBytes: 8 },
    )
  })

  it('takes DocType of 256 bytes and more through its scratch space', () => {
    for (const length of [255, 256, 257, 600, 5000]) {
      const text = 'x'.repeat(length)
      const bytes = concat(
        '1A45DFA3',
        sizeOf(length + 4, 2),
        '4282',
        sizeOf(length, 2),
        `'${text}'`,
      )
      const chunks = [1, 50, 300, bytes.length].map((at, i, all) =>
        bytes.slice(all[i - 1] ?? 0, at),
      )
      expect(readEvents(chunks).events[1]).toBe(`6 DocType ${'78'.repeat(length)}`)
    }
  })

  it('tells the bytes taken in, from the offset it was given', () => {
    const reader = new EbmlReader({
      onMasterStart: () => true,
      onMasterEnd: () => {},
      onValue: () => {},
      onBody: () => {},
    })
    expect(reader.offset).toBe(0)
    reader.write(hex('1A45DF'))
    expect(reader.offset).toBe(3)
    reader.reset(1000)
    expect(reader.offset).toBe(1000)
    reader.write(EBML_HEADER)
    expect(reader.offset).toBe(1016)
  })
})
