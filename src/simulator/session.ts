/** One GetMedia response, from its first byte to its end. */
import type { ServerResponse } from 'node:http'
import type { Clock } from './clock.js'
import {
  type ArmedFault,
  type BodyPart,
  type Fault,
  type FaultScript,
  describeFault,
} from './faults.js'
import { cutSocket, onceGone } from './socket.js'
import { buildErrorDocument } from './media.js'
import type { OpenRecord, RequestEnd, RequestLog } from './request-log.js'
import type { StoredFragment } from './stored-fragment.js'
import type { SimulatedStream } from './stream.js'

/** What a response needs to know. */
export interface SessionOptions {
  readonly stream: SimulatedStream
  readonly response: ServerResponse
  readonly record: OpenRecord
  readonly log: RequestLog
  readonly clock: Clock
  readonly script: FaultScript
  /** Index of the first fragment to send; 'lost' sends error 4000 instead of media. */
  readonly start: number | 'lost'
  readonly idleEndMs: number
  readonly sessionEndMs: number
  readonly bytesPerSecond: number
  readonly endsAt: 'fragment' | 'anywhere'
}

// A paced response is sent in pieces of this size, so that the pace is smooth.
const PACED_PIECE_BYTES = 65_536
// Timers are good for milliseconds: shorter waits than this are saved up.
const SHORTEST_WAIT_MS = 5
// A client that still reads gets the rest of the fragment after the end of the session.
const UNREAD_END_MS = 3000

