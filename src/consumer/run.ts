import { Frame } from '../parser/frame.js'
import { isFragmentNumber } from '../tags/fragment-number.js'
import type { GetMediaFragment } from '../tags/get-media-parser.js'
import type { FragmentMetadata } from '../tags/metadata.js'
import type { CheckpointClaim } from './checkpoint.js'
import { CheckpointWriter, type Mark } from './checkpoint-writer.js'
import { raceAbort, settlesWithin } from './clock.js'
import { ConsumerError } from './errors.js'
import { Feed } from './feed.js'
import type { Health } from './health.js'
import { type DeliveredItem, positionOf } from './intake.js'
import type { MediaSource } from './media-source.js'
import type { ResolvedOptions } from './options.js'
import { Position } from './position.js'
import type { StatsCounter } from './stats.js'

/** The metadata of a fragment that has its number. */
export interface NumberedMetadata extends FragmentMetadata {
  /** FRAGMENT_NUMBER: 1 to 128 digits. Compare with `compareFragmentNumbers`, never as Number or as plain text. */
  readonly fragmentNumber: string
}

/** A whole fragment, and the way to say that it is done with. */
export interface ConsumedFragment extends GetMediaFragment {
  /** What its tags say; its number is always among it. */
  readonly metadata: NumberedMetadata
  /**
   * Commits the fragment, and with it every one before. Resolves when that is saved; at once without a checkpoint store. It may
   * come after the loop has ended: finish your own work, then commit. Rejects when it cannot be saved: another consumer has
   * claimed the checkpoint, or at the end the store failed or did not answer in time; a rejection that nobody looks at is not
   * an unhandled one. A save that fails is tried again for as long as the consumer lives, so with a store that stays out of
   * reach this waits until the consumer is stopped: `checkpointFailed` events tell.
   */
  commit(): Promise<void>
}

/** A frame; the number of its fragment is always known. */
export type ConsumedFrame = Frame<NumberedMetadata>

/** What a {@link Run} works with. */
export interface RunOptions {
  readonly options: ResolvedOptions
  readonly isFrameMode: boolean
  readonly health: Health
  readonly stats: StatsCounter
}

/** The reason of the abort that ends a run without an error. */
const STOPPED: unique symbol = Symbol('stopped')

const NO_ITEMS: readonly DeliveredItem[] = []
const CLOSE_LIMIT_MS = 1000

/**
 * One iteration over a stream, from the first `next()` to the end: claims the checkpoint, hands over what the feed brings,
 * commits what the loop is done with, and closes everything, whichever way it ends.
 *
 * Written out rather than as an async generator, for two reasons: `return()` must end a `next()` that is waiting, where a
 * generator's would wait for it, and an item that is there already costs one resolved promise.
 */
export class Run<T extends ConsumedFragment | ConsumedFrame> implements AsyncIterableIterator<T> {
  readonly #context: RunOptions
  /** Aborted to end everything at once. Its reason: STOPPED, the user's, or the error that ended the run. */
  readonly #controller = new AbortController()
  #feed: Feed | undefined
  #source: MediaSource | undefined
  #writer: CheckpointWriter | undefined
  #items: readonly DeliveredItem[] = NO_ITEMS
  #at = 0
  /** The place behind what was handed over whole and not committed yet. */
  #done: Mark | undefined
  /** The place behind the fragment that the loop is at work on. */
  #inHand: Mark | undefined
  /** The places behind the fragments that were handed over whole, for as long as somebody holds on to them. */
  readonly #marks = new WeakMap<FragmentMetadata, Mark>()
  /** An item was handed over, and the loop has not come back from it. */
  #isAtWork = false
  #isOver = false
  #starting: Promise<void> | undefined
  /** The call that is under way; further ones queue behind it. */
  #pulling: Promise<IteratorResult<T, undefined>> | undefined
  #closed: Promise<void> | undefined
  #resolveReturned: (() => void) | undefined

