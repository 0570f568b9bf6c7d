import { compareFragmentNumbers, decodeFragmentNumber } from '../tags/fragment-number.js'
import { type InclusiveStart, type StartSelector, isContinuationToken } from './start-selector.js'

/** A place in a stream: after one whole fragment. Plain data, fit for JSON. */
export interface StreamPosition {
  /** The last fragment before the place. */
  readonly fragmentNumber: string
  /** That fragment's CONTINUATION_TOKEN; what a session is resumed with where it is known. */
  readonly continuationToken?: string | undefined
  /** When the service received that fragment, in milliseconds since 1970. */
  readonly serverTimestampMs?: number | undefined
}

/**
 * What to do with a fragment that arrived.
 *
 * - `deliver`: it is the next one.
 * - `duplicate`: its number is not greater than the last one's. Tokens resume at or after their fragment: AWS's pages say both.
 * - `overtaken`: it was left out before, and frames of a later one were delivered since.
 * - `before-start`: the time asked for an inclusive start brought it along.
 * - `missing`: a fragment that is known to exist, because its beginning was seen, was left out before it.
 * - `jump`: the sequence in its number says that one was left out; see `gapDetection`.
 */
export type Admission = 'deliver' | 'duplicate' | 'overtaken' | 'before-start' | 'missing' | 'jump'

/** Why fragments were left out. */
export type GapReason = 'resume-point-lost' | 'damaged-fragment' | 'missing-fragment' | 'sequence'

/** Fragments that were left out, between the two ends. */
export interface Gap {
  readonly reason: GapReason
  /** The last fragment before the gap; `undefined` when the gap is at the start. */
  readonly afterFragmentNumber: string | undefined
  /** The first one after it; `undefined` when the consumer ended before one came. */
  readonly beforeFragmentNumber: string | undefined
}

// A second earlier than asked for: the SDK sends seconds as a fraction in floating point. What comes too much is dropped.
const START_MARGIN_MS = 1000
// By so much the clocks of the service's hosts may differ; nobody makes a stream anew as fast.
const CLOCK_SKEW_MS = 10_000

/**
 * Where to resume, and the guard against repeats: knows the last fragment that was delivered whole, and fragments that
 * are owed because only their beginning arrived. Decides nothing about waiting and does no input or output.
 */
export class Position {
  readonly #findsJumps: boolean
  /** What to ask for while there is no fragment to resume from. */
  #origin: StartSelector | InclusiveStart
  /** When the first session that began at NOW was asked for: an empty one is repeated from there. */
  #nowSinceMs: number | undefined
  /** The guard: nothing up to this fragment is delivered again. */
  #last: StreamPosition | undefined
  /** Whether sessions resume after `#last`, rather than begin at `#origin`. */
  #isResuming: boolean
  #isTokenRefused = false
  /** The resume point was lost, and nothing was delivered since. */
  #isRestarted = false
  /** For an inclusive start, until its first fragment came: what is older is dropped. */
  #floor: string | undefined
  /** The last whole fragment before an inclusive start: the next session need not bring it again. */
  #passed: StreamPosition | undefined
  #owed: string | undefined
  /** The fragment that an inclusive start named, until one is delivered. */
  #startNumber: string | undefined
  /** Frames of this fragment were delivered, but not yet all of it: what is before it has been overtaken. */
  #begun: string | undefined
  #acceptedJump: string | undefined
  /** The sequence in the number of `#last`, once it was asked for. */
  #lastSequence: { readonly fragmentNumber: string; readonly sequence: bigint } | undefined
  #openGap: { readonly reason: GapReason; readonly after: string | undefined } | undefined

  /** Begins at `start`, or after `checkpoint` where there is one. */
  constructor(
    start: StartSelector | InclusiveStart,
    checkpoint: StreamPosition | undefined,
    findsJumps: boolean,
  ) {
    this.#findsJumps = findsJumps
    this.#origin = start
    this.#last = checkpoint
    this.#isResuming = checkpoint !== undefined
    if (checkpoint !== undefined) return
    if (start.StartSelectorType === 'AT_FRAGMENT_NUMBER') {
      this.#startNumber = (start as InclusiveStart).FragmentNumber
      this.#floor = this.#startNumber
      this.#owed = this.#startNumber
    } else if (start.StartSelectorType === 'FRAGMENT_NUMBER') {
      this.#last = { fragmentNumber: (start as StartSelector).AfterFragmentNumber as string }
    }
  }

  /** The last whole fragment behind the position; `undefined` at the start. */
  get last(): StreamPosition | undefined {
    return this.#last
  }

  /** Whether the next session resumes after a fragment, rather than starting where the user said. */
  get isResuming(): boolean {
    return this.#resumePoint !== undefined
  }

  /** Whether the fragment that is missing is the one that an inclusive start named. */
  get isStartOwed(): boolean {
    return this.#owed !== undefined && this.#owed === this.#startNumber
  }

