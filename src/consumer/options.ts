import { hostname } from 'node:os'
import type { Logger } from '@smithy/types'
import { DEFAULT_LIMITS, type ParserLimits } from '../parser/limits.js'
import type { CheckpointStore } from './checkpoint.js'
import { type Clock, systemClock } from './clock.js'
import { InvalidOptionError } from './errors.js'
import type {
  KinesisVideoClient,
  KinesisVideoClientConfig,
  KinesisVideoMediaClientConfig,
  MediaSource,
} from './media-source.js'
import {
  checkMethods,
  checkNames,
  checkObject,
  checkParser,
  checkRetries,
  checkStream,
  checkText,
  duration,
  flag,
  oneOf,
} from './option-checks.js'
import { type InclusiveStart, type StartSelector, validateStart } from './start-selector.js'

/** Limits of the parser, whether CRC-32 elements are verified, and whether bytes are kept. */
export interface ConsumerParserOptions extends ParserLimits {
  /** Verify the CRC-32 elements of producers that write them; a mismatch is a damaged fragment. Default false. */
  readonly verifyCrc32?: boolean | undefined
  /** Keep the bytes of each fragment, as `fragment.slices`: for archives. Default false. */
  readonly keepBytes?: boolean | undefined
}

/** How failures are borne. One budget for all kinds: opening a session, and sessions that break. */
export interface RetryOptions {
  /**
   * Failures in a row, without a fragment or an ordinary end between them, before the iterator throws
   * `retries-exhausted`. Default 50, with the default delay about twelve minutes. `Infinity` never gives up.
   */
  readonly maxRetries?: number | undefined
  /** The longest back-off in milliseconds, before the 1 s or 5 s that limits of the service add. Default 30,000. */
  readonly maxDelayMs?: number | undefined
}

/** What every consumer can be told. Times are milliseconds from 1 to 2,147,483,647, about 24 days. */
export interface ConsumerSettings {
  /**
   * Where to start; a checkpoint goes before it. Default `{ StartSelectorType: 'NOW' }`. When a first session at NOW brings
   * nothing, the next one starts at the time of its request, so that nothing between the two is missed.
   */
  readonly startSelector?: StartSelector | InclusiveStart | undefined
  /** Where the position is kept. Default: nowhere; a new consumer begins at `startSelector`. */
  readonly checkpoint?: CheckpointStore | undefined
  /** The checkpoint's name in its store. Default: the ARN or the name of the stream. Set it where several regions share a store. */
  readonly checkpointId?: string | undefined
  /** Who claims the checkpoint, for people who look into the store. Default: host name and process ID. */
  readonly checkpointOwner?: string | undefined
  /** How long claiming, and saving at the end, may take, in milliseconds. Default 10,000; then `checkpoint-failed`. */
  readonly checkpointTimeoutMs?: number | undefined
  /**
   * When a fragment counts as done. `'auto'`, the default: when the loop asks for the next one (what reads ahead, such as
   * a Node stream, asks before it is done: use `'manual'` there). `'manual'`: when `fragment.commit()` or
   * `consumer.commit()` is called.
   */
  readonly commit?: 'auto' | 'manual' | undefined
  /**
   * When the fragment to resume from is gone, because it has expired or the stream was deleted and made again: `'fail'`, the
   * default, throws `ResumePointLostError`; `'earliest'` goes on with the oldest that is left; `'now'` with what comes next.
   * Always with a gap event.
   */
  readonly onResumePointLost?: 'fail' | 'earliest' | 'now' | undefined
  /**
   * What becomes of a fragment that came damaged once and three times again: `'fail'`, the default, throws
   * `DamagedFragmentError`; `'skip'` goes on after it, with a gap event. Its bytes are never yielded; in frame mode, the
   * frames before the damage were.
   */
  readonly onDamagedFragment?: 'fail' | 'skip' | undefined
  /**
   * Whether fragments that the service left out are looked for by the sequence in their numbers, a layout that is not
   * documented: `'off'`, the default; `'report'` with an event; `'refetch'` asks for them again, three times, then tells.
   * A producer that starts anew may look like a gap.
   */
  readonly gapDetection?: 'off' | 'report' | 'refetch' | undefined
  /** Whether a stream that does not exist is waited for. Default false: `request-failed`. */
  readonly waitForStream?: boolean | undefined
  /** How long a call may take until its response headers, in milliseconds, GetDataEndpoint included. Default 20,000. */
  readonly firstByteTimeoutMs?: number | undefined
  /**
   * How long a session may bring no byte, in milliseconds. Only time in which the consumer waits for bytes counts, so a slow
   * loop is never punished. Default 30,000: fragments are at most 20 s long, and the service ends silent sessions by itself.
   */
  readonly readIdleTimeoutMs?: number | undefined
  /**
   * After how many milliseconds a session is closed between two fragments and a new one opened. Default: never; the
   * service does it after about 45 minutes.
   */
  readonly sessionRotationMs?: number | undefined
  /** How failures are borne. */
  readonly retry?: RetryOptions | undefined
  /** The lag in milliseconds up to which `isCaughtUp` of the `lag` event is true. Default 5,000. */
  readonly caughtUpMs?: number | undefined
  /** Limits of the parser. A fragment that passes one is damaged, unless the limit only leaves something out: then it is in `errors`. */
  readonly parser?: ConsumerParserOptions | undefined
  /** Where log lines go: any `Logger` of `@smithy/types`, such as pino, Powertools or `console`. Default: nowhere. */
  readonly logger?: Logger | undefined
  /**
   * Ends the consumer at once: the connection is closed, and the iterator throws the signal's reason. It does so when what is
   * committed is saved, after `checkpointTimeoutMs` at most. To end without an error use `stop()`.
   */
  readonly signal?: AbortSignal | undefined
  /** Settings of the consumer's own media client, such as `requestHandler` for a proxy. Endpoint and retries are not to be set. */
  readonly mediaClientConfig?: KinesisVideoMediaClientConfig | undefined
  /** The data endpoint, such as a VPC endpoint's URL. Default: what GetDataEndpoint answers, which must be a host of AWS's. */
  readonly dataEndpoint?: string | undefined
  /** Whether the data endpoint may be http on a host other than loopback. Default false. The danger: media and signatures in clear text. */
  readonly allowInsecureHttp?: boolean | undefined
  /** What tells the time. Default: the process's own clock. For tests. */
  readonly clock?: Clock | undefined
  /** Numbers of at least 0 and below 1, for jitter. Default `Math.random`. For tests. */
  readonly random?: (() => number) | undefined
}