  constructor(context: RunOptions) {
    this.#context = context
    context.options.signal?.addEventListener('abort', this.#onUserAbort, { once: true })
    this.#controller.signal.addEventListener('abort', this.#onAbort, { once: true })
    if (context.options.signal?.aborted === true) this.#onUserAbort()
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#pulling === undefined) {
      const value = this.#take()
      if (value !== undefined) return Promise.resolve({ done: false, value })
    }
    // Out of line, as most items are there already.
    const before = this.#pulling
    const pull = (): Promise<IteratorResult<T, undefined>> => this.#pull()
    const result = before === undefined ? this.#pull() : before.then(pull, pull)
    this.#pulling = result
    const release = (): void => {
      if (this.#pulling === result) this.#pulling = undefined
    }
    result.then(release, release)
    return result
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    // The loop left by break or throw: a stop() that waits for it need not any more.
    this.#isAtWork = false
    this.#resolveReturned?.()
    this.#controller.abort(STOPPED)
    await this.#close()
    return { done: true, value: undefined }
  }

  async throw(error: unknown): Promise<IteratorResult<T, undefined>> {
    await this.return()
    throw error
  }

  /**
   * Commits what was handed over: in frame mode whole fragments before the frame at hand, else up to the one at hand. With the
   * metadata of a fragment, not beyond that one.
   */
  commit(through?: FragmentMetadata): Promise<void> {
    const mark = through === undefined ? undefined : this.#marks.get(through)
    return this.#commit(mark ?? this.#inHand ?? this.#done)
  }

  /**
   * Ends the run: no bytes from now on. Resolves when the loop has asked for the next item, which says that it is done
   * with the last, and that is saved; or after `drainTimeoutMs`, if the loop does not.
   */
  async stop(drainTimeoutMs: number): Promise<void> {
    const { clock } = this.#context.options
    this.#controller.abort(STOPPED)
    if (this.#isAtWork) {
      // The loop may be waiting for a save that is tried again and again.
      this.#writer?.hasten()
      const isBack = new Promise<void>((resolve) => {
        this.#resolveReturned = resolve
      })
      await settlesWithin(clock, isBack, drainTimeoutMs)
    }
    await this.#close()
  }

  readonly #onUserAbort = (): void => {
    this.#controller.abort(this.#context.options.signal?.reason)
  }

  readonly #onAbort = (): void => {
    // The session hears of it too and closes its connection by itself.
    this.#items = NO_ITEMS
    // The loop may never come back for the error: everything is closed now, whether it does or not.
    if (this.#controller.signal.reason !== STOPPED) this.#close().catch(() => undefined)
  }

  async #pull(): Promise<IteratorResult<T, undefined>> {
    if (this.#isOver) return { done: true, value: undefined }
    const { signal } = this.#controller
    try {
      for (;;) {
        const value = this.#take()
        if (value !== undefined) return { done: false, value }
        signal.throwIfAborted()
        await (this.#starting ??= this.#start())
        const items = await (this.#feed as Feed).pull()
        signal.throwIfAborted()
        this.#items = items
        this.#at = 0
      }
    } catch (error) {
      return this.#end(error)
    }
  }

  /** The next item that is there; with `commit: 'auto'` it also commits the one before. */
  #take(): T | undefined {
    const { stats, isFrameMode } = this.#context
    this.#release()
    const items = this.#items
    while (this.#at < items.length) {
      const item = items[this.#at]
      this.#at += 1
      // Who waits for the next fragment is done with this one: while it arrives, only the loop may hold on to the last.
      if (this.#at === items.length) this.#items = NO_ITEMS
      if (item instanceof Frame) {
        stats.frames += 1
        this.#isAtWork = true
        return item as T
      }
      const position = positionOf(item.metadata, item.metadata.fragmentNumber)
      const mark = this.#writer?.mark(position)
      stats.fragments += 1
      stats.position = position
      this.#inHand = mark
      if (mark !== undefined) this.#marks.set(item.metadata, mark)
      if (!isFrameMode) {
        stats.frames += item.frames.length
        this.#isAtWork = true
        return Object.assign(item, { commit: () => this.#commit(mark) }) as T
      }
      // All its frames were handed over, and asked past.
      this.#release()
    }
    return undefined
  }

  /** The loop asks for the next item: it is done with the one at hand. */
  #release(): void {
    this.#isAtWork = false
    const mark = this.#inHand
    if (mark !== undefined) {
      this.#inHand = undefined
      this.#done = mark
      if (this.#context.options.commit === 'auto') this.#writer?.note(mark)
    }
    this.#resolveReturned?.()
  }

  #commit(mark: Mark | undefined): Promise<void> {
    if (mark === undefined || this.#writer === undefined) return Promise.resolve()
    return this.#writer.commit(mark)
  }

  async #start(): Promise<void> {
    const { options, health, stats, isFrameMode } = this.#context
    const { signal } = this.#controller
    const claim = await this.#claim(signal)
    const { clock, random, checkpoint: store, checkpointId: id } = options
    if (store !== undefined && claim !== undefined) {
      const { epoch, checkpoint, damage } = claim
      stats.position = checkpoint
      stats.savedPosition = checkpoint
      health.report({ type: 'checkpointClaimed', epoch, checkpoint, damage })
      this.#writer = new CheckpointWriter({
        store,
        id,
        epoch,
        checkpoint,
        clock,
        random,
        timeoutMs: options.checkpointTimeoutMs,
        hooks: {
          onSaved: (saved) => {
            stats.savedPosition = saved
            health.report({ type: 'checkpointSaved', fragmentNumber: saved.fragmentNumber })
          },
          onFailed: (error) => health.report({ type: 'checkpointFailed', error }),
          onStale: (error) => this.#controller.abort(error),
        },
      })
    }
    this.#source = options.source ?? (await createSdkSource(options))
    signal.throwIfAborted()
    this.#feed = new Feed({
      options,
      source: this.#source,
      position: new Position(options.start, claim?.checkpoint, options.gapDetection !== 'off'),
      isFrameMode,
      health,
      stats,
      onRenumbered: () => this.#writer?.beginAnew(),
      signal,
    })
  }

