import { describe, expect, it } from 'vitest'
import { ParseError } from '../../src/parser/errors.js'
import type { EbmlHandler } from '../../src/parser/ebml-handler.js'
import { EbmlReader } from '../../src/parser/index.js'
import { concat, EBML_HEADER, element } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { hex } from '../helpers/hex.js'
import { expectEvents, expectFailure, readEvents } from './event-recorder.js'

// 16 bytes
const HEADER = "1A45DFA3 8B 4282 88 'matroska'"
const HEADER_EVENTS = ['0 +EBML 11', '5 DocType 6D6174726F736B61', '16 -EBML']
const IN_SEGMENT = [...HEADER_EVENTS, '16 +Segment ?']
const IN_CLUSTER = [...IN_SEGMENT, '21 +Cluster ?']

const SILENT: EbmlHandler = {
  onMasterStart: () => true,
  onMasterEnd: () => {},
  onValue: () => {},
  onBody: () => {},
}

describe('input that is not EBML', () => {
  it.each([
    ['text', "'<html><body>504'"],
    ['JSON', '\'{"Message":"no"}\''],
    ['zeros', '00 00 00 00 00 00 00 00 00 00'],
    ['ones', 'FF FF FF FF FF FF FF FF FF FF'],
    ['a Void', 'EC 80 EC 80'],
    ['a Void of unknown size', 'EC FF 00'],
    ['a Void wider than eight bytes', 'EC 00 00 00 00 00 00 00 00 00'],
    ['a Segment without an EBML header', '18538067 FF 1549A966 80'],
    ['a Cluster', '1F43B675 FF E7 81 01'],
    ['a CRC-32', 'BF 84 00000000'],
    ['an ID of four bytes with an unknown size', '10000001 FF'],
    ['MP4', "00000018 'ftypmp42'"],
  ])('fails at byte 0: %s', (_name, source) => {
    expectFailure(source, [], {
      code: 'not-ebml',
      offset: 0,
      path: '',
      message: 'it does not begin with 1A 45 DF A3',
    })
  })

  it('fails where something else than a document follows a document', () => {
    for (const garbage of ['00', 'E7 81 01', 'BF 80', 'FF', '4282 00', '1549A966 80']) {
      expectFailure(
        `${HEADER} 18538067 80 ${garbage} 00000000 00000000`,
        [...HEADER_EVENTS, '16 +Segment 0', '21 -Segment'],
        {
          code: 'not-ebml',
          offset: 21,
          path: '',
          message: 'neither an EBML header nor a Segment follows the last document',
        },
      )
    }
  })

  it('fails at once, not when more of it comes', () => {
    const reader = new EbmlReader(SILENT)
    expect(() => reader.write(hex('00'))).toThrow(ParseError)
  })
})

describe('IDs and sizes that are not legal', () => {
  it.each(['00', '01', '02', '04', '07', '08', '0F'])(
    'fail: an ID that begins with %s would be wider than four bytes',
    (first) => {
      expectFailure(
        `${HEADER} 18538067 FF 1F43B675 FF E7 81 01 ${first} 80`,
        [...IN_CLUSTER, '26 Timestamp 01'],
        {
          code: 'invalid-id',
          offset: 29,
          path: 'Segment/Cluster',
          message: `byte 0x${first.toLowerCase()}`,
        },
      )
    },
  )

  it.each(['FF', '4000', '7FFF', '200000', '3FFFFF', '10000000', '1FFFFFFF'])(
    'fail: the ID %s is reserved',
    (id) => {
      expectFailure(`${HEADER} 18538067 FF ${id} 81 00`, IN_SEGMENT, {
        code: 'invalid-id',
        offset: 21,
        path: `Segment/0x${id.toLowerCase()}`,
      })
    },
  )

  it('take 80 for ChapterDisplay, which is registered, although its data bits are all zero', () => {
    expectEvents(`${HEADER} 18538067 FF 80 80`, [
      ...IN_SEGMENT,
      '21 misplaced-element ChapterDisplay',
      '23 -Segment',
    ])
  })

  it.each([
    ['E7', 'Segment/Cluster/Timestamp'],
    ['A3', 'Segment/Cluster/SimpleBlock'],
    ['4100', 'Segment/Cluster/0x4100'],
    ['1A45DFA3', 'Segment/Cluster/EBML'],
  ])('fail: the size of %s would be wider than eight bytes', (id, path) => {
    expectFailure(
      `${HEADER} 18538067 FF 1F43B675 FF ${id} 00 00000000 00000000 00000000`,
      IN_CLUSTER,
      { code: 'invalid-size', offset: 26, path },
    )
  })

  it('fail: 2^53 bytes and more cannot be counted', () => {
    for (const size of ['01 20 00000000 0000', '01 FF FFFFFFFF FFFE', '01 80 00000000 0000']) {
      expectFailure(`${HEADER} 18538067 FF 1F43B675 FF A3 ${size}`, IN_CLUSTER, {
        code: 'size-too-large',
        offset: 26,
        path: 'Segment/Cluster/SimpleBlock',
      })
    }
  })

  it('read a declared size of 2^53 − 1 bytes without waiting or making room for them', () => {
    const reader = new EbmlReader(SILENT)
    reader.write(concat(EBML_HEADER, '18538067 01 1F FFFFFFFF FFFF'))
    expect(() => reader.write(hex('1F43B675 01 1F FFFFFFFF FFFF'))).toThrow(/element-overrun/)
    const unknown = new EbmlReader(SILENT)
    unknown.write(concat(EBML_HEADER, '18538067 FF 1F43B675 FF A3 01 1F FFFFFFFF FFFF 8100'))
    expect(unknown.end()).toEqual({
      offset: 37,
      elementOffset: 26,
      path: 'Segment/Cluster/SimpleBlock',
    })
  })

  it.each([
    ['1549A966', 'Segment/Info'],
    ['1254C367', 'Segment/Tags'],
    ['1654AE6B', 'Segment/Tracks'],
    ['EC', 'Segment/Void'],
    ['BF', 'Segment/CRC-32'],
    ['4100', 'Segment/0x4100'],
    ['E7', 'Segment/Timestamp'],
  ])('fail: %s may not have an unknown size', (id, path) => {
    for (const size of ['FF', '7FFF', '01FFFFFFFFFFFFFF']) {
      expectFailure(`${HEADER} 18538067 FF ${id} ${size} 00`, IN_SEGMENT, {
        code: 'unknown-size-not-allowed',
        offset: 21,
        path,
      })
    }
  })

  it('fail: an EBML header may not have an unknown size', () => {
    expectFailure('1A45DFA3 FF 4282 80', [], {
      code: 'unknown-size-not-allowed',
      offset: 0,
      path: 'EBML',
    })
  })

  it('fail: a Cluster of unknown size where no Cluster may stand has no end', () => {
    expectFailure(
      `${HEADER} 18538067 FF 1549A966 87 1F43B675 FF 00 00`,
      [...IN_SEGMENT, '21 +Info 7'],
      { code: 'unknown-size-not-allowed', offset: 26, path: 'Segment/Info/Cluster' },
    )
  })
})

