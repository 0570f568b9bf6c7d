import { describe, expect, it } from 'vitest'
import type { Frame } from '../../src/parser/frame.js'
import type { Part } from '../helpers/ebml-bytes.js'
import { concat, element, openElement } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { hex, toHex } from '../helpers/hex.js'
import { framesOf, parse, segmentOf, trackEntry } from './fragment-harness.js'

/** ContentEncodings with one ContentEncoding. */
const encodings = (...parts: readonly Part[]): Uint8Array =>
  element('6D80', element('6240', ...parts))
/** ContentCompression with algorithm 3, header stripping, of these bytes. */
const stripping = (bytes: string): Uint8Array =>
  element('5034', '4254 81 03', element('4255', bytes))

/** All ways to a frame's bytes give the same ones. */
function expectBytes(frame: Frame<undefined>, bytes: string): void {
  const length = hex(bytes).length
  expect(frame.byteLength).toBe(length)
  expect(frame.slices.map(toHex).join('')).toBe(bytes)
  expect(toHex(frame.copy())).toBe(bytes)
  expect(toHex(frame.dataUsing(new Uint8Array(length + 1)))).toBe(bytes)
  expect(toHex(frame.dataUsing(new Uint8Array(length)))).toBe(bytes)
  expect(toHex(frame.data)).toBe(bytes)
  // Once more after `data` was put together.
  expect(frame.data).toBe(frame.data)
  expect(frame.byteLength).toBe(length)
  expect(frame.slices.map(toHex).join('')).toBe(bytes)
  expect(toHex(frame.copy())).toBe(bytes)
  expect(frame.copy().buffer.byteLength).toBe(length)
}

describe('the track of a frame', () => {
  it('is 127 where the number is a byte of all ones (RFC 9559 §10.1), whole and cut, alone and in a group', () => {
    const bytes = segmentOf(
      element('1654AE6B', trackEntry('7F')),
      element('1F43B675', 'E7 81 00', 'A3 85 FF 0000 80 AA', 'A0 87 A1 85 FF 0001 00 BB'),
    )
    everySplit(bytes, (chunks) => {
      const [{ errors, frames, tracks }] = parse(chunks).fragments
      expect(errors).toEqual([])
      expect(frames.map(({ trackNumber, timestampMs }) => [trackNumber, timestampMs])).toEqual([
        [127, 0],
        [127, 1],
      ])
      expect(frames.map(({ track }) => track)).toEqual([tracks[0], tracks[0]])
    })
  })
})

describe('the bytes of a frame', () => {
  it('are the same however one asks for them and however they were cut', () => {
    const bytes = segmentOf(
      element(
        '1F43B675',
        'E7 81 00',
        'A3 84 81 0000 80',
        'A3 85 81 0001 80 AA',
        'A3 8C 81 0002 82 02 01 02 B1 C1C2 D1D2',
        'A0 8B A1 86 81 0003 00 E1E2 9B 81 05',
        'A3 8B 81 0004 84 02 010203 040506',
      ),
    )
    const expected = ['', 'AA', 'B1', 'C1C2', 'D1D2', 'E1E2', '0102', '0304', '0506']
    everySplit(bytes, (chunks) => {
      const frames = parse(chunks).fragments.flatMap((fragment) => fragment.frames)
      expect(frames).toHaveLength(expected.length)
      for (const [i, frameBytes] of expected.entries()) expectBytes(frames[i], frameBytes)
    })
  })

  it('lie in the chunk they came in: data, slices and laced frames are views of it', () => {
    const chunk = concat(
      segmentOf(
        element(
          '1F43B675',
          element('A3', '81 0000 80', 'AA'.repeat(300)),
          element('A3', '81 0001 84 01', 'BB'.repeat(300)),
        ),
      ),
    )
    const [whole, laced, laced2] = parse(chunk).fragments[0].frames
    for (const frame of [whole, laced, laced2]) {
      expect(frame.data.buffer).toBe(chunk.buffer)
      expect(frame.slices).toHaveLength(1)
      expect(frame.slices[0].buffer).toBe(chunk.buffer)
      expect(frame.copy().buffer).not.toBe(chunk.buffer)
    }
    expect(whole.data.byteOffset).toBe(21 + 6 + 3 + 4)
  })

  it('are slices of the chunks when they lay in several, put together once for data', () => {
    const payload = Uint8Array.from({ length: 9000 }, (_, i) => i % 251)
    const bytes = segmentOf(openElement('1F43B675', 1, element('A3', '81 0000 80', payload)))
    const chunks = [bytes.slice(0, 3000), bytes.slice(3000, 6000), bytes.slice(6000)]
    const [frame] = parse(chunks).fragments[0].frames
    const slices = [...frame.slices]
    expect(slices.map(({ buffer }) => buffer)).toEqual(chunks.map(({ buffer }) => buffer))
    for (const [i, slice] of slices.entries()) expect(slice.buffer).toBe(chunks[i].buffer)
    expect(frame.byteLength).toBe(9000)
    expect(toHex(frame.data)).toBe(toHex(payload))
    expect(frame.data).toBe(frame.data)
    expect(slices.map(toHex).join('')).toBe(toHex(payload))
  })

  it('do not change when data of other frames is put together', () => {
    const payloads = Array.from({ length: 40 }, (_, i) =>
      Uint8Array.from({ length: 3000 + i }, (_byte, at) => (at * 7 + i * 13) % 256),
    )
    const bytes = segmentOf(
      openElement(
        '1F43B675',
        1,
        ...payloads.map((payload) => element('A3', '81 0000 80', payload)),
      ),
    )
    const chunks: Uint8Array[] = []
    for (let at = 0; at < bytes.length; at += 2000) chunks.push(bytes.slice(at, at + 2000))
    const { frames } = parse(chunks).fragments[0]
    const data = frames.map((frame) => frame.data)
    expect(data.map(toHex)).toEqual(payloads.map(toHex))
    expect(frames.map((frame) => toHex(frame.copy()))).toEqual(payloads.map(toHex))
  })
})

