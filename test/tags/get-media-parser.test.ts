import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { GetMediaFragment, GetMediaFrame } from '../../src/tags/get-media-parser.js'
import {
  GetMediaParser,
  parseGetMedia,
  parseGetMediaFrames,
} from '../../src/tags/get-media-parser.js'
import { ServiceError } from '../../src/tags/service-error.js'
import { concat, openElement, tagsOf } from '../helpers/ebml-bytes.js'
import { everySplit, splitsOf } from '../helpers/every-split.js'
import { toHex } from '../helpers/hex.js'
import {
  awsTags,
  CLUSTER,
  documentOf,
  fragmentOf,
  headOf,
  parseGetMediaChunks,
  summariesOf,
  tailOf,
} from './get-media-stream.js'

const ONE = fragmentOf('17')
const TWO = fragmentOf('18')
const PAYLOAD = concat(ONE, TWO)
const SUMMARIES = [
  `0+${ONE.length} #17 complete 1 ->17`,
  `${ONE.length}+${TWO.length} #18 complete 1 ->18`,
]

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('GetMediaParser', () => {
  it('gives fragments with metadata, tags, tracks and frames', () => {
    everySplit(PAYLOAD, (chunks) => {
      const { fragments } = parseGetMediaChunks(chunks)
      expect(summariesOf(fragments)).toEqual(SUMMARIES)
      for (const fragment of fragments) {
        expect(fragment.tracks.map(({ number }) => number)).toEqual([1])
        expect(fragment.docType).toBe('matroska')
        expect(fragment.timestampMs).toBe(1)
        expect(fragment.tags).toEqual([])
        const [frame] = fragment.frames
        expect(toHex(frame.data)).toBe('AA')
        expect(frame.metadata).toBe(fragment.metadata)
        expect(frame.wallClockMs).toBe(1_511_852_108_513)
      }
    })
  })

  it('gives each fragment metadata of its own', () => {
    const { fragments } = parseGetMediaChunks(PAYLOAD)
    expect(fragments[0].metadata).not.toBe(fragments[1].metadata)
    expect(fragments[0].metadata.fragmentNumber).toBe('17')
  })

  it('may be used for one response after the other', () => {
    const parser = new GetMediaParser()
    for (let i = 0; i < 3; i += 1) {
      expect(summariesOf([...parser.push(PAYLOAD), ...parser.end()])).toEqual(SUMMARIES)
      parser.push(PAYLOAD.slice(0, 200))
      expect(parser.end()).toMatchObject([{ offset: 0, isComplete: false }])
    }
  })

  it('refuses limits that are none', () => {
    expect(() => new GetMediaParser({ maxDepth: -1 })).toThrow(RangeError)
  })

  it('goes on after damage when it is told to, at the next fragment', () => {
    const open = documentOf(headOf('17'), CLUSTER)
    const bytes = concat(open, '00 11 22', TWO)
    everySplit(bytes, (chunks) => {
      const skips: string[] = []
      const { fragments } = parseGetMediaChunks(chunks, {
        onDamage: 'resync',
        onSkip: ({ startOffset, endOffset }) => skips.push(`${startOffset}-${endOffset}`),
      })
      const [first, second] = fragments
      expect(first).toMatchObject({ isComplete: false, incompleteReason: 'damaged' })
      expect(first.metadata.fragmentNumber).toBe('17')
      expect(second.isComplete).toBe(true)
      expect(second.metadata.fragmentNumber).toBe('18')
      expect(skips).toEqual([`${open.length}-${open.length + 3}`])
    })
  })

  it('says of a fragment that is damaged that it is, whatever ended before', () => {
    const bytes = concat(documentOf(headOf('17'), '1F43B675 83 E7 81 01', '1C53BB6B 80'), '00')
    everySplit(bytes, (chunks) => {
      const { fragments, failure } = parseGetMediaChunks(chunks)
      expect(failure).toMatchObject({ code: 'invalid-id' })
      expect(fragments).toMatchObject([{ incompleteReason: 'damaged', hasCluster: true }])
    })
  })
})

