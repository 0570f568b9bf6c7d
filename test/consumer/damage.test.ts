import { describe, expect, it } from 'vitest'
import { DamagedFragmentError, type NumberedMetadata } from '../../src/consumer/index.js'
import {
  simpleBlock,
  withCrc32,
  element,
  uintElement,
  concatBytes,
} from '../../src/simulator/ebml-writer.js'
import { buildFragment, buildFragmentParts } from '../../src/simulator/media.js'
import { failureOf, setUp, take, takeFrames } from '../helpers/consumer-harness.js'
import { type HeldFragment, createLog, exception } from '../helpers/consumer-service.js'
import { ParseError } from '../../src/parser/errors.js'
import { ID } from '../../src/parser/schema.js'

const log = createLog(5)
const numbers = log.map(({ fragmentNumber }) => fragmentNumber)
const payload = log.map(({ bytes }) => bytes)

/** Inverts one byte. */
function flip(bytes: Uint8Array, at: number): Uint8Array {
  const flipped = bytes.slice()
  flipped[at] ^= 0xff
  return flipped
}

/** Answers with the third fragment damaged in the first so many responses that hold it. */
function damaging(times: number, damage: (bytes: Uint8Array) => Uint8Array, held = log) {
  let left = times
  return {
    log: held,
    answer: ({ startIndex = 0 }: { startIndex: number | undefined }) => ({
      pieces: held.slice(startIndex).map(({ index, bytes }) => {
        if (index !== 2 || left === 0) return bytes
        left -= 1
        return damage(bytes)
      }),
    }),
  }
}

// The Cluster's Timestamp element: its length byte, so that the number is known before the damage.
const CLUSTER_AT = payload[2].findIndex(
  (_, at) => payload[2][at] === 0x1f && payload[2][at + 1] === 0x43 && payload[2][at + 2] === 0xb6,
)
const insideCluster = (bytes: Uint8Array) => flip(bytes, CLUSTER_AT + 4)
const header = (bytes: Uint8Array) => flip(bytes, 0)