describe('the bytes of a frame that a scratch is given for', () => {
  // Two frames whole in the middle chunk, one in front of them and one behind that lie in two chunks.
  const payloads = [5000, 100, 2000, 4000].map((length, seed) =>
    Uint8Array.from({ length }, (_, i) => (i * 7 + seed) % 251),
  )
  function cutFrames(): {
    readonly frames: readonly Frame<undefined>[]
    readonly chunks: Uint8Array[]
  } {
    const blocks = payloads.map((payload) => element('A3', '81 0000 80', payload))
    const bytes = segmentOf(openElement('1F43B675', 1, ...blocks))
    const chunks = [bytes.slice(0, 3000), bytes.slice(3000, 9000), bytes.slice(9000)]
    return { frames: parse(chunks).fragments[0].frames, chunks }
  }

  it('are a view of the chunk where they lay in one, and do not touch the scratch', () => {
    const { frames, chunks } = cutFrames()
    const scratch = new Uint8Array(8192)
    for (const i of [1, 2]) {
      const data = frames[i].dataUsing(scratch)
      expect(data.buffer).toBe(chunks[1].buffer)
      expect(toHex(data)).toBe(toHex(payloads[i]))
    }
    expect(scratch.every((byte) => byte === 0)).toBe(true)
  })

  it('are a view of the chunk too where the one before ended right behind the header of the block', () => {
    const [payload] = payloads
    const bytes = segmentOf(openElement('1F43B675', 1, element('A3', '81 0000 80', payload)))
    const chunks = [
      bytes.slice(0, bytes.length - payload.length),
      bytes.slice(bytes.length - payload.length),
    ]
    const [frame] = parse(chunks).fragments[0].frames
    expect(frame.dataUsing(new Uint8Array(8192)).buffer).toBe(chunks[1].buffer)
  })

  it('are put together at its front where they lay in several, again for each frame and each time', () => {
    const { frames } = cutFrames()
    const memory = new Uint8Array(9000).fill(0xee)
    const scratch = memory.subarray(1000, 7000)
    for (const i of [0, 3, 0]) {
      const data = frames[i].dataUsing(scratch)
      expect([data.buffer, data.byteOffset]).toEqual([memory.buffer, 1000])
      expect(toHex(data)).toBe(toHex(payloads[i]))
    }
    // What is behind the frame, and what is around the scratch, stays as it was.
    expect(new Set(memory.subarray(0, 1000)).size).toBe(1)
    expect(new Set(memory.subarray(6000)).size).toBe(1)
    // Nothing of it is kept.
    scratch.fill(0)
    for (const i of [0, 3]) {
      expect(frames[i].slices).toHaveLength(2)
      expect(toHex(frames[i].data)).toBe(toHex(payloads[i]))
      expect(frames[i].data.buffer).not.toBe(memory.buffer)
    }
  })

  it('are those of data where it is too small, by one byte or by all, or data was read before', () => {
    const { frames } = cutFrames()
    const [first, , , last] = frames
    for (const length of [0, payloads[0].length - 1]) {
      const scratch = new Uint8Array(length)
      expect(first.dataUsing(scratch)).toBe(first.data)
      expect(toHex(first.data)).toBe(toHex(payloads[0]))
      expect(scratch.every((byte) => byte === 0)).toBe(true)
    }
    const { data } = last
    expect(last.dataUsing(new Uint8Array(8192))).toBe(data)
  })

  it('are refused for every frame where it is forgotten, not only for those in several chunks', () => {
    for (const frame of cutFrames().frames) {
      // @ts-expect-error -- what JavaScript lets pass
      expect(() => frame.dataUsing()).toThrow(TypeError)
    }
  })

  it('have what header stripping took off in front of them, once', () => {
    const bytes = segmentOf(
      element('1654AE6B', trackEntry('01', encodings(stripping('C0FFEE')))),
      element('1F43B675', 'E7 81 00', 'A3 86 81 0000 80 AABB'),
    )
    const [frame] = parse(bytes).fragments[0].frames
    const scratch = new Uint8Array(5)
    expect(frame.dataUsing(new Uint8Array(4)).buffer).not.toBe(bytes.buffer)
    expect(toHex(frame.dataUsing(scratch))).toBe('C0FFEEAABB')
    expect(toHex(frame.data)).toBe('C0FFEEAABB')
    const [fresh] = parse(bytes).fragments[0].frames
    expect(fresh.dataUsing(scratch).buffer).toBe(scratch.buffer)
    expect(toHex(scratch)).toBe('C0FFEEAABB')
    expect(toHex(fresh.dataUsing(scratch))).toBe('C0FFEEAABB')
    expect(toHex(fresh.data)).toBe('C0FFEEAABB')
  })
})

