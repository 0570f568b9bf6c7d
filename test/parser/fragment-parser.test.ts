import { describe, expect, it } from 'vitest'
import { MATROSKA_RULE } from '../../src/parser/completion.js'
import { ParseError } from '../../src/parser/errors.js'
import type { Fragment } from '../../src/parser/fragment.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import type { Frame } from '../../src/parser/frame.js'
import { concat, EBML_HEADER, element, openElement } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { hex, toHex } from '../helpers/hex.js'
import { lineOf, linesOf, outline, parse, run, segmentOf } from './fragment-harness.js'

/** 36 bytes: a header, a Segment, a Cluster at 1 ms and a block of one byte. */
const SOUND = segmentOf('1F43B675 FF E7 81 01 A3 85 81 0000 80 AA')
const VOID = element('EC', '00'.repeat(300))

describe('push', () => {
  it('answers the fragments that the chunk completed, and nothing for the rest', () => {
    const parser = new FragmentParser(MATROSKA_RULE)
    expect(parser.push(SOUND)).toEqual([])
    expect(parser.push(concat(SOUND, SOUND)).map(({ offset }) => offset)).toEqual([0, 36])
    expect(parser.push(new Uint8Array(0))).toEqual([])
    expect(parser.end().map(({ offset }) => offset)).toEqual([72])
    expect(parser.end()).toEqual([])
  })

  it('keeps what end() found until the next push, though end() is called again', () => {
    const parser = new FragmentParser(MATROSKA_RULE)
    parser.push(SOUND.slice(0, 34))
    expect(parser.end()).toHaveLength(1)
    const { truncation } = parser
    expect(truncation).toMatchObject({ offset: 34 })
    expect(parser.end()).toEqual([])
    expect(parser.truncation).toBe(truncation)
    parser.push(SOUND)
    expect(parser.truncation).toBeUndefined()
  })

  it('answers a list that does not change with the next push', () => {
    const parser = new FragmentParser(MATROSKA_RULE)
    const first = parser.push(concat(SOUND, SOUND))
    const none = parser.push(new Uint8Array(0))
    parser.push(concat(SOUND, SOUND))
    expect(first).toHaveLength(1)
    expect(none).toHaveLength(0)
  })

  it('counts the bytes', () => {
    const parser = new FragmentParser(MATROSKA_RULE)
    expect(parser.bytesRead).toBe(0)
    parser.push(SOUND)
    parser.push(hex('1A45'))
    expect(parser.bytesRead).toBe(38)
    parser.reset()
    expect(parser.bytesRead).toBe(0)
  })

  it.each([
    ['an ArrayBuffer', new ArrayBuffer(4)],
    ['a string', '1A45DFA3'],
    ['an array', [0x1a]],
    ['undefined', undefined],
    ['a DataView', new DataView(new ArrayBuffer(4))],
  ])('throws a TypeError for %s, and goes on with the next chunk', (_name, chunk) => {
    const parser = new FragmentParser(MATROSKA_RULE)
    parser.push(SOUND.slice(0, 20))
    expect(() => parser.push(chunk as unknown as Uint8Array)).toThrow(TypeError)
    expect(parser.failure).toBeUndefined()
    expect(parser.bytesRead).toBe(20)
    parser.push(SOUND.slice(20))
    expect(outline({ fragments: parser.end(), failure: undefined })).toEqual([
      ['0+36 complete', '1@1K AA'],
    ])
  })
})

