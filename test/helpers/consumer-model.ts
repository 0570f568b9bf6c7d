import assert from 'node:assert/strict'
import fc from 'fast-check'
import { setUp } from './consumer-harness.js'
import { ScriptPlayer, inOneBuffer, script } from './consumer-script.js'
import { createLog } from './consumer-service.js'

const FRAGMENTS = 200
const log = inOneBuffer(createLog(FRAGMENTS, { isMinimal: true }))

/**
 * Plays random scripts of faults to consumers: each must yield 200 fragments once and in order, drop as many repeats as
 * the model, have one connection at a time, and leave neither a connection nor a timer behind.
 */
export async function checkScripts(numRuns: number, isTokenInclusive: boolean): Promise<void> {
  await fc.assert(
    fc.asyncProperty(script, async (plans) => {
      const player = new ScriptPlayer(plans, log)
      const { consumer, service, clock } = setUp(
        { log, isTokenInclusive, answer: player.answer },
        { gapDetection: 'refetch' },
      )
      let count = 0
      for await (const { metadata } of consumer) {
        // A plain comparison: an assertion for each would be half of the time of this test.
        if (metadata.fragmentNumber !== log[count].fragmentNumber) break
        count += 1
        if (count === FRAGMENTS) break
      }
      const { duplicatesDropped, gaps } = consumer.stats()
      const { peakBodies, openBodies } = service
      assert.deepEqual(
        { count, duplicatesDropped, gaps, peakBodies, openBodies, timers: clock.pending },
        {
          count: FRAGMENTS,
          duplicatesDropped: player.duplicates,
          gaps: 0,
          peakBodies: 1,
          openBodies: 0,
          timers: 0,
        },
      )
    }),
    { numRuns },
  )
}