describe('a damaged fragment', () => {
  it('ends its session with the error of the parser', async () => {
    const { consumer, ofType } = setUp(damaging(1, insideCluster))
    expect(await take(consumer, 5)).toEqual(numbers)
    const [ended] = ofType('sessionEnded')
    expect(ended).toMatchObject({ reason: 'damaged', error: { path: 'Segment/Cluster' } })
    expect(ended.error).toBeInstanceOf(ParseError)
  })

  for (const [name, damage, number] of [
    ['inside its Cluster', insideCluster, numbers[2]],
    ['in its EBML header', header, undefined],
  ] as const) {
    it(`is fetched again, three times if need be (${name})`, async () => {
      const { consumer, ofType, service } = setUp(damaging(3, damage))
      expect(await take(consumer, 5)).toEqual(numbers)
      const damaged = ofType('damagedFragment')
      // A header that became some other element is stepped over the first time, and what follows looks cut.
      expect(damaged.length).toBeGreaterThanOrEqual(number === undefined ? 2 : 3)
      for (const [index, event] of damaged.entries()) {
        expect(event).toMatchObject({
          fragmentNumber: number,
          attempt: index + 1,
          action: 'refetch',
        })
      }
      expect(service.requests).toHaveLength(4)
    })

    it(`ends the consumer after that, when what came before it was yielded (${name})`, async () => {
      const { consumer, ofType } = setUp(damaging(9, damage))
      const seen: unknown[] = []
      const error = await (async () => {
        try {
          for await (const { metadata } of consumer) seen.push(metadata.fragmentNumber)
        } catch (caught) {
          return caught
        }
        return undefined
      })()
      expect(seen).toEqual(numbers.slice(0, 2))
      expect(error).toBeInstanceOf(DamagedFragmentError)
      expect(error).toMatchObject({ code: 'damaged-fragment', fragmentNumber: number, attempts: 4 })
      expect(ofType('damagedFragment').at(-1)).toMatchObject({ attempt: 4, action: 'fail' })
    })

    it(`is left out on request, with a gap event that has both ends (${name})`, async () => {
      const { consumer, ofType } = setUp(damaging(9, damage), { onDamagedFragment: 'skip' })
      expect(await take(consumer, 4)).toEqual(numbers.filter((_, index) => index !== 2))
      expect(ofType('damagedFragment').at(-1)).toMatchObject({ attempt: 4, action: 'skip' })
      expect(ofType('gap')).toEqual([
        {
          type: 'gap',
          reason: 'damaged-fragment',
          afterFragmentNumber: numbers[1],
          beforeFragmentNumber: numbers[3],
        },
      ])
    })
  }

  it('is skipped by its number where that is known', async () => {
    const { consumer, service } = setUp(damaging(9, insideCluster), { onDamagedFragment: 'skip' })
    await take(consumer, 4)
    expect(service.requests.at(-1)?.selector).toEqual({
      StartSelectorType: 'FRAGMENT_NUMBER',
      AfterFragmentNumber: numbers[2],
    })
  })

  it('gives the next damaged one its three times too', async () => {
    const left = new Map([
      [1, 3],
      [3, 3],
    ])
    const { consumer } = setUp({
      log,
      answer: ({ startIndex = 0 }) => ({
        // As it is read: what comes behind the damage is never asked for.
        pieces: (function* send() {
          for (const { index, bytes } of log.slice(startIndex)) {
            const times = left.get(index) ?? 0
            left.set(index, times - 1)
            yield times > 0 ? insideCluster(bytes) : bytes
          }
        })(),
      }),
    })
    expect(await take(consumer, 5)).toEqual(numbers)
    expect(consumer.stats().damagedFragments).toBe(6)
  })

  it('does not have later ones passed over with it', async () => {
    const held = createLog(7)
    let isLaterDamaged = true
    const { consumer, service } = setUp(
      {
        log: held,
        answer: ({ startIndex = 0 }) => ({
          pieces: held.slice(startIndex).map(({ index, bytes }) => {
            if (index === 2) return bytes.slice().fill(0, 0, 4)
            // Once, in the session that gives up the third: by then it was asked for four times.
            if (index !== 4 || !isLaterDamaged || service.requests.length < 5) return bytes
            isLaterDamaged = false
            return bytes.slice().fill(0, 0, 4)
          }),
        }),
      },
      { onDamagedFragment: 'skip' },
    )
    const expected = held.map(({ fragmentNumber }) => fragmentNumber)
    expect(await take(consumer, 6)).toEqual(expected.filter((_, index) => index !== 2))
    expect(isLaterDamaged).toBe(false)
  })

  it('shows in a digit of its number, before the guard goes by it', async () => {
    const at = Buffer.from(payload[2]).indexOf(numbers[2])
    for (const digit of ['0', '9']) {
      const forge = (bytes: Uint8Array) => {
        const forged = bytes.slice()
        forged[at + 20] = digit.charCodeAt(0)
        return forged
      }
      const { consumer, ofType } = setUp(damaging(1, forge))
      expect(await take(consumer, 5)).toEqual(numbers)
      expect(ofType('damagedFragment')).toHaveLength(1)
    }
  })

  it('is not seen where numeric tokens differ from numbers for good', async () => {
    const held = createLog(5, { tokenOf: (number) => `${number}1` })
    const { consumer, service } = setUp({
      log: held,
      answer: (_, n) => ({ pieces: service.from(n === 0 ? 0 : Math.min(n - 1, 0)) }),
    })
    expect(await take(consumer, 5)).toEqual(numbers)
    // The first pair is fetched twice, then believed.
    expect(service.requests).toHaveLength(2)
  })

  it('is one whose CRC-32 does not match, when that is verified', async () => {
    const crcLog = log.map((fragment): HeldFragment => ({
      ...fragment,
      bytes: withCluster(fragment),
    }))
    const payloadFlip = (bytes: Uint8Array) => flip(bytes, Buffer.from(bytes).indexOf('PAYLOAD'))
    const { consumer, ofType } = setUp(damaging(1, payloadFlip, crcLog), {
      parser: { verifyCrc32: true },
    })
    const texts: string[] = []
    for await (const { frames } of consumer) {
      texts.push(Buffer.from(frames[0].data).toString())
      if (texts.length === 5) break
    }
    expect(texts).toEqual(Array.from({ length: 5 }, () => 'PAYLOAD'))
    expect(ofType('damagedFragment')[0].errors).toMatchObject([{ code: 'crc-mismatch' }])
  })

  it('is not one that passes a limit of the parser: it is how the stream is', async () => {
    const codecPrivate = new Uint8Array(100)
    const tracks = [
      { number: 1, uid: 1, codecId: 'V_TEST', codecPrivate, video: { width: 1, height: 1 } },
    ]
    const held = log.map((fragment) => ({
      ...fragment,
      bytes: buildFragment({ ...fragment.spec, tracks }),
    }))
    const { consumer, ofType } = setUp({ log: held }, { parser: { maxBinaryBytes: 50 } })
    const codes: unknown[] = []
    for await (const { errors } of consumer) {
      codes.push(...errors.map(({ code }) => code))
      if (codes.length === 5) break
    }
    expect(codes).toEqual(Array.from({ length: 5 }, () => 'binary-too-large'))
    expect(ofType('damagedFragment')).toEqual([])
  })
})