/** The stream by its name, or by its ARN: one of the two. */
export type StreamChoice =
  | {
      /** 1 to 256 characters of `A-Z a-z 0-9 _ . -`; looked up in the client's region and account. */
      readonly streamName: string
      readonly streamARN?: undefined
    }
  | {
      /** `arn:aws:kinesisvideo:<region>:<account>:stream/<name>/<creation time>`, up to 1024 characters. */
      readonly streamARN: string
      readonly streamName?: undefined
    }

/**
 * Where the media comes from: a client of the caller's, settings for one (the default, with the SDK's own region and
 * credential chain), or another source. A client is used for GetDataEndpoint and never closed or changed; its region and
 * credentials serve GetMedia too.
 */
export type ClientChoice =
  | {
      /** Called for GetDataEndpoint, but not with its retries; its region and credentials serve GetMedia too. */
      readonly client: KinesisVideoClient
      readonly clientConfig?: undefined
      readonly source?: undefined
    }
  | {
      /** Settings of the consumer's own clients, such as `region`; those of retries are not used. Default: none. */
      readonly clientConfig?: KinesisVideoClientConfig | undefined
      readonly client?: undefined
      readonly source?: undefined
    }
  | {
      /** Opens every response; neither GetDataEndpoint nor the SDK is used then. Closed when the consumer is over. */
      readonly source: MediaSource
      readonly client?: undefined
      readonly clientConfig?: undefined
    }

/** Everything a consumer can be told: {@link ConsumerSettings}, which stream, and through which client. */
export type KinesisVideoConsumerOptions = ConsumerSettings & StreamChoice & ClientChoice

/** The options with every default filled in. */
export interface ResolvedOptions {
  readonly stream: string
  readonly streamName: string | undefined
  readonly streamARN: string | undefined
  readonly client: KinesisVideoClient | undefined
  readonly clientConfig: KinesisVideoClientConfig | undefined
  readonly mediaClientConfig: KinesisVideoMediaClientConfig | undefined
  readonly source: MediaSource | undefined
  readonly dataEndpoint: string | undefined
  readonly allowInsecureHttp: boolean
  readonly start: StartSelector | InclusiveStart
  readonly checkpoint: CheckpointStore | undefined
  readonly checkpointId: string
  readonly checkpointOwner: string
  readonly checkpointTimeoutMs: number
  readonly commit: 'auto' | 'manual'
  readonly onResumePointLost: 'fail' | 'earliest' | 'now'
  readonly onDamagedFragment: 'fail' | 'skip'
  readonly gapDetection: 'off' | 'report' | 'refetch'
  readonly waitForStream: boolean
  readonly firstByteTimeoutMs: number
  readonly readIdleTimeoutMs: number
  readonly sessionRotationMs: number
  readonly maxRetries: number
  readonly maxDelayMs: number
  readonly caughtUpMs: number
  readonly parser: ConsumerParserOptions
  readonly logger: Logger | undefined
  readonly signal: AbortSignal | undefined
  readonly clock: Clock
  readonly random: () => number
}

type OptionName =
  | keyof (ConsumerSettings & StreamChoice & ClientChoice)
  | 'client'
  | 'clientConfig'
  | 'source'

