import { type Channel, channel } from 'node:diagnostics_channel'
import type { Logger } from '@smithy/types'
import { type ConsumerEmitter, type ConsumerEvent, tell } from './events.js'
import { logEvent } from './log.js'
import type { StatsCounter } from './stats.js'

/** What is published on the channels: the event, and which stream it is of. */
export interface DiagnosticsMessage {
  /** Name or ARN of the stream. */
  readonly stream: string
  /** The very object that listeners get, before them. */
  readonly event: ConsumerEvent
}

/**
 * The name of the `node:diagnostics_channel` channel that carries events of a type, for tracing tools that have no hold of
 * the consumer: `kvs-fragments.consumer.gap` and so on.
 */
export function diagnosticsChannelName(type: ConsumerEvent['type']): string {
  return `kvs-fragments.consumer.${type}`
}

// Node looks channels up by name each time, and forgets those that nobody holds.
const channels = new Map<ConsumerEvent['type'], Channel>()

function channelOf(type: ConsumerEvent['type']): Channel {
  let known = channels.get(type)
  if (known === undefined) {
    known = channel(diagnosticsChannelName(type))
    channels.set(type, known)
  }
  return known
}

/** The one way by which events leave: into the figures, the log, the channels and to the listeners. Never throws. */
export class Health {
  readonly #emitter: ConsumerEmitter
  readonly #stats: StatsCounter
  readonly #logger: Logger | undefined
  readonly #stream: string

  constructor(
    emitter: ConsumerEmitter,
    stats: StatsCounter,
    logger: Logger | undefined,
    stream: string,
  ) {
    this.#emitter = emitter
    this.#stats = stats
    this.#logger = logger
    this.#stream = stream
  }

  /** Tells everyone. */
  report(event: ConsumerEvent): void {
    this.#stats.count(event)
    if (this.#logger !== undefined) logEvent(this.#logger, this.#stream, event)
    const diagnostics = channelOf(event.type)
    if (diagnostics.hasSubscribers) {
      // A subscriber that throws is handed to the process by Node itself, not to us.
      diagnostics.publish({ stream: this.#stream, event } satisfies DiagnosticsMessage)
    }
    tell(this.#emitter, event, (error) => {
      // A listener of listenerError that throws is not told of itself for ever.
      if (event.type !== 'listenerError') {
        this.report({ type: 'listenerError', event: event.type, error })
      }
    })
  }
}