describe('onServiceError', () => {
  const error = awsTags(['ERROR_ID', '4500'], ['ERROR_CODE', 'KMS'])

  it('is told as soon as the tags were read, long before the fragment is given', () => {
    const bytes = documentOf(headOf('17'), CLUSTER, error)
    const told: ServiceError[] = []
    const parser = new GetMediaParser({ onServiceError: (serviceError) => told.push(serviceError) })
    const fragments: GetMediaFragment[] = []
    for (const [i, byte] of bytes.entries()) {
      expect(told).toHaveLength(0)
      expect(i).toBeLessThan(bytes.length)
      fragments.push(...parser.push(Uint8Array.of(byte)))
    }
    expect(told).toHaveLength(1)
    expect(fragments).toEqual([])
    const [fragment] = parser.end()
    expect(told).toHaveLength(1)
    expect(told[0]).toBeInstanceOf(ServiceError)
    expect(told[0]).toMatchObject({ id: 4500, action: 'fail', fragmentNumber: '17' })
    expect(fragment.metadata.serviceErrors[0]).toBe(told[0])
  })

  it('is told of each one once, however the bytes are cut', () => {
    const bytes = concat(documentOf(error, awsTags(['ERROR_ID', '3002'])), ONE, documentOf(error))
    everySplit(bytes, (chunks) => {
      const ids: (number | undefined)[] = []
      parseGetMediaChunks(chunks, { onServiceError: ({ id }) => ids.push(id) })
      expect(ids).toEqual([4500, 3002, 4500])
    })
  })

  it('is told although the response is cut right behind the tags', () => {
    const ids: (number | undefined)[] = []
    const bytes = concat(documentOf(error), '1254')
    const { fragments } = parseGetMediaChunks(bytes, { onServiceError: ({ id }) => ids.push(id) })
    expect(ids).toEqual([4500])
    expect(fragments).toMatchObject([{ incompleteReason: 'truncated' }])
  })

  it('stops the parser when it throws, and loses nothing that was read', () => {
    const thrown = new Error('mine')
    const { fragments, failure } = parseGetMediaChunks(concat(ONE, documentOf(error)), {
      onServiceError: () => {
        throw thrown
      },
    })
    expect(failure).toBe(thrown)
    expect(fragments.map(({ isComplete }) => isComplete)).toEqual([true, false])
  })
})

describe('parseGetMedia', () => {
  it('yields the fragments of a response, however it was cut', async () => {
    for (const { name, chunks } of splitsOf(PAYLOAD)) {
      expect(summariesOf(await collect(parseGetMedia(chunks))), name).toEqual(SUMMARIES)
    }
  })

  it('yields each one before it asks for more', async () => {
    let pulls = 0
    let isClosed = false
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (const chunk of [ONE, TWO, TWO]) {
          pulls += 1
          yield chunk
        }
      } finally {
        isClosed = true
      }
    }
    for await (const fragment of parseGetMedia(source())) {
      expect(pulls).toBe(1)
      expect(fragment.isComplete).toBe(true)
      break
    }
    expect(isClosed).toBe(true)
  })

  it('reads a Node stream of Buffers', async () => {
    const stream = Readable.from([Buffer.from(PAYLOAD)])
    expect(summariesOf(await collect(parseGetMedia(stream)))).toEqual(SUMMARIES)
  })

  it('reads GetMediaForFragmentList when it is told to', async () => {
    const bytes = documentOf(headOf('17'), CLUSTER)
    const [fragment] = await collect(parseGetMedia([bytes], { source: 'GetMediaForFragmentList' }))
    expect(fragment.isComplete).toBe(true)
    const [other] = await collect(parseGetMedia([bytes]))
    expect(other.incompleteReason).toBe('missing-closing-tags')
  })

  it('throws a ParseError after what was read', async () => {
    const seen: GetMediaFragment[] = []
    const reading = async (): Promise<void> => {
      for await (const fragment of parseGetMedia([concat(ONE, '00')])) seen.push(fragment)
    }
    await expect(reading()).rejects.toMatchObject({ code: 'invalid-id', offset: ONE.length })
    expect(seen[0].isComplete).toBe(true)
  })
})

