/** One simulated stream: its log of fragments, retention, and the producer that appends to it. */
import {
  compareFragmentNumbers,
  decodeFragmentNumber,
  encodeFragmentNumber,
  isFragmentNumber,
} from '../tags/fragment-number.js'
import type { Clock } from './clock.js'
import { createRandom } from './ebml-writer.js'
import {
  type FragmentIdentity,
  type FragmentInput,
  type PreparedFragment,
  StoredFragment,
  prepareFragment,
} from './stored-fragment.js'
import { STREAM_ARN_PATTERN, isStreamArn, isStreamName } from './stream-identity.js'

/** A stream to simulate. */
export interface StreamOptions {
  /** StreamName: 1 to 256 of `a-z A-Z 0-9 _ . -`. */
  readonly name: string
  /** StreamARN, as the service writes it. Default: one in us-east-1 of account 123456789012. */
  readonly arn?: string | undefined
  /** What it holds from the beginning. Default: nothing. */
  readonly fragments?: Iterable<FragmentInput> | undefined
  /** A fragment is gone this long after its server time, in milliseconds. Default: never. */
  readonly retentionMs?: number | undefined
  /** The oldest fragments are gone when it holds more bytes than this, down to 15 of 16 parts; the newest stays. Default: no limit. */
  readonly maxHeldBytes?: number | undefined
  /** Seeds the last 28 bits of the numbers it hands out. Default 1. */
  readonly seed?: number | undefined
}

/** A producer that goes on appending. */
export interface LiveOptions {
  /** What to append; may be endless. Numbers and times are replaced by the stream's own. */
  readonly source: Iterable<FragmentInput>
  /** Milliseconds from one fragment to the next. Default 1,000. */
  readonly intervalMs?: number | undefined
  /** Sets the pace by size instead: bytes per second. Default: `intervalMs` counts. */
  readonly bytesPerSecond?: number | undefined
  /** Stops after this many fragments. Default: at the end of the source. */
  readonly count?: number | undefined
  /**
   * Called when the source throws, or gives a fragment that cannot be appended; nothing more is appended
   * then. Not for the first fragment, whose error `startLive` throws. Default: a warning of the process.
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** How much of what a late timer has missed is made up for, as for a response that is paced. */
const MOST_CAUGHT_UP_MS = 1000

/** A source that is being appended from. */
interface LiveRun {
  readonly source: Iterator<FragmentInput>
  /** A generator cannot be ended while it runs. */
  isPulling: boolean
  cancelTimer: (() => void) | undefined
}

/** How much of `maxHeldBytes` is left when that was passed. */
const HELD_AFTER_DROP = 15 / 16

/** How long before the server's time a stamped fragment was made by its producer. */
const PRODUCER_LEAD_MS = 120

/** A stream's fragments in order. Appending wakes the responses that wait at its end. */
export class SimulatedStream {
  /** StreamName. */
  readonly name: string
  /** StreamARN. */
  readonly arn: string
  readonly #clock: Clock
  readonly #retentionMs: number
  readonly #maxHeldBytes: number
  readonly #random: () => number
  readonly #held: StoredFragment[] = []
  readonly #watchers = new Set<() => void>()
  #heldBytes = 0
  #appendedCount = 0
  #lastFragmentNumber: string | undefined
  #lastAppendMs: number | undefined
  #nextSequence = 1n
  #sessionGeneration = 0
  #isRemoved = false
  #live: LiveRun | undefined

