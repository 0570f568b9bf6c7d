/** What was asked of the simulator and how each request ended: the log that tests assert on. */
import type { Clock } from './clock.js'
import type { StartSelector } from './start-selector.js'

/** What a request asked for, by its path. */
export type Operation = 'GetDataEndpoint' | 'GetMedia' | 'unknown'

/**
 * How a request ended. 'answered': a whole response that is not a stream. 'refused': an HTTP error.
 * 'idle', 'session': the service's own ends. 'clean-end', 'reset', 'fin', 'error-tag': a fault.
 * 'client': the other side closed. 'closed': the simulator did.
 */
export type RequestEnd =
  | 'answered'
  | 'refused'
  | 'idle'
  | 'session'
  | 'clean-end'
  | 'reset'
  | 'fin'
  | 'error-tag'
  | 'client'
  | 'closed'

/** One request. Its later fields fill in while it runs. */
export interface RequestRecord {
  /** Counts from 0 over all requests. */
  readonly id: number
  /** What was asked for. */
  readonly operation: Operation
  /** When it arrived, in milliseconds of the clock. */
  readonly timeMs: number
  /** Counts TCP connections from 0: equal for requests that share one. */
  readonly connectionId: number
  /** The stream it is about, when there is one of that name or ARN. */
  readonly streamName: string | undefined
  /** GetMedia's start, when it could be read. */
  readonly startSelector: StartSelector | undefined
  /** GetMedia responses open on the stream when this one began, itself included; 0 if refused. */
  readonly openConnections: number
  /** HTTP status, once it is sent. */
  readonly status: number | undefined
  /** The exception's name, when it was refused. */
  readonly errorType: string | undefined
  /** How it ended; `undefined` while it runs. */
  readonly ended: RequestEnd | undefined
  /** When it ended, in milliseconds of the clock. */
  readonly endedTimeMs: number | undefined
  /** Bytes of the response's body handed to the socket. */
  readonly bytesSent: number
  /** Fragments sent to their last byte. A repeated one counts again. */
  readonly fragmentsSent: number
  /** The first of them. */
  readonly firstFragmentNumber: string | undefined
  /** The last of them. */
  readonly lastFragmentNumber: string | undefined
  /** The faults that hit it, as text, in order. */
  readonly faults: readonly string[]
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** A record while it is being written. */
export interface OpenRecord extends Writable<Omit<RequestRecord, 'faults'>> {
  readonly faults: string[]
}

/** All requests so far, and those who wait for one. */
export class RequestLog {
  /** Oldest first; the array itself grows. */
  readonly records: OpenRecord[] = []
  readonly #clock: Clock
  readonly #watchers = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Begins the record of a request that has just arrived. */
  open(operation: Operation, connectionId: number): OpenRecord {
    const record: OpenRecord = {
      id: this.records.length,
      operation,
      timeMs: this.#clock.now(),
      connectionId,
      streamName: undefined,
      startSelector: undefined,
      openConnections: 0,
      status: undefined,
      errorType: undefined,
      ended: undefined,
      endedTimeMs: undefined,
      bytesSent: 0,
      fragmentsSent: 0,
      firstFragmentNumber: undefined,
      lastFragmentNumber: undefined,
      faults: [],
    }
    this.records.push(record)
    this.changed()
    return record
  }

  /** Notes how a request ended; only the first reason counts. */
  end(record: OpenRecord, how: RequestEnd): void {
    if (record.ended !== undefined) return
    record.ended = how
    record.endedTimeMs = this.#clock.now()
    this.changed()
  }

  /** Tells those who wait that a record has changed. */
  changed(): void {
    for (const watcher of this.#watchers) watcher()
  }

  /** Resolves when the predicate holds: now, or after a later change. Never rejects by itself. */
  when(predicate: (records: readonly RequestRecord[]) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        try {
          if (!predicate(this.records)) return
          resolve()
        } catch (error) {
          reject(error)
        }
        this.#watchers.delete(check)
      }
      this.#watchers.add(check)
      check()
    })
  }
}

/** The most requests of an operation that began within any one second. */
export function peakCallsPerSecond(
  requests: readonly RequestRecord[],
  operation: Operation,
  streamName?: string,
): number {
  const times = requests
    .filter((request) => request.operation === operation && isOf(request, streamName))
    .map((request) => request.timeMs)
  let peak = 0
  let first = 0
  for (const [last, time] of times.entries()) {
    while (times[first]! <= time - 1000) first++
    peak = Math.max(peak, last - first + 1)
  }
  return peak
}

/** The most GetMedia responses that were open at one moment; refused requests do not count. */
export function peakConnections(requests: readonly RequestRecord[], streamName?: string): number {
  let peak = 0
  for (const request of requests) {
    if (isOf(request, streamName)) peak = Math.max(peak, request.openConnections)
  }
  return peak
}

function isOf(request: RequestRecord, streamName: string | undefined): boolean {
  return streamName === undefined || request.streamName === streamName
}
