import fc from 'fast-check'
import type { Answer, HeldFragment, Piece, SeenRequest } from './consumer-service.js'
import { errorDocument, exception, networkError } from './consumer-service.js'

/** What one request meets. */
export interface SessionPlan {
  /** Refused with this instead of answered. */
  readonly refuse: 'none' | 'throttled' | 'connections' | 'endpoint' | 'server' | 'network'
  /** Fragments from before the start that are sent again first. */
  readonly replay: number
  /** Whole fragments until it ends. */
  readonly length: number
  readonly ending:
    | 'clean'
    | 'reset'
    | 'cleanEnd'
    | 'stall'
    | 'error-3002'
    | 'error-5000'
    | 'error-999'
  /** Thousandths of the next fragment that still arrive. */
  readonly offset: number
  /** After this many fragments the last two are sent again. */
  readonly repeatAt: number
  /** After this many fragments one is left out; -1 for none. */
  readonly skipAt: number
  /** After this many fragments one arrives with a byte of its header inverted; -1 for none. */
  readonly flipAt: number
  /** Fragments in one chunk, or with 0, chunks of 100 bytes. */
  readonly chunk: number
}

const plan: fc.Arbitrary<SessionPlan> = fc.record({
  refuse: fc.oneof(
    { weight: 5, arbitrary: fc.constant('none' as const) },
    {
      weight: 1,
      arbitrary: fc.constantFrom('throttled', 'connections', 'endpoint', 'server', 'network'),
    },
  ),
  replay: fc.constantFrom(0, 0, 0, 1, 2, 5),
  length: fc.nat(40),
  ending: fc.constantFrom(
    'clean',
    'reset',
    'cleanEnd',
    'stall',
    'error-3002',
    'error-5000',
    'error-999',
  ),
  offset: fc.nat(999),
  repeatAt: fc.integer({ min: -40, max: 40 }),
  skipAt: fc.integer({ min: -40, max: 20 }),
  flipAt: fc.integer({ min: -40, max: 20 }),
  chunk: fc.constantFrom(0, 1, 2, 7, 50),
})

/** A script of faults: what the first requests meet; those after it meet nothing. */
export const script: fc.Arbitrary<readonly SessionPlan[]> = fc
  .array(plan, { maxLength: 12 })
  .map((plans) => limitRefetches(plans))

// A fragment is fetched again three times at most: a script must not withhold one more often than that.
function limitRefetches(plans: readonly SessionPlan[]): readonly SessionPlan[] {
  let left = 3
  return plans.map((each) => {
    const skipAt = each.skipAt >= 0 && left > 0 ? each.skipAt : -1
    if (skipAt >= 0) left -= 1
    const flipAt = each.flipAt >= 0 && left > 0 && skipAt < 0 ? each.flipAt : -1
    if (flipAt >= 0) left -= 1
    return { ...each, skipAt, flipAt }
  })
}

/** A fragment as it is sent: whole, or with damage. */
interface Sent {
  readonly index: number
  readonly isDamaged: boolean
}

/** The fragments that an answer sends whole or damaged, in order, up to its ending. */
function sequence(each: SessionPlan, start: number, count: number): Sent[] {
  const sent: Sent[] = []
  for (let index = Math.max(0, start - each.replay); index < start; index += 1) {
    sent.push({ index, isDamaged: false })
  }
  for (let n = 0; n < each.length && start + n < count; n += 1) {
    const index = start + n
    // Nobody can tell that the very first fragment was left out: it is skipped only when one came before.
    if (n === each.skipAt && index > 0) continue
    sent.push({ index, isDamaged: n === each.flipAt })
    // Not after the very last one, where the loop breaks before it has read on.
    if (n === each.repeatAt && n > 0 && index < count - 1) {
      sent.push({ index: index - 1, isDamaged: false }, { index, isDamaged: n === each.flipAt })
    }
  }
  return sent
}

const REFUSALS = {
  throttled: () => exception('ClientLimitExceededException'),
  connections: () => exception('ConnectionLimitExceededException'),
  endpoint: () => exception('InvalidEndpointException'),
  server: () => exception('SyntaxError', 503),
  network: () => networkError('ENOTFOUND'),
} as const