  /**
   * Throws a RangeError on a name or ARN that the service would not take, a limit out of range, and a fragment that `append`
   * refuses. The service's quotas on a fragment (50 MB, 20 s, three tracks, ten tags) are not held.
   */
  constructor(options: StreamOptions, clock: Clock) {
    if (!isStreamName(options.name)) {
      throw new RangeError(`no stream name: '${options.name}'. Use 1 to 256 of a-z A-Z 0-9 _ . -`)
    }
    if (options.arn !== undefined && !isStreamArn(options.arn)) {
      throw new RangeError(
        `no stream ARN: '${options.arn}'. Use one that matches ${STREAM_ARN_PATTERN}`,
      )
    }
    this.name = options.name
    this.#clock = clock
    // A clock may have fractions; the service's has not.
    const createdMs = Math.floor(clock.now())
    const arn = `arn:aws:kinesisvideo:us-east-1:123456789012:stream/${this.name}/${createdMs}`
    this.arn = options.arn ?? arn
    this.#retentionMs = options.retentionMs ?? Infinity
    this.#maxHeldBytes = options.maxHeldBytes ?? Infinity
    if (!(this.#retentionMs >= 0)) throw new RangeError('retentionMs must not be below zero')
    if (!(this.#maxHeldBytes > 0)) throw new RangeError('maxHeldBytes must be above zero')
    this.#random = createRandom(options.seed ?? 1)
    for (const fragment of options.fragments ?? []) this.append(fragment)
    // What was there before anyone asked does not keep a response open.
    this.#lastAppendMs = undefined
  }

  /** What the stream holds at this moment, oldest first. */
  get fragments(): readonly StoredFragment[] {
    this.#expire()
    return [...this.#held]
  }

  /** How many fragments were ever appended: the index of the next one. */
  get appendedCount(): number {
    return this.#appendedCount
  }

  /** The greatest number ever appended. */
  get lastFragmentNumber(): string | undefined {
    return this.#lastFragmentNumber
  }

  /** When something was last appended, by the clock's `monotonicMs`; `undefined` if nothing since the start. */
  get lastAppendMs(): number | undefined {
    return this.#lastAppendMs
  }

  /** Rises when all open responses are told to end. */
  get sessionGeneration(): number {
    return this.#sessionGeneration
  }

  /** Whether it was taken out of the simulator. */
  get isRemoved(): boolean {
    return this.#isRemoved
  }

  /**
   * Adds a fragment at the end and wakes whoever waits for it. It keeps its number and times if it
   * has them; otherwise it gets the next sequence number and the clock's time. Throws a RangeError,
   * and changes nothing, when its number is not greater than the last one appended, whether or not
   * that is still held, or when it or a time is none.
   */
  append(fragment: FragmentInput): StoredFragment {
    return this.#store(prepareFragment(fragment))
  }

  /**
   * Begins to append from a source, the first fragment at once; replaces a source before it. Throws
   * a RangeError on a pace that is not above zero, and what the source or `append` throws for the
   * first fragment; what they throw later goes to `onError`.
   */
  startLive(options: LiveOptions): void {
    const { intervalMs = 1000, bytesPerSecond, onError = warn } = options
    if (!(intervalMs > 0) || !((bytesPerSecond ?? 1) > 0)) {
      throw new RangeError('a live stream needs an interval or a rate above zero')
    }
    this.stopLive()
    const source = options.source[Symbol.iterator]()
    const live: LiveRun = { source, isPulling: false, cancelTimer: undefined }
    this.#live = live
    let remaining = options.count ?? Infinity
    let dueMs = this.#clock.monotonicMs()
    const step = (): void => {
      const stored = remaining-- > 0 ? this.#appendNext(live) : undefined
      if (this.#live !== live) return
      if (!stored) {
        this.stopLive()
        return
      }
      const interval = bytesPerSecond ? (stored.byteLength * 1000) / bytesPerSecond : intervalMs
      // Counted from when it was due, not from now, so that late timers do not slow the pace; but
      // after a long sleep of the machine nothing is poured out.
      const nowMs = this.#clock.monotonicMs()
      dueMs = Math.max(dueMs + interval, nowMs - MOST_CAUGHT_UP_MS)
      live.cancelTimer = this.#clock.setTimer(laterStep, Math.max(0, dueMs - nowMs))
    }
    // Nobody stands above a timer to catch what the source throws.
    const laterStep = (): void => {
      try {
        step()
      } catch (error) {
        onError(error)
      }
    }
    step()
  }

  /** Stops appending, and ends the source if it is a generator. What is there stays. */
  stopLive(): void {
    const live = this.#live
    this.#live = undefined
    live?.cancelTimer?.()
    if (live && !live.isPulling) live.source.return?.()
  }

  /** Appends what the source gives next; `undefined` when it has ended or was stopped meanwhile. */
  #appendNext(live: LiveRun): StoredFragment | undefined {
    try {
      live.isPulling = true
      const next = live.source.next()
      live.isPulling = false
      const isStopped = this.#live !== live
      if (next.done) {
        if (!isStopped) this.#live = undefined
        return undefined
      }
      if (!isStopped) return this.#store(withoutIdentity(prepareFragment(next.value)))
      // It stopped itself, while it could not be ended.
      live.source.return?.()
      return undefined
    } catch (error) {
      if (this.#live === live) this.stopLive()
      throw error
    }
  }

  /** Forgets all fragments before this number, as if they were older than the retention. */
  dropBefore(fragmentNumber: string): void {
    const first = this.#held.findIndex(
      (fragment) => compareFragmentNumbers(fragment.fragmentNumber, fragmentNumber) >= 0,
    )
    this.#drop(first === -1 ? this.#held.length : first)
  }

  /** Ends every open response after the fragment it is sending, as the service does after 45 minutes. */
  endSessions(): void {
    this.#sessionGeneration++
    this.#wake()
  }

  /** Ends everything for good: the producer, and all open responses wherever they are. */
  remove(): void {
    this.#isRemoved = true
    this.stopLive()
    this.endSessions()
  }

  /** The fragment with this index, or the first one after it that has not expired. */
  at(index: number): StoredFragment | undefined {
    this.#expire()
    const first = this.#held[0]
    return first && this.#held[Math.max(0, index - first.index)]
  }

  /** The fragment that this test selects, looking from the newest to the oldest. */
  findLast(test: (fragment: StoredFragment) => boolean): StoredFragment | undefined {
    this.#expire()
    return this.#held.findLast(test)
  }

  /** Calls back after each change that a waiting response should look at; returns how to stop it. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  #store(prepared: PreparedFragment): StoredFragment {
    const identity = this.#identify(prepared)
    const { fragmentNumber } = identity
    if (!isFragmentNumber(fragmentNumber)) {
      throw new RangeError('a fragment number is no number: pass 1 to 128 decimal digits')
    }
    const last = this.#lastFragmentNumber
    if (last !== undefined && compareFragmentNumbers(fragmentNumber, last) <= 0) {
      throw new RangeError(
        `fragment ${fragmentNumber} does not follow ${last}: numbers in a stream rise`,
      )
    }
    const stored = new StoredFragment(this.#appendedCount, identity, prepared)
    // Nothing throws from here on: a fragment that is refused leaves no trace.
    this.#held.push(stored)
    this.#appendedCount++
    this.#lastFragmentNumber = fragmentNumber
    this.#heldBytes += stored.byteLength
    this.#dropExcess()
    const sequence = decodeFragmentNumber(fragmentNumber)?.sequence
    if (sequence !== undefined) this.#nextSequence = sequence + 1n
    this.#lastAppendMs = this.#clock.monotonicMs()
    this.#expire()
    this.#wake()
    return stored
  }

  #identify(prepared: PreparedFragment): FragmentIdentity {
    const serverTimestampMs = Math.floor(prepared.serverTimestampMs ?? this.#clock.now())
    return {
      fragmentNumber:
        prepared.fragmentNumber ??
        encodeFragmentNumber({
          sequence: this.#nextSequence,
          serverTimestampMs,
          random: this.#random() >>> 4,
        }),
      serverTimestampMs,
      producerTimestampMs: prepared.producerTimestampMs ?? serverTimestampMs - PRODUCER_LEAD_MS,
    }
  }

  #expire(): void {
    if (this.#retentionMs === Infinity) return
    const oldestMs = this.#clock.now() - this.#retentionMs
    let expired = 0
    while (expired < this.#held.length && this.#held[expired]!.serverTimestampMs <= oldestMs) {
      expired++
    }
    if (expired > 0) this.#drop(expired)
  }

  /** Not one by one: each time the whole list moves up. */
  #dropExcess(): void {
    if (this.#heldBytes <= this.#maxHeldBytes) return
    let bytes = this.#heldBytes
    let count = 0
    while (bytes > this.#maxHeldBytes * HELD_AFTER_DROP && count < this.#held.length - 1) {
      bytes -= this.#held[count]!.byteLength
      count++
    }
    this.#drop(count)
  }

  #drop(count: number): void {
    for (const { byteLength } of this.#held.splice(0, count)) this.#heldBytes -= byteLength
  }

  #wake(): void {
    for (const watcher of this.#watchers) watcher()
  }
}

function warn(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error)
  process.emitWarning(`a live source has failed, and its stream gets nothing more: ${message}`)
}

function withoutIdentity(fragment: PreparedFragment): PreparedFragment {
  const { preamble, cluster, trailer } = fragment
  return { preamble, cluster, trailer }
}
