import type { ParseError } from '../parser/errors.js'
import { Frame } from '../parser/frame.js'
import { isFragmentNumber } from '../tags/fragment-number.js'
import type { GetMediaFragment, GetMediaFrame } from '../tags/get-media-parser.js'
import type { FragmentMetadata } from '../tags/metadata.js'
import { isDamage } from './content-damage.js'
import { DamagedFragmentError, ResumePointLostError } from './errors.js'
import type { SessionEndReason } from './events.js'
import { FrameLedger } from './frame-ledger.js'
import type { Health } from './health.js'
import type { ResolvedOptions } from './options.js'
import type { Position, StreamPosition } from './position.js'
import type { SessionItem } from './session.js'
import type { StatsCounter } from './stats.js'

/** What an {@link Intake} works with. */
export interface IntakeOptions {
  readonly options: Pick<
    ResolvedOptions,
    'onDamagedFragment' | 'onResumePointLost' | 'gapDetection' | 'caughtUpMs'
  >
  readonly position: Position
  readonly health: Health
  readonly stats: StatsCounter
  /** Something new is handed on. */
  readonly onProgress: () => void
  /** The stream's numbers began anew: those to come may be smaller than those before. */
  readonly onRenumbered: () => void
}

/** What is done with an arrival; a reason ends the session. */
type Verdict = 'deliver' | 'duplicate' | 'before-start' | SessionEndReason

/** Why something is fetched again: it came damaged, another one came in its place, or damage lies before it. */
type Fault = 'damaged' | 'missing' | 'damaged-behind'

/** How often a damaged or missing fragment is asked for again. */
const MAX_REFETCHES = 3
/** How many fragments may be dropped as overtaken. */
const MAX_OVERTAKEN = 3

/**
 * Looks at everything that arrives and hands on what is whole, sound, next and new. What is not ends the session, so that
 * it is fetched again; after three times the user's policy decides.
 */
export class Intake {
  readonly #position: Position
  readonly #health: Health
  readonly #stats: StatsCounter
  readonly #options: IntakeOptions['options']
  readonly #onProgress: () => void
  readonly #onRenumbered: () => void
  readonly #ledger = new FrameLedger()
  /** What was decided about the fragment that is arriving; each arrival has a metadata object of its own. */
  #arrival: FragmentMetadata | undefined
  #verdict: Verdict = 'deliver'
  /** How often each fault was answered with another fetch since a fragment was delivered. */
  readonly #refetches = new Map<Fault, number>()
  /** The fragments that were dropped because frames of a later one had been handed on; each comes in every session. */
  readonly #overtaken = new Set<string>()
  #damagedNumber: string | undefined
  /** Damage is passed over: that of a fragment without a readable number, to give it up, or that of one delivered before. */
  #resync: 'skip' | 'behind' | undefined
  #oddToken: string | undefined
  #areTokensOdd = false
  #failure: unknown

  constructor({ options, position, health, stats, onProgress, onRenumbered }: IntakeOptions) {
    this.#options = options
    this.#position = position
    this.#health = health
    this.#stats = stats
    this.#onProgress = onProgress
    this.#onRenumbered = onRenumbered
  }

  /** What ends the consumer, once everything handed on before is consumed. */
  get failure(): unknown {
    return this.#failure
  }

  /** Whether the next session must pass damage over: the fragment to give up has no readable number to resume after. */
  get isResyncing(): boolean {
    return this.#resync !== undefined
  }

  /** Ends the consumer; the first cause counts. */
  fail(error: unknown): void {
    this.#failure ??= error
  }

  /**
   * Takes one item in, and puts it into `out` if it is to be handed on. Answers why the session must end; what follows in
   * it must then not be taken in.
   */
  admit(item: SessionItem, out: DeliveredItem[]): SessionEndReason | undefined {
    return item instanceof Frame ? this.#admitFrame(item, out) : this.#admitFragment(item, out)
  }

  /** The response ended inside this fragment: it is owed. */
  cut({ metadata }: GetMediaFragment): void {
    const { fragmentNumber, serverTimestampMs, serviceErrors } = metadata
    // The number beside an error says what the error is about, not what is arriving.
    if (serviceErrors.length > 0 || !isNumber(fragmentNumber)) return
    this.#position.owe(fragmentNumber, serverTimestampMs)
  }

  /**
   * A fragment is damaged. Answers why the session must end.
   *
   * @param isInDoubt nothing shows damage, but what came is not what came before: then it may be the number that is wrong.
   */
  damaged(
    fragmentNumber: string | undefined,
    errors: readonly ParseError[],
    serverTimestampMs?: number,
    isInDoubt: boolean = errors.length === 0,
  ): SessionEndReason {
    const attempt = this.#countRefetch('damaged')
    const { onDamagedFragment } = this.#options
    const action = attempt <= MAX_REFETCHES ? 'refetch' : onDamagedFragment
    this.#health.report({ type: 'damagedFragment', fragmentNumber, attempt, action, errors })
    if (action === 'refetch') {
      if (isInDoubt) this.#position.begin(undefined)
      else if (fragmentNumber !== undefined) {
        this.#position.owe(fragmentNumber, serverTimestampMs)
      }
    } else if (action === 'fail') {
      this.fail(new DamagedFragmentError(fragmentNumber, attempt, errors.at(-1)))
    } else {
      this.#refetches.clear()
      // A number that was another one the time before is itself what is damaged: there is nothing to resume after.
      const isSure = fragmentNumber !== undefined && fragmentNumber === this.#damagedNumber
      this.#position.skipDamaged(isSure ? fragmentNumber : undefined)
      this.#resync = isSure ? undefined : 'skip'
    }
    this.#damagedNumber = fragmentNumber
    return 'damaged'
  }

