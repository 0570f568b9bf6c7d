// RFC 8794 §11.3.1: CRC-32 stands first in its parent and covers everything after it, little-endian.
import { describe, expect, it } from 'vitest'
import { concat, EBML_HEADER, element, openElement } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { hex } from '../helpers/hex.js'
import { expectEvents, readEvents } from './event-recorder.js'

const VERIFY = { verifyCrc32: true }

/** Bit by bit, to share nothing with the parser's table. */
function crcOf(bytes: Uint8Array): Uint8Array {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  const value = ~crc >>> 0
  return Uint8Array.of(value, value >>> 8, value >>> 16, value >>> 24)
}

/** The parts behind a CRC-32 element that fits them. */
function sealed(...parts: readonly (string | Uint8Array)[]): Uint8Array {
  const body = concat(...parts)
  return concat('BF 84', crcOf(body), body)
}

function errorsOf(chunks: readonly Uint8Array[]): string[] {
  const { events, failure } = readEvents(chunks, VERIFY)
  expect(failure).toBeUndefined()
  return events.filter((event) => event.includes('crc-mismatch'))
}

describe('CRC-32 verification', () => {
  it('is little-endian, and counts from the end of the CRC-32 element to that of its parent', () => {
    const events = ['0 +EBML 17', '5 CRC-32 14B61E26', '11 DocType 6D6174726F736B61']
    expectEvents("1A45DFA3 91 BF 84 14B61E26 4282 88 'matroska'", [...events, '22 -EBML'], VERIFY)
  })

  it('tells of a mismatch at the offset of the CRC-32 element, before the master ends', () => {
    const events = ['0 +EBML 17', '5 CRC-32 14B61E26', '11 DocType 6D6174726F736B62']
    expectEvents(
      "1A45DFA3 91 BF 84 14B61E26 4282 88 'matroskb'",
      [...events, '5 crc-mismatch EBML', '22 -EBML'],
      VERIFY,
    )
  })

  it('passes what matches, however the bytes are cut', () => {
    const bytes = concat(
      element('1A45DFA3', sealed("4282 88 'matroska'")),
      openElement(
        '18538067',
        1,
        element('1549A966', sealed('2AD7B1 83 0F4240', "4D80 84 'Lavf'")),
        element('1F43B675', sealed('E7 81 05', 'A3 86 81 0000 80 AABB', 'A3 84 81 0001 00')),
      ),
    )
    everySplit(bytes, (chunks) => expect(errorsOf(chunks)).toEqual([]))
  })

  it('tells which master does not match when any bit of it or of its checksum is wrong', () => {
    const cluster = element('1F43B675', sealed('E7 81 05', 'A3 86 81 0000 80 AABB'))
    const bytes = concat(EBML_HEADER, openElement('18538067', 1, cluster))
    const clusterAt = 21
    const dataAt = clusterAt + 5
    // The checksum, the timestamp, the block: bytes whose change breaks no structure.
    for (const at of [dataAt + 2, dataAt + 5, dataAt + 8, dataAt + 11, dataAt + 15, dataAt + 16]) {
      const damaged = bytes.slice()
      damaged[at] ^= 0x01
      everySplit(damaged, (chunks) => {
        expect(errorsOf(chunks)).toEqual([`${dataAt} crc-mismatch Cluster`])
      })
    }
  })

  it('is off by default', () => {
    const bytes = concat(EBML_HEADER, '18538067 FF 1549A966 86 BF 84 00000000')
    expect(readEvents([bytes]).events).not.toContainEqual(expect.stringContaining('crc-mismatch'))
    expect(errorsOf([bytes.slice(0, -1), hex('01')])).toEqual(['26 crc-mismatch Info'])
  })

  it('checks a master with nothing in it but its checksum', () => {
    const bytes = concat(EBML_HEADER, '18538067 FF 1549A966 86 BF 84 00000000')
    everySplit(bytes, (chunks) => expect(errorsOf(chunks)).toEqual([]))
  })

  it('checks masters in each other, each against its own', () => {
    const group = element('A0', sealed('A1 84 81 0000 00', '9B 81 14'))
    const cluster = element('1F43B675', sealed('E7 81 05', group, 'EC 82 0000'))
    const bytes = concat(EBML_HEADER, element('18538067', sealed(cluster, '1254C367 80')))
    everySplit(bytes, (chunks) => expect(errorsOf(chunks)).toEqual([]))

    // One bit of the BlockDuration is in all three.
    const inAll = bytes.slice()
    inAll[bytes.indexOf(0x9b) + 2] ^= 1
    everySplit(inAll, (chunks) => {
      expect(errorsOf(chunks).map((error) => error.split(' ')[2])).toEqual([
        'BlockGroup',
        'Cluster',
        'Segment',
      ])
    })
  })

  it('takes the checksum of an inner master for a part of the outer one', () => {
    const inner = element('A0', sealed('A1 84 81 0000 00'))
    const wrong = inner.slice()
    wrong[4] ^= 1
    const bytes = concat(
      EBML_HEADER,
      openElement('18538067', 1, element('1F43B675', sealed(wrong))),
    )
    everySplit(bytes, (chunks) => {
      expect(errorsOf(chunks).map((error) => error.split(' ')[2])).toEqual(['BlockGroup'])
    })
  })

  it('checks masters of unknown size, whatever ends them', () => {
    const cluster = openElement('1F43B675', 8, sealed('E7 81 05', 'A3 86 81 0000 80 AABB'))
    const endings = [
      '',
      '1F43B675 FF E7 81 06',
      '1254C367 80',
      EBML_HEADER,
      '18538067 FF',
      concat(EBML_HEADER, '18538067 80'),
    ]
    for (const ending of endings) {
      const bytes = concat(EBML_HEADER, openElement('18538067', 8, cluster), ending)
      everySplit(bytes, (chunks) => expect(errorsOf(chunks)).toEqual([]))
      const damaged = bytes.slice()
      damaged[EBML_HEADER.length + 12 + 12 + 6 + 3 + 7] ^= 1
      everySplit(damaged, (chunks) => {
        expect(errorsOf(chunks)).toEqual(['40 crc-mismatch Cluster'])
      })
    }
  })

  it('checks a Cluster of unknown size that ends with its Segment', () => {
    const cluster = openElement('1F43B675', 1, sealed('E7 81 05'))
    const bytes = concat(EBML_HEADER, element('18538067', sealed(cluster)), EBML_HEADER)
    everySplit(bytes, (chunks) => expect(errorsOf(chunks)).toEqual([]))
  })

  it('does not count the header that ends a Cluster of unknown size, wherever it is cut', () => {
    const cluster = openElement('1F43B675', 1, sealed('E7 81 05'))
    const segment = openElement('18538067', 1, sealed(cluster, '1254C367 40 00', 'EC 80'))
    everySplit(concat(EBML_HEADER, segment), (chunks) => expect(errorsOf(chunks)).toEqual([]))
  })

  it('counts bodies, texts, Voids, unregistered elements and what is stepped over', () => {
    const body = sealed(
      "4D80 84 'Lavf'",
      'EC 83 010203',
      '4100 83 040506',
      'D7 81 01',
      '73A4 90 00112233445566778899AABBCCDDEEFF',
      '6924 83 69BF80',
    )
    const bytes = concat(EBML_HEADER, openElement('18538067', 1, element('1549A966', body)))
    everySplit(bytes, (chunks) => {
      const { events } = readEvents(chunks, { ...VERIFY, skip: ['ChapterTranslate'] })
      expect(events.filter((event) => event.includes('mismatch'))).toEqual([])
      expect(events).toContain('50 misplaced-element TrackNumber')
    })
  })

  it('takes a CRC-32 that does not come first, or is not four bytes long, for no checksum', () => {
    for (const info of ['EC 80 BF 84 00000001', 'BF 83 000001', 'BF 85 0000000001', 'BF 80']) {
      const bytes = concat(EBML_HEADER, openElement('18538067', 1, element('1549A966', info)))
      everySplit(bytes, (chunks) => expect(errorsOf(chunks)).toEqual([]))
    }
  })

  it('has nothing to say of a master that was cut', () => {
    const bytes = concat(EBML_HEADER, '18538067 FF 1F43B675 FF BF 84 00000001 A3 84 8100')
    everySplit(bytes, (chunks) => expect(errorsOf(chunks)).toEqual([]))
  })
})
