import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { KinesisVideoConsumer } from '../../src/consumer/index.js'
import { VirtualClock } from '../helpers/consumer-clock.js'
import { ScriptPlayer, type SessionPlan, script } from '../helpers/consumer-script.js'
import { FakeService, createLog } from '../helpers/consumer-service.js'

const FRAGMENTS = 200
const log = createLog(FRAGMENTS, { isBare: true })
const numbers = log.map(({ fragmentNumber }) => fragmentNumber)

function createConsumer(plans: readonly SessionPlan[], isTokenInclusive: boolean) {
  const clock = new VirtualClock()
  const player = new ScriptPlayer(plans, log)
  const service = new FakeService({ log, clock, isTokenInclusive, answer: player.answer })
  const consumer = new KinesisVideoConsumer({
    streamName: 'model',
    source: service,
    clock,
    random: () => 0.5,
    startSelector: { StartSelectorType: 'EARLIEST' },
    gapDetection: 'refetch',
  })
  return { clock, player, service, consumer }
}

describe('the consumer against 10,000 scripts of faults', () => {
  it('yields each of 200 fragments once and in order, and drops what the model drops', async () => {
    await fc.assert(
      fc.asyncProperty(script, fc.boolean(), async (plans, isTokenInclusive) => {
        const { clock, player, service, consumer } = createConsumer(plans, isTokenInclusive)
        let count = 0
        for await (const fragment of consumer) {
          // A plain comparison: expect() would be half of the time of this test.
          if (fragment.metadata.fragmentNumber !== numbers[count]) break
          count += 1
          if (count === FRAGMENTS) break
        }
        expect(count).toBe(FRAGMENTS)
        expect(consumer.stats().duplicatesDropped).toBe(player.duplicates)
        expect(service.peakBodies).toBe(1)
        expect(service.openBodies).toBe(0)
        expect(clock.pending).toBe(0)
      }),
      { numRuns: Number(process.env['RUNS'] ?? 1000) },
    )
  }, 60_000)
})
