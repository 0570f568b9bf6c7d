import type { MediaResponse, MediaSource } from '../../src/consumer/media-source.js'
import type { StartSelector } from '../../src/consumer/start-selector.js'
import {
  concatBytes,
  element,
  encodeId,
  encodeUnknownSize,
  stringElement,
} from '../../src/simulator/ebml-writer.js'
import {
  type FragmentSpec,
  buildErrorDocument,
  buildFragment,
  buildFragmentParts,
} from '../../src/simulator/media.js'
import { headTags, tailTags } from '../../src/simulator/service-tags.js'
import { ID } from '../../src/parser/schema.js'
import { encodeFragmentNumber } from '../../src/tags/fragment-number.js'
import type { VirtualClock } from './consumer-clock.js'

/** A fragment that the service holds. */
export interface HeldFragment {
  readonly index: number
  readonly fragmentNumber: string
  readonly serverTimestampMs: number
  readonly bytes: Uint8Array
  /** What the bytes are made of. */
  readonly spec: FragmentSpec
}

/** 17 November 2023, when the log begins. */
export const LOG_START_MS = 1_700_200_000_000

export interface LogOptions {
  /** Frames in each fragment. Default 1. */
  readonly frames?: number
  /** Default 1. */
  readonly firstSequence?: number
  /** The continuation token by the fragment's number. Default: the number. */
  readonly tokenOf?: (fragmentNumber: string) => string
  /** Whether only the number and the token are told, for tests of very many fragments. */
  readonly isBare?: boolean
  /** Whether, moreover, there is no other element than a fragment must have: half of the elements to parse. */
  readonly isMinimal?: boolean
}

/** Tiny fragments, a second apart: no tracks, `frames` frames of 4 bytes that name the fragment and the frame. */
export function createLog(
  count: number,
  {
    frames = 1,
    firstSequence = 1,
    isMinimal = false,
    isBare = isMinimal,
    tokenOf,
  }: LogOptions = {},
): HeldFragment[] {
  return Array.from({ length: count }, (_, index) => {
    const serverTimestampMs = LOG_START_MS + index * 1000
    const fragmentNumber = encodeFragmentNumber({
      sequence: BigInt(firstSequence + index),
      serverTimestampMs,
      random: (index * 7919) % 0x0fff_ffff,
    })
    const spec: FragmentSpec = {
      fragmentNumber,
      ...(isBare ? {} : { serverTimestampMs, producerTimestampMs: serverTimestampMs - 100 }),
      millisBehindNow: isBare ? undefined : 1000,
      continuationToken: tokenOf?.(fragmentNumber),
      clusterTimestamp: index * 1000,
      frames: Array.from({ length: frames }, (__, frame) => ({
        trackNumber: 1,
        timestampMs: frame * 10,
        isKeyframe: frame === 0,
        data: Uint8Array.of(index >> 8, index & 0xff, frame >> 8, frame & 0xff),
      })),
    }
    let bytes: Uint8Array | undefined
    return {
      index,
      fragmentNumber,
      serverTimestampMs,
      spec,
      // Made when it is first sent: long logs are rarely read to their end.
      get bytes() {
        bytes ??= isMinimal ? buildMinimal(spec) : buildFragment(spec)
        return bytes
      },
    }
  })
}

function buildMinimal(spec: FragmentSpec): Uint8Array {
  const { fragmentNumber, continuationToken = fragmentNumber, clusterTimestamp = 0 } = spec
  const { cluster } = buildFragmentParts({ ...spec, style: 'producer-sdk', clusterTimestamp })
  return concatBytes([
    element(ID.EBML, stringElement(ID.DocType, 'matroska')),
    encodeId(ID.Segment),
    encodeUnknownSize(8),
    headTags({ fragmentNumber }),
    cluster,
    tailTags({ continuationToken }),
  ])
}

/** How a response ends when it is cut. */
export type CutKind = 'reset' | 'cleanEnd' | 'stall'

/** One piece of a response. */
export type Piece =
  | Uint8Array
  /** Waits so long before the next piece. */
  | { readonly waitMs: number }
  /** Ends the response with this error. */
  | { readonly error: Error }
  /** Never brings anything again. */
  | 'stall'

/** What a request is answered with: an error, or pieces; the response ends behind the last one. */
export type Answer =
  | { readonly refuse: unknown }
  | { readonly pieces: Iterable<Piece>; readonly serverTimeMs?: number }

/** A GetMedia request as it arrived. */
export interface SeenRequest {
  readonly selector: StartSelector
  /** Index of the first fragment that the service would send; `undefined` when it is lost. */
  readonly startIndex: number | undefined
  readonly atMs: number
}

export interface FakeServiceOptions {
  readonly log: readonly HeldFragment[]
  readonly clock: VirtualClock
  /** Whether CONTINUATION_TOKEN starts at its fragment, as one of AWS's pages says, instead of after it. */
  readonly isTokenInclusive?: boolean
  /** Answers the n-th request, from 0. Default: everything from the start, then a clean end. */
  readonly answer?: (request: SeenRequest, number: number) => Answer
}

/** An error as the network makes it. */
export function networkError(code = 'ECONNRESET'): Error {
  return Object.assign(new Error('aborted'), { code })
}

