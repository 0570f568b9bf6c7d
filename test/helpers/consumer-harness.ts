import type { ConsumerEvent } from '../../src/consumer/events.js'
import {
  type ConsumedFragment,
  type ConsumerSettings,
  KinesisVideoConsumer,
} from '../../src/consumer/index.js'
import { VirtualClock } from './consumer-clock.js'
import { type FakeServiceOptions, FakeService } from './consumer-service.js'

/** A consumer, the service it reads from, and everything it tells. */
export interface Harness {
  readonly clock: VirtualClock
  readonly service: FakeService
  readonly consumer: KinesisVideoConsumer
  readonly events: ConsumerEvent[]
  /** The events of one type, in order. */
  ofType<Type extends ConsumerEvent['type']>(type: Type): Extract<ConsumerEvent, { type: Type }>[]
}

/** Sets a consumer up in front of a service in memory. Without jitter: every back-off is half of its ceiling. */
export function setUp(
  service: Omit<FakeServiceOptions, 'clock'>,
  settings: ConsumerSettings = {},
): Harness {
  const clock = new VirtualClock()
  const fake = new FakeService({ ...service, clock })
  const consumer = new KinesisVideoConsumer({
    streamName: 'front-door',
    source: fake,
    clock,
    random: () => 0.5,
    startSelector: { StartSelectorType: 'EARLIEST' },
    ...settings,
  })
  const events: ConsumerEvent[] = []
  consumer.on('event', (event) => events.push(event))
  return {
    clock,
    service: fake,
    consumer,
    events,
    ofType: (type) => events.filter((event) => event.type === type) as never,
  }
}

/** Takes so many fragments, breaks, and answers their numbers. */
export async function take(
  consumer: AsyncIterable<ConsumedFragment>,
  count: number,
): Promise<string[]> {
  const numbers: string[] = []
  if (count === 0) return numbers
  for await (const { metadata } of consumer) {
    numbers.push(metadata.fragmentNumber)
    if (numbers.length === count) break
  }
  return numbers
}

/** Takes frames and answers the fragment and frame that the bytes of each name, such as `3.1`. */
export async function takeFrames(consumer: KinesisVideoConsumer, count: number): Promise<string[]> {
  const names: string[] = []
  for await (const { data } of consumer.frames()) {
    names.push(`${(data[0] << 8) | data[1]}.${(data[2] << 8) | data[3]}`)
    if (names.length === count) break
  }
  return names
}

/** What the iteration ends with. */
export async function failureOf(consumer: AsyncIterable<unknown>): Promise<unknown> {
  try {
    for await (const _ of consumer) {
      // Only the end matters.
    }
  } catch (error) {
    return error
  }
  return undefined
}