describe('what a block header says', () => {
  // Track numbers of one byte and of more, the times at both ends of an int16, and every flag.
  const headers: readonly (readonly [string, number, number])[] = [
    ['81 0000', 1, 0],
    ['FE 7FFF', 126, 32_767],
    ['40 7F 8000', 127, -32_768],
    ['40 80 FFFF', 128, -1],
    ['7F FE 0001', 16_382, 1],
    ['10 20 00 00 8000', 2_097_152, -32_768],
  ]
  const blocks: readonly (readonly [string, (header: string) => Uint8Array])[] = [
    ['a SimpleBlock', (header) => element('A3', `${header} 89 AABBCC`)],
    ['a laced one', (header) => element('A3', `${header} 8D 02 AABBCC`)],
    ['one of several slices', (header) => element('A3', `${header} 89`, 'DD'.repeat(3000))],
    ['a BlockGroup', (header) => element('A0', element('A1', `${header} 08 AABBCC`))],
  ]
  it.each(blocks)(
    'of %s is the same in all chunks, before and after its bytes are asked for',
    (name, block) => {
      for (const [header, trackNumber, relativeMs] of headers) {
        const cluster = element('1F43B675', 'E7 84 00010000', block(header))
        const bytes = segmentOf(cluster)
        const check = (chunks: readonly Uint8Array[]): void => {
          const { frames } = parse(chunks).fragments[0]
          expect(frames).toHaveLength(name === 'a laced one' ? 3 : 1)
          for (const frame of frames) {
            const seen = () => [frame.trackNumber, frame.timestampMs, frame.isInvisible]
            expect(seen()).toEqual([trackNumber, 65_536 + relativeMs, true])
            expect([frame.isKeyframe, frame.isDiscardable]).toEqual([true, name !== 'a BlockGroup'])
            expect(frame.data.length).toBe(frame.byteLength)
            expect(seen()).toEqual([trackNumber, 65_536 + relativeMs, true])
          }
        }
        if (bytes.length < 100) everySplit(bytes, check)
        else check([bytes.slice(0, 1500), bytes.slice(1500, 2600), bytes.slice(2600)])
      }
    },
  )
})