/** The fragment with a Cluster that begins with a CRC-32 over the rest of it. */
function withCluster({ fragmentNumber }: HeldFragment): Uint8Array {
  const parts = buildFragmentParts({ fragmentNumber, frames: [] })
  const block = simpleBlock({
    trackNumber: 1,
    relativeTimestamp: 0,
    frames: [Buffer.from('PAYLOAD')],
  })
  const cluster = element(ID.Cluster, withCrc32([uintElement(ID.Timestamp, 0), block]))
  return concatBytes([parts.preamble, parts.head, cluster, parts.trailer, parts.tail])
}

describe('one inverted byte, at every place of a fragment', () => {
  it('never loses, repeats or disorders a fragment, nor yields one that lacks its end', async () => {
    const size = payload[2].length
    for (let at = 0; at < size; at += 1) {
      const { consumer, ofType } = setUp(
        damaging(1, (bytes) => flip(bytes, at)),
        {
          gapDetection: 'refetch',
          readIdleTimeoutMs: 1000,
        },
      )
      expect([at, await take(consumer, 5)]).toEqual([at, numbers])
      expect(ofType('gap')).toEqual([])
    }
  })

  it('does not do so with the frames of other fragments, as long as the number is intact', async () => {
    const numberAt = Buffer.from(payload[2]).indexOf(numbers[2])
    for (let at = 0; at < payload[2].length; at += 1) {
      if (at >= numberAt && at < numberAt + numbers[2].length) continue
      const { consumer } = setUp(
        damaging(1, (bytes) => flip(bytes, at)),
        { gapDetection: 'refetch' },
      )
      const names: string[] = []
      for await (const { metadata, data } of consumer.frames()) {
        // Nothing but TLS protects the block itself: its frame may be another one, or none.
        if (metadata.fragmentNumber !== numbers[2]) names.push(`${data[1]}.${data[3]}`)
        if (metadata.fragmentNumber === numbers[4]) break
      }
      expect([at, names]).toEqual([at, ['0.0', '1.0', '3.0', '4.0']])
    }
  })
})

describe('the error', () => {
  it('is a typed one with its cause', async () => {
    const { consumer } = setUp(damaging(9, insideCluster))
    const error = await failureOf(consumer)
    expect(error).toMatchObject({ name: 'DamagedFragmentError', cause: { name: 'ParseError' } })
  })

  it('names the limit to raise when the fragment passes one', async () => {
    const { consumer } = setUp({ log }, { parser: { maxElementsPerFragment: 5 } })
    const error = await failureOf(consumer)
    expect(error).toMatchObject({ cause: { code: 'too-many-elements' } })
    expect((error as Error).message).toContain('raise')
    expect((error as Error).message).toContain('parser.maxElementsPerFragment')
  })
})