describe('structural damage', () => {
  it('gives what was complete and the open fragment, then throws from every call', () => {
    everySplit(concat(SOUND, SOUND, '00', SOUND), (chunks) => {
      const parsed = parse(chunks)
      expect(outline(parsed)).toEqual([
        ['0+36 complete', '1@1K AA'],
        ['36+36 damaged', '1@1K AA', 'invalid-id at 72 Segment/Cluster'],
      ])
      expect(parsed.failure).toMatchObject({ name: 'ParseError', code: 'invalid-id', offset: 72 })
      expect(parsed.fragments[1].errors[0]).toBe(parsed.failure)
    })
  })

  it('gives what came of a block when it breaks in the middle of a group', () => {
    const bytes = segmentOf('1F43B675 FF E7 81 01 A0 88 A1 85 81 0004 00 BB 00')
    everySplit(bytes, (chunks) => {
      expect(outline(parse(chunks))).toEqual([
        ['0+38 damaged', 'cut: 1@5K BB', 'invalid-id at 38 Segment/Cluster/BlockGroup'],
      ])
    })
  })

  it('gives no fragment when none was open', () => {
    everySplit(hex('00 00 00'), (chunks) => {
      const { fragments, failure } = parse(chunks)
      expect(fragments).toEqual([])
      expect(failure).toMatchObject({ code: 'not-ebml', offset: 0 })
    })
  })

  it('leaves a fragment complete whose Cluster had ended: the error is not in it', () => {
    const bytes = segmentOf('1F43B675 83 E7 81 01', '1C53BB6B 80', '00')
    everySplit(bytes, (chunks) => {
      const parsed = parse(chunks)
      expect(outline(parsed)).toEqual([['0+34 complete']])
      expect(parsed.failure).toMatchObject({ code: 'invalid-id', offset: 34, path: 'Segment' })
    })
  })

  it('is told by failure as soon as push has met it, and left by reset', () => {
    const parser = new FragmentParser(MATROSKA_RULE)
    expect(parser.failure).toBeUndefined()
    parser.push(hex('00'))
    const { failure } = parser
    expect(failure).toMatchObject({ code: 'not-ebml' })
    expect(() => parser.push(SOUND)).toThrow(failure)
    expect(() => parser.end()).toThrow(failure)
    expect(parser.failure).toBe(failure)
    parser.reset()
    expect(parser.failure).toBeUndefined()
    expect(parser.push(concat(SOUND, EBML_HEADER)).map(({ offset }) => offset)).toEqual([0])
  })
})

describe('end', () => {
  it('tells where the input stopped when that was inside an element', () => {
    const parser = new FragmentParser(MATROSKA_RULE)
    parser.push(SOUND.slice(0, -1))
    expect(parser.truncation).toBeUndefined()
    const [fragment] = parser.end()
    expect(fragment.incompleteReason).toBe('truncated')
    expect(parser.truncation).toEqual({
      offset: 35,
      elementOffset: 29,
      path: 'Segment/Cluster/SimpleBlock',
    })
    expect(parser.failure).toBeUndefined()
  })

  it('tells of a clean end that it was one', () => {
    const parser = new FragmentParser(MATROSKA_RULE)
    parser.push(SOUND)
    parser.end()
    expect(parser.truncation).toBeUndefined()
  })

  it('makes the parser ready for another stream, whose offsets begin at 0', () => {
    const parser = new FragmentParser(MATROSKA_RULE)
    for (const bytes of [SOUND, SOUND.slice(0, -1), SOUND.slice(0, 18), SOUND]) {
      parser.push(bytes)
      expect(parser.end().map(({ offset, byteLength }) => [offset, byteLength])).toEqual([
        [0, bytes.length],
      ])
    }
  })

  it('gives the few bytes of a header as a fragment that was cut', () => {
    everySplit(hex('1A45DF'), (chunks) => {
      expect(outline(parse(chunks))).toEqual([['0+3 truncated']])
    })
    everySplit(concat(SOUND, '1A45'), (chunks) => {
      // Whether the two bytes are a new document cannot be told.
      expect(outline(parse(chunks))).toEqual([['0+38 truncated', '1@1K AA']])
    })
    everySplit(concat(SOUND, EBML_HEADER.slice(0, 9)), (chunks) => {
      expect(outline(parse(chunks))).toEqual([['0+36 complete', '1@1K AA'], ['36+9 truncated']])
    })
  })
})

describe('reset', () => {
  it('forgets a stream at every byte', () => {
    const bytes = segmentOf(
      element('1654AE6B', 'AE 83 D7 81 01'),
      '1254C367 96 7373 93 67C8 90 45A3 84',
      "'NAME' 4487 86 'value' 00",
      element('1F43B675', 'E7 81 01', 'A0 8A A1 85 81 0000 00 AA FB 81 01', 'A3 85 81 0000 80 BB'),
    )
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const parser = new FragmentParser(MATROSKA_RULE)
      parser.push(bytes.slice(0, cut))
      parser.reset()
      parser.push(SOUND)
      const fragments = parser.end()
      expect(fragments.map((fragment) => linesOf(fragment))).toEqual([['0+36 complete', '1@1K AA']])
      expect(fragments[0].tags).toEqual([])
      expect(fragments[0].tracks).toEqual([])
    }
  })
})