/** An exception as the SDK throws it. */
export function exception(name: string, status = 400): Error {
  return Object.assign(new Error(`${name} for a test`), {
    name,
    $metadata: { httpStatusCode: status, requestId: 'test-request' },
  })
}

const errorDocuments = new Map<string, Uint8Array>()

/** The document of an in-band error. */
export function errorDocument(id: number | undefined, code?: string): Uint8Array {
  const key = `${id} ${code}`
  const bytes = errorDocuments.get(key) ?? buildErrorDocument({ id, code })
  errorDocuments.set(key, bytes)
  return bytes
}

/**
 * GetMedia in memory: the same promises as the real service, without a socket. It answers within microtasks, so that it
 * goes with a {@link VirtualClock}.
 */
export class FakeService implements MediaSource {
  readonly requests: SeenRequest[] = []
  readonly refreshed: string[] = []
  log: HeldFragment[]
  openBodies = 0
  /** Most bodies open at one time. */
  peakBodies = 0
  isClosed = false
  readonly #clock: VirtualClock
  readonly #isTokenInclusive: boolean
  answer: ((request: SeenRequest, number: number) => Answer) | undefined

  constructor(options: FakeServiceOptions) {
    this.log = [...options.log]
    this.#clock = options.clock
    this.#isTokenInclusive = options.isTokenInclusive ?? false
    this.answer = options.answer
  }

  open(selector: StartSelector, signal: AbortSignal): Promise<MediaResponse> {
    const startIndex = this.#start(selector)
    const request = { selector, startIndex, atMs: this.#clock.monotonicMs() }
    this.requests.push(request)
    const answer = this.answer?.(request, this.requests.length - 1) ?? {
      pieces: this.from(startIndex ?? 0),
    }
    if ('refuse' in answer) {
      return answer.refuse === 'never'
        ? new Promise(() => undefined)
        : Promise.reject(answer.refuse as Error)
    }
    return Promise.resolve({
      body: this.#body(answer.pieces, signal),
      requestId: 'test-request',
      serverTimeMs: 'serverTimeMs' in answer ? answer.serverTimeMs : undefined,
    })
  }

  refresh(what: string): void {
    this.refreshed.push(what)
  }

  close(): void {
    this.isClosed = true
  }

  /** The bytes from a fragment on. */
  from(index: number, end: number = this.log.length): Uint8Array[] {
    return this.log.slice(index, end).map((fragment) => fragment.bytes)
  }

  #start(selector: StartSelector): number | undefined {
    const { log } = this
    switch (selector.StartSelectorType) {
      case 'NOW':
        return log.length
      case 'EARLIEST':
        return 0
      case 'SERVER_TIMESTAMP':
      case 'PRODUCER_TIMESTAMP': {
        const timeMs = selector.StartTimestamp?.getTime() ?? 0
        const index = log.findIndex((fragment) => fragment.serverTimestampMs >= timeMs)
        return index === -1 ? log.length : index
      }
      case 'CONTINUATION_TOKEN':
        return this.#after(selector.ContinuationToken ?? '', this.#isTokenInclusive ? 0 : 1)
      case 'FRAGMENT_NUMBER':
        return this.#after(selector.AfterFragmentNumber ?? '', 1)
      case undefined:
        throw new Error('A selector without a type')
    }
  }

  #after(number: string, step: number): number | undefined {
    const index = this.log.findIndex(({ fragmentNumber }) => fragmentNumber === number)
    return index === -1 ? undefined : index + step
  }

  #body(pieces: Iterable<Piece>, signal: AbortSignal): AsyncIterable<Uint8Array> {
    const iterator = pieces[Symbol.iterator]()
    const clock = this.#clock
    let isOpen = true
    this.openBodies += 1
    this.peakBodies = Math.max(this.peakBodies, this.openBodies)
    const leave = (): void => {
      if (isOpen) this.openBodies -= 1
      isOpen = false
    }
    const done = { done: true, value: undefined } as const
    const next = (): Promise<IteratorResult<Uint8Array, undefined>> => {
      const result = isOpen ? iterator.next() : done
      if (result.done === true) {
        leave()
        return Promise.resolve(done)
      }
      const piece = result.value as Piece
      if (piece === 'stall') return new Promise(() => undefined)
      if (piece instanceof Uint8Array) return Promise.resolve({ done: false, value: piece })
      if ('waitMs' in piece) {
        return new Promise((resolve, reject) => {
          clock.setTimer(() => void next().then(resolve, reject), piece.waitMs)
        })
      }
      leave()
      return Promise.reject(piece.error)
    }
    signal.addEventListener('abort', leave, { once: true })
    return {
      [Symbol.asyncIterator]: () => ({
        next,
        return() {
          leave()
          signal.removeEventListener('abort', leave)
          return Promise.resolve(done)
        },
      }),
    }
  }
}

/** The pieces of a payload that is cut after `offset` bytes. */
export function cut(payload: readonly Uint8Array[], offset: number, how: CutKind): Piece[] {
  const pieces: Piece[] = []
  let left = offset
  for (const bytes of payload) {
    if (left <= 0) break
    pieces.push(bytes.subarray(0, Math.min(left, bytes.length)))
    left -= bytes.length
  }
  if (how === 'reset') pieces.push({ error: networkError() })
  if (how === 'stall') pieces.push('stall')
  return pieces
}
