import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DamagedFragmentError, MemoryCheckpointStore } from '../../src/consumer/index.js'
import { FrameLedger } from '../../src/consumer/frame-ledger.js'
import { buildFragment } from '../../src/simulator/media.js'
import { ScriptPlayer, script } from '../helpers/consumer-script.js'
import { setUp, takeFrames } from '../helpers/consumer-harness.js'
import { createLog, cut, errorDocument } from '../helpers/consumer-service.js'

const log = createLog(4, { frames: 5 })
const payload = log.map(({ bytes }) => bytes)
const names = log.flatMap(({ index }) => [0, 1, 2, 3, 4].map((frame) => `${index}.${frame}`))

describe('frames()', () => {
  it('yields each frame when its last byte has arrived, before the fragment is whole', async () => {
    const size = payload[0].length
    const { consumer, clock } = setUp({
      log,
      answer: () => ({
        pieces: [
          payload[0].subarray(0, size - 120),
          { waitMs: 10_000 },
          payload[0].subarray(size - 120),
        ],
      }),
    })
    const frames = consumer.frames()
    const { value: frame } = await frames.next()
    expect(clock.monotonicMs()).toBe(0)
    expect(frame.metadata).toMatchObject({
      fragmentNumber: log[0].fragmentNumber,
      continuationToken: undefined,
    })
    await frames.return?.()
  })

  it('knows the tags of the producer by then', async () => {
    const tagsBefore = [{ name: 'ContactId', value: 'c-1' }]
    const contact = buildFragment({ ...log[0].spec, tagsBefore })
    const { consumer } = setUp({ log, answer: () => ({ pieces: [contact] }) })
    const { value: frame } = await consumer.frames().next()
    expect(frame.tags).toMatchObject([{ name: 'ContactId', value: 'c-1' }])
  })

  for (const how of ['reset', 'cleanEnd', 'stall'] as const) {
    it(`passes over what was yielded when the connection dies inside a fragment (${how})`, async () => {
      // Every place of the second fragment, in steps that never fall together with its elements.
      for (let at = 1; at < payload[1].length; at += 3) {
        const { consumer } = setUp({
          log,
          answer: ({ startIndex = 0 }, n) => ({
            pieces: n === 0 ? cut(payload, payload[0].length + at, how) : payload.slice(startIndex),
          }),
        })
        expect(await takeFrames(consumer, names.length)).toEqual(names)
      }
    })
  }

  it('does so when it dies again and again, each time a little further', async () => {
    let offset = 20
    const { consumer, service } = setUp(
      {
        log,
        answer: ({ startIndex = 0 }) => {
          offset += 7
          const isCut = offset < payload[0].length
          return { pieces: isCut ? cut(payload, offset, 'reset') : payload.slice(startIndex) }
        },
      },
      { retry: { maxRetries: 200 } },
    )
    expect(await takeFrames(consumer, names.length)).toEqual(names)
    expect(service.requests.length).toBeGreaterThan(20)
  })

  it('yields nothing of a repeated fragment', async () => {
    const { consumer } = setUp({
      log,
      isTokenInclusive: true,
      answer: ({ startIndex = 0 }) => ({ pieces: payload.slice(startIndex, startIndex + 2) }),
    })
    expect(await takeFrames(consumer, names.length)).toEqual(names)
    expect(consumer.stats()).toMatchObject({ frames: names.length, duplicatesDropped: 2 })
  })

  it('tells when the second arrival is not what the first one was', async () => {
    const other = createLog(1, { frames: 5 })[0].bytes.slice()
    // The relative time of the first SimpleBlock: A3, size, track, time.
    const block = other.findIndex((byte, at) => byte === 0xa3 && other[at + 2] === 0x81)
    other[block + 4] = 99
    const { consumer, ofType } = setUp({
      log,
      answer: (_, n) => ({
        pieces: n === 0 ? cut(payload, payload[0].length - 90, 'reset') : [other],
      }),
    })
    const error = await (async () => {
      try {
        for await (const _ of consumer.frames()) {
          // Only the end matters.
        }
      } catch (caught) {
        return caught
      }
      return undefined
    })()
    expect(error).toBeInstanceOf(DamagedFragmentError)
    expect(ofType('damagedFragment')[0]).toMatchObject({
      fragmentNumber: log[0].fragmentNumber,
      errors: [],
    })
  })

  it('tells when the second arrival has fewer frames than were yielded', async () => {
    const { fragmentNumber } = log[0]
    const shorter = buildFragment({ ...log[0].spec, frames: log[0].spec.frames?.slice(0, 2) })
    const { consumer, ofType } = setUp(
      {
        log,
        answer: (_, n) => ({
          pieces: n === 0 ? cut(payload, payload[0].length - 90, 'reset') : [shorter, payload[1]],
        }),
      },
      { onDamagedFragment: 'skip' },
    )
    const seen: unknown[] = []
    for await (const { metadata } of consumer.frames()) {
      seen.push(metadata.fragmentNumber)
      if (metadata.fragmentNumber !== fragmentNumber) break
    }
    expect(ofType('damagedFragment').map(({ action }) => action)).toEqual([
      'refetch',
      'refetch',
      'refetch',
      'skip',
    ])
    expect(seen.at(-1)).toBe(log[1].fragmentNumber)
  })

  it('commits a fragment when all its frames were asked past', async () => {
    const store = new MemoryCheckpointStore()
    const { consumer } = setUp({ log }, { checkpoint: store })
    const seen: string[] = []
    for await (const { data } of consumer.frames()) {
      seen.push(`${data[1]}.${data[3]}`)
      if (seen.length === 9) break
    }
    expect((await store.claim('front-door', 'test')).checkpoint).toMatchObject({
      fragmentNumber: log[0].fragmentNumber,
    })
    expect(consumer.stats()).toMatchObject({ fragments: 1, frames: 9 })
  })

  it('commits by hand what was asked past', async () => {
    const store = new MemoryCheckpointStore()
    const { consumer } = setUp({ log }, { checkpoint: store, commit: 'manual' })
    let count = 0
    for await (const _ of consumer.frames()) {
      count += 1
      if (count < 12) continue
      await consumer.commit()
      break
    }
    expect((await store.claim('front-door', 'test')).checkpoint).toMatchObject({
      fragmentNumber: log[1].fragmentNumber,
    })
  })

  it('goes on after an in-band error inside a fragment', async () => {
    const { consumer } = setUp({
      log,
      answer: ({ startIndex = 0 }, n) => ({
        pieces:
          n === 0
            ? [...cut(payload, payload[0].length - 90, 'cleanEnd'), errorDocument(5000)]
            : payload.slice(startIndex),
      }),
    })
    expect(await takeFrames(consumer, names.length)).toEqual(names)
  })

  it('yields each frame of 60 fragments once under 400 scripts of faults', async () => {
    const held = createLog(60, { frames: 3, isBare: true })
    const total = held.length * 3
    await fc.assert(
      fc.asyncProperty(script, fc.boolean(), async (plans, isTokenInclusive) => {
        const player = new ScriptPlayer(plans, held)
        const { consumer, clock, service } = setUp(
          { log: held, isTokenInclusive, answer: player.answer },
          { gapDetection: 'refetch' },
        )
        let count = 0
        for await (const { data } of consumer.frames()) {
          if (data[1] !== Math.floor(count / 3) || data[3] !== count % 3) break
          count += 1
          if (count === total) break
        }
        expect(count).toBe(total)
        expect(service.openBodies).toBe(0)
        expect(clock.pending).toBe(0)
      }),
      { numRuns: 400 },
    )
  })
})

