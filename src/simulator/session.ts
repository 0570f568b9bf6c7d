/** One GetMedia response, from its first byte to its end. */
import type { ServerResponse } from 'node:http'
import type { Clock } from './clock.js'
import { type Fault, type FaultScript, type PlacedFault, describeFault } from './faults.js'
import { cutSocket } from './socket.js'
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
    this.#response.once('close', () => this.#finish('client'))
    // A client that vanishes is an ordinary end of a response.
    this.#response.on('error', () => this.#finish('client'))
  }

  /** Sends everything. Resolves when the response is over; never rejects for what a client does. */
  async run(): Promise<void> {
    const { sessionEndMs } = this.#options
    const expire = (): void => {
      this.#isExpired = true
      for (const closer of this.#closers) closer()
    }
    const hasEnd = Number.isFinite(sessionEndMs)
    const cancel = hasEnd ? this.#clock.setTimer(expire, sessionEndMs) : undefined
    try {
      if (this.#options.start === 'lost') await this.#sendLostStart()
      while (!this.#isOver) await this.#sendNext()
    } finally {
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
    if (this.#mustEnd()) return this.#end('session')
    const fragment = stream.at(this.#position)
    if (!fragment) return this.#awaitNext()
    const skipped = this.#skip(fragment)
    if (skipped > 0) {
      this.#position = fragment.index + skipped
      return undefined
    }
    const repeats = await this.#sendFragment(fragment)
    this.#position = fragment.index + 1
    for (let back = repeats - 1; back >= 0 && !this.#isOver; back--) {
      const again = stream.at(fragment.index - back)
      if (again) await this.#sendFragment(again)
    }
    return undefined
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
    const fault = this.#faultsIn(fragment, 0).find((placed) => placed.fault.do === 'skip')
    if (!fault?.take()) return 0
    this.#note(fault.fault)
    return fault.fault.count ?? 1
  }

  /** Sends one fragment with its faults; returns how many fragments to repeat after it. */
  async #sendFragment(fragment: StoredFragment): Promise<number> {
    const lagMs = Math.max(1, Math.floor(this.#clock.now() - fragment.serverTimestampMs))
    const pieces = fragment.pieces(lagMs)
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
    this.#sliceBytes = 0
    let sent = 0
    let repeats = 0
    for (const placed of this.#faultsIn(fragment, length)) {
      if (placed.fault.do === 'skip') continue
      // Placed within bytes that another fault has changed already.
      const offset = Math.max(sent, placed.offset)
      await this.#sendRange(pieces, sent, offset)
      sent = offset
      if (this.#isOver) return 0
      if (!placed.take()) continue
      this.#note(placed.fault)
      if (placed.fault.do === 'duplicate') repeats = Math.max(repeats, placed.fault.count ?? 1)
      else if (placed.fault.do === 'flip') {
        const end = Math.min(length, offset + (placed.fault.bytes ?? 1))
        await this.#sendRange(pieces.map(inverted), offset, end)
        sent = end
      } else await this.#strike(placed.fault, fragment)
      if (this.#isOver) return 0
    }
    await this.#sendRange(pieces, sent, length)
    if (this.#isOver) return 0
    this.#record.fragmentsSent++
    this.#record.firstFragmentNumber ??= fragment.fragmentNumber
    this.#record.lastFragmentNumber = fragment.fragmentNumber
    this.#options.log.changed()
    return repeats
  }

  #faultsIn(fragment: StoredFragment, byteLength: number): PlacedFault[] {
    return this.#options.script.within({
      streamName: this.#options.stream.name,
      index: fragment.index,
      fragmentNumber: fragment.fragmentNumber,
      byteLength,
      bodyOffset: this.#record.bytesSent,
    })
  }

  async #strike(fault: Fault, fragment: StoredFragment): Promise<void> {
    const action = fault.do
    if (typeof action === 'object') {
      if ('errorTag' in action) {
        const { errorTag: id, code, position, withFragmentNumber, thenEnd } = action
        const fragmentNumber = withFragmentNumber ? fragment.fragmentNumber : undefined
        const around = { ...errorSurroundings, fragmentNumber: fragment.fragmentNumber }
        await this.#write(
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
      default:
        return undefined
    }
  }

  async #sendLostStart(): Promise<void> {
    await this.#write(buildErrorDocument({ id: 4000 }))
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
      for (let at = start; at < end && !this.#isOver; at += step) {
        await this.#write(piece.subarray(at, Math.min(end, at + step)))
        if (this.#options.endsAt === 'anywhere' && this.#mustEnd()) this.#end('session')
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
    if (!hasRoom) {
      await this.#wait((wake) => {
        this.#response.once('drain', wake)
        return () => void this.#response.off('drain', wake)
      })
    }
    if (this.#sliceBytes > 0) {
      // Let the slice leave before the next is written, or the kernel would join them again.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    if (!Number.isFinite(bytesPerSecond)) return
    const nowMs = this.#clock.monotonicMs()
    this.#paceMs = Math.max(this.#paceMs, nowMs - 1000) + (bytes.length * 1000) / bytesPerSecond
    if (this.#paceMs - nowMs >= SHORTEST_WAIT_MS) await this.#sleep(this.#paceMs - nowMs)
  }

  async #cut(how: 'reset' | 'fin'): Promise<void> {
    const { socket } = this.#response
    if (!socket || this.#isOver) return
    // What was written counts as sent: a reset must not overtake it within this process.
    if (this.#unflushedWrites > 0) {
      await this.#wait((wake) => {
        this.#onFlushed = wake
        return () => void (this.#onFlushed = undefined)
      })
    }
    if (this.#isOver) return
    this.#finish(how)
    cutSocket(socket, how)
  }

  #mustEnd(): boolean {
    const { stream } = this.#options
    return this.#isExpired || stream.sessionGeneration !== this.#generation
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
