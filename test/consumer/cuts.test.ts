import { describe, expect, it } from 'vitest'
import { setUp, take, takeFrames } from '../helpers/consumer-harness.js'
import { createLog, cut } from '../helpers/consumer-service.js'

const log = createLog(3, { frames: 2, isBare: true })
const numbers = log.map(({ fragmentNumber }) => fragmentNumber)
const payload = log.map(({ bytes }) => bytes)
const names = log.flatMap(({ index }) => [`${index}.0`, `${index}.1`])
const total = payload.reduce((sum, { length }) => sum + length, 0)

/** Cuts the first response after so many bytes. */
function cutting(at: number, how: 'reset' | 'cleanEnd' | 'stall', isTokenInclusive: boolean) {
  return {
    log,
    isTokenInclusive,
    answer: ({ startIndex = 0 }: { startIndex: number | undefined }, n: number) => ({
      pieces: n === 0 ? cut(payload, at, how) : payload.slice(startIndex),
    }),
  }
}

describe.each(['reset', 'cleanEnd', 'stall'] as const)(
  'a payload of three fragments cut by %s',
  (how) => {
    it(`yields each fragment once, wherever it is cut`, async () => {
      const wrong: unknown[] = []
      for (let at = 0; at <= total; at += 1) {
        const { consumer, clock, service } = setUp(cutting(at, how, at % 2 === 0))
        const seen = await take(consumer, 3)
        const isRight = seen.join() === numbers.join() && clock.pending + service.openBodies === 0
        if (!isRight) wrong.push({ at, seen, timers: clock.pending, open: service.openBodies })
      }
      expect(wrong).toEqual([])
    })

    it('yields each frame once, wherever it is cut', async () => {
      const wrong: unknown[] = []
      for (let at = 0; at <= total; at += 1) {
        const { consumer } = setUp(cutting(at, how, at % 2 === 0))
        const seen = await takeFrames(consumer, names.length)
        if (seen.join() !== names.join()) wrong.push({ at, seen })
      }
      expect(wrong).toEqual([])
    })

    it('tells how it ended', async () => {
      const { consumer, ofType } = setUp(cutting(payload[0].length + 50, how, false))
      await take(consumer, 3)
      const reason = { reset: 'reset', cleanEnd: 'truncated', stall: 'stalled' }[how]
      expect(ofType('sessionEnded')[0]).toMatchObject({ reason, fragments: 1, session: 1 })
      expect(ofType('reconnectScheduled')[0]).toMatchObject({ reason, attempt: 1, delayMs: 250 })
    })
  },
)