describe('FrameLedger', () => {
  const frame = (metadata: { fragmentNumber: string }, timestampMs: number, trackNumber = 1) => ({
    metadata: metadata as never,
    trackNumber,
    timestampMs,
    byteLength: 4,
  })

  it('knows the frames of the open fragment again, by place, track, time and size', () => {
    const ledger = new FrameLedger()
    const first = { fragmentNumber: '7' }
    expect(ledger.judge(frame(first, 0))).toBe('new')
    expect(ledger.judge(frame(first, 10))).toBe('new')
    const second = { fragmentNumber: '7' }
    expect(ledger.judge(frame(second, 0))).toBe('repeat')
    expect(ledger.judge(frame(second, 10, 2))).toBe('differs')
    const third = { fragmentNumber: '7' }
    expect(ledger.judge(frame(third, 0))).toBe('repeat')
    expect(ledger.judge(frame(third, 10))).toBe('repeat')
    expect(ledger.judge(frame(third, 20))).toBe('new')
    expect(ledger.complete(third as never)).toBe(true)
  })

  it('forgets them when another fragment begins', () => {
    const ledger = new FrameLedger()
    expect(ledger.judge(frame({ fragmentNumber: '7' }, 0))).toBe('new')
    expect(ledger.judge(frame({ fragmentNumber: '8' }, 0))).toBe('new')
    expect(ledger.judge(frame({ fragmentNumber: '7' }, 0))).toBe('new')
  })

  it('finds a second arrival that has fewer frames', () => {
    const ledger = new FrameLedger()
    const first = { fragmentNumber: '7' }
    ledger.judge(frame(first, 0))
    ledger.judge(frame(first, 10))
    const second = { fragmentNumber: '7' }
    ledger.judge(frame(second, 0))
    expect(ledger.complete(second as never)).toBe(false)
  })
})

