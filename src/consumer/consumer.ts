import type { FragmentMetadata } from '../tags/metadata.js'
import { ConsumerError, InvalidOptionError } from './errors.js'
import { ConsumerEmitter } from './events.js'
import { Health } from './health.js'
import {
  type KinesisVideoConsumerOptions,
  type ResolvedOptions,
  resolveOptions,
} from './options.js'
import { type ConsumedFragment, type ConsumedFrame, Run } from './run.js'
import { type ConsumerStats, StatsCounter } from './stats.js'

/** How {@link KinesisVideoConsumer.stop} waits. */
export interface StopOptions {
  /**
   * How long the loop may take with the item at hand, in milliseconds. Default 30,000; then it is not waited for. `Infinity`: as
   * long as it takes.
   */
  readonly drainTimeoutMs?: number | undefined
}

const DRAIN_TIMEOUT_MS = 30_000

/**
 * Reads one Kinesis video stream for ever, through every end of session, without losing or repeating a fragment.
 *
 * ```ts
 * const consumer = new KinesisVideoConsumer({ streamName: 'front-door' })
 * for await (const fragment of consumer) console.log(fragment.metadata.fragmentNumber)
 * ```
 *
 * Iterate it for whole fragments, or `frames()` for frames as they arrive; once, and one of the two. Nothing is read
 * before the loop asks for it and nothing is queued, so a slow loop holds the service back through TCP. The loop ends by
 * `break`, by `throw`, by `stop()` without an error, by the `signal` with its reason, or by an error that no retry mends: a
 * {@link ConsumerError} or a `ServiceError`. Whichever way, the connection is closed and the last commit saved.
 *
 * Its health is told by events, see {@link ConsumerEventMap}, by `stats()`, by the logger and by diagnostics channels. Nobody
 * needs to listen: data is never lost for want of a listener, and what the service held and is lost is always an error of the
 * loop too, unless an option says otherwise. Only an event, `gap`, tells of a fragment whose beginning was seen and that the
 * service does not hold: it was asked for three times more.
 *
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_dataplane_GetMedia.html
 */
export class KinesisVideoConsumer
  extends ConsumerEmitter
  implements AsyncIterable<ConsumedFragment>, AsyncDisposable
{
  readonly #options: ResolvedOptions
  readonly #stats: StatsCounter
  readonly #health: Health
  #run: Run<ConsumedFragment | ConsumedFrame> | undefined
  /** The run of a consumer that was stopped before it was iterated: over, and not yet asked for. */
  #unused: Run<ConsumedFragment | ConsumedFrame> | undefined
  #stopping: Promise<void> | undefined

  /**
   * Checks the options; sends nothing.
   *
   * @throws InvalidOptionError when one is missing, contradicts another or has a value that AWS would refuse.
   */
  constructor(options: KinesisVideoConsumerOptions) {
    super()
    this.#options = resolveOptions(options)
    this.#stats = new StatsCounter(this.#options.clock)
    this.#health = new Health(this, this.#stats, this.#options.logger, this.#options.stream)
  }

  /**
   * Whole fragments, each exactly once, in order. A fragment is yielded when its closing tags are read, and holds all its
   * frames; `fragment.commit()` says that it is done with.
   *
   * @throws ConsumerError `already-used` when the consumer was iterated before.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<ConsumedFragment> {
    return this.#iterate<ConsumedFragment>(false)
  }

  /**
   * Each frame when its last byte has arrived, exactly once, even when the connection dies inside a fragment: what was
   * yielded of it is passed over when it is fetched again. `frame.metadata` has what the opening tags said, `frame.tags` what
   * the producer's tags before the media did.
   *
   * A fragment is committed when all its frames were asked past. Frames of a fragment that turns out damaged were yielded
   * up to the damage: a `damagedFragment` event tells.
   *
   * @throws ConsumerError `already-used` when the consumer was iterated before.
   */
  frames(): AsyncIterableIterator<ConsumedFrame> {
    return this.#iterate<ConsumedFrame>(true)
  }

  /**
   * Commits everything handed over so far: the fragment at hand and all before; in frame mode, whole fragments before the
   * frame at hand. Resolves when that is saved; at once without a checkpoint store or anything to commit. Also after the loop
   * has ended, for as long as no other consumer has claimed the checkpoint.
   *
   * For frames that are worked on side by side: with the metadata of a frame, it commits that frame's fragment and all before;
   * while that was not handed over whole, those before it.
   */
  commit(through?: FragmentMetadata): Promise<void> {
    return this.#run?.commit(through) ?? Promise.resolve()
  }

  /**
   * Ends the loop without an error. The connection is closed at once; the promise resolves when the loop has come back from the
   * item at hand, which commits it unless `commit` is 'manual', and everything is saved. It may be called from anywhere and
   * more than once. Inside the loop do not await it, as it would wait for the loop: use `break`, or it takes `drainTimeoutMs`.
   *
   * The loop throws what went wrong with that too, so a rejection that nobody looks at is not an unhandled one.
   *
   * @throws ConsumerError `checkpoint-failed` or `stale-epoch` when the last position could not be saved.
   * @throws InvalidOptionError when `drainTimeoutMs` is no time; nothing is ended then.
   */
  stop(options: StopOptions = {}): Promise<void> {
    const { drainTimeoutMs = DRAIN_TIMEOUT_MS } = options
    if (!(drainTimeoutMs >= 0)) {
      return Promise.reject(
        new InvalidOptionError('drainTimeoutMs', 'pass milliseconds, or Infinity'),
      )
    }
    if (this.#stopping === undefined) {
      // One that was never begun is closed all the same: its source may be the caller's.
      this.#run ??= this.#unused = this.#createRun<ConsumedFragment | ConsumedFrame>(false)
      this.#stopping = this.#run.stop(drainTimeoutMs)
      this.#stopping.catch(() => undefined)
    }
    return this.#stopping
  }

  /** `stop()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** What was done so far: bytes, fragments, reconnects by reason, lag, position and more. */
  stats(): ConsumerStats {
    return this.#stats.snapshot()
  }

  #iterate<T extends ConsumedFragment | ConsumedFrame>(
    isFrameMode: boolean,
  ): AsyncIterableIterator<T> {
    // Stopped before it began: there is nothing to come.
    if (this.#unused !== undefined) {
      const unused = this.#unused as Run<T>
      this.#unused = undefined
      return unused
    }
    if (this.#run !== undefined) {
      throw new ConsumerError(
        'already-used',
        'A consumer is iterated once: make a new one, with the same checkpoint to go on.',
      )
    }
    const run = this.#createRun<T>(isFrameMode)
    this.#run = run
    return run
  }

  #createRun<T extends ConsumedFragment | ConsumedFrame>(isFrameMode: boolean): Run<T> {
    return new Run<T>({
      options: this.#options,
      isFrameMode,
      health: this.#health,
      stats: this.#stats,
    })
  }
}
