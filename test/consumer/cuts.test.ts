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
      for (let at = 0; at <= total; at += 1) {
        const { consumer, clock, service } = setUp(cutting(at, how, at % 2 === 0))
        expect([at, await take(consumer, 3)]).toEqual([at, numbers])
        expect([clock.pending, service.openBodies]).toEqual([0, 0])
      }
    })

    it('yields each frame once, wherever it is cut', async () => {
      for (let at = 0; at <= total; at += 1) {
        const { consumer } = setUp(cutting(at, how, at % 2 === 0))
        expect([at, await takeFrames(consumer, names.length)]).toEqual([at, names])
      }
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
