import { type ConsumerSettings, KinesisVideoConsumer } from '../../src/consumer/index.js'
import type { ConsumerEvent } from '../../src/consumer/events.js'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/index.js'
import { FastClock } from './consumer-clock.js'
import { type HeldFragment, createLog } from './consumer-service.js'

/** What every SDK client needs; a simulator takes any signature. */
export const CREDENTIALS = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' } as const

/** The real SDK in front of a simulator, in fast time. */
export interface LiveHarness extends AsyncDisposable {
  readonly clock: FastClock
  readonly simulator: Simulator
  readonly numbers: readonly string[]
  readonly events: ConsumerEvent[]
  createConsumer(
    settings?: Partial<ConstructorParameters<typeof KinesisVideoConsumer>[0]>,
  ): KinesisVideoConsumer
  ofType<Type extends ConsumerEvent['type']>(type: Type): Extract<ConsumerEvent, { type: Type }>[]
}

export interface LiveOptions extends Omit<SimulatorOptions, 'clock' | 'streams'> {
  /** What the stream `front-door` holds. */
  readonly fragments?: readonly HeldFragment[]
  /** How much faster than real time. Default 100. */
  readonly factor?: number
}

/** Starts a simulator that holds the fragments and ends a response when all is sent. */
export async function startLive(options: LiveOptions = {}): Promise<LiveHarness> {
  const { fragments = createLog(5, { frames: 2 }), factor = 100, limits, ...rest } = options
  const clock = new FastClock(factor)
  const simulator = await startSimulator({
    ...rest,
    clock,
    limits: { idleEndMs: 0, ...limits },
    streams: [{ name: 'front-door', fragments: fragments.map(prepare) }],
  })
  const events: ConsumerEvent[] = []
  return {
    clock,
    simulator,
    numbers: fragments.map(({ fragmentNumber }) => fragmentNumber),
    events,
    createConsumer(settings = {}) {
      const consumer = new KinesisVideoConsumer({
        streamName: 'front-door',
        ...(settings.client === undefined ? { clientConfig: clientConfig(simulator) } : {}),
        startSelector: { StartSelectorType: 'EARLIEST' },
        clock,
        // In fast time the defaults are a fraction of a second, which a busy machine may need for a connection.
        firstByteTimeoutMs: 600_000,
        readIdleTimeoutMs: 600_000,
        ...(settings as ConsumerSettings),
      } as ConstructorParameters<typeof KinesisVideoConsumer>[0])
      consumer.on('event', (event) => events.push(event))
      return consumer
    },
    ofType: (type) => events.filter((event) => event.type === type) as never,
    [Symbol.asyncDispose]: () => simulator.close(),
  }
}

/** Settings of a client that speaks to the simulator. */
export function clientConfig(simulator: Simulator) {
  return { region: 'us-east-1', endpoint: simulator.endpoint, credentials: CREDENTIALS }
}

// The numbers and times of the log are kept; the service writes its own tags around the Cluster.
function prepare({ spec }: HeldFragment) {
  return spec
}