describe('flags', () => {
  const simple = (flags: string): string => `A3 85 81 0000 ${flags} AA`

  it.each([
    ['00', false, false, false],
    ['80', true, false, false],
    ['08', false, true, false],
    ['01', false, false, true],
    ['89', true, true, true],
    ['70', false, false, false],
  ])('of a SimpleBlock: %s', (flags, isKeyframe, isInvisible, isDiscardable) => {
    const [frame] = framesOf([], [simple(flags)])
    expect(frame).toMatchObject({ isKeyframe, isInvisible, isDiscardable })
  })

  it('of a laced SimpleBlock are those of each of its frames', () => {
    const frames = framesOf([], ['A3 87 81 0000 8C 01 AA BB'])
    expect(frames.map(({ isKeyframe }) => isKeyframe)).toEqual([true, true])
    expect(frames.map(({ isInvisible }) => isInvisible)).toEqual([true, true])
  })

  it('of a Block: a keyframe has no ReferenceBlock, whatever the bits say', () => {
    for (const flags of ['00', '80', '81']) {
      const [key] = framesOf([], [element('A0', `A1 85 81 0000 ${flags} AA`)])
      expect(key).toMatchObject({ isKeyframe: true, isDiscardable: false, references: [] })
      for (const reference of ['FB 81 FF', 'FB 80', 'FB 81 00']) {
        const [frame] = framesOf([], [element('A0', `A1 85 81 0000 ${flags} AA`, reference)])
        expect(frame).toMatchObject({ isKeyframe: false, isDiscardable: false })
      }
    }
    expect(framesOf([], [element('A0', 'A1 85 81 0000 08 AA')])[0].isInvisible).toBe(true)
  })

  it('of a Block are known although its ReferenceBlock stands before it or after it', () => {
    for (const parts of [
      ['FB 81 DF', 'A1 85 81 0000 00 AA'],
      ['A1 85 81 0000 00 AA', 'FB 81 DF'],
    ]) {
      expect(framesOf([], [element('A0', ...parts)])[0].isKeyframe).toBe(false)
    }
  })
})

describe('what a BlockGroup says', () => {
  const block = 'A1 85 81 0000 00 AA'

  it('references, padding and additions', () => {
    const [frame] = framesOf(
      [],
      [
        element(
          'A0',
          block,
          'FB 81 DF',
          'FB 82 0102',
          '75A2 83 632EA0',
          element(
            '75A1',
            element('A6', 'A5 82 0102', 'EE 81 04'),
            element('A6', 'A5 81 03'),
            element('A6', 'EE 80', 'A5 80'),
            element('A6', 'EE 81 05'),
          ),
        ),
      ],
    )
    expect(frame.references).toEqual([-33n, 258n])
    expect(frame.discardPaddingNs).toBe(6_500_000n)
    expect(frame.additions).toEqual([
      { id: 4, data: hex('0102') },
      { id: 1, data: hex('03') },
      { id: 1, data: hex('') },
    ])
  })

  it('a padding may be negative, or 0', () => {
    const [negative] = framesOf([], [element('A0', block, '75A2 83 9CD160')])
    const [zero] = framesOf([], [element('A0', block, '75A2 80')])
    expect(negative.discardPaddingNs).toBe(-6_500_000n)
    expect(zero.discardPaddingNs).toBe(0n)
  })

  it('nothing: empty lists and undefined, for a SimpleBlock too', () => {
    for (const part of [element('A0', block), 'A3 85 81 0000 80 AA']) {
      const [frame] = framesOf([], [part])
      expect(frame).toMatchObject({ references: [], additions: [], laceIndex: 0 })
      expect(frame.discardPaddingNs).toBeUndefined()
      expect(frame.durationMs).toBeUndefined()
    }
  })

  it('does not leak into the group after it', () => {
    const frames = framesOf(
      [],
      [
        element('A0', block, 'FB 81 DF', '9B 81 05', element('75A1', element('A6', 'A5 81 01'))),
        element('A0', block),
        'A3 85 81 0000 80 AA',
      ],
    )
    expect(frames.map(({ isKeyframe }) => isKeyframe)).toEqual([false, true, true])
    expect(frames.map(({ durationMs }) => durationMs)).toEqual([5, undefined, undefined])
    expect(frames.map(({ additions }) => additions.length)).toEqual([1, 0, 0])
  })

  it('is the same however it was cut', () => {
    const group = element(
      'A0',
      'A1 8A 81 0000 02 02 01 01 AA BB CC',
      'FB 81 DF',
      '9B 81 1E',
      element('75A1', element('A6', 'A5 84 01020304', 'EE 81 02')),
    )
    everySplit(segmentOf(element('1F43B675', group)), (chunks) => {
      const { frames } = parse(chunks).fragments[0]
      expect(frames.map(({ data }) => toHex(data))).toEqual(['AA', 'BB', 'CC'])
      for (const frame of frames) {
        expect(frame).toMatchObject({ isKeyframe: false, durationMs: 10, references: [-33n] })
        expect(frame.additions).toEqual([{ id: 2, data: hex('01020304') }])
      }
    })
  })

  it('copies additions: they pin no chunk and do not change with it', () => {
    const chunk = segmentOf(
      element('1F43B675', element('A0', block, element('75A1', element('A6', 'A5 82 0102')))),
      element('EC', '00'.repeat(300)),
    )
    const [frame] = parse(chunk).fragments[0].frames
    chunk.fill(0)
    expect(frame.additions[0].data).toEqual(hex('0102'))
  })
})

