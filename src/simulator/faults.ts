/** Scripted misbehaviour: what can go wrong, where, how often; and which of it is still to come. */
import { compareFragmentNumbers } from '../tags/fragment-number.js'
import type { Operation } from './request-log.js'
import type { ErrorPosition } from './media.js'

/** A point in a stream: a fragment, and how far into it. */
export interface FragmentPoint {
  /** Index in the stream, counted from 0 over all fragments ever appended, or a fragment number. */
  readonly fragment: number | string
  /** Bytes of it that are sent before; more than it has means its end. Default 0. */
  readonly offset?: number | 'middle' | 'end' | undefined
}

/** A point in a response: after so many bytes of its body. */
export interface BytePoint {
  /** Bytes of the body, counted for each response anew. */
  readonly byte: number
}

/** The start of a request, before any answer. */
export interface RequestPoint {
  /**
   * Counts from 0 over the requests of this operation (and stream, if the fault names one). It happens to this
   * one, or the first after it that no other fault hits, and with `times` to those after it.
   */
  readonly request: number
  /** Default 'GetMedia'. */
  readonly operation?: 'GetMedia' | 'GetDataEndpoint' | undefined
}

/**
 * Sends an in-band error. It stands between two fragments, as the service's do: a point within a
 * fragment means its end.
 */
export interface ErrorTagAction {
  /** AWS_KINESISVIDEO_ERROR_ID. */
  readonly errorTag: number
  /** AWS_KINESISVIDEO_ERROR_CODE. Default: the ID's own. */
  readonly code?: string | undefined
  /** Whether it names the fragment. Default false. */
  readonly withFragmentNumber?: boolean | undefined
  /** Where in a document it stands. Default 'alone'. */
  readonly position?: ErrorPosition | undefined
  /** Whether the response ends after it, as the service's does. Default true. */
  readonly thenEnd?: boolean | undefined
}

/** Refuses a request. */
export interface HttpAction {
  /** The error. */
  readonly http: {
    /** The exception's name, `ClientLimitExceededException` for example. */
    readonly type: string
    /** HTTP status. Default: the one that the service uses with this name. */
    readonly status?: number | undefined
    /** Default: made up. */
    readonly message?: string | undefined
  }
}

/** A fault that needs no more than its name. */
export type FaultName =
  | 'reset'
  | 'fin'
  | 'cleanEnd'
  | 'stall'
  | 'delay'
  | 'slice'
  | 'flip'
  | 'duplicate'
  | 'skip'

/**
 * What goes wrong.
 * - 'reset': the connection is reset (RST).
 * - 'fin': the connection is closed (FIN) in the middle of the HTTP response.
 * - 'cleanEnd': the HTTP response ends properly, whatever the fragment.
 * - 'stall': nothing more comes, for `delayMs` or for ever.
 * - 'delay': nothing comes for `delayMs`, 1,000 by default.
 * - 'slice': the rest of the fragment comes `bytes` by `bytes`, 1 by default.
 * - 'flip': the next `bytes` bytes, 1 by default, have all their bits inverted, in the next fragments too.
 * - 'duplicate': the fragment, with the `count - 1` before it as far as they are held, is sent once
 *   more after it. What is repeated is not skipped, and not repeated again.
 * - 'skip': the fragment, with the `count - 1` after it, is not sent in this response.
 */
export type FaultAction = FaultName | ErrorTagAction | HttpAction

/** One line of a fault script. */
export interface Fault {
  /** Where it happens. A request point takes 'reset', 'fin', 'stall', 'delay' and an HTTP error only. */
  readonly at: FragmentPoint | BytePoint | RequestPoint
  /** What happens. */
  readonly do: FaultAction
  /** How often, over all responses. Default 1. */
  readonly times?: number | 'always' | undefined
  /** The one stream it concerns. Default: any. */
  readonly stream?: string | undefined
  /** Milliseconds, for 'delay' and 'stall'. */
  readonly delayMs?: number | undefined
  /** For 'slice' and 'flip'. */
  readonly bytes?: number | undefined
  /** For 'duplicate' and 'skip'. */
  readonly count?: number | undefined
}

/** A part of a response's body that is about to be sent: a fragment, or an error between two. */
export interface BodyPart {
  /** The fragment. */
  readonly fragment: { readonly index: number; readonly fragmentNumber: string } | undefined
  /** Its length in bytes. */
  readonly byteLength: number
  /** Bytes of the body that went before it. */
  readonly bodyOffset: number
}

/** A fault and how often it can still happen. */
export class ArmedFault {
  /** The fault. */
  readonly fault: Fault
  #remaining: number