describe('parseGetMediaFrames', () => {
  const bytes = documentOf(
    headOf('17'),
    openElement('1F43B675', 1, 'E7 81 01', 'A3 85 81 0000 80 AA', 'A3 85 81 0021 00 BB'),
    tagsOf(['A', '1']),
    tailOf('17'),
  )

  it('yields frames with the metadata that is known so far, which fills in later', async () => {
    const blockEnd = bytes.length - tailOf('17').length - tagsOf(['A', '1']).length
    async function* source(): AsyncGenerator<Uint8Array> {
      yield bytes.slice(0, blockEnd)
      yield bytes.slice(blockEnd)
      yield TWO
    }
    const frames: GetMediaFrame[] = []
    for await (const frame of parseGetMediaFrames(source())) {
      if (frames.length < 2) {
        expect(frame.metadata.fragmentNumber).toBe('17')
        expect(frame.metadata.continuationToken).toBeUndefined()
        expect(frame.wallClockMs).toBe(1_511_852_108_513 + 33 * frames.length)
      }
      frames.push(frame)
    }
    expect(frames.map(({ data }) => toHex(data))).toEqual(['AA', 'BB', 'AA'])
    expect(frames.map(({ metadata }) => metadata.continuationToken)).toEqual(['17', '17', '18'])
    expect(frames[0].metadata).toBe(frames[1].metadata)
  })

  it('yields the same frames however the bytes were cut', async () => {
    for (const { name, chunks } of splitsOf(bytes)) {
      const frames = await collect(parseGetMediaFrames(chunks))
      expect(
        frames.map(({ data }) => toHex(data)),
        name,
      ).toEqual(['AA', 'BB'])
    }
  })

  it('yields the whole frames of a fragment that is cut', async () => {
    const end = bytes.length - tailOf('17').length - tagsOf(['A', '1']).length
    const frames = await collect(parseGetMediaFrames([bytes.slice(0, end - 1)]))
    expect(frames.map(({ data }) => toHex(data))).toEqual(['AA'])
  })

  it('tells of in-band errors and calls onFrame', async () => {
    const ids: (number | undefined)[] = []
    let count = 0
    const stream = concat(bytes, documentOf(awsTags(['ERROR_ID', '5000'])))
    const options = {
      onServiceError: ({ id }: ServiceError) => void ids.push(id),
      onFrame: () => {
        count += 1
      },
    }
    await collect(parseGetMediaFrames([stream], options))
    expect(ids).toEqual([5000])
    expect(count).toBe(2)
  })

  it('has the limits of one frame, not of the fragment', async () => {
    const block = (payload: string): string => `A3 BC 81 0000 80 ${payload}`
    const long = documentOf(
      openElement('1F43B675', 1, ...Array.from({ length: 50 }, () => block('00'.repeat(56)))),
    )
    const options = { maxFragmentBytes: 100 }
    expect(await collect(parseGetMediaFrames([long], options))).toHaveLength(50)
    await expect(collect(parseGetMedia([long], options))).rejects.toMatchObject({
      code: 'fragment-too-large',
    })
  })

  it('throws a ParseError after the frames before it', async () => {
    const frames: GetMediaFrame[] = []
    const reading = async (): Promise<void> => {
      for await (const frame of parseGetMediaFrames([concat(ONE, '00')])) frames.push(frame)
    }
    await expect(reading()).rejects.toMatchObject({ code: 'invalid-id' })
    expect(frames).toHaveLength(1)
  })
})