  /** What to ask the service for next. */
  selector(): StartSelector {
    const point = this.#resumePoint
    if (point !== undefined) {
      const { fragmentNumber, continuationToken } = point
      return isContinuationToken(continuationToken) && !this.#isTokenRefused
        ? { StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: continuationToken }
        : { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: fragmentNumber }
    }
    const origin = this.#origin
    if (origin.StartSelectorType === 'AT_FRAGMENT_NUMBER') {
      return startAt(startTimeMs(origin as InclusiveStart) - START_MARGIN_MS)
    }
    if (origin.StartSelectorType === 'NOW' && this.#nowSinceMs !== undefined) {
      return startAt(this.#nowSinceMs)
    }
    return origin as StartSelector
  }

  /** A session answered `selector`, which was sent at this time of the server's clock. */
  opened(selector: StartSelector, requestedAtMs: number): void {
    if (selector.StartSelectorType === 'NOW') this.#nowSinceMs = requestedAtMs
  }

  /** What to do with a fragment. @throws TypeError when its number is none. */
  admit(fragmentNumber: string): Admission {
    const last = this.#last?.fragmentNumber
    if (last !== undefined && compareFragmentNumbers(fragmentNumber, last) <= 0) return 'duplicate'
    if (this.#begun !== undefined && compareFragmentNumbers(fragmentNumber, this.#begun) < 0) {
      return 'overtaken'
    }
    // In a stream that was made anew under its name neither will ever come.
    if (this.#owed !== undefined && isOfLaterStream(fragmentNumber, this.#owed)) return 'missing'
    if (this.#floor !== undefined && compareFragmentNumbers(fragmentNumber, this.#floor) < 0) {
      return 'before-start'
    }
    if (this.#owed !== undefined && compareFragmentNumbers(fragmentNumber, this.#owed) > 0) {
      return 'missing'
    }
    return this.#isJump(fragmentNumber) ? 'jump' : 'deliver'
  }

  /** A whole fragment came that is before the start: however far that is, a new session does not begin from the time again. */
  pass(fragment: StreamPosition): void {
    this.#passed = fragment
    this.#isTokenRefused = false
  }

  /** A frame of the fragment was delivered; `undefined`: what was delivered of it is in doubt. */
  begin(fragmentNumber: string | undefined): void {
    this.#begun = fragmentNumber
  }

  /** The fragment was delivered whole: sessions resume after it. */
  advance(fragment: StreamPosition): void {
    this.#last = fragment
    this.#begun = undefined
    this.#passed = undefined
    this.#isResuming = true
    this.#isTokenRefused = false
    this.#isRestarted = false
    this.#floor = undefined
    this.#owed = undefined
    this.#acceptedJump = undefined
  }

  /**
   * Lifts the guard when what arrives is numbered anew: the resume point was lost, the number is not after it, and yet the
   * service received it later. A stream that was deleted and made again begins so; everything in it would be dropped.
   */
  liftGuard(fragmentNumber: string, serverTimestampMs: number | undefined): boolean {
    const last = this.#last
    if (!this.#isRestarted || last === undefined) return false
    if (compareFragmentNumbers(fragmentNumber, last.fragmentNumber) >= 0) return false
    const lastMs = receivedAtMs(last.fragmentNumber, last.serverTimestampMs)
    const arrivedMs = receivedAtMs(fragmentNumber, serverTimestampMs)
    if (lastMs === undefined || arrivedMs === undefined || arrivedMs <= lastMs) return false
    this.#last = undefined
    return true
  }

  /**
   * The beginning of a fragment was seen, but not its end. It is owed: one with a greater number must not overtake it. When
   * it is the first one after NOW, asking for the time of the request could miss it: it began before. A number that does not
   * hold its time may have changed on the way: then only the time is asked for.
   */
  owe(fragmentNumber: string, serverTimestampMs: number | undefined): void {
    const admission = this.admit(fragmentNumber)
    if (admission !== 'deliver' && admission !== 'jump') return
    const decodedMs = decodeFragmentNumber(fragmentNumber)?.serverTimestampMs
    const timeMs = serverTimestampMs ?? decodedMs
    const isFirst =
      !this.#isResuming && this.#origin.StartSelectorType === 'NOW' && timeMs !== undefined
    if (isFirst && decodedMs !== timeMs) {
      this.#owed = undefined
      this.#origin = startAt(timeMs - 1)
      return
    }
    // The layout of numbers is not documented: one that holds no time is believed until it is clear that it is wrong.
    if (decodedMs === undefined || decodedMs === timeMs) this.#owed = fragmentNumber
    if (!isFirst) return
    this.#floor = fragmentNumber
    this.#origin = {
      StartSelectorType: 'AT_FRAGMENT_NUMBER',
      FragmentNumber: fragmentNumber,
      ServerTimestamp: new Date(timeMs),
    }
  }

  /** The service refused the resume point. True when there is another way to ask for the same one. */
  tryAnotherWay(): boolean {
    const hasToken = this.selector().StartSelectorType === 'CONTINUATION_TOKEN'
    if (this.#resumePoint !== undefined && hasToken) {
      this.#isTokenRefused = true
      return true
    }
    // Before the start there is its time to ask for.
    if (this.#isResuming || this.#passed === undefined) return false
    this.#passed = undefined
    return true
  }

  /** The resume point is gone: begin at one end of what is left. The guard stays, and the gap is open. */
  restart(from: 'EARLIEST' | 'NOW'): void {
    this.#open('resume-point-lost')
    // Of a fragment that was begun the rest is gone too: what is before it has been overtaken for good.
    if (this.#begun !== undefined) this.#last = { fragmentNumber: this.#begun }
    this.#origin = { StartSelectorType: from }
    this.#nowSinceMs = undefined
    this.#isResuming = false
    this.#isRestarted = true
    this.#passed = undefined
    this.#floor = undefined
    this.#owed = undefined
    this.#begun = undefined
  }

  /** Gives a damaged fragment up. Without its number the caller has to find the next one by itself. */
  skipDamaged(fragmentNumber: string | undefined): void {
    const isBeforeStart =
      fragmentNumber !== undefined && this.admit(fragmentNumber) === 'before-start'
    if (!isBeforeStart) {
      this.#open('damaged-fragment')
      this.#owed = undefined
    }
    // Nobody knows which one it was: what is older than the start is dropped all the same.
    if (fragmentNumber === undefined) return
    if (!isBeforeStart) this.#floor = undefined
    this.#last = { fragmentNumber }
    this.#isResuming = true
  }

  /** Takes a fragment that came after a missing one or a jump: the gap before it is real. */
  acceptGap(fragmentNumber: string): void {
    this.#open(this.#owed === undefined ? 'sequence' : 'missing-fragment')
    this.#owed = undefined
    this.#floor = undefined
    this.#acceptedJump = fragmentNumber
  }

  /** The gap that ends before this fragment, once; `undefined` when there is none. */
  closeGap(beforeFragmentNumber: string | undefined): Gap | undefined {
    const gap = this.#openGap
    if (gap === undefined) return undefined
    this.#openGap = undefined
    return { reason: gap.reason, afterFragmentNumber: gap.after, beforeFragmentNumber }
  }

  /** What the next session resumes after. */
  get #resumePoint(): StreamPosition | undefined {
    return this.#isResuming ? this.#last : this.#passed
  }

  #open(reason: GapReason): void {
    this.#openGap ??= { reason, after: this.#last?.fragmentNumber }
  }

  #isJump(fragmentNumber: string): boolean {
    const last = this.#last?.fragmentNumber
    if (!this.#findsJumps || last === undefined || this.#openGap !== undefined) return false
    if (fragmentNumber === this.#acceptedJump) return false
    const from =
      this.#lastSequence?.fragmentNumber === last ? this.#lastSequence : withSequence(last)
    const to = withSequence(fragmentNumber)
    // If this one is delivered, it is the last one when the next one comes.
    this.#lastSequence = to
    return from !== undefined && to !== undefined && to.sequence - from.sequence > 1n
  }
}

function withSequence(
  fragmentNumber: string,
): { readonly fragmentNumber: string; readonly sequence: bigint } | undefined {
  const sequence = decodeFragmentNumber(fragmentNumber)?.sequence
  return sequence === undefined ? undefined : { fragmentNumber, sequence }
}

/** Whether a number is smaller although the service received its fragment clearly later: the stream was made anew in between. */
function isOfLaterStream(fragmentNumber: string, before: string): boolean {
  if (compareFragmentNumbers(fragmentNumber, before) >= 0) return false
  const arrivedMs = decodeFragmentNumber(fragmentNumber)?.serverTimestampMs
  const beforeMs = decodeFragmentNumber(before)?.serverTimestampMs
  return arrivedMs !== undefined && beforeMs !== undefined && arrivedMs - beforeMs > CLOCK_SKEW_MS
}

/** When the service received a fragment: as its tag says, else as its number seems to. */
function receivedAtMs(
  fragmentNumber: string,
  serverTimestampMs: number | undefined,
): number | undefined {
  return serverTimestampMs ?? decodeFragmentNumber(fragmentNumber)?.serverTimestampMs
}

function startAt(timeMs: number): StartSelector {
  return { StartSelectorType: 'SERVER_TIMESTAMP', StartTimestamp: new Date(Math.max(0, timeMs)) }
}

function startTimeMs(start: InclusiveStart): number {
  const decoded = decodeFragmentNumber(start.FragmentNumber)?.serverTimestampMs
  return start.ServerTimestamp?.getTime() ?? decoded ?? 0
}