describe('a fragment that came damaged and is left out when it is fetched again', () => {
  const leavingOut = (isNow: boolean) => ({
    log,
    answer: ({ startIndex = 0 }: { startIndex: number | undefined }, n: number) => ({
      pieces:
        n === 0
          ? [...payload.slice(isNow ? 2 : 0, 2), insideCluster(payload[2]), payload[3]]
          : payload.slice(isNow ? startIndex : Math.max(startIndex, 3)),
      // Behind the beginning of the third: asking for this time again would miss it.
      serverTimeMs: log[2].serverTimestampMs + 500,
    }),
  })

  it('is told as a gap', async () => {
    const { consumer, ofType } = setUp(leavingOut(false))
    expect(await take(consumer, 4)).toEqual([...numbers.slice(0, 2), ...numbers.slice(3)])
    expect(ofType('gap')).toEqual([
      {
        type: 'gap',
        reason: 'missing-fragment',
        afterFragmentNumber: numbers[1],
        beforeFragmentNumber: numbers[3],
      },
    ])
  })

  it('is asked for by its own time when it was the first one behind NOW', async () => {
    const { consumer, ofType } = setUp(leavingOut(true), {
      startSelector: { StartSelectorType: 'NOW' },
    })
    expect(await take(consumer, 3)).toEqual(numbers.slice(2))
    expect(ofType('gap')).toEqual([])
  })
})

describe('damage in a fragment that was delivered before', () => {
  // Each resume sends the two before once more, and one of them is damaged every time.
  const replaying = (damaged: number, first = 0) => ({
    log,
    answer: ({ startIndex = 0 }: { startIndex: number | undefined }, n: number) => ({
      pieces:
        n === 0 && first === 0
          ? payload.slice(0, 4).map((bytes) => bytes)
          : log
              .slice(Math.max(first, startIndex - 2))
              .map(({ index, bytes }) => (index === damaged ? insideCluster(bytes) : bytes)),
    }),
  })

  it.each(['fail', 'skip'] as const)(
    'costs and repeats nothing (%s)',
    async (onDamagedFragment) => {
      const { consumer, ofType } = setUp(replaying(2), { onDamagedFragment })
      expect(await take(consumer, 5)).toEqual(numbers)
      expect(ofType('gap')).toEqual([])
      expect(ofType('damagedFragment')).toEqual([])
    },
  )

  it('is none of an inclusive start either, which brings older ones along', async () => {
    const { consumer } = setUp(replaying(1), {
      startSelector: { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: numbers[3] },
    })
    expect(await take(consumer, 2)).toEqual(numbers.slice(3))
  })
})

it('a fragment that is missing uses none of the attempts of one that is damaged', async () => {
  const sequenced = createLog(6)
  let arrivals = 0
  const { consumer, ofType } = setUp(
    {
      log: sequenced,
      answer: ({ startIndex = 0 }) => ({
        pieces: sequenced
          .slice(startIndex)
          .filter(({ index }) => index !== 2)
          .map(({ index, bytes }) =>
            index === 3 && ++arrivals === 4 ? insideCluster(bytes) : bytes,
          ),
      }),
    },
    { gapDetection: 'refetch' },
  )
  expect(await take(consumer, 5)).toHaveLength(5)
  expect(ofType('damagedFragment')).toMatchObject([{ attempt: 1, action: 'refetch' }])
})

/** Zeroes the head of a block, so that the structure breaks behind two frames. */
function inThirdBlock(bytes: Uint8Array): Uint8Array {
  const blocks = [...bytes.keys()].filter((at) => bytes[at] === 0xa3 && bytes[at + 1] === 0x88)
  const damaged = bytes.slice()
  damaged.fill(0, blocks[2], blocks[2] + 2)
  return damaged
}

it('a second damaged fragment behind the one that is given up is in the gap', async () => {
  const frames = createLog(6, { frames: 4 })
  const { consumer, ofType } = setUp(
    {
      log: frames,
      answer: ({ startIndex = 0 }) => ({
        pieces: frames
          .slice(startIndex)
          .map(({ index, bytes }) =>
            index === 2 ? header(bytes) : index === 3 ? inThirdBlock(bytes) : bytes,
          ),
      }),
    },
    { onDamagedFragment: 'skip' },
  )
  const seen = new Set<string | undefined>()
  for await (const { metadata } of consumer.frames()) {
    seen.add(metadata.fragmentNumber)
    if (metadata.fragmentNumber === frames[5].fragmentNumber) break
  }
  expect(ofType('gap').at(-1)).toMatchObject({
    afterFragmentNumber: frames[1].fragmentNumber,
    beforeFragmentNumber: frames[4].fragmentNumber,
  })
})