  /**
   * The service says that what was asked for is gone. Moves the position as `onResumePointLost` says, unless there is
   * another way to ask for the same one.
   *
   * @throws ResumePointLostError when the policy is 'fail'.
   */
  loseResumePoint(error: unknown): void {
    const position = this.#position
    if (position.tryAnotherWay()) return
    const { onResumePointLost: policy } = this.#options
    const afterFragmentNumber = position.last?.fragmentNumber
    this.#health.report({ type: 'resumePointLost', afterFragmentNumber, policy, error })
    position.restart(policy === 'now' ? 'NOW' : 'EARLIEST')
    this.#refetches.clear()
    if (policy !== 'fail') return
    this.closeGap(undefined)
    throw new ResumePointLostError(afterFragmentNumber, error)
  }

  /** Tells of the gap that ends here, if there is one. */
  closeGap(beforeFragmentNumber: string | undefined): void {
    const gap = this.#position.closeGap(beforeFragmentNumber)
    if (gap !== undefined) this.#health.report({ type: 'gap', ...gap })
  }

  #admitFrame(frame: GetMediaFrame, out: DeliveredItem[]): SessionEndReason | undefined {
    const { metadata } = frame
    const verdict = metadata === this.#arrival ? this.#verdict : this.#begin(metadata)
    if (verdict === 'duplicate' || verdict === 'before-start') return undefined
    if (verdict !== 'deliver') return verdict
    switch (this.#ledger.judge(frame)) {
      case 'new':
        this.#position.begin(metadata.fragmentNumber)
        out.push(frame)
        this.#onProgress()
        return undefined
      case 'repeat':
        return undefined
      case 'differs':
        return this.damaged(metadata.fragmentNumber, [])
    }
  }

  #admitFragment(fragment: GetMediaFragment, out: DeliveredItem[]): SessionEndReason | undefined {
    if (!isWhole(fragment)) return this.#admitPart(fragment)
    const { metadata, errors } = fragment
    const { fragmentNumber } = metadata
    if (errors.some(isDamage)) {
      return this.#isBehind(fragmentNumber)
        ? undefined
        : this.#pass(fragmentNumber, errors, metadata.serverTimestampMs)
    }
    if (!this.#isTokenTrusted(metadata)) return this.damaged(fragmentNumber, [])
    const verdict = metadata === this.#arrival ? this.#verdict : this.#begin(metadata)
    this.#arrival = undefined
    if (verdict === 'duplicate') {
      this.#health.report({ type: 'duplicateDropped', fragmentNumber })
      return undefined
    }
    if (verdict === 'before-start') {
      this.#stats.droppedBeforeStart += 1
      this.#position.pass(positionOf(metadata, fragmentNumber))
      return undefined
    }
    if (verdict !== 'deliver') return verdict
    if (!this.#ledger.complete(metadata)) return this.damaged(fragmentNumber, [])
    this.#deliver(fragment, out)
    // Nothing behind the next damage would be noticed as missing while damage is passed over.
    if (this.#resync === undefined) return undefined
    this.#resync = undefined
    return 'damaged'
  }

  #deliver(fragment: WholeFragment, out: DeliveredItem[]): void {
    const { fragmentNumber, millisBehindNow } = fragment.metadata
    this.#position.advance(positionOf(fragment.metadata, fragmentNumber))
    this.#refetches.clear()
    this.#overtaken.clear()
    this.#damagedNumber = undefined
    this.#onProgress()
    if (millisBehindNow !== undefined) {
      const isCaughtUp = millisBehindNow <= this.#options.caughtUpMs
      this.#health.report({ type: 'lag', fragmentNumber, millisBehindNow, isCaughtUp })
    }
    out.push(fragment)
  }

  /** A fragment without its end, in the middle of a response. */
  #admitPart(fragment: GetMediaFragment): SessionEndReason | undefined {
    const { metadata, errors, hasCluster } = fragment
    const { fragmentNumber, serverTimestampMs, serviceErrors } = metadata
    if (serviceErrors.length > 0) return undefined
    const number = isNumber(fragmentNumber) ? fragmentNumber : undefined
    // A document of headers and tags only, with which a producer ends a stream.
    if (!hasCluster && number === undefined && errors.length === 0) return undefined
    const isBehind = number !== undefined && this.#isBehind(number)
    if (!isBehind) return this.#pass(number, errors, serverTimestampMs)
    if (this.#resync !== undefined) return undefined
    // Nobody misses it. If it comes damaged each time, it has to be passed over to see what is behind it.
    if (this.#countRefetch('damaged-behind') > MAX_REFETCHES) this.#resync = 'behind'
    return 'damaged'
  }

  /** A damaged fragment that would be the next one: on the way from one that was given up, it is in the same gap. */
  #pass(
    fragmentNumber: string | undefined,
    errors: readonly ParseError[],
    serverTimestampMs: number | undefined,
  ): SessionEndReason | undefined {
    if (this.#resync === 'skip') {
      this.#position.skipDamaged(undefined)
      return undefined
    }
    this.#resync = undefined
    // One that was broken off is owed, though nothing in it is wrong.
    return this.damaged(fragmentNumber, errors, serverTimestampMs, false)
  }

  #countRefetch(fault: Fault): number {
    const count = (this.#refetches.get(fault) ?? 0) + 1
    this.#refetches.set(fault, count)
    return count
  }

  /** Decides about a fragment by its number, before any of it is handed on. */
  #begin(metadata: FragmentMetadata): Verdict {
    const verdict = this.#decide(metadata)
    this.#arrival = metadata
    this.#verdict = verdict
    return verdict
  }

  #decide({ fragmentNumber, serverTimestampMs }: FragmentMetadata): Verdict {
    if (!isNumber(fragmentNumber)) {
      return this.#resync === undefined ? this.damaged(undefined, []) : 'before-start'
    }
    const position = this.#position
    if (position.liftGuard(fragmentNumber, serverTimestampMs)) this.#onRenumbered()
    const admission = position.admit(fragmentNumber)
    if (admission === 'duplicate' || admission === 'before-start') return admission
    if (admission === 'overtaken') {
      this.#overtaken.add(fragmentNumber)
      if (this.#overtaken.size <= MAX_OVERTAKEN) return 'duplicate'
      // So many were not left out: it was the number of those frames that was wrong.
      this.#overtaken.clear()
      position.begin(undefined)
      return 'gap'
    }
    if (admission !== 'deliver' && !this.#acceptGap(admission, fragmentNumber)) return 'gap'
    this.closeGap(fragmentNumber)
    return 'deliver'
  }

  /** A fragment was left out before this one. True when it is taken all the same. */
  #acceptGap(admission: 'missing' | 'jump', fragmentNumber: string): boolean {
    const { gapDetection, onResumePointLost } = this.#options
    const isReportOnly = admission === 'jump' && gapDetection === 'report'
    if (!isReportOnly && this.#countRefetch('missing') <= MAX_REFETCHES) return false
    const position = this.#position
    const { isStartOwed } = position
    position.acceptGap(fragmentNumber)
    this.#refetches.clear()
    if (!isStartOwed) return true
    // The user asked for this very fragment.
    this.#health.report({
      type: 'resumePointLost',
      afterFragmentNumber: undefined,
      policy: onResumePointLost,
      error: undefined,
    })
    if (onResumePointLost === 'earliest') return true
    if (onResumePointLost === 'now') {
      position.restart('NOW')
    } else {
      this.closeGap(fragmentNumber)
      this.fail(new ResumePointLostError(undefined, undefined))
    }
    return false
  }

  // TAIL repeats the number of HEAD in every known stream: a digit that changed on the way would be found here, before it
  // makes the guard drop everything up to it. Should the service do it otherwise one day, the same pair comes twice.
  #isTokenTrusted({ fragmentNumber, continuationToken = '' }: FragmentMetadata): boolean {
    if (this.#areTokensOdd || continuationToken === fragmentNumber) return true
    if (!isFragmentNumber(continuationToken)) return true
    const pair = `${fragmentNumber} ${continuationToken}`
    this.#areTokensOdd = pair === this.#oddToken
    this.#oddToken = pair
    return this.#areTokensOdd
  }

  #isBehind(fragmentNumber: string): boolean {
    const admission = this.#position.admit(fragmentNumber)
    return admission !== 'deliver' && admission !== 'jump' && admission !== 'missing'
  }
}

/** A fragment with its end and its number. */
export type WholeFragment = GetMediaFragment & {
  readonly metadata: FragmentMetadata & { readonly fragmentNumber: string }
}

/** What is handed on; in frame mode a fragment says that all its frames were. */
export type DeliveredItem = GetMediaFrame | WholeFragment

/**
 * Only TAIL proves that a fragment is whole, and `isComplete` says that it was read, be its token without a value; without a
 * number it has no place in the order.
 */
function isWhole(fragment: GetMediaFragment): fragment is WholeFragment {
  const { isComplete, metadata } = fragment
  return isComplete && isNumber(metadata.fragmentNumber)
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && isFragmentNumber(text)
}

/** The place behind a fragment. */
export function positionOf(
  { continuationToken, serverTimestampMs }: FragmentMetadata,
  fragmentNumber: string,
): StreamPosition {
  return {
    fragmentNumber,
    ...(continuationToken === undefined ? {} : { continuationToken }),
    ...(serverTimestampMs === undefined ? {} : { serverTimestampMs }),
  }
}
