import { EventEmitter } from 'node:events'
import type { ParseError } from '../parser/errors.js'
import type { ServiceError, ServiceErrorAction } from '../tags/service-error.js'
import type { CheckpointDamagedError } from './checkpoint.js'
import type { FailureKind, Operation } from './failure.js'
import type { GapReason, StreamPosition } from './position.js'
import type { StartSelector } from './start-selector.js'

/**
 * Why a session ended.
 *
 * - `ended`: the response ended between two fragments: after 3 s without new ones, after 45 minutes, or after catching up.
 * - `truncated`: it ended without an error, but inside a fragment.
 * - `reset`: the connection broke.
 * - `stalled`: no byte came for `readIdleTimeoutMs` while the consumer was waiting for one.
 * - `service-error`: the service reported an error in the stream.
 * - `damaged`: a fragment was damaged; it is fetched again.
 * - `gap`: a fragment was left out; it is asked for again.
 * - `rotated`: `sessionRotationMs` had passed; a new session goes on behind the last fragment.
 * - `closed`: the consumer was ended: by its user, its signal, or an error of its own.
 */
export type SessionEndReason =
  | 'ended'
  | 'truncated'
  | 'reset'
  | 'stalled'
  | 'service-error'
  | 'damaged'
  | 'gap'
  | 'rotated'
  | 'closed'

/** Why a session is opened anew: how the one before ended, or why it could not be opened. */
export type ReconnectReason = Exclude<SessionEndReason, 'closed'> | FailureKind

/** A GetMedia response began. */
export interface SessionOpenedEvent {
  readonly type: 'sessionOpened'
  /** Counts the sessions of this consumer, from 1. */
  readonly session: number
  /** What was asked for. */
  readonly selector: StartSelector
  /** AWS's ID of the request; `undefined` where the source tells none. */
  readonly requestId: string | undefined
}

/** A GetMedia response is over; its connection is closed. */
export interface SessionEndedEvent {
  readonly type: 'sessionEnded'
  /** The number that its `sessionOpened` event had. */
  readonly session: number
  /** How it ended; {@link SessionEndReason} explains each. */
  readonly reason: SessionEndReason
  /** Fragments of this session that were yielded; in frame mode, fragments all of whose frames were. */
  readonly fragments: number
  /** Bytes of this session. */
  readonly bytes: number
  /** How long it lasted, in milliseconds. */
  readonly durationMs: number
  /**
   * What the connection broke with, or the {@link ParseError} at which the bytes could not be read on. That is the case for
   * `reset`, for `damaged` unless only the content of a fragment was wrong, and for another reason that came in the same
   * moment, such as a `service-error` right before the connection broke. Otherwise `undefined`.
   */
  readonly error: unknown
}

/** The service reported an error in the stream. When `action` is `fail`, the iterator throws `error` next. */
export interface ServiceErrorEvent {
  readonly type: 'serviceError'
  /** ERROR_ID: 3002, 4000, 4500 to 4506, 5000, or one that is not documented. */
  readonly id: number | undefined
  /** ERROR_CODE. */
  readonly code: string
  /** What the consumer does about it. */
  readonly action: ServiceErrorAction
  /** The fragment that the error names; `undefined` when it names none. */
  readonly fragmentNumber: string | undefined
  /** The error itself; the same object is in its fragment's `metadata.serviceErrors`. */
  readonly error: ServiceError
}

/** GetDataEndpoint or GetMedia failed. What is done about it is in {@link FailureKind}. */
export interface RequestFailedEvent {
  readonly type: 'requestFailed'
  /** Which call failed; `GetMedia` where that is not known, as with `first-byte-timeout`. */
  readonly operation: Operation
  /** What it was taken for, by name, status and code. */
  readonly kind: FailureKind
  /** The exception as AWS names it, without `Exception`, such as `ClientLimitExceeded`; else a network code. */
  readonly exception: string
  /** HTTP status; `undefined` when there was no response. */
  readonly status: number | undefined
  /** AWS's ID of the request, for a support case; `undefined` when there was no response, or none in it. */
  readonly requestId: string | undefined
  /**
   * `retry`: after the delay that the `reconnectScheduled` event tells. `resume-point-lost`: what was asked for is gone.
   * `fail`: the iterator throws.
   */
  readonly action: 'retry' | 'resume-point-lost' | 'fail'
  /** Failures in a row. */
  readonly attempt: number
  /** What was thrown. Its message can quote the request with its security token: log its name, not its text. */
  readonly error: unknown
}

/**
 * Besides `requestFailed`: the stream has its three connections already, perhaps those of this consumer's predecessor.
 *
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/limits.html
 */
export interface ConnectionLimitExceededEvent {
  readonly type: 'connectionLimitExceeded'
  /** Failures in a row. */
  readonly attempt: number
  /** What was thrown: the same as in the `requestFailed` event. */
  readonly error: unknown
}

/** A session will be opened. */
export interface ReconnectScheduledEvent {
  readonly type: 'reconnectScheduled'
  /** How the session before ended, or why the last attempt failed. */
  readonly reason: ReconnectReason
  /** Milliseconds until then; 0 after an ordinary end. The spacing of calls may add up to 250 ms. */
  readonly delayMs: number
  /** Failures in a row without a fragment between them; 0 after an ordinary end. */
  readonly attempt: number
}

/** The service refused to resume where the consumer stood. What comes next depends on `onResumePointLost`. */
export interface ResumePointLostEvent {
  readonly type: 'resumePointLost'
  /** The last fragment before it; `undefined` at the start, such as when an inclusive start names a fragment that is gone. */
  readonly afterFragmentNumber: string | undefined
  /** `onResumePointLost`: `fail` throws `ResumePointLostError` next, the others start there, behind a gap event. */
  readonly policy: 'fail' | 'earliest' | 'now'
  /** The in-band error or exception that said so; `undefined` when the service sent later fragments instead. */
  readonly error: unknown
}