  constructor(fault: Fault) {
    const { times = 1 } = fault
    this.fault = fault
    this.#remaining = times === 'always' ? Infinity : times
  }

  /** Whether it can still happen. */
  get isPending(): boolean {
    return this.#remaining > 0
  }

  /** Uses it up once; false if another response has used the last one since. */
  take(): boolean {
    return this.#remaining > 0 && this.#remaining-- > 0
  }

  /** Whether it can happen in this stream. */
  isFor(streamName: string | undefined): boolean {
    return this.fault.stream === undefined || this.fault.stream === streamName
  }

  /** Bytes of the part that go before it; `undefined` if it is not in this part. */
  offsetIn(part: BodyPart): number | undefined {
    const offset = offsetWithin(this.fault, part)
    const isInside = offset !== undefined && offset > 0
    // In the middle of a block an error would be media.
    return isInside && isErrorTag(this.fault) ? part.byteLength : offset
  }
}

/** The faults that can still happen. Each is used up by whichever response reaches it first. */
export class FaultScript {
  #armed: ArmedFault[] = []

  /** Adds faults. They are not checked here: see `parseFaults`. */
  add(faults: readonly Fault[]): void {
    for (const fault of faults) this.#armed.push(new ArmedFault(fault))
  }

  /** Forgets all of them. */
  clear(): void {
    this.#armed = []
  }

  /** Those that can still happen, in the order in which they were added. */
  get pending(): readonly Fault[] {
    return this.#armed.filter((armed) => armed.isPending).map((armed) => armed.fault)
  }

  /** Takes the first fault that hits a request before its answer. */
  takeAtRequest(
    operation: Operation,
    streamName: string | undefined,
    countOfAll: number,
    countOfStream: number,
  ): Fault | undefined {
    return this.#takeFirst(streamName, ({ at, stream }) => {
      if (!('request' in at) || (at.operation ?? 'GetMedia') !== operation) return false
      return (stream === undefined ? countOfAll : countOfStream) >= at.request
    })
  }

  /**
   * Takes the first HTTP error that waits for a response starting at this fragment or later. The
   * number is that of the last fragment when the response starts after it.
   */
  takeAtStart(streamName: string, index: number, fragmentNumber?: string): Fault | undefined {
    return this.#takeFirst(streamName, ({ at, do: action }) => {
      if (!('fragment' in at) || typeof action === 'string' || !('http' in action)) return false
      if (typeof at.fragment === 'number') return index >= at.fragment
      return (
        fragmentNumber !== undefined && compareFragmentNumbers(fragmentNumber, at.fragment) >= 0
      )
    })
  }

  /** What can still happen in a stream, in the order in which it was added; nothing is used up by asking. */
  pendingIn(streamName: string): readonly ArmedFault[] {
    return this.#armed.filter((armed) => armed.isPending && armed.isFor(streamName))
  }

  #takeFirst(streamName: string | undefined, test: (fault: Fault) => boolean): Fault | undefined {
    const found = this.#armed.find(
      (armed) => armed.isPending && armed.isFor(streamName) && test(armed.fault),
    )
    found?.take()
    return found?.fault
  }
}

/** A fault in few words, for the log of requests. */
export function describeFault(fault: Fault): string {
  const action = fault.do
  if (typeof action === 'string') return action
  return 'http' in action ? `http ${action.http.type}` : `errorTag ${action.errorTag}`
}

function isErrorTag({ do: action }: Fault): boolean {
  return typeof action === 'object' && 'errorTag' in action
}

function offsetWithin(fault: Fault, part: BodyPart): number | undefined {
  const { at } = fault
  const { fragment, byteLength, bodyOffset } = part
  if ('fragment' in at) {
    // An HTTP error waits for the next request instead.
    if (!fragment || (typeof fault.do === 'object' && 'http' in fault.do)) return undefined
    const isHere =
      typeof at.fragment === 'number'
        ? at.fragment === fragment.index
        : compareFragmentNumbers(at.fragment, fragment.fragmentNumber) === 0
    if (!isHere) return undefined
    if (at.offset === 'middle') return Math.floor(byteLength / 2)
    return at.offset === 'end' ? byteLength : Math.min(at.offset ?? 0, byteLength)
  }
  if (!('byte' in at)) return undefined
  const offset = at.byte - bodyOffset
  // A byte count on the border of two fragments belongs to the first of them, so that it is reached
  // without waiting for the second; but a byte that is to be changed is the second one's.
  const isBehind = fault.do === 'flip' || fault.do === 'slice'
  const isInside = isBehind
    ? offset >= 0 && offset < byteLength
    : offset > 0 && offset <= byteLength
  return isInside || (offset === 0 && bodyOffset === 0) ? offset : undefined
}
