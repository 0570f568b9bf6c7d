import {
  InvalidOptionError,
  KinesisVideoConsumer,
  type KinesisVideoConsumerOptions,
} from '../consumer/index.js'
import { isLoopback } from '../consumer/endpoint.js'
import { decimalNumber, wholeNumber } from './flag-values.js'
import type { CommandIo } from './io.js'
import { CommandError, EXIT } from './io.js'
import { PositionFile, tryPositionFile } from './position-file.js'
import { parseStart } from './start-text.js'
import { fitted } from './terminal-text.js'

/** The flags of `tail` as they were typed. */
export interface TailFlags {
  readonly streamName?: string
  readonly streamArn?: string
  readonly endpoint?: string
  readonly region?: string
  readonly start?: string
  readonly checkpoint?: string
  readonly limit?: string
  readonly idleTimeout?: string
  readonly json?: true
  readonly logLevel?: string
}

/** The flags, checked. */
export interface TailSettings {
  readonly consumer: KinesisVideoConsumerOptions
  /** Name or ARN, for messages. */
  readonly stream: string
  readonly isJson: boolean
  /** Fragments; `Infinity` without a limit. */
  readonly limit: number
  readonly idleTimeoutMs: number | undefined
  /** As it was typed. */
  readonly checkpointPath: string | undefined
  readonly logLevel: string | undefined
}

const MAX_SHOWN_COLUMNS = 200
const MAX_SECONDS = 2_000_000
/** The simulator does not care, and AWS is not on this machine. */
const LOOPBACK_REGION = 'us-east-1'

/**
 * Checks the flags, all of them before anything is sent; the place of a checkpoint is tried.
 *
 * @throws CommandError for the first flag that is wrong, with one sentence.
 */
export async function readTailSettings(
  flags: TailFlags,
  env: CommandIo['env'],
): Promise<TailSettings> {
  const { streamName, streamArn } = flags
  if (streamName === undefined && streamArn === undefined) {
    throw refusal('name the stream with --stream-name NAME or --stream-arn ARN')
  }
  if (streamName !== undefined && streamArn !== undefined) {
    throw refusal('--stream-name and --stream-arn name the stream twice: give one of them')
  }
  const { limit, idleTimeout, checkpoint } = flags
  const consumer: KinesisVideoConsumerOptions = {
    ...(streamArn === undefined ? { streamName: streamName as string } : { streamARN: streamArn }),
    clientConfig: clientConfig(flags, env),
    ...(flags.start === undefined ? {} : { startSelector: parseStart(flags.start) }),
    // A fragment is done with when it is printed.
    commit: 'manual',
  }
  checkOptions(consumer)
  const settings: TailSettings = {
    consumer,
    stream: streamArn ?? (streamName as string),
    isJson: flags.json === true,
    limit:
      limit === undefined
        ? Number.POSITIVE_INFINITY
        : wholeNumber('--limit', limit, { least: 1, most: Number.MAX_SAFE_INTEGER }),
    idleTimeoutMs:
      idleTimeout === undefined
        ? undefined
        : 1000 * decimalNumber('--idle-timeout', idleTimeout, { least: 0.001, most: MAX_SECONDS }),
    checkpointPath: checkpoint,
    logLevel: flags.logLevel,
  }
  if (checkpoint === undefined) return settings
  await tryPositionFile(checkpoint, settings.stream)
  return { ...settings, consumer: { ...consumer, checkpoint: new PositionFile(checkpoint) } }
}

function clientConfig(
  { endpoint, region, streamArn }: TailFlags,
  env: CommandIo['env'],
): { readonly endpoint?: string; readonly region?: string } {
  const arnRegion = streamArn?.split(':').at(3)
  // The SDK takes an empty one for none.
  const envRegion = env['AWS_REGION'] || undefined
  checkRegion('--region', region)
  if ((region ?? arnRegion) === undefined) checkRegion('AWS_REGION', envRegion)
  if (region !== undefined && arnRegion !== undefined && region !== arnRegion) {
    throw refusal(
      `--region says ${region} and --stream-arn ${fitted(arnRegion, 40)}: leave --region out`,
    )
  }
  const isLocal = endpoint !== undefined && checkEndpoint(endpoint)
  // Without any of them it is left to the SDK, which also looks into its configuration files.
  const known = region ?? arnRegion ?? (isLocal ? (envRegion ?? LOOPBACK_REGION) : undefined)
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(known === undefined ? {} : { region: known }),
  }
}

function checkRegion(source: string, region: string | undefined): void {
  if (region === undefined || /^[a-z0-9-]{1,64}$/.test(region)) return
  throw refusal(`${source}: ${shown(region)} is no region: give one such as eu-west-1`)
}

/** Whether it is on this machine. */
function checkEndpoint(endpoint: string): boolean {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw refusal(`--endpoint: ${shown(endpoint)} is no URL such as http://127.0.0.1:4321`)
  }
  // Not shown: it holds what must not be printed.
  if (url.username !== '' || url.password !== '') {
    throw refusal('--endpoint: a user name or password in the URL is of no use: leave it out')
  }
  const isLocal = isLoopback(url.hostname)
  if (url.protocol === 'http:' && !isLocal) {
    throw refusal(`--endpoint: http is for this machine only: use https://${fitted(url.host, 80)}`)
  }
  return isLocal
}

/** Has the consumer check what is its own: names, numbers, tokens. */
function checkOptions(options: KinesisVideoConsumerOptions): void {
  try {
    // Nothing is opened before it is iterated.
    void new KinesisVideoConsumer(options)
  } catch (error) {
    if (error instanceof InvalidOptionError) throw optionRefusal(error)
    throw error
  }
}

function optionRefusal(error: InvalidOptionError): CommandError {
  const { option, message } = error
  // `option: what to pass`
  const advice = message.slice(option.length + 2).replace('streamARN', '--stream-arn')
  const [name, field] = option.split('.')
  if (name === 'streamName') return refusal(`--stream-name: ${advice}`, error)
  if (name === 'streamARN') return refusal(`--stream-arn: ${advice}`, error)
  if (name !== 'startSelector') return refusal(message, error)
  if (field === 'ServerTimestamp') {
    const problem = 'the time of this fragment cannot be read from its number'
    return refusal(`--start at: ${problem}: use after: with the number before it`, error)
  }
  return refusal(`--start: ${advice}`, error)
}

function shown(text: string): string {
  return JSON.stringify(fitted(text, MAX_SHOWN_COLUMNS))
}

function refusal(message: string, cause?: unknown): CommandError {
  return new CommandError(message, EXIT.usage, cause === undefined ? {} : { cause })
}