describe('frame-level mode', () => {
  const bytes = segmentOf(
    openElement(
      '1F43B675',
      1,
      'E7 81 01',
      'A3 85 81 0000 80 AA',
      'A0 8A A1 85 81 0001 00 BB FB 81 FF',
      'A3 87 81 0002 84 01 CC DD',
    ),
    '1F43B675 FF E7 81 09 A3 85 81 0000 80 EE',
  )
  const lines = ['1@1K AA', '1@2 BB', '1@3K CC', '1@3K DD', '1@9K EE']

  it('gives each frame when its last byte has come, that of a group when the group ends', () => {
    const seen: [number, string][] = []
    let pushed = 0
    const parser = new FragmentParser(MATROSKA_RULE, {
      onFrame: (frame) => seen.push([pushed, lineOf(frame)]),
    })
    for (const byte of bytes) {
      pushed += 1
      parser.push(Uint8Array.of(byte))
    }
    expect(seen).toEqual([
      [36, lines[0]],
      [48, lines[1]],
      [57, lines[2]],
      [57, lines[3]],
      [bytes.length, lines[4]],
    ])
  })

  it('keeps no frames in the fragments, which are otherwise the same', () => {
    everySplit(bytes, (chunks) => {
      const seen: string[] = []
      const onFrame = (frame: Frame<undefined>): void => void seen.push(lineOf(frame))
      const { fragments } = parse(chunks, { collectFrames: false, onFrame })
      expect(seen).toEqual(lines)
      expect(fragments.map(({ frames }) => frames)).toEqual([[], []])
      expect(fragments.map(({ offset, timestampMs }) => [offset, timestampMs])).toEqual([
        [0, 1],
        [57, 9],
      ])
      expect(fragments.every(({ isComplete }) => isComplete)).toBe(true)
    })
  })

  it('may be had beside whole fragments', () => {
    const seen: Frame<undefined>[] = []
    const { fragments } = parse(bytes, { onFrame: (frame) => seen.push(frame) })
    expect(fragments.flatMap(({ frames }) => frames)).toEqual(seen)
    expect(fragments.flatMap(({ frames }) => frames).every((frame, i) => frame === seen[i])).toBe(
      true,
    )
  })

  it('gives no frame that was cut', () => {
    const seen: string[] = []
    parse(bytes.slice(0, -1), { onFrame: (frame) => void seen.push(lineOf(frame)) })
    expect(seen).toEqual(lines.slice(0, -1))
  })
})

describe('a callback that throws', () => {
  const thrown = new TypeError('mine')
  const throwing = (): never => {
    throw thrown
  }

  it('stops the parser: push gives what there was, the next call throws what the callback threw', () => {
    everySplit(concat(SOUND, SOUND), (chunks) => {
      let count = 0
      const onFrame = (): void => {
        count += 1
        if (count === 2) throwing()
      }
      const { fragments, failure } = parse(chunks, { onFrame })
      expect(failure).toBe(thrown)
      expect(fragments.map(({ offset, isComplete }) => [offset, isComplete])).toEqual([
        [0, true],
        [36, false],
      ])
      expect(fragments[1]).toMatchObject({ incompleteReason: 'damaged', errors: [] })
    })
  })

  it('stops it with resync as well: the stream is not what is damaged', () => {
    const { failure } = parse(concat(SOUND, SOUND), { onFrame: throwing, onDamage: 'resync' })
    expect(failure).toBe(thrown)
  })

  it('leaves a fragment that holds at least the frames in it', () => {
    everySplit(concat(SOUND, SOUND), (chunks) => {
      let count = 0
      const parser = new FragmentParser(MATROSKA_RULE, {
        onFrame: () => {
          count += 1
          if (count === 2) throw new Error('mine')
        },
      })
      const { fragments } = run(parser, chunks)
      expect(fragments[1].offset).toBe(36)
      // Its end cannot lie before the frame that was handed out.
      expect(fragments[1].offset + fragments[1].byteLength).toBeGreaterThanOrEqual(65)
    })
  })

  it('is not taken for damage when it throws a ParseError, of another stream', () => {
    const foreign = new ParseError('invalid-id', 'not of this stream', { offset: 0, path: '' })
    everySplit(concat(SOUND, SOUND), (chunks) => {
      const skips: unknown[] = []
      let count = 0
      const onFrame = (): void => {
        count += 1
        if (count === 2) throw foreign
      }
      const onSkip = (range: unknown): unknown => skips.push(range)
      const { fragments, failure } = parse(chunks, { onFrame, onDamage: 'resync', onSkip })
      expect(failure).toBe(foreign)
      expect(skips).toEqual([])
      expect(fragments.map(({ offset, errors }) => [offset, errors])).toEqual([
        [0, []],
        [36, []],
      ])
    })
  })

  it('may be the rule, at the end of any fragment: nothing that was read is lost', () => {
    for (const failing of [1, 2, 3]) {
      let count = 0
      const judgeEnd = (): undefined => {
        count += 1
        if (count >= failing) throw thrown
      }
      everySplit(concat(SOUND, SOUND, SOUND), (chunks) => {
        count = 0
        const parser = new FragmentParser({ ...MATROSKA_RULE, judgeEnd }, {})
        const fragments = chunks.flatMap((chunk) =>
          parser.failure === undefined ? parser.push(chunk) : [],
        )
        if (parser.failure === undefined) fragments.push(...parser.end())
        expect(parser.failure).toBe(thrown)
        expect(() => parser.push(SOUND)).toThrow(thrown)
        expect(fragments.map(({ frames }) => frames.length)).toEqual(Array(failing).fill(1))
        expect(fragments.at(-1)).toMatchObject({ incompleteReason: 'damaged', errors: [] })
      })
    }
  })

  it('may be the rule, when the end of input opens a fragment', () => {
    const createMetadata = throwing
    const parser = new FragmentParser<undefined>({ ...MATROSKA_RULE, createMetadata })
    expect(parser.push(hex('1A45'))).toEqual([])
    expect(parser.end()).toEqual([])
    expect(parser.failure).toBe(thrown)
  })

  it('is forgotten by reset', () => {
    let isThrowing = true
    const parser = new FragmentParser(MATROSKA_RULE, {
      onFrame: () => {
        if (isThrowing) throwing()
      },
    })
    parser.push(SOUND)
    isThrowing = false
    parser.reset()
    parser.push(SOUND)
    expect(parser.end()).toHaveLength(1)
  })
})