/** Plays a script, and counts by itself how many whole fragments must have been dropped as repeats. */
export class ScriptPlayer {
  /** Whole repeated fragments that were sent before the consumer had a reason to hang up. */
  duplicates = 0
  readonly #plans: readonly SessionPlan[]
  readonly #log: readonly HeldFragment[]
  #last = -1

  constructor(plans: readonly SessionPlan[], log: readonly HeldFragment[]) {
    this.#plans = plans
    this.#log = log
  }

  readonly answer = ({ startIndex = 0 }: SeenRequest, number: number): Answer => {
    const log = this.#log
    const each = this.#plans[number]
    if (each === undefined) {
      this.#receive(log.slice(startIndex).map(({ index }) => ({ index, isDamaged: false })))
      return {
        pieces:
          startIndex < log.length ? [join(log.slice(startIndex).map(({ bytes }) => bytes))] : [],
      }
    }
    if (each.refuse !== 'none') return { refuse: REFUSALS[each.refuse]() }
    const sent = sequence(each, startIndex, log.length)
    this.#receive(sent)
    return { pieces: this.#pieces(each, sent, startIndex) }
  }

  /** What a consumer must make of an answer: in its own words, so that the two can disagree. */
  #receive(sent: readonly Sent[]): void {
    for (const { index, isDamaged } of sent) {
      if (isDamaged || index > this.#last + 1) return
      if (index <= this.#last) this.duplicates += 1
      this.#last = Math.max(this.#last, index)
    }
  }

  #pieces(each: SessionPlan, sent: readonly Sent[], startIndex: number): Piece[] {
    const log = this.#log
    const bytes = sent.map(({ index, isDamaged }) =>
      isDamaged ? damage(log[index].bytes) : log[index].bytes,
    )
    const next = log[Math.min(startIndex + each.length, log.length)]
    const isMediaCut =
      each.ending === 'reset' || each.ending === 'cleanEnd' || each.ending === 'stall'
    if (next !== undefined && isMediaCut) {
      bytes.push(next.bytes.subarray(0, Math.floor((next.bytes.length * each.offset) / 1000)))
    }
    if (each.ending.startsWith('error-')) bytes.push(errorDocument(Number(each.ending.slice(6))))
    const pieces = chunked(bytes, each.chunk)
    if (each.ending === 'reset') pieces.push({ error: networkError() })
    if (each.ending === 'stall') pieces.push('stall')
    return pieces
  }
}

/** The same fragment, with the ID of its first element inverted: damage that the parser cannot overlook. */
function damage(bytes: Uint8Array): Uint8Array {
  const damaged = bytes.slice()
  damaged[0] ^= 0xff
  return damaged
}

function chunked(parts: readonly Uint8Array[], fragmentsPerChunk: number): Piece[] {
  const pieces: Piece[] = []
  if (fragmentsPerChunk > 0) {
    for (let at = 0; at < parts.length; at += fragmentsPerChunk) {
      pieces.push(join(parts.slice(at, at + fragmentsPerChunk)))
    }
    return pieces
  }
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 100) pieces.push(part.subarray(at, at + 100))
  }
  return pieces
}

/** One piece of several: a view where they lie side by side in one buffer, a copy where they do not. */
function join(parts: readonly Uint8Array[]): Uint8Array {
  const [{ buffer, byteOffset }] = parts
  let length = 0
  for (const part of parts) {
    if (part.buffer !== buffer || part.byteOffset !== byteOffset + length) {
      return new Uint8Array(Buffer.concat(parts))
    }
    length += part.length
  }
  return new Uint8Array(buffer, byteOffset, length)
}

/** The same log in one buffer, so that scripts can be played without copying it. */
export function inOneBuffer(log: readonly HeldFragment[]): HeldFragment[] {
  const all = new Uint8Array(Buffer.concat(log.map(({ bytes }) => bytes)))
  let end = 0
  return log.map((fragment) => {
    const start = end
    end += fragment.bytes.length
    return { ...fragment, bytes: all.subarray(start, end) }
  })
}
