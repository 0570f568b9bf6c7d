import { describe, expect, it } from 'vitest'
import type { FragmentMetadata } from '../../src/tags/metadata.js'
import { element, simpleTag, tagsOf } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import type { Part } from '../helpers/ebml-bytes.js'
import {
  awsTags,
  CLUSTER,
  documentOf,
  headOf,
  parseGetMediaChunks,
  tailOf,
} from './get-media-stream.js'

/** The metadata of a document with these parts, the same in every cut. */
function metadataOf(...parts: readonly Part[]): FragmentMetadata {
  const bytes = documentOf(...parts)
  const { metadata } = parseGetMediaChunks(bytes).fragments[0]
  everySplit(bytes, (chunks) => {
    expect(parseGetMediaChunks(chunks).fragments[0].metadata).toEqual(metadata)
  })
  return metadata
}

const NOTHING = {
  fragmentNumber: undefined,
  serverTimestamp: undefined,
  serverTimestampMs: undefined,
  producerTimestamp: undefined,
  producerTimestampMs: undefined,
  millisBehindNow: undefined,
  continuationToken: undefined,
  serviceErrors: [],
  unknownTags: [],
}

describe('the metadata of a fragment', () => {
  it('is what the tags before and after its Cluster say', () => {
    expect(metadataOf(headOf('91343852333181432'), CLUSTER, tailOf('91343852333181432'))).toEqual({
      fragmentNumber: '91343852333181432',
      serverTimestamp: '1511852109.126',
      serverTimestampMs: 1_511_852_109_126,
      producerTimestamp: '1511852108.513',
      producerTimestampMs: 1_511_852_108_513,
      millisBehindNow: 15_858,
      continuationToken: '91343852333181432',
      serviceErrors: [],
      unknownTags: [],
    })
  })

  it('is empty where no tag is the service’s', () => {
    expect(metadataOf(CLUSTER)).toEqual(NOTHING)
    expect(metadataOf(tagsOf(['FRAGMENT_NUMBER', '1'], ['KINESISVIDEO', '2']), CLUSTER)).toEqual(
      NOTHING,
    )
  })

  it('keeps a fragment number of 128 digits as text', () => {
    const number = '9'.repeat(128)
    expect(metadataOf(headOf(number), CLUSTER).fragmentNumber).toBe(number)
  })

  it('takes what the strings say up to their first NUL', () => {
    const metadata = metadataOf(
      awsTags(['FRAGMENT_NUMBER', '17\0\0\0'], ['SERVER_TIMESTAMP', '1.5\0']),
      CLUSTER,
    )
    expect(metadata).toMatchObject({
      fragmentNumber: '17',
      serverTimestamp: '1.5',
      serverTimestampMs: 1500,
    })
  })

  it('reads the names of GetMediaForFragmentList for the same things', () => {
    const tags = awsTags(
      ['FRAGMENT_NUMBER', '17'],
      ['SERVER_SIDE_TIMESTAMP', '1511852109.126'],
      ['PRODUCER_SIDE_TIMESTAMP', '1511852108.513'],
    )
    expect(metadataOf(tags, CLUSTER)).toMatchObject({
      fragmentNumber: '17',
      serverTimestamp: '1511852109.126',
      serverTimestampMs: 1_511_852_109_126,
      producerTimestamp: '1511852108.513',
      producerTimestampMs: 1_511_852_108_513,
    })
  })

  it('keeps the text of a time that is none', () => {
    const tags = awsTags(['SERVER_TIMESTAMP', 'soon'], ['PRODUCER_TIMESTAMP', '0.000'])
    expect(metadataOf(tags, CLUSTER)).toMatchObject({
      serverTimestamp: 'soon',
      serverTimestampMs: undefined,
      producerTimestamp: '0.000',
      producerTimestampMs: 0,
    })
  })

  it.each([
    ['0', 0],
    ['15858', 15_858],
    ['999999999999999', 999_999_999_999_999],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    [' 7', undefined],
    ['99999999999999999999', undefined],
  ])('reads MILLIS_BEHIND_NOW "%s" as %s', (text, millisBehindNow) => {
    expect(metadataOf(CLUSTER, awsTags(['MILLIS_BEHIND_NOW', text])).millisBehindNow).toBe(
      millisBehindNow,
    )
  })

  it('keeps tags of the service that are not known, and does not give them to the producer', () => {
    const bytes = documentOf(awsTags(['SOMETHING_NEW', 'x'], ['FRAGMENT_NUMBER', '17']), CLUSTER)
    const [fragment] = parseGetMediaChunks(bytes).fragments
    expect(fragment.metadata.unknownTags).toMatchObject([
      { name: 'AWS_KINESISVIDEO_SOMETHING_NEW', value: 'x' },
    ])
    expect(fragment.tags).toEqual([])
  })

  it('takes the prefix alone for a tag of the service, and what is one character off it for the producer’s', () => {
    const producers = ['AWS_KINESISVIDEO', 'AWS_KINESISVIDEOX', 'aws_kinesisvideo_X']
    const bytes = documentOf(
      tagsOf(['AWS_KINESISVIDEO_', '1'], ...producers.map((name) => [name, '2'] as const)),
      headOf('17'),
      CLUSTER,
    )
    const [fragment] = parseGetMediaChunks(bytes).fragments
    expect(fragment.metadata.unknownTags.map(({ name }) => name)).toEqual(['AWS_KINESISVIDEO_'])
    expect(fragment.tags.map(({ name }) => name)).toEqual(producers)
  })

  it('is not confused by a tag without a value, or with bytes', () => {
    const bare = element(
      '1254C367',
      element(
        '7373',
        element('67C8', "45A3 A1 'AWS_KINESISVIDEO_SERVER_TIMESTAMP'"),
        element('67C8', "45A3 A2 'AWS_KINESISVIDEO_MILLIS_BEHIND_NOW'", '4485 81 35'),
      ),
    )
    expect(metadataOf(bare, CLUSTER)).toMatchObject({
      serverTimestampMs: undefined,
      millisBehindNow: undefined,
    })
  })

  it('takes a tag without a value for none, which closes a fragment all the same', () => {
    const bare = (name: string, ...value: readonly string[]): Uint8Array =>
      element(
        '1254C367',
        element('7373', element('67C8', element('45A3', `'AWS_KINESISVIDEO_${name}'`), ...value)),
      )
    for (const value of [[], ['4487 80']]) {
      const closing = bare('CONTINUATION_TOKEN', ...value)
      const bytes = documentOf(headOf('17'), bare('FRAGMENT_NUMBER', ...value), CLUSTER, closing)
      const [fragment] = parseGetMediaChunks(bytes).fragments
      expect(fragment).toMatchObject({ isComplete: true, byteLength: bytes.length })
      expect(fragment.metadata.fragmentNumber).toBe('17')
      expect(fragment.metadata.continuationToken).toBeUndefined()
      const [other] = parseGetMediaChunks(documentOf(bare('FRAGMENT_NUMBER', ...value))).fragments
      expect(other.metadata.fragmentNumber).toBeUndefined()
    }
  })

  it('is not confused by names of Object: __proto__ is a producer’s tag like any other', () => {
    const bytes = documentOf(
      tagsOf(['__proto__', '1'], ['constructor', '2']),
      headOf('17'),
      CLUSTER,
    )
    const [fragment] = parseGetMediaChunks(bytes).fragments
    expect(fragment.tags.map(({ name, value }) => [name, value])).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ])
    expect(fragment.metadata.fragmentNumber).toBe('17')
    const prefixed = parseGetMediaChunks(
      documentOf(awsTags(['__proto__', '1']), headOf('17'), CLUSTER),
    )
    expect(prefixed.fragments[0].metadata.unknownTags).toHaveLength(1)
    expect(prefixed.fragments[0].metadata.fragmentNumber).toBe('17')
  })
})