it('is not passed over on the way behind damage that was delivered before', async () => {
  let arrivals = 0
  const broken = buildFragment({ ...log[0].spec, hasTail: false })
  const { consumer, ofType } = setUp({
    log,
    answer: ({ startIndex = 0 }, n) => {
      if (n === 0) return { pieces: payload.slice(0, 1) }
      if (startIndex > 1) return { pieces: payload.slice(startIndex) }
      // Each resume brings the one before once more, broken; the next one is damaged when that is passed over.
      arrivals += 1
      const next = arrivals === 5 ? insideCluster(payload[1]) : payload[1]
      return { pieces: [broken, next, ...payload.slice(2)] }
    },
  })
  expect(await take(consumer, 5)).toEqual(numbers)
  expect(ofType('damagedFragment')).toMatchObject([
    { fragmentNumber: numbers[1], action: 'refetch' },
  ])
  expect(ofType('gap')).toEqual([])
})

it('is given up after three more tries, though it is left out in between', async () => {
  const { consumer, ofType } = setUp(
    {
      log,
      answer: ({ startIndex = 0 }, n) => ({
        pieces: payload
          .map((bytes, index) => (index === 1 ? insideCluster(bytes) : bytes))
          .filter((_, index) => index >= startIndex && (index !== 1 || n % 2 === 0)),
      }),
    },
    { onDamagedFragment: 'skip' },
  )
  await take(consumer, 4)
  expect(ofType('damagedFragment').map(({ attempt }) => attempt)).toEqual(
    Array.from({ length: ofType('damagedFragment').length }, (_, index) => index + 1),
  )
  expect(consumer.stats().gaps).toBe(1)
})

it('of the number alone does not make frames() drop all that comes', async () => {
  const frames = createLog(6, { frames: 2 })
  const wrong = buildFragment({
    ...frames[1].spec,
    fragmentNumber: (BigInt(frames[1].fragmentNumber) + (1000n << 92n)).toString(),
    continuationToken: frames[1].fragmentNumber,
  })
  for (const isCut of [false, true]) {
    const { consumer } = setUp({
      log: frames,
      answer: ({ startIndex = 0 }, n) => ({
        pieces:
          n === 0
            ? [frames[0].bytes, isCut ? wrong.subarray(0, -30) : wrong]
            : frames.slice(startIndex).map(({ bytes }) => bytes),
      }),
    })
    const seen = new Set<string>()
    for await (const { metadata } of consumer.frames()) {
      seen.add(metadata.fragmentNumber)
      if (metadata.fragmentNumber === frames[5].fragmentNumber) break
    }
    expect([...seen]).toEqual(
      expect.arrayContaining(frames.map(({ fragmentNumber }) => fragmentNumber)),
    )
  }
})

it('of the number of a fragment that is cut does not hide what follows NOW', async () => {
  const wrong = buildFragment({
    ...log[0].spec,
    fragmentNumber: (BigInt(log[0].fragmentNumber) + 10n ** 40n).toString(),
  })
  const { consumer } = setUp(
    {
      log,
      answer: ({ startIndex = 0 }, n) => ({
        pieces: n === 0 ? [wrong.subarray(0, -30)] : payload.slice(startIndex),
        serverTimeMs: log[0].serverTimestampMs + 300,
      }),
    },
    { startSelector: { StartSelectorType: 'NOW' } },
  )
  expect(await take(consumer, 5)).toEqual(numbers)
})

it('of a fragment that expired costs none of the tries of another one', async () => {
  let damagedOnce = false
  const { consumer, ofType } = setUp(
    {
      log,
      answer: ({ startIndex = 0 }, n) => {
        if (n === 0) return { pieces: payload.slice(0, 2) }
        if (n < 4) return { pieces: [insideCluster(payload[2])] }
        if (n < 6) return { refuse: exception('InvalidArgumentException') }
        const isFirst = !damagedOnce
        damagedOnce = true
        return {
          pieces: log
            .slice(Math.max(3, startIndex))
            .map(({ bytes, index }) => (index === 3 && isFirst ? insideCluster(bytes) : bytes)),
        }
      },
    },
    { onResumePointLost: 'earliest' },
  )
  expect(await take(consumer, 4)).toEqual([numbers[0], numbers[1], numbers[3], numbers[4]])
  expect(ofType('damagedFragment').map(({ attempt }) => attempt)).toEqual([1, 2, 3, 1])
})

