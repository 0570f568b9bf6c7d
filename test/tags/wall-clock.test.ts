import { describe, expect, it } from 'vitest'
import { element, openElement } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import {
  awsTags,
  CLUSTER,
  documentOf,
  headOf,
  parseGetMediaChunks,
  tailOf,
} from './get-media-stream.js'

describe('the wall clock of a frame', () => {
  const frameOf = (producerTimestamp: string): readonly (number | undefined)[] => {
    const head = awsTags(['FRAGMENT_NUMBER', '17'], ['PRODUCER_TIMESTAMP', producerTimestamp])
    const cluster = openElement(
      '1F43B675',
      1,
      'E7 82 1388',
      'A3 84 81 0000 80',
      'A3 84 81 0021 00',
      'A3 84 81 FFFF 00',
    )
    const [{ frames }] = parseGetMediaChunks(documentOf(head, cluster, tailOf('17'))).fragments
    return frames.map(({ wallClockMs }) => wallClockMs)
  }

  it('is the producer’s time of the Cluster plus the distance to it', () => {
    expect(frameOf('1511852108.513')).toEqual([
      1_511_852_108_513, 1_511_852_108_546, 1_511_852_108_512,
    ])
  })

  it('is not known of a producer whose times are relative, or that has none', () => {
    for (const text of ['0.000', '12.040', '999999999.999', 'x', '']) {
      expect(frameOf(text)).toEqual([undefined, undefined, undefined])
    }
    const [{ frames }] = parseGetMediaChunks(documentOf(CLUSTER)).fragments
    expect(frames[0].wallClockMs).toBeUndefined()
  })

  it('is exact where the Clusters’ own times are too large to be', () => {
    const info = element('1549A966', '2AD7B1 83 0186A1')
    const cluster = (timestamp: string): Uint8Array =>
      openElement('1F43B675', 1, element('E7', timestamp), 'A3 84 81 0000 80')
    const bytes = documentOf(
      info,
      awsTags(['FRAGMENT_NUMBER', '17'], ['PRODUCER_TIMESTAMP', '1511852108.513']),
      // 2^62 ticks of 100,001 ns and, 9,999 of them later, the next Cluster.
      cluster('4000000000000000'),
      cluster('400000000000270F'),
      tailOf('17'),
    )
    const [{ frames }] = parseGetMediaChunks(bytes).fragments
    expect(frames[1].wallClockMs).toBe(1_511_852_108_513 + 999.909999)
  })

  it('counts from the first Cluster of the fragment, whose time the tags tell', () => {
    const cluster = (timestamp: string): Uint8Array =>
      openElement('1F43B675', 1, element('E7', timestamp), 'A3 84 81 0001 80')
    const bytes = documentOf(
      headOf('17'),
      cluster('1388'),
      cluster('1770'),
      cluster('03E8'),
      tailOf('17'),
    )
    everySplit(bytes, (chunks) => {
      const [{ frames }] = parseGetMediaChunks(chunks).fragments
      expect(frames.map(({ wallClockMs }) => wallClockMs)).toEqual([
        1_511_852_108_514, 1_511_852_109_514, 1_511_852_104_514,
      ])
    })
  })

  it('is known from the first whole second of that many digits on', () => {
    expect(frameOf('1000000000.000')[0]).toBe(1_000_000_000_000)
  })
})
