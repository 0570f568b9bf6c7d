// Faults of all kinds at once, some of them for good: what cannot be had must be told of, and nothing comes twice or out of order.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { ConsumerSettings } from '../../src/consumer/index.js'
import { setUp } from '../helpers/consumer-harness.js'
import { type Piece, createLog, errorDocument, networkError } from '../helpers/consumer-service.js'

const FRAGMENTS = 14
const FRAMES = 3
const log = createLog(FRAGMENTS, { frames: FRAMES })
const indexOf = new Map(log.map(({ index, fragmentNumber }) => [fragmentNumber, index]))

/** Where a fragment is damaged: so that its number is lost, at once behind its Cluster's header, or behind its first frame. */
const PLACES = ['header', 'cluster', 'block'] as const
type Place = (typeof PLACES)[number]

function damage(bytes: Uint8Array, place: Place): Uint8Array {
  const damaged = bytes.slice()
  const cluster = bytes.findIndex((byte, at) => byte === 0x1f && bytes[at + 1] === 0x43)
  const blocks = [...bytes.keys()].filter((at) => bytes[at] === 0xa3 && bytes[at + 1] === 0x88)
  if (place === 'header') damaged[0] = 0
  else if (place === 'cluster') damaged.fill(0, cluster + 12, cluster + 20)
  else damaged.fill(0, blocks[1], blocks[1] + 2)
  return damaged
}

const anyPlace = fc.constantFrom(...PLACES)
const never = fc.constant(-1)

/** One response, counted in fragments from its start. */
const response = fc.record({
  /** How many from before the start are sent first. */
  replay: fc.constantFrom(0, 0, 0, 1, 2, 3),
  omitAt: fc.oneof({ weight: 3, arbitrary: never }, fc.nat(3)),
  damageAt: fc.oneof({ weight: 2, arbitrary: never }, fc.integer({ min: -2, max: 3 })),
  place: anyPlace,
  cutAt: fc.oneof({ weight: 2, arbitrary: never }, fc.nat(5)),
  /** Of the fragment that is cut, in thousandths. */
  cutTo: fc.nat(999),
  ending: fc.constantFrom('reset', 'stall', 'end'),
  errorAt: fc.oneof({ weight: 3, arbitrary: never }, fc.nat(4)),
  errorId: fc.constantFrom(3002, 4000, 5000),
  isOneChunk: fc.boolean(),
})
type Response = typeof response extends fc.Arbitrary<infer Value> ? Value : never

const script = fc.record({
  responses: fc.array(response, { maxLength: 9 }),
  /** Damaged whenever they are sent. */
  damaged: fc.array(
    fc.record({ index: fc.integer({ min: 1, max: FRAGMENTS - 2 }), place: anyPlace }),
    {
      maxLength: 2,
    },
  ),
  /** Begins inclusively at this fragment; -1: EARLIEST. */
  startIndex: fc.oneof({ weight: 2, arbitrary: never }, fc.nat(5)),
  isTokenInclusive: fc.boolean(),
  // Without it a fragment that the service leaves out is missed by nobody.
  gapDetection: fc.constantFrom('report', 'refetch'),
})
type Script = typeof script extends fc.Arbitrary<infer Value> ? Value : never

function pieces(each: Response | undefined, start: number, damaged: Script['damaged']): Piece[] {
  const sent: Piece[] = []
  for (let index = Math.max(0, start - (each?.replay ?? 0)); index < FRAGMENTS; index += 1) {
    const at = index - start
    // Nobody can tell that the very first one was left out.
    if (at === each?.omitAt && index > 0) continue
    const place =
      at === each?.damageAt ? each.place : damaged.find((one) => one.index === index)?.place
    const { bytes } = log[index]
    const arriving = place === undefined ? bytes : damage(bytes, place)
    if (each !== undefined && at === each.cutAt) {
      sent.push(arriving.subarray(0, Math.floor((arriving.length * each.cutTo) / 1000)))
      if (each.ending === 'reset') sent.push({ error: networkError() })
      if (each.ending === 'stall') sent.push('stall')
      break
    }
    sent.push(arriving)
    if (at !== each?.errorAt) continue
    sent.push(errorDocument(each.errorId))
    break
  }
  return each?.isOneChunk === true ? joined(sent) : sent
}

/** The same bytes in one chunk. */
function joined(sent: readonly Piece[]): Piece[] {
  const bytes = sent.filter((piece) => piece instanceof Uint8Array)
  return [
    new Uint8Array(Buffer.concat(bytes)),
    ...sent.filter((piece) => !bytes.includes(piece as never)),
  ]
}

async function check(
  { responses, damaged, startIndex, isTokenInclusive, gapDetection }: Script,
  isFrameMode: boolean,
) {
  const { consumer, service, clock, ofType } = setUp(
    {
      log,
      isTokenInclusive,
      answer: ({ startIndex: from = 0 }, n) => ({ pieces: pieces(responses[n], from, damaged) }),
    },
    {
      gapDetection,
      onDamagedFragment: 'skip',
      onResumePointLost: 'earliest',
      startSelector:
        startIndex === -1
          ? { StartSelectorType: 'EARLIEST' }
          : {
              StartSelectorType: 'AT_FRAGMENT_NUMBER',
              FragmentNumber: log[startIndex].fragmentNumber,
            },
    } as ConsumerSettings,
  )
  // In both modes a place is a frame's: a whole fragment is at all of its own.
  const places: number[] = []
  if (isFrameMode) {
    for await (const { data } of consumer.frames()) {
      places.push(data[1] * FRAMES + data[3])
      if (places.at(-1) === FRAGMENTS * FRAMES - 1) break
    }
  } else {
    for await (const { metadata, frames } of consumer) {
      const first = indexOf.get(metadata.fragmentNumber)! * FRAMES
      places.push(...frames.map((_, frame) => first + frame))
      if (places.at(-1) === FRAGMENTS * FRAMES - 1) break
    }
  }
  for (const [at, here] of places.entries()) {
    assert.ok(at === 0 || here > places[at - 1], `repeated or out of order: ${places.join(' ')}`)
  }
  const gaps = ofType('gap').map(({ afterFragmentNumber = '', beforeFragmentNumber = '' }) => [
    indexOf.get(afterFragmentNumber) ?? -1,
    indexOf.get(beforeFragmentNumber) ?? FRAGMENTS,
  ])
  const skipped = ofType('damagedFragment')
    .filter(({ action }) => action === 'skip')
    .map(({ fragmentNumber = '' }) => indexOf.get(fragmentNumber))
  const seen = new Set(places)
  for (let here = Math.max(0, startIndex) * FRAMES; here < FRAGMENTS * FRAMES; here += 1) {
    if (seen.has(here)) continue
    const index = Math.floor(here / FRAMES)
    const isTold = gaps.some(([after, before]) => index > after && index < before)
    assert.ok(isTold || skipped.includes(index), `lost without a word: fragment ${index}`)
  }
  assert.deepEqual([clock.pending, service.openBodies], [0, 0])
}

describe('faults of all kinds at once', () => {
  it.each([
    ['fragments', false],
    ['frames', true],
  ])(
    'lose nothing that is not told, and repeat and disorder nothing (%s)',
    async (_, isFrameMode) => {
      await fc.assert(
        fc.asyncProperty(script, (each) => check(each, isFrameMode)),
        { numRuns: 500 },
      )
    },
  )
})