describe('elements that reach past their parent', () => {
  it('fail with both offsets in the message', () => {
    expectFailure(
      `${HEADER} 18538067 FF 1F43B675 86 A3 85 81 0000 80 AA`,
      [...IN_SEGMENT, '21 +Cluster 6'],
      {
        code: 'element-overrun',
        offset: 26,
        path: 'Segment/Cluster/SimpleBlock',
        message: 'SimpleBlock ends at byte 33, after its parent Cluster, which ends at byte 32',
      },
    )
  })

  it('may end exactly with their parent', () => {
    expectEvents(`${HEADER} 18538067 FF 1F43B675 87 A3 85 81 0000 80 AA`, [
      ...IN_SEGMENT,
      '21 +Cluster 7',
      '26 SimpleBlock: 81000080AA',
      '33 -Cluster',
      '33 -Segment',
    ])
  })

  it('fail when it is their header that does not fit, whatever follows', () => {
    expectFailure(`${HEADER} 18538067 FF 1F43B675 81 A3 80`, [...IN_SEGMENT, '21 +Cluster 1'], {
      code: 'element-overrun',
      offset: 26,
      path: 'Segment/Cluster/SimpleBlock',
      message: 'ends at byte 28, after its parent Cluster, which ends at byte 27',
    })
  })

  it('fail against the next known size above when the parent has an unknown one', () => {
    expectFailure(
      `${HEADER} 18538067 8A 1F43B675 FF A3 85 81 0000 80 AA`,
      [...HEADER_EVENTS, '16 +Segment 10', '21 +Cluster ?'],
      {
        code: 'element-overrun',
        offset: 26,
        path: 'Segment/Cluster/SimpleBlock',
        message: 'which ends at byte 31',
      },
    )
  })

  it.each([
    ['a master', '1549A966 82 EC80', 'Info'],
    ['an unregistered element', '4100 84 00000000', '0x4100'],
    ['a Void', 'EC 85 0000000000', 'Void'],
    ['an element that may not stand there', 'D7 85 0000000000', 'TrackNumber'],
  ])('fail: %s', (_name, source, name) => {
    expectFailure(`${HEADER} 18538067 86 ${source}`, [...HEADER_EVENTS, '16 +Segment 6'], {
      code: 'element-overrun',
      offset: 21,
      path: `Segment/${name}`,
    })
  })
})

