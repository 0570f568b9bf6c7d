import type { Clock } from './clock.js'
import type { ConsumerEvent, ReconnectReason } from './events.js'
import type { StreamPosition } from './position.js'

/** What a consumer has done so far; a copy that does not change any more. */
export interface ConsumerStats {
  /** Payload bytes received, repeated and damaged ones too. */
  readonly bytes: number
  /** Fragments yielded; in frame mode, fragments all of whose frames were. */
  readonly fragments: number
  /** Frames yielded, those of yielded fragments included. */
  readonly frames: number
  /** Whole fragments that arrived again and were dropped. */
  readonly duplicatesDropped: number
  /** Fragments older than an inclusive start that came along with it and were dropped. */
  readonly droppedBeforeStart: number
  /** Arrivals of damaged fragments. */
  readonly damagedFragments: number
  /** Gap events. */
  readonly gaps: number
  /** GetMedia responses. */
  readonly sessions: number
  /** Reconnects by what made them necessary; reasons that never occurred are absent. */
  readonly reconnects: Readonly<Partial<Record<ReconnectReason, number>>>
  /** MILLIS_BEHIND_NOW of the last fragment; `undefined` before one. */
  readonly millisBehindNow: number | undefined
  /** The last fragment that was handed over whole; `undefined` before one. */
  readonly position: StreamPosition | undefined
  /** The last position that is in the store; `undefined` before one, or without a store. */
  readonly savedPosition: StreamPosition | undefined
  /** Milliseconds since the last save of this consumer; `undefined` before one. */
  readonly checkpointAgeMs: number | undefined
}

/** Counts; the public face is {@link ConsumerStats}. */
export class StatsCounter {
  readonly #clock: Clock
  bytes = 0
  fragments = 0
  frames = 0
  droppedBeforeStart = 0
  position: StreamPosition | undefined
  savedPosition: StreamPosition | undefined
  #duplicatesDropped = 0
  #damagedFragments = 0
  #gaps = 0
  #sessions = 0
  #millisBehindNow: number | undefined
  #savedAtMs: number | undefined
  readonly #reconnects: { [Reason in ReconnectReason]?: number } = {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Counts what an event tells. */
  count(event: ConsumerEvent): void {
    switch (event.type) {
      case 'sessionOpened':
        this.#sessions += 1
        break
      case 'reconnectScheduled':
        this.#reconnects[event.reason] = (this.#reconnects[event.reason] ?? 0) + 1
        break
      case 'duplicateDropped':
        this.#duplicatesDropped += 1
        break
      case 'damagedFragment':
        this.#damagedFragments += 1
        break
      case 'gap':
        this.#gaps += 1
        break
      case 'lag':
        this.#millisBehindNow = event.millisBehindNow
        break
      case 'checkpointSaved':
        this.#savedAtMs = this.#clock.monotonicMs()
        break
      default:
    }
  }

  /** A copy of the figures now. */
  snapshot(): ConsumerStats {
    return {
      bytes: this.bytes,
      fragments: this.fragments,
      frames: this.frames,
      duplicatesDropped: this.#duplicatesDropped,
      droppedBeforeStart: this.droppedBeforeStart,
      damagedFragments: this.#damagedFragments,
      gaps: this.#gaps,
      sessions: this.#sessions,
      reconnects: { ...this.#reconnects },
      millisBehindNow: this.#millisBehindNow,
      position: this.position,
      savedPosition: this.savedPosition,
      checkpointAgeMs:
        this.#savedAtMs === undefined ? undefined : this.#clock.monotonicMs() - this.#savedAtMs,
    }
  }
}