it.each([
  ['whole', undefined],
  ['cut', -30],
])(
  'of one block lets frames() yield none behind it, so that the sound fragment goes on where it stopped (%s)',
  async (_, end) => {
    const frames = createLog(4, { frames: 3 })
    const damaged = frames[1].bytes.slice()
    const blocks = [...damaged.keys()].filter(
      (at) => damaged[at] === ID.SimpleBlock && damaged[at + 1] === 0x88,
    )
    // Its track number.
    damaged[blocks[1] + 2] = 0
    const { consumer, ofType } = setUp({
      log: frames,
      answer: ({ startIndex = 0 }, n) => ({
        pieces:
          n === 0
            ? [frames[0].bytes, damaged.subarray(0, end)]
            : frames.slice(startIndex).map(({ bytes }) => bytes),
      }),
    })
    expect(await takeFrames(consumer, 9)).toEqual(
      [0, 1, 2].flatMap((index) => [0, 1, 2].map((frame) => `${index}.${frame}`)),
    )
    expect(ofType('gap')).toEqual([])
  },
)

it.each(['fragments', 'frames'] as const)(
  'is found behind any number of limits that were passed (%s)',
  async (mode) => {
    const held = createLog(3, { frames: 2 })
    const tagsBefore = Array.from({ length: 70 }, (_, n) => ({
      name: `${n}`,
      value: 'x'.repeat(48),
    }))
    const tagged = buildFragment({ ...held[1].spec, tagsBefore })
    const damaged = tagged.slice()
    const block = damaged.findLastIndex(
      (byte, at) => byte === ID.SimpleBlock && damaged[at + 1] === 0x88,
    )
    // Its track number.
    damaged[block + 2] = 0
    const { consumer, ofType } = setUp(
      {
        log: held,
        answer: ({ startIndex = 0 }, n) => ({
          pieces: held
            .slice(startIndex)
            .map(({ index, bytes }) => (index !== 1 ? bytes : n === 0 ? damaged : tagged)),
        }),
      },
      { parser: { maxStringBytes: 47 } },
    )
    if (mode === 'frames') await takeFrames(consumer, 6)
    else await take(consumer, 3)
    expect(ofType('damagedFragment')).toMatchObject([{ fragmentNumber: held[1].fragmentNumber }])
  },
)

describe('a fragment that the next one broke off', () => {
  const frames = createLog(6, { frames: 2 })
  const brokenOff = buildFragment({ ...frames[3].spec, hasTail: false })
  const read = async (consumer: AsyncIterable<{ readonly metadata: NumberedMetadata }>) => {
    const seen: number[] = []
    for await (const { metadata } of consumer) {
      seen.push(
        frames.findIndex(({ fragmentNumber }) => fragmentNumber === metadata.fragmentNumber),
      )
      if (seen.at(-1) === 5) break
    }
    return seen
  }

  it('is missed when it is left out from then on', async () => {
    const { consumer, ofType } = setUp({
      log: frames,
      answer: ({ startIndex = 0 }, n) => ({
        pieces:
          n === 0
            ? [...frames.slice(0, 3).map(({ bytes }) => bytes), brokenOff, frames[4].bytes]
            : frames.slice(Math.max(startIndex, 4)).map(({ bytes }) => bytes),
      }),
    })
    expect(await read(consumer)).toEqual([0, 1, 2, 4, 5])
    expect(ofType('gap')).toMatchObject([
      {
        reason: 'missing-fragment',
        afterFragmentNumber: frames[2].fragmentNumber,
        beforeFragmentNumber: frames[4].fragmentNumber,
      },
    ])
  })

  it('has overtaken in frames() what was left out before it', async () => {
    const { consumer } = setUp({
      log: frames,
      answer: ({ startIndex = 0 }, n) => ({
        pieces:
          n === 0
            ? [...frames.slice(0, 2).map(({ bytes }) => bytes), brokenOff, frames[4].bytes]
            : frames.slice(startIndex).map(({ bytes }) => bytes),
      }),
    })
    expect(await read(consumer.frames())).toEqual([0, 0, 1, 1, 3, 3, 4, 4, 5])
  })
})
