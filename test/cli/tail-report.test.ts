import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Output } from '../../src/cli/output.js'
import { TailReport } from '../../src/cli/tail-report.js'
import { systemClock } from '../../src/consumer/clock.js'
import type { ConsumerEvent } from '../../src/consumer/index.js'

/** What a report ends with that was told these events and no fragment, and others when it had ended. */
async function endAfter(
  events: readonly ConsumerEvent[],
  isJson: boolean,
  later: readonly ConsumerEvent[] = [],
): Promise<string> {
  const stdout = new PassThrough()
  const { signal } = new AbortController()
  const io = { stdin: stdout, stdout, stderr: stdout, env: {}, clock: systemClock, signal }
  const report = new TailReport(new Output(io), isJson, undefined)
  for (const event of events) report.event(event)
  await report.end(undefined, undefined)
  for (const event of later) report.event(event)
  await new Promise((resolve) => setImmediate(resolve))
  return String(stdout.read()).split('\n').at(-2)!
}

describe('TailReport', () => {
  const gap: ConsumerEvent = {
    type: 'gap',
    reason: 'missing-fragment',
    afterFragmentNumber: '1',
    beforeFragmentNumber: '3',
  }

  it('ends with the gaps that events told of', async () => {
    expect(await endAfter([], false)).toBe('no gaps, no errors')
    expect(await endAfter([gap, gap], false)).toBe(
      '2 gaps in the stream, where fragments were left out',
    )
  })

  it('counts damaged fragments as errors, and gaps not: each has a line of its own', async () => {
    const damaged: ConsumerEvent = {
      type: 'damagedFragment',
      fragmentNumber: '2',
      attempt: 1,
      action: 'refetch',
      errors: [],
    }
    expect(JSON.parse(await endAfter([gap, damaged], true))).toMatchObject({ errors: 1 })
  })

  it('has its summary last, whatever happens afterwards', async () => {
    const saved: ConsumerEvent = { type: 'checkpointSaved', fragmentNumber: '2' }
    for (const isJson of [true, false]) {
      expect(await endAfter([], isJson, [saved, gap])).toBe(await endAfter([], isJson))
    }
  })
})