describe('in-band errors', () => {
  it('have the ID, the code and the fragment they name', () => {
    const tags = awsTags(['FRAGMENT_NUMBER', '17'], ['ERROR_ID', '3002'], ['ERROR_CODE', 'WRITE'])
    expect(metadataOf(tags).serviceErrors).toMatchObject([
      { id: 3002, code: 'WRITE', fragmentNumber: '17', action: 'resume' },
    ])
  })

  it.each([
    ['the ID alone', [['ERROR_ID', '4000']], { id: 4000, code: 'REQUESTED_FRAGMENT_NOT_FOUND' }],
    ['the code alone', [['ERROR_CODE', 'KMS_KEY_DISABLED']], { id: undefined, action: 'fail' }],
    [
      'the code first',
      [
        ['ERROR_CODE', 'X'],
        ['ERROR_ID', '5000'],
      ],
      { id: 5000, code: 'X' },
    ],
    [
      'the names of GetMediaForFragmentList',
      [
        ['EXCEPTION_ERROR_CODE', '3000'],
        ['EXCEPTION_MESSAGE', 'FRAGMENT_NOT_FOUND'],
      ],
      { id: 3000, code: 'FRAGMENT_NOT_FOUND', action: 'resume-point-lost' },
    ],
    ['an ID nobody knows', [['ERROR_ID', '7777']], { id: 7777, code: 'UNKNOWN', action: 'resume' }],
    ['an ID that is no number', [['ERROR_ID', 'oops']], { id: undefined, code: 'oops' }],
    ['an ID without text', [['ERROR_ID', '']], { id: undefined, code: 'UNKNOWN' }],
  ] as const)('are read from %s', (_name, pairs, expected) => {
    expect(metadataOf(awsTags(...pairs)).serviceErrors).toMatchObject([expected])
  })

  it('are each one of several, in order', () => {
    const tags = awsTags(
      ['ERROR_ID', '3002'],
      ['ERROR_CODE', 'A'],
      ['ERROR_ID', '5000'],
      ['ERROR_CODE', 'B'],
    )
    const errors = metadataOf(tags, awsTags(['ERROR_ID', '4000'])).serviceErrors
    expect(errors.map(({ id, code }) => [id, code])).toEqual([
      [3002, 'A'],
      [5000, 'B'],
      [4000, 'REQUESTED_FRAGMENT_NOT_FOUND'],
    ])
  })

  it('are two when their ID and their code came in two Tags elements', () => {
    const tags = [awsTags(['ERROR_ID', '4500']), awsTags(['ERROR_CODE', 'X'])]
    expect(metadataOf(...tags).serviceErrors).toMatchObject([
      { id: 4500, code: 'KMS_KEY_ACCESS_DENIED', action: 'fail' },
      { id: undefined, code: 'X', action: 'resume' },
    ])
  })

  it('name the fragment they came with when they name none', () => {
    const { serviceErrors } = metadataOf(headOf('17'), CLUSTER, awsTags(['ERROR_ID', '3002']))
    expect(serviceErrors).toMatchObject([{ id: 3002, fragmentNumber: '17' }])
  })

  it('do not change the number of the fragment they came with, which they may not be about', () => {
    const about = awsTags(['FRAGMENT_NUMBER', '18'], ['ERROR_ID', '3002'])
    const metadata = metadataOf(headOf('17'), CLUSTER, about)
    expect(metadata.fragmentNumber).toBe('17')
    expect(metadata.serviceErrors).toMatchObject([{ fragmentNumber: '18' }])
  })

  it('are no tags of the producer', () => {
    const bytes = documentOf(
      element(
        '1254C367',
        element('7373', simpleTag('AWS_KINESISVIDEO_ERROR_ID', '3002'), simpleTag('MINE', '1')),
      ),
    )
    const [fragment] = parseGetMediaChunks(bytes).fragments
    expect(fragment.tags.map(({ name }) => name)).toEqual(['MINE'])
  })
})

it('shows in JSON, targets of tags that are no JSON and all', () => {
  const target = element('63C0', element('63C5', 'FFFFFFFFFFFFFFFF'))
  const unknown = element(
    '1254C367',
    element('7373', target, simpleTag('AWS_KINESISVIDEO_NEW', 'x')),
  )
  const metadata = metadataOf(headOf('17'), unknown, CLUSTER, awsTags(['ERROR_ID', '3002']))
  expect(JSON.parse(JSON.stringify(metadata))).toMatchObject({
    fragmentNumber: '17',
    unknownTags: [{ name: 'AWS_KINESISVIDEO_NEW', value: 'x' }],
    serviceErrors: [{ id: 3002, code: 'WRITE_ERROR' }],
  })
})
