import { compareFragmentNumbers } from '../tags/fragment-number.js'
import { backoffMs } from './backoff.js'
import { type CheckpointStore, StaleEpochError } from './checkpoint.js'
import { type CancelTimer, type Clock, settlesWithin, sleep } from './clock.js'
import { ConsumerError } from './errors.js'
import type { StreamPosition } from './position.js'

/** Who hears of saves. */
export interface CheckpointWriterHooks {
  onSaved(checkpoint: StreamPosition): void
  /** A save failed and is tried again, or is taking longer than the timeout. */
  onFailed(error: unknown): void
  /** Another consumer has the checkpoint: nothing can be saved any more. */
  onStale(error: StaleEpochError): void
}

/** What a {@link CheckpointWriter} works with. */
export interface CheckpointWriterOptions {
  readonly store: CheckpointStore
  readonly id: string
  readonly epoch: number
  /** What the claim answered. */
  readonly checkpoint: StreamPosition | undefined
  readonly clock: Clock
  readonly random: () => number
  /** How long {@link CheckpointWriter.flush} waits for the store, in milliseconds. */
  readonly timeoutMs: number
  readonly hooks: CheckpointWriterHooks
}

/** A position, and how often the stream's numbers had begun anew before it. */
export interface Mark {
  readonly numbering: number
  readonly position: StreamPosition
}

interface Waiter {
  readonly mark: Mark
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const RETRY_BASE_MS = 500
const RETRY_LIMIT_MS = 30_000

/**
 * Saves positions behind the media's back: one save in flight, and while it is, only the newest of the positions that
 * come is remembered. A position never moves back. A failed save is repeated with back-off, with what is newest by then.
 */
export class CheckpointWriter {
  readonly #options: CheckpointWriterOptions
  #numbering = 0
  #newest: Mark | undefined
  #saved: Mark | undefined
  #waiters: Waiter[] = []
  #saving: Promise<void> | undefined
  #lastError: unknown
  #stale: StaleEpochError | undefined
  /** The store did not answer in time at the end: nobody waits for it any more. */
  #givenUp: ConsumerError | undefined
  #cancelSaveTimer: CancelTimer = () => undefined
  /** Aborted by {@link CheckpointWriter.hasten}: from then on each save is tried once. */
  readonly #closing = new AbortController()

  constructor(options: CheckpointWriterOptions) {
    this.#options = options
    this.#newest = options.checkpoint && { numbering: 0, position: options.checkpoint }
    this.#saved = this.#newest
  }

  /** The stream's numbers began anew: whatever is marked from now on is after everything before. */
  beginAnew(): void {
    this.#numbering += 1
  }