describe('the track of a frame', () => {
  it('is the entry with its number, or undefined', () => {
    const frames = framesOf(
      [trackEntry('02'), trackEntry('01')],
      ['A3 84 81 0000 80', 'A3 84 82 0000 80', 'A3 84 83 0000 80'],
    )
    expect(frames.map(({ track }) => track?.number)).toEqual([1, 2, undefined])
    expect(frames.map(({ trackNumber }) => trackNumber)).toEqual([1, 2, 3])
  })

  it('is found for numbers of several bytes', () => {
    const frames = framesOf(
      [trackEntry('0100')],
      ['A3 85 4100 0000 80', 'A3 88 10000100 0000 80 AA'],
    )
    expect(frames.map(({ track }) => track?.number)).toEqual([256, 256])
    expect(toHex(frames[1].data)).toBe('AA')
  })
})

describe('header stripping', () => {
  it('is undone in front of every frame of its track', () => {
    const tracks = [trackEntry('01', encodings(stripping('000001'))), trackEntry('02')]
    const frames = framesOf(tracks, [
      'A3 85 81 0000 80 AA',
      'A3 85 82 0000 80 BB',
      'A3 87 81 0000 84 01 C1 C2',
      'A3 84 81 0000 80',
    ])
    for (const [i, bytes] of ['000001AA', 'BB', '000001C1', '000001C2', '000001'].entries()) {
      expectBytes(frames[i], bytes)
    }
  })

  it('is undone however the bytes were cut', () => {
    const bytes = segmentOf(
      element('1654AE6B', trackEntry('01', encodings(stripping('0102')))),
      element('1F43B675', 'A3 86 81 0000 80 AABB', 'A3 87 81 0000 84 01 C1 C2'),
    )
    everySplit(bytes, (chunks) => {
      const { frames } = parse(chunks).fragments[0]
      for (const [i, expected] of ['0102AABB', '0102C1', '0102C2'].entries()) {
        expectBytes(frames[i], expected)
      }
    })
  })

  it('makes slices of the stripped bytes and the view of the rest', () => {
    const [frame] = framesOf(
      [trackEntry('01', encodings(stripping('000001')))],
      ['A3 85 81 0000 80 AA'],
    )
    expect(frame.slices.map(toHex)).toEqual(['000001', 'AA'])
  })

  it.each([
    ['it is of CodecPrivate only', encodings(stripping('000001'), '5032 81 02')],
    [
      'there is another encoding of blocks',
      element(
        '6D80',
        element('6240', stripping('01')),
        element('6240', '5031 81 01', element('5034', '4254 81 00')),
      ),
    ],
    ['it has no bytes', encodings(element('5034', '4254 81 03'))],
    ['it is another algorithm', encodings(element('5034', '4254 81 00', '4255 81 01'))],
    ['it is encryption', encodings('5033 81 01', stripping('000001'))],
  ])('is not undone when %s', (_name, part) => {
    const [frame] = framesOf([trackEntry('01', part)], ['A3 85 81 0000 80 AA'])
    expectBytes(frame, 'AA')
    expect(frame.track?.strippedHeader).toBeUndefined()
  })

  it('is undone once after detach too', () => {
    const bytes = segmentOf(
      element('1654AE6B', trackEntry('01', encodings(stripping('0102')))),
      element('1F43B675', 'A3 86 81 0000 80 AABB', 'A3 87 81 0000 84 01 C1 C2'),
    )
    for (const isRead of [true, false]) {
      const [fragment] = parse(bytes).fragments
      if (isRead) for (const frame of fragment.frames) expect(frame.data.length).toBeGreaterThan(2)
      fragment.detach()
      for (const [i, expected] of ['0102AABB', '0102C1', '0102C2'].entries()) {
        expectBytes(fragment.frames[i], expected)
      }
    }
  })
})
