import { describe, expect, it } from 'vitest'
import { KinesisVideoConsumer, type KinesisVideoConsumerOptions } from '../../src/consumer/index.js'
import { VirtualClock } from '../helpers/consumer-clock.js'
import { FakeService, createLog } from '../helpers/consumer-service.js'

describe('resume', () => {
  it('yields everything once', async () => {
    const clock = new VirtualClock()
    const service = new FakeService({ log: createLog(5), clock })
    const consumer = new KinesisVideoConsumer({
      streamName: 'x',
      source: service,
      clock,
      startSelector: { StartSelectorType: 'EARLIEST' },
    })
    const seen: string[] = []
    for await (const fragment of consumer) {
      seen.push(fragment.metadata.fragmentNumber!)
      if (seen.length === 5) break
    }
    expect(seen).toEqual(service.log.map((f) => f.fragmentNumber))
    expect(service.requests).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })
})