/** Sends fragments until the service, a fault or the client ends the response. */
export class Session {
  readonly #options: SessionOptions
  readonly #response: ServerResponse
  readonly #record: OpenRecord
  readonly #clock: Clock
  readonly #generation: number
  /** By the clock that never goes back, as everything else that is measured here. */
  readonly #startMs: number
  /** Called when the response is over, to wake whatever waits. */
  readonly #closers = new Set<() => void>()
  #isOver = false
  #isExpired = false
  /** When the next byte may go out at the given pace. */
  #paceMs: number
  /** 0: write as the pieces come. */
  #sliceBytes = 0
  /** How many of the next bytes are inverted. */
  #flipBytes = 0
  /** A byte of the body comes once: the faults at bytes that have come. */
  readonly #reached = new Set<ArmedFault>()
  #position: number
  /** Writes that the kernel has not taken yet. */
  #unflushedWrites = 0
  #onFlushed: (() => void) | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#response = options.response
    this.#record = options.record
    this.#clock = options.clock
    this.#generation = options.stream.sessionGeneration
    this.#startMs = options.clock.monotonicMs()
    this.#paceMs = this.#startMs
    this.#position = options.start === 'lost' ? 0 : options.start
    // A client that vanishes is an ordinary end of a response.
    this.#response.on('error', () => this.#finish('client'))
  }

  /** Sends everything. Resolves when the response is over; never rejects for what a client does. */
  async run(): Promise<void> {
    const { sessionEndMs, stream } = this.#options
    const forget = onceGone(this.#response, () => this.#finish('client'))
    const stopWatching = stream.watch(() => {
      if (stream.isRemoved) this.#end('session')
      else if (stream.sessionGeneration !== this.#generation) this.#expire()
    })
    const hasEnd = Number.isFinite(sessionEndMs)
    const cancel = hasEnd ? this.#clock.setTimer(() => this.#expire(), sessionEndMs) : undefined
    try {
      if (this.#options.start === 'lost') await this.#sendLostStart()
      while (!this.#isOver) await this.#sendNext()
    } finally {
      forget()
      stopWatching()
      cancel?.()
    }
  }

  /** Ends it now because the simulator closes. */
  close(): void {
    this.#finish('closed')
    this.#response.destroy()
  }

  async #sendNext(): Promise<void> {
    const { stream } = this.#options
    if (this.#isExpired) return this.#end('session')
    const fragment = stream.at(this.#position)
    if (!fragment) return this.#awaitNext()
    const skipped = this.#skip(fragment)
    if (skipped > 0) {
      this.#position = fragment.index + skipped
      return undefined
    }
    const repeats = await this.#sendFragment(fragment)
    this.#position = fragment.index + 1
    if (repeats > 0) await this.#repeat(fragment.index - repeats + 1, fragment.index)
    return undefined
  }

  /** Sends what is still held of these fragments once more. */
  async #repeat(first: number, last: number): Promise<void> {
    const { stream } = this.#options
    let fragment = stream.at(first)
    while (fragment && fragment.index <= last && !this.#isOver && !this.#isExpired) {
      await this.#sendFragment(fragment, true)
      fragment = stream.at(fragment.index + 1)
    }
  }

  /** Waits for the next fragment; ends the response when none comes for a while. */
  async #awaitNext(): Promise<void> {
    const { stream, idleEndMs } = this.#options
    const sinceMs = Math.max(stream.lastAppendMs ?? this.#startMs, this.#startMs)
    const leftMs = sinceMs + idleEndMs - this.#clock.monotonicMs()
    if (leftMs <= 0) return this.#end('idle')
    await this.#wait((wake) => {
      const stopWatching = stream.watch(wake)
      const cancel = Number.isFinite(leftMs) ? this.#clock.setTimer(wake, leftMs) : undefined
      return () => {
        stopWatching()
        cancel?.()
      }
    })
  }

  /** How many fragments a fault leaves out here. */
  #skip(fragment: StoredFragment): number {
    const part = { fragment, byteLength: 0, bodyOffset: this.#record.bytesSent }
    const armed = this.#pendingFaults().find(
      (pending) => pending.fault.do === 'skip' && pending.offsetIn(part) !== undefined,
    )
    if (!armed?.take()) return 0
    this.#note(armed.fault)
    return armed.fault.count ?? 1
  }

  /** Sends one fragment with its faults; returns how many fragments to repeat after it. */
  async #sendFragment(fragment: StoredFragment, isRepeat = false): Promise<number> {
    const lagMs = Math.max(1, Math.floor(this.#clock.now() - fragment.serverTimestampMs))
    this.#sliceBytes = 0
    const faults = this.#pendingFaults().filter(
      ({ fault }) => fault.do !== 'skip' && !(isRepeat && fault.do === 'duplicate'),
    )
    const repeats = await this.#sendPart(fragment.pieces(lagMs), faults, fragment)
    if (this.#isOver) return 0
    this.#record.fragmentsSent++
    this.#record.firstFragmentNumber ??= fragment.fragmentNumber
    this.#record.lastFragmentNumber = fragment.fragmentNumber
    this.#options.log.changed()
    return repeats
  }

  /** Sends an error; what waits for a byte of the body can hit it as well. */
  async #sendError(document: Uint8Array): Promise<void> {
    await this.#sendPart([document], this.#pendingFaults())
  }

  /** Sends pieces and what hits them; returns how many fragments are to be repeated. */
  async #sendPart(
    pieces: readonly Uint8Array[],
    faults: readonly ArmedFault[],
    fragment?: StoredFragment,
  ): Promise<number> {
    const byteLength = pieces.reduce((sum, piece) => sum + piece.length, 0)
    const waiting = new Set(faults)
    let sent = 0
    let repeats = 0
    while (!this.#isOver) {
      // An error in between counts as body: what waits for a byte comes the earlier in the fragment.
      const bodyOffset = this.#record.bytesSent - sent
      const next = this.#nextOf(waiting, { fragment, byteLength, bodyOffset })
      const offset = Math.max(sent, next?.offset ?? byteLength)
      await this.#sendRange(pieces, sent, offset)
      sent = offset
      if (!next || this.#isOver) break
      const { armed } = next
      waiting.delete(armed)
      if ('byte' in armed.fault.at) this.#reached.add(armed)
      if (!armed.take()) continue
      this.#note(armed.fault)
      if (armed.fault.do === 'duplicate') repeats = Math.max(repeats, armed.fault.count ?? 1)
      else await this.#strike(armed.fault, fragment)
    }
    return this.#isOver ? 0 : repeats
  }

  /** The first fault in the part; of two at one place, that which was added first. */
  #nextOf(
    waiting: ReadonlySet<ArmedFault>,
    part: BodyPart,
  ): { readonly armed: ArmedFault; readonly offset: number } | undefined {
    let first: { readonly armed: ArmedFault; readonly offset: number } | undefined
    for (const armed of waiting) {
      const offset = this.#reached.has(armed) ? undefined : armed.offsetIn(part)
      if (offset !== undefined && !(first && first.offset <= offset)) first = { armed, offset }
    }
    return first
  }

  #pendingFaults(): readonly ArmedFault[] {
    return this.#options.script.pendingIn(this.#options.stream.name)
  }

  async #strike(fault: Fault, fragment?: StoredFragment): Promise<void> {
    const action = fault.do
    if (typeof action === 'object') {
      if ('errorTag' in action) {
        const { errorTag: id, code, position, withFragmentNumber, thenEnd } = action
        const fragmentNumber = withFragmentNumber ? fragment?.fragmentNumber : undefined
        const around = { ...errorSurroundings, fragmentNumber: fragment?.fragmentNumber }
        await this.#sendError(
          buildErrorDocument({ id, code, fragmentNumber, position, fragment: around }),
        )
        if (thenEnd !== false) this.#end('error-tag')
      }
      return
    }
    switch (action) {
      case 'cleanEnd':
        return this.#end('clean-end')
      case 'reset':
      case 'fin':
        return this.#cut(action)
      case 'delay':
        return this.#sleep(fault.delayMs ?? 1000)
      case 'stall':
        return this.#sleep(fault.delayMs ?? Infinity)
      case 'slice':
        this.#sliceBytes = fault.bytes ?? 1
        return undefined
      case 'flip':
        this.#flipBytes = Math.max(this.#flipBytes, fault.bytes ?? 1)
        return undefined
      default:
        return undefined
    }
  }

  async #sendLostStart(): Promise<void> {
    await this.#sendError(buildErrorDocument({ id: 4000 }))
    this.#end('error-tag')
  }

  async #sendRange(pieces: readonly Uint8Array[], from: number, to: number): Promise<void> {
    let pieceStart = 0
    for (const piece of pieces) {
      const start = Math.max(from - pieceStart, 0)
      const end = Math.min(to - pieceStart, piece.length)
      pieceStart += piece.length
      if (start >= end) continue
      const isPaced = Number.isFinite(this.#options.bytesPerSecond)
      const step = this.#sliceBytes || (isPaced ? PACED_PIECE_BYTES : end - start)
      let at = start
      while (at < end && !this.#isOver) {
        const room = Math.min(end - at, step)
        const length = this.#flipBytes > 0 ? Math.min(room, this.#flipBytes) : room
        const bytes = piece.subarray(at, at + length)
        at += length
        if (this.#flipBytes > 0) {
          this.#flipBytes -= length
          await this.#write(inverted(bytes))
        } else await this.#write(bytes)
        if (this.#options.endsAt === 'anywhere' && this.#isExpired) this.#end('session')
      }
    }
  }

  /** Hands bytes to the socket and waits while it, or the pace, holds them back. */
  async #write(bytes: Uint8Array): Promise<void> {
    if (this.#isOver) return
    const { bytesPerSecond } = this.#options
    this.#unflushedWrites++
    const hasRoom = this.#response.write(bytes, () => {
      if (--this.#unflushedWrites === 0) this.#onFlushed?.()
    })
    this.#record.bytesSent += bytes.length
    if (!hasRoom) await this.#drain()
    if (this.#sliceBytes > 0) {
      // Let the slice leave before the next is written, or the kernel would join them again.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    if (!Number.isFinite(bytesPerSecond)) return
    const nowMs = this.#clock.monotonicMs()
    this.#paceMs = Math.max(this.#paceMs, nowMs - 1000) + (bytes.length * 1000) / bytesPerSecond
    if (this.#paceMs - nowMs >= SHORTEST_WAIT_MS) await this.#sleep(this.#paceMs - nowMs)
  }

  /** Waits for the client to read; one that does not would hold the session for ever. */
  async #drain(): Promise<void> {
    const untilDrained = (wake: () => void): (() => void) => {
      this.#response.once('drain', wake)
      return () => void this.#response.off('drain', wake)
    }
    if (!this.#isExpired) await this.#wait(untilDrained)
    const isAwaited = this.#isExpired && this.#options.endsAt === 'fragment'
    if (!isAwaited || !this.#response.writableNeedDrain) return
    await this.#wait((wake) => {
      const stop = untilDrained(wake)
      const cancel = this.#clock.setTimer(wake, UNREAD_END_MS)
      return () => {
        stop()
        cancel()
      }
    })
    if (this.#response.writableNeedDrain) this.#end('session')
  }

  async #cut(how: 'reset' | 'fin'): Promise<void> {
    if (this.#isOver) return
    // What was written counts as sent: a reset must not overtake it within this process.
    while (this.#unflushedWrites > 0 && !this.#isOver) {
      await this.#wait((wake) => {
        this.#onFlushed = wake
        return () => void (this.#onFlushed = undefined)
      })
    }
    if (this.#isOver) return
    this.#finish(how)
    cutSocket(this.#response.req.socket, how)
  }

  /** It is to end after the fragment, or where it stands: wakes what waits, to look. */
  #expire(): void {
    this.#isExpired = true
    for (const closer of this.#closers) closer()
  }

  #end(how: RequestEnd): void {
    if (this.#isOver) return
    this.#finish(how)
    this.#response.end()
  }

  #finish(how: RequestEnd): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#options.log.end(this.#record, how)
    for (const closer of this.#closers) closer()
  }

  #note(fault: Fault): void {
    this.#record.faults.push(describeFault(fault))
    this.#options.log.changed()
  }

  async #sleep(ms: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + ms
    // The end of the session wakes everything, but a stalled response does not end: it hangs.
    for (let leftMs = ms; leftMs > 0 && !this.#isOver; leftMs = endMs - this.#clock.monotonicMs()) {
      await this.#wait((wake) =>
        Number.isFinite(leftMs) ? this.#clock.setTimer(wake, leftMs) : () => undefined,
      )
    }
  }

  /** Waits for `subscribe` to call back or for the response to be over, whichever is first. */
  async #wait(subscribe: (wake: () => void) => () => void): Promise<void> {
    if (this.#isOver) return
    let unsubscribe: (() => void) | undefined
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        if (this.#closers.delete(wake)) resolve()
      }
      this.#closers.add(wake)
      unsubscribe = subscribe(wake)
    })
    unsubscribe?.()
  }
}

const errorSurroundings = { style: 'producer-sdk', frames: [], hasTail: false } as const

function inverted(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte ^ 0xff)
}