  async #claim(signal: AbortSignal): Promise<CheckpointClaim | undefined> {
    const {
      checkpoint: store,
      checkpointId,
      checkpointOwner,
      checkpointTimeoutMs,
      clock,
    } = this.#context.options
    if (store === undefined) return undefined
    const limit = new AbortController()
    const onAbort = (): void => limit.abort(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const cancelTimer = clock.setTimer(
      () => limit.abort(new Error(`No answer within ${checkpointTimeoutMs} ms`)),
      checkpointTimeoutMs,
    )
    try {
      signal.throwIfAborted()
      const claim = await raceAbort(store.claim(checkpointId, checkpointOwner), limit.signal)
      return checkClaim(claim)
    } catch (error) {
      if (signal.aborted || error instanceof ConsumerError) throw error
      throw new ConsumerError(
        'checkpoint-failed',
        `The checkpoint ${JSON.stringify(checkpointId)} could not be claimed: nothing was read.`,
        { cause: error },
      )
    } finally {
      cancelTimer()
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** The way out of every call that cannot go on. */
  async #end(error: unknown): Promise<IteratorResult<T, undefined>> {
    this.#isOver = true
    this.#controller.abort(error)
    const { reason } = this.#controller.signal
    if (reason !== STOPPED) {
      await this.#close().catch(() => undefined)
      // A commit of the last item may have come after the closing.
      await this.#writer?.flush().catch(() => undefined)
      throw reason
    }
    await this.#close()
    await this.#writer?.flush()
    return { done: true, value: undefined }
  }

  /** Closes everything, once. Rejects when the last position could not be saved. */
  #close(): Promise<void> {
    // Not at once: what closing reports may make a listener ask for it again.
    this.#closed ??= Promise.resolve().then(() => this.#closeAll())
    return this.#closed
  }

  async #closeAll(): Promise<void> {
    const { options, health } = this.#context
    options.signal?.removeEventListener('abort', this.#onUserAbort)
    await this.#feed?.close()
    const source = this.#source ?? options.source
    // One that fails, or never answers, must not keep the last position from being saved.
    const sourceClosing = closeSource(source)
    const hasClosed = await settlesWithin(options.clock, sourceClosing, CLOSE_LIMIT_MS)
    const [closing] = await Promise.allSettled([hasClosed ? sourceClosing : undefined])
    const [saving] = await Promise.allSettled([this.#writer?.flush()])
    const { reason } = this.#controller.signal
    const failed = [saving, closing].find((result) => result.status === 'rejected')
    const error: unknown = reason === STOPPED ? failed?.reason : reason
    const isAborted =
      reason !== STOPPED && options.signal?.aborted === true && reason === options.signal.reason
    const isFailed = !isAborted && (reason !== STOPPED || failed !== undefined)
    health.report({
      type: 'closed',
      reason: isAborted ? 'aborted' : isFailed ? 'failed' : 'stopped',
      error,
    })
    if (reason === STOPPED && failed !== undefined) throw failed.reason
  }
}

/** What a store answers is another's code: a database's null is no position, and what is none must not become one. */
function checkClaim(claim: CheckpointClaim): CheckpointClaim {
  const checkpoint = claim.checkpoint ?? undefined
  const number: unknown = checkpoint?.fragmentNumber
  if (checkpoint === undefined || (typeof number === 'string' && isFragmentNumber(number))) {
    return { ...claim, checkpoint }
  }
  throw new ConsumerError(
    'checkpoint-damaged',
    'The checkpoint store answered a position without a fragment number. Delete the checkpoint to start afresh.',
  )
}

async function closeSource(source: MediaSource | undefined): Promise<void> {
  await source?.close?.()
}

// Loaded when it is needed: who reads files, or through a source of their own, does not wait for the SDK.
async function createSdkSource(options: ResolvedOptions): Promise<MediaSource> {
  const { SdkMediaSource } = await import('./media-source.js')
  return new SdkMediaSource(options)
}