  /** The place of a position among all of this run; taken when its fragment is handed over, committed when that is done with. */
  mark(position: StreamPosition): Mark {
    return { numbering: this.#numbering, position }
  }

  /** Remembers a position, to be saved soon. */
  note(mark: Mark): void {
    if (!isAfter(mark, this.#newest)) return
    this.#newest = mark
    this.#saving ??= this.#saveAll()
  }

  /**
   * Remembers a position. Resolves when it, or a later one, is saved; at once when it is not after what was saved.
   * Rejects when that cannot happen any more. The rejection of a promise that nobody looks at is not an unhandled one.
   */
  commit(mark: Mark): Promise<void> {
    if (isAfter(mark, this.#newest)) this.#newest = mark
    if (!isAfter(mark, this.#saved)) return Promise.resolve()
    const done = new Promise<void>((resolve, reject) => {
      const isHopeless = this.#givenUp !== undefined && this.#saving !== undefined
      if (isHopeless) reject(this.#givenUp)
      else this.#waiters.push({ mark, resolve, reject })
    })
    done.catch(() => undefined)
    this.#saving ??= this.#saveAll()
    return done
  }

  /** From now on each save is tried once: who waits for one hears of its failure instead of waiting for another try. */
  hasten(): void {
    this.#closing.abort()
  }

  /**
   * Resolves when the newest position is saved. Tries what failed once more, without waiting.
   *
   * @throws ConsumerError `checkpoint-failed` when that fails too, or the store does not answer in time.
   * @throws StaleEpochError when another consumer has claimed the checkpoint.
   */
  async flush(): Promise<void> {
    this.hasten()
    const { clock, timeoutMs } = this.#options
    // Who did not answer in time is not given the same time again.
    if (this.#givenUp !== undefined && this.#saving !== undefined) throw this.#givenUp
    const isPending = isAfter(this.#newest, this.#saved) && this.#stale === undefined
    this.#saving ??= isPending ? this.#saveAll() : undefined
    const saving = this.#saving ?? Promise.resolve()
    const isInTime = await settlesWithin(clock, saving, timeoutMs)
    if (this.#stale !== undefined) throw this.#stale
    if (!isAfter(this.#newest, this.#saved)) return
    // Whoever waited for the save that has just ended may have committed more.
    if (isInTime && this.#saving !== undefined && this.#saving !== saving) return this.flush()
    const error = new ConsumerError(
      'checkpoint-failed',
      !isInTime
        ? `The checkpoint store did not answer within ${timeoutMs} ms: the last fragments will be repeated.`
        : 'The last position could not be saved: the fragments since the save before will be repeated.',
      { cause: this.#lastError },
    )
    if (!isInTime) {
      this.#givenUp = error
      this.#cancelSaveTimer()
      this.#rejectAll(error)
    }
    throw error
  }

  async #saveAll(): Promise<void> {
    const { store, id, epoch, hooks, clock, random, timeoutMs } = this.#options
    // So that it never ends before its caller has noted that it runs.
    await Promise.resolve()
    for (let failures = 0; this.#stale === undefined;) {
      const target = this.#newest
      if (target === undefined || !isAfter(target, this.#saved)) break
      this.#cancelSaveTimer = clock.setTimer(
        () => hooks.onFailed(new Error(`The store has not answered for ${timeoutMs} ms`)),
        timeoutMs,
      )
      try {
        await store.save(id, epoch, target.position)
        failures = 0
        this.#settle(target)
        hooks.onSaved(target.position)
      } catch (error) {
        this.#lastError = error
        const stale = staleOf(error, id, epoch)
        if (stale !== undefined) {
          this.#stale = stale
          hooks.onStale(stale)
          break
        }
        hooks.onFailed(error)
        if (this.#closing.signal.aborted) break
        failures += 1
        // Jitter may be 0: without a timer between two saves that fail at once nothing else in the process would run.
        const delayMs = Math.max(1, backoffMs(failures, RETRY_BASE_MS, RETRY_LIMIT_MS, random))
        // Cut short by a flush, which means one more try at once.
        await sleep(clock, delayMs, this.#closing.signal).catch(() => undefined)
      } finally {
        this.#cancelSaveTimer()
      }
    }
    this.#saving = undefined
    if (!isAfter(this.#newest, this.#saved)) return
    this.#rejectAll(this.#lastError)
  }

  #rejectAll(error: unknown): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const { reject } of waiters) reject(error)
  }

  #settle(saved: Mark): void {
    this.#saved = saved
    this.#givenUp = undefined
    const waiters = this.#waiters
    this.#waiters = waiters.filter(({ mark }) => isAfter(mark, saved))
    for (const { mark, resolve } of waiters) if (!isAfter(mark, saved)) resolve()
  }
}

/** A store may be built against another copy of the package: only the code tells. */
function staleOf(error: unknown, id: string, epoch: number): StaleEpochError | undefined {
  if (error instanceof StaleEpochError) return error
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return code === 'stale-epoch' ? new StaleEpochError(id, epoch, { cause: error }) : undefined
}

function isAfter(mark: Mark | undefined, other: Mark | undefined): boolean {
  if (mark === undefined) return false
  if (other === undefined) return true
  if (mark.numbering !== other.numbering) return mark.numbering > other.numbering
  return compareFragmentNumbers(mark.position.fragmentNumber, other.position.fragmentNumber) > 0
}