describe('onSkip that throws', () => {
  it('stops the parser like any callback: push gives what there was, the next call throws', () => {
    const thrown = new TypeError('mine')
    everySplit(concat(SOUND, '00 11 22', SOUND), (chunks) => {
      const parser = new FragmentParser(MATROSKA_RULE, {
        onDamage: 'resync',
        onSkip: () => {
          throw thrown
        },
      })
      const { fragments, failure } = run(parser, chunks)
      expect(failure).toBe(thrown)
      expect(fragments.map((fragment) => linesOf(fragment))).toEqual([
        ['0+36 damaged', '1@1K AA', 'invalid-id at 36 Segment/Cluster'],
      ])
    })
  })
})

describe('options', () => {
  it('are refused when a limit is no whole number of at least 1', () => {
    expect(() => new FragmentParser(MATROSKA_RULE, { maxDepth: 0 })).toThrow(RangeError)
    expect(() => new FragmentParser(MATROSKA_RULE, { maxTracks: 1.5 })).toThrow('maxTracks is 1.5')
  })
})

describe('the memory of frames', () => {
  it('is the chunk itself, which is never written to', () => {
    const chunk = concat(SOUND, VOID)
    const before = chunk.slice()
    const { fragments } = parse(chunk)
    expect(fragments[0].frames[0].data.buffer).toBe(chunk.buffer)
    expect(chunk).toEqual(before)
  })

  it('does not change while the stream goes on, whatever the chunks are', () => {
    const payloadOf = (i: number): Uint8Array =>
      Uint8Array.from({ length: (i * 379) % 4000 }, (_, at) => (at + i) % 256)
    const bytes = segmentOf(
      openElement(
        '1F43B675',
        1,
        ...Array.from({ length: 60 }, (_, i) => element('A3', '81 0000 80', payloadOf(i))),
      ),
    )
    const expected = Array.from({ length: 60 }, (_, i) => toHex(payloadOf(i)))
    for (const size of [1, 7, 100, 255, 256, 300, 1023, 1024, 1400, 65_536]) {
      const parser = new FragmentParser(MATROSKA_RULE)
      const fragments: Fragment<undefined>[] = []
      for (let at = 0; at < bytes.length; at += size) {
        fragments.push(...parser.push(bytes.slice(at, at + size)))
      }
      fragments.push(...parser.end())
      expect(fragments[0].frames.map(({ data }) => toHex(data))).toEqual(expected)
    }
  })
})