it('a fragment that a later one has overtaken is not yielded behind its frames', async () => {
  const { consumer } = setUp({
    log,
    answer: ({ startIndex = 0 }, n) => ({
      // The second is left out, the third breaks off in its last frame.
      pieces:
        n === 0
          ? [...cut([payload[0], payload[2]], payload[0].length + payload[2].length - 150, 'reset')]
          : payload.slice(startIndex),
    }),
  })
  const seen = await takeFrames(consumer, 15)
  expect(seen).toEqual(names.filter((name) => !name.startsWith('1.')))
})

describe('frames that are worked on side by side', () => {
  const saved = async (commitThrough: number) => {
    const store = new MemoryCheckpointStore()
    const { consumer } = setUp({ log }, { checkpoint: store, commit: 'manual' })
    const seen = []
    for await (const frame of consumer.frames()) {
      seen.push(frame)
      // The first of the fourth fragment.
      if (seen.length < 16) continue
      await consumer.commit(seen[commitThrough].metadata)
      break
    }
    return (await store.claim('front-door', 'test')).checkpoint
  }

  it('are committed up to the fragment of one of them', async () => {
    const { fragmentNumber } = log[1]
    expect(await saved(7)).toMatchObject({ fragmentNumber, continuationToken: fragmentNumber })
  })

  it('are not committed beyond what was handed over whole', async () => {
    expect(await saved(15)).toMatchObject({ fragmentNumber: log[2].fragmentNumber })
  })
})

it('the number of its fragment is known of each frame, to the types too', async () => {
  const numbers: string[] = []
  for await (const { metadata } of setUp({ log }).consumer.frames()) {
    numbers.push(metadata.fragmentNumber)
    break
  }
  expect(numbers).toEqual([log[0].fragmentNumber])
})

it('what was begun before the resume point was lost is not begun again, nor what is before it', async () => {
  const { consumer, ofType } = setUp(
    {
      log,
      answer: ({ startIndex = 0 }, n) => {
        if (n === 0) return { pieces: cut([payload[2]], payload[2].length - 150, 'reset') }
        return { pieces: n === 1 ? [errorDocument(4000)] : payload.slice(startIndex) }
      },
    },
    {
      onResumePointLost: 'earliest',
      startSelector: {
        StartSelectorType: 'SERVER_TIMESTAMP',
        StartTimestamp: new Date(log[2].serverTimestampMs),
      },
    },
  )
  const begun = ['2.0', '2.1', '2.2', '2.3', '2.4']
  const next = ['3.0', '3.1', '3.2', '3.3', '3.4']
  const seen = await takeFrames(consumer, 9)
  expect([...begun, ...next].filter((name) => seen.includes(name))).toEqual(seen)
  expect(seen.slice(-4)).toEqual(next.slice(0, 4))
  expect(ofType('gap')).toMatchObject([{ afterFragmentNumber: undefined }])
})
