/** What a simulator is to its user: its settings, and what can be done with a running one. */
import type { Certificate } from './certificate.js'
import type { Clock } from './clock.js'
import type { Fault } from './faults.js'
import type { RequestRecord } from './request-log.js'
import type { StartRules } from './start-selector.js'
import type { SimulatedStream, StreamOptions } from './stream.js'

/** What the service allows a caller ("Amazon Kinesis Video Streams quotas"). */
export interface ServiceLimits {
  /** GetMedia calls per stream in any one second; more get ClientLimitExceededException. */
  readonly getMediaPerSecond: number
  /** GetDataEndpoint calls per stream in any one second. */
  readonly getDataEndpointPerSecond: number
  /** Open GetMedia responses per stream; one more gets ConnectionLimitExceededException. */
  readonly connectionsPerStream: number
  /** A response ends when nothing was appended for so many milliseconds; 0: when all is sent. */
  readonly idleEndMs: number
  /**
   * A response ends after so many milliseconds, and the fragment that it is sending then; of a client
   * that does not read, 3,000 ms later. A stall goes on.
   */
  readonly sessionEndMs: number
  /** Pace of one response. The service goes up to 25,000,000. */
  readonly bytesPerSecond: number
}

/**
 * The service's limits, except that a response is as fast as the machine: the service sends 25 MB and five fragments a
 * second at most.
 */
export const DEFAULT_LIMITS: ServiceLimits = {
  getMediaPerSecond: 5,
  getDataEndpointPerSecond: 5,
  connectionsPerStream: 3,
  idleEndMs: 3000,
  sessionEndMs: 45 * 60_000,
  bytesPerSecond: Infinity,
}

/** How to set up a simulator. Every field is optional. */
export interface SimulatorOptions extends Partial<StartRules> {
  /** Streams that exist from the beginning. Default: none. */
  readonly streams?: readonly StreamOptions[] | undefined
  /** Faults to begin with; checked, see `parseFaults`. Default: none. */
  readonly faults?: readonly Fault[] | undefined
  /** TCP port on 127.0.0.1. Default 0: any free one. */
  readonly port?: number | undefined
  /** Default: the machine's time. */
  readonly clock?: Clock | undefined
  /** Limits that differ from {@link DEFAULT_LIMITS}, from 0, the pace above 0; else a RangeError. `Infinity` lifts one. */
  readonly limits?: { readonly [Name in keyof ServiceLimits]?: number | undefined } | undefined
  /**
   * 'chunked' frames the body, so that a FIN in it is an error to the client; with 'close' the end
   * of the connection is the end of the body. Default 'chunked', as the service.
   */
  readonly framing?: 'chunked' | 'close' | undefined
  /** Where the end of a session cuts: after a fragment, or anywhere in it. Default 'fragment'. */
  readonly sessionEndsAt?: 'fragment' | 'anywhere' | undefined
  /** The only access key IDs that are let in. Default: any signed request. */
  readonly accessKeyIds?: readonly string[] | undefined
  /** Key and certificate, see `createCertificate`: speaks HTTPS, where a 'reset' is a rude close. Default: HTTP. */
  readonly tls?: Certificate | undefined
}

/** A running simulator. */
export interface Simulator extends AsyncDisposable {
  /** Base address for both SDK clients, `http://127.0.0.1:PORT`. */
  readonly endpoint: string
  /** The port it listens on. */
  readonly port: number
  /** Its streams by name. */
  readonly streams: ReadonlyMap<string, SimulatedStream>
  /** All requests so far, oldest first: the same array all the time, growing. */
  readonly requests: readonly RequestRecord[]
  /** Faults that can still happen. */
  readonly pendingFaults: readonly Fault[]
  /** Adds a stream. Throws a RangeError when there is one of this name. */
  addStream(options: StreamOptions): SimulatedStream
  /** Removes a stream: ResourceNotFoundException from then on; its open responses end, wherever they are. */
  removeStream(name: string): void
  /** Adds faults; throws a FaultScriptError, and adds none, when one is wrong. */
  addFaults(faults: readonly Fault[]): void
  /** Forgets all faults. */
  clearFaults(): void
  /** Resolves when the predicate holds for the log, now or after a later change of it. */
  whenRequests(predicate: (requests: readonly RequestRecord[]) => boolean): Promise<void>
  /** Closes every connection and timer and stops listening. May be called again. */
  close(): Promise<void>
}