describe('an element in which nothing is read, where nothing else would end it', () => {
  it.each([
    ['Void', 'EC', '0A', '0B'],
    ['CRC-32', 'BF', '0A', '0B'],
    ['an unregistered element', '4100', '0A', '0B'],
    ['a number', 'E7', '0A', '0B'],
    ['a misplaced element', 'D7', '0A', '0B'],
    ['a block that is misplaced', 'A1', '0A', '0B'],
    ['a block that no frame is made of', 'AF', '0A', '0B'],
  ])('may have maxSkippedBytes and not one more: %s', (_name, id, within, over) => {
    const at = 26
    const options = { maxSkippedBytes: 10 }
    const cluster = `${HEADER} 18538067 FF 1F43B675 FF ${id}`
    const bytes = (size: string): Uint8Array => hex(`${cluster} 40${size} ${'00'.repeat(11)}`)
    everySplit(bytes(within).slice(0, -1), (chunks) => {
      expect(readEvents(chunks, options)).toMatchObject({
        failure: undefined,
        truncation: undefined,
      })
    })
    everySplit(bytes(over), (chunks) => {
      expect(readEvents(chunks, options).failure).toMatchObject({
        code: 'element-too-large',
        offset: at,
      })
    })
  })

  it('counts for a master that is answered false as well', () => {
    const bytes = hex(`${HEADER} 18538067 FF 1C53BB6B 8B ${'00'.repeat(11)}`)
    everySplit(bytes, (chunks) => {
      const options = { skip: ['Cues'], maxSkippedBytes: 10 }
      expect(readEvents(chunks, options).failure).toMatchObject({
        code: 'element-too-large',
        offset: 21,
        path: 'Segment/Cues',
      })
    })
  })

  it('counts for a block in a Cluster that is answered false', () => {
    const bytes = hex(`${HEADER} 18538067 FF 1F43B675 FF A3 8B ${'00'.repeat(11)}`)
    everySplit(bytes, (chunks) => {
      const options = { skip: ['Cluster'], maxSkippedBytes: 10 }
      expect(readEvents(chunks, options).failure).toMatchObject({
        code: 'element-too-large',
        offset: 26,
        path: 'Segment/Cluster/SimpleBlock',
      })
    })
  })

  it('may be longer where a parent of known size ends it', () => {
    const bytes = hex(`${HEADER} 18538067 8D EC 8B ${'00'.repeat(11)}`)
    everySplit(bytes, (chunks) => {
      expect(readEvents(chunks, { maxSkippedBytes: 10 }).failure).toBeUndefined()
    })
  })

  it('is no block: how long those may be is for the handler to say', () => {
    const bytes = hex(`${HEADER} 18538067 FF 1F43B675 FF A3 8B ${'00'.repeat(11)}`)
    everySplit(bytes, (chunks) => {
      expect(readEvents(chunks, { maxSkippedBytes: 10 }).failure).toBeUndefined()
    })
  })
})

describe('a document inside an element that has not ended', () => {
  it.each([
    ['an EBML header', HEADER, 'EBML'],
    ['a Segment', '18538067 80', 'Segment'],
    ['a Segment of unknown size', '18538067 FF', 'Segment'],
  ])('fails: %s', (_name, source, name) => {
    expectFailure(
      `${HEADER} 18538067 FF 1F43B675 C0 E7 81 01 ${source} 00 00`,
      [...IN_SEGMENT, '21 +Cluster 64', '26 Timestamp 01'],
      {
        code: 'unexpected-document',
        offset: 29,
        path: `Segment/Cluster/${name}`,
        message: `a new ${name} where Cluster has not ended`,
      },
    )
  })
})

describe('nesting', () => {
  function nested(depth: number): Uint8Array {
    // Segment, Tags and Tag are three; the rest are SimpleTags in each other.
    let bytes: Uint8Array = new Uint8Array(0)
    for (let i = 3; i < depth; i += 1) bytes = element('67C8', bytes)
    return concat(EBML_HEADER, '18538067 FF', element('1254C367', element('7373', bytes)))
  }

  it.each([4, 5, 16, 40])('may be as deep as maxDepth: %d', (maxDepth) => {
    const reader = new EbmlReader(SILENT, { maxDepth })
    reader.write(nested(maxDepth))
    expect(reader.end()).toBeUndefined()
  })

  it.each([4, 5, 16, 40])('fails one below maxDepth: %d', (maxDepth) => {
    const reader = new EbmlReader(SILENT, { maxDepth })
    expect(() => reader.write(nested(maxDepth + 1))).toThrow(
      `more than ${maxDepth} nested master elements; raise maxDepth`,
    )
    expect(reader.failure).toMatchObject({ code: 'depth-exceeded' })
  })

  it('is 16 deep by default', () => {
    expect(() => new EbmlReader(SILENT).write(nested(16))).not.toThrow()
    expect(() => new EbmlReader(SILENT).write(nested(17))).toThrow(/depth-exceeded/)
  })

  it('tells the offset and the path of the one too many, however the bytes are cut', () => {
    expectFailure(
      `${HEADER} 18538067 FF 1254C367 8B 7373 88 67C8 85 67C8 82 EC 80`,
      [...IN_SEGMENT, '21 +Tags 11', '26 +Tag 8', '29 +SimpleTag 5', '32 +SimpleTag 2'],
      {
        code: 'depth-exceeded',
        offset: 32,
        path: 'Segment/Tags/Tag/SimpleTag/SimpleTag',
      },
      { maxDepth: 4 },
    )
  })

  it('of 10,000 levels fails as soon as it is too deep, on a stack that does not grow', () => {
    const reader = new EbmlReader(SILENT, { maxDepth: 10_000 })
    reader.write(nested(10_000))
    expect(reader.end()).toBeUndefined()
    expect(() => new EbmlReader(SILENT).write(nested(10_000))).toThrow(/depth-exceeded/)
  })
})