/** Fragments were left out. Told before the first one behind the gap is yielded, or when the consumer ends before. */
export interface GapEvent {
  readonly type: 'gap'
  /** What left them out; `sequence` is concluded from their numbers only, see `gapDetection`. */
  readonly reason: GapReason
  /** The last fragment before the gap; `undefined` when the gap is at the start. */
  readonly afterFragmentNumber: string | undefined
  /** The first one behind it; `undefined` when the consumer ended before one came. */
  readonly beforeFragmentNumber: string | undefined
}

/** A fragment arrived that had been delivered before; it was dropped. */
export interface DuplicateDroppedEvent {
  readonly type: 'duplicateDropped'
  /** Its number: not greater than that of the last one delivered. */
  readonly fragmentNumber: string
}

/** A fragment arrived damaged and was not yielded. */
export interface DamagedFragmentEvent {
  readonly type: 'damagedFragment'
  /** `undefined` when the damage lies before its number. */
  readonly fragmentNumber: string | undefined
  /** How often it was fetched by now. */
  readonly attempt: number
  /** `refetch`: it is asked for again. `skip` and `fail`: what `onDamagedFragment` says. */
  readonly action: 'refetch' | 'skip' | 'fail'
  /** What was found; empty when the fragment is whole, but not what it was the time before. */
  readonly errors: readonly ParseError[]
}

/** The checkpoint was taken over at the start. */
export interface CheckpointClaimedEvent {
  readonly type: 'checkpointClaimed'
  /** The fence of this claim, 1 or more: who claims later has a greater one, and saves with this one are refused. */
  readonly epoch: number
  /** Where the consumer resumes; `undefined` when it starts at `startSelector`. */
  readonly checkpoint: StreamPosition | undefined
  /** What was wrong with the newest save, when an older one is used for that reason. */
  readonly damage: CheckpointDamagedError | undefined
}

/** A position is in the store. */
export interface CheckpointSavedEvent {
  readonly type: 'checkpointSaved'
  /** The last fragment before the position: a consumer that starts from it goes on behind this one. */
  readonly fragmentNumber: string
}

/** A save failed; it is tried again with back-off. Media goes on meanwhile. */
export interface CheckpointFailedEvent {
  readonly type: 'checkpointFailed'
  /** What `save` of the store was rejected with. */
  readonly error: unknown
}

/** How far behind the stream's newest media a fragment was when it was sent. One event a fragment. */
export interface LagEvent {
  readonly type: 'lag'
  /** The fragment, which arrived whole. */
  readonly fragmentNumber: string
  /** MILLIS_BEHIND_NOW: never 0. */
  readonly millisBehindNow: number
  /** Whether that is at most `caughtUpMs`. */
  readonly isCaughtUp: boolean
}

/** A listener threw, or returned a promise that was rejected. Nothing else happened: data and other listeners go on. */
export interface ListenerErrorEvent {
  readonly type: 'listenerError'
  /** The event it listened to. */
  readonly event: string
  /** What it threw, or its promise was rejected with. */
  readonly error: unknown
}

/**
 * The consumer is over: its connection is closed and its last position saved, or that failed. The last event, but for saves of
 * commits that are made later.
 */
export interface ClosedEvent {
  readonly type: 'closed'
  /** `stopped`: by stop(), break or return. `aborted`: by the signal. `failed`: by an error, which the iterator throws. */
  readonly reason: 'stopped' | 'aborted' | 'failed'
  /** What the iterator throws: for `aborted` the signal's reason; `undefined` when stopped. */
  readonly error: unknown
}

/** Everything a consumer tells about its health: a union discriminated by `type`. */
export type ConsumerEvent =
  | SessionOpenedEvent
  | SessionEndedEvent
  | ServiceErrorEvent
  | RequestFailedEvent
  | ConnectionLimitExceededEvent
  | ReconnectScheduledEvent
  | ResumePointLostEvent
  | GapEvent
  | DuplicateDroppedEvent
  | DamagedFragmentEvent
  | CheckpointClaimedEvent
  | CheckpointSavedEvent
  | CheckpointFailedEvent
  | LagEvent
  | ListenerErrorEvent
  | ClosedEvent

/** The events by name. Each listener gets one object; `'event'` is told of all of them. */
export type ConsumerEventMap = {
  [Event in ConsumerEvent as Event['type']]: [event: Event]
} & {
  /** Every event, after the listeners of its own name. */
  event: [event: ConsumerEvent]
}

/**
 * An EventEmitter whose `on`, `once` and `off` are typed; `events.once` and `events.on` work as on any other, untyped. There is
 * no `'error'` event, so nothing throws for want of a listener: what ends the consumer is thrown by its iterator.
 */
export class ConsumerEmitter extends EventEmitter<ConsumerEventMap> {}

/**
 * Tells the listeners of the event, then those of `'event'`. Other than `emit`, it calls each of them even when one before
 * it throws, and hands what they throw, or reject with, to `onError`.
 */
export function tell(
  emitter: ConsumerEmitter,
  event: ConsumerEvent,
  onError: (error: unknown) => void,
): void {
  for (const name of [event.type, 'event'] as const) {
    // The raw ones remove themselves when they were added by once().
    for (const listener of emitter.rawListeners(name)) {
      try {
        const result: unknown = Reflect.apply(listener, emitter, [event])
        if (isThenable(result)) result.then(undefined, onError)
      } catch (error) {
        onError(error)
      }
    }
  }
}

/** What a callback answered that is asynchronous, whatever its type says. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as Partial<PromiseLike<unknown>>).then === 'function'
  )
}