// By the types, so that none can be forgotten here.
const OPTION_NAMES: readonly string[] = namesOf<OptionName>({
  streamName: true,
  streamARN: true,
  client: true,
  clientConfig: true,
  source: true,
  mediaClientConfig: true,
  dataEndpoint: true,
  allowInsecureHttp: true,
  startSelector: true,
  checkpoint: true,
  checkpointId: true,
  checkpointOwner: true,
  checkpointTimeoutMs: true,
  commit: true,
  onResumePointLost: true,
  onDamagedFragment: true,
  gapDetection: true,
  waitForStream: true,
  firstByteTimeoutMs: true,
  readIdleTimeoutMs: true,
  sessionRotationMs: true,
  retry: true,
  caughtUpMs: true,
  parser: true,
  logger: true,
  signal: true,
  clock: true,
  random: true,
})
const RETRY_NAMES = namesOf<keyof RetryOptions>({ maxRetries: true, maxDelayMs: true })
const PARSER_NAMES = [
  ...Object.keys(DEFAULT_LIMITS),
  ...namesOf<Exclude<keyof ConsumerParserOptions, keyof ParserLimits>>({
    verifyCrc32: true,
    keepBytes: true,
  }),
]

function namesOf<Name extends string>(names: Record<Name, true>): readonly string[] {
  return Object.keys(names)
}

/**
 * Checks the options and fills in the defaults. Nothing is sent, opened or read.
 *
 * @throws InvalidOptionError for the first one that is wrong.
 */
export function resolveOptions(options: KinesisVideoConsumerOptions): ResolvedOptions {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionError('options', 'pass an object with streamName or streamARN')
  }
  checkNames(options, OPTION_NAMES)
  const { streamName, streamARN, client, clientConfig, source, checkpoint, signal } = options
  const stream = checkStream(streamName, streamARN)
  const given = Object.entries({ client, clientConfig, source }).filter(
    ([, value]) => value !== undefined,
  )
  if (given.length > 1) {
    throw new InvalidOptionError(given[0][0], `give it or ${given[1][0]}, not both`)
  }
  if (checkpoint !== undefined) checkMethods('checkpoint', checkpoint, ['claim', 'save', 'delete'])
  if (source !== undefined) checkMethods('source', source, ['open'])
  if (client !== undefined) checkMethods('client', client, ['send'])
  if (options.clock !== undefined) {
    checkMethods('clock', options.clock, ['now', 'monotonicMs', 'setTimer'])
  }
  if (options.logger !== undefined) {
    checkMethods('logger', options.logger, ['debug', 'info', 'warn', 'error'])
  }
  if (signal !== undefined) {
    checkMethods('signal', signal, ['addEventListener', 'removeEventListener'])
  }
  const { retry = {}, parser = {}, checkpointId = stream, dataEndpoint } = options
  checkObject('retry', retry)
  checkNames(retry, RETRY_NAMES)
  checkObject('parser', parser)
  checkNames(parser, PARSER_NAMES)
  checkParser(parser)
  flag(parser, 'verifyCrc32', 'parser.')
  flag(parser, 'keepBytes', 'parser.')
  checkText('checkpointId', checkpointId)
  if (options.random !== undefined && typeof options.random !== 'function') {
    throw new InvalidOptionError('random', 'pass a function')
  }
  if (dataEndpoint !== undefined && !URL.canParse(dataEndpoint)) {
    throw new InvalidOptionError('dataEndpoint', 'pass a URL, such as https://example.com')
  }
  return {
    stream,
    streamName,
    streamARN,
    client,
    clientConfig,
    mediaClientConfig: options.mediaClientConfig,
    source,
    dataEndpoint,
    allowInsecureHttp: flag(options, 'allowInsecureHttp'),
    start: validateStart(options.startSelector ?? { StartSelectorType: 'NOW' }),
    checkpoint,
    checkpointId,
    checkpointOwner: options.checkpointOwner ?? `${hostname()}:${process.pid}`,
    checkpointTimeoutMs: duration(options, 'checkpointTimeoutMs', 10_000),
    commit: oneOf('commit', options.commit, ['auto', 'manual']),
    onResumePointLost: oneOf('onResumePointLost', options.onResumePointLost, [
      'fail',
      'earliest',
      'now',
    ]),
    onDamagedFragment: oneOf('onDamagedFragment', options.onDamagedFragment, ['fail', 'skip']),
    gapDetection: oneOf('gapDetection', options.gapDetection, ['off', 'report', 'refetch']),
    waitForStream: flag(options, 'waitForStream'),
    firstByteTimeoutMs: duration(options, 'firstByteTimeoutMs', 20_000),
    readIdleTimeoutMs: duration(options, 'readIdleTimeoutMs', 30_000),
    sessionRotationMs: duration(options, 'sessionRotationMs', Number.POSITIVE_INFINITY),
    maxRetries: checkRetries(retry.maxRetries ?? 50),
    maxDelayMs: duration(retry, 'maxDelayMs', 30_000, 'retry.'),
    caughtUpMs: duration(options, 'caughtUpMs', 5000),
    parser,
    logger: options.logger,
    signal,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  }
}
