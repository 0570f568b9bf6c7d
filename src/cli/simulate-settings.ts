import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ParseError } from '../parser/errors.js'
import {
  type Fault,
  type FragmentInput,
  type LiveOptions,
  type PreparedFragment,
  type SimulatorOptions,
  FaultScriptError,
  FileSourceError,
  fragmentsFromFile,
  parseFaults,
  syntheticFragments,
} from '../simulator/index.js'
import { decimalNumber, wholeNumber } from './flag-values.js'
import { CommandError, EXIT } from './io.js'
import { fitted } from './terminal-text.js'

/** The flags of `simulate` as they were typed. */
export interface SimulateFlags {
  readonly streamName?: string
  readonly port?: string
  readonly faults?: string
  readonly rate?: string
  readonly loop?: true
  readonly sessionSeconds?: string
  readonly idleSeconds?: string
  readonly retentionSeconds?: string
  readonly inclusiveTokens?: true
}

/** A stream to serve. */
export interface ServedStream {
  readonly name: string
  /** Where its fragments come from, for people. */
  readonly origin: string
  /** What it holds from the beginning. */
  readonly fragments: readonly FragmentInput[]
  /** What comes in later. */
  readonly live: LiveOptions | undefined
}

/** The flags, checked, and the files, read. */
export interface SimulateSettings {
  readonly simulator: SimulatorOptions
  readonly streams: readonly ServedStream[]
  readonly retentionMs: number
  /** Of each stream. */
  readonly maxHeldBytes: number
  readonly faults: readonly Fault[]
}

interface SourceFile {
  readonly path: string
  readonly fragments: readonly PreparedFragment[]
}

const MAX_SHOWN_COLUMNS = 200
const MAX_PORT = 65_535
const STREAM_NAME = /^[a-zA-Z0-9_.-]{1,256}$/
const RATE = /^(\d{1,9}(?:\.\d{1,6})?)(?:(k|M)?B(?:\/s)?)?$/
/** A made-up camera would fill the memory for as long as it runs; a fast one long before that. */
const LIVE_RETENTION_MS = 600_000
const LIVE_HELD_BYTES = 256_000_000
const CAMERA_NAME = 'camera'
const CAMERA_FRAGMENT_MS = 1000
const SECONDS = { least: 0.001, most: 2_000_000 }

/**
 * Checks the flags and reads the files.
 *
 * @throws CommandError for the first that is wrong, with one sentence.
 */
export async function readSimulateSettings(
  files: readonly string[],
  flags: SimulateFlags,
): Promise<SimulateSettings> {
  const { streamName } = flags
  if (streamName !== undefined && !STREAM_NAME.test(streamName)) {
    throw refusal('--stream-name: pass 1 to 256 characters of A-Z, a-z, 0-9, _, . and -')
  }
  const pace = flags.rate === undefined ? undefined : parseRate(flags.rate)
  if (files.length === 0 && flags.loop === true) {
    throw refusal('--loop needs a file: the made-up camera never ends')
  }
  const isLive = pace !== undefined || flags.loop === true || files.length === 0
  if (!isLive && flags.retentionSeconds !== undefined) {
    throw refusal(
      '--retention-seconds needs --rate or --loop: a file keeps its own times, and would be forgotten at once',
    )
  }
  const seconds = (flag: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : 1000 * decimalNumber(flag, text, SECONDS)
  const sessionEndMs = seconds('--session-seconds', flags.sessionSeconds)
  const idleEndMs = seconds('--idle-seconds', flags.idleSeconds)
  const retentionMs = seconds('--retention-seconds', flags.retentionSeconds)
  const port = flags.port ?? '0'
  const simulator: SimulatorOptions = {
    port: wholeNumber('--port', port, { least: 0, most: MAX_PORT }),
    limits: {
      ...(sessionEndMs === undefined ? {} : { sessionEndMs }),
      ...(idleEndMs === undefined ? {} : { idleEndMs }),
    },
    tokenStart: flags.inclusiveTokens === true ? 'at' : 'after',
  }
  const faults = flags.faults === undefined ? [] : await readFaults(flags.faults)
  const sources = await Promise.all(files.map(readSource))
  const streams =
    sources.length === 0
      ? [camera(streamName, pace)]
      : streamsOf(sources, streamName).map((stream) =>
          isLive ? madeLive(stream, pace, flags.loop === true) : stream,
        )
  return {
    simulator,
    streams,
    retentionMs: retentionMs ?? (isLive ? LIVE_RETENTION_MS : Number.POSITIVE_INFINITY),
    maxHeldBytes: isLive ? LIVE_HELD_BYTES : Number.POSITIVE_INFINITY,
    faults,
  }
}

type Pace = Pick<LiveOptions, 'intervalMs' | 'bytesPerSecond'>

function parseRate(text: string): Pace {
  const match = RATE.exec(text)
  const value = Number(match?.[1])
  if (match === null || !(value > 0)) {
    throw refusal(
      `--rate: ${shown(text)} is no rate: give fragments a second such as 0.5, or bytes such as 500kB or 2MB`,
    )
  }
  if (!/B/.test(text)) return { intervalMs: 1000 / value }
  return { bytesPerSecond: value * (match[2] === 'M' ? 1_000_000 : match[2] === 'k' ? 1000 : 1) }
}

async function readSource(file: string): Promise<SourceFile> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw refusal(`${shown(file)} ${whyUnreadable(error)}`, error)
  })
  try {
    return { path: file, fragments: fragmentsFromFile(bytes) }
  } catch (error) {
    if (error instanceof ParseError) {
      const text = `cannot be served: ${error.message}`
      throw refusal(`${shown(file)} ${text}`, error)
    }
    if (error instanceof FileSourceError) {
      throw refusal(`${shown(file)} holds no media: there is no whole Cluster in it`, error)
    }
    throw error
  }
}

/** A stream per file, or all files in one. */
function streamsOf(
  sources: readonly SourceFile[],
  streamName: string | undefined,
): readonly ServedStream[] {
  if (streamName !== undefined) {
    const origin = sources.map((source) => source.path).join(', ')
    const all = sources.flatMap((source) => source.fragments)
    // The numbers of one file know nothing of the file before.
    const fragments = sources.length === 1 ? all : all.map(withoutIdentity)
    return [{ name: streamName, origin, fragments, live: undefined }]
  }
  const streams = sources.map((source) => ({
    name: nameFor(source.path),
    origin: source.path,
    fragments: source.fragments,
    live: undefined,
  }))
  const names = new Set<string>()
  for (const { name } of streams) {
    if (names.has(name)) {
      throw refusal(
        `two files would both be the stream ${JSON.stringify(name)}: rename one, or put them into one stream with --stream-name`,
      )
    }
    names.add(name)
  }
  return streams
}

function madeLive(stream: ServedStream, pace: Pace | undefined, isLoop: boolean): ServedStream {
  const { fragments } = stream
  const source = isLoop ? repeated(fragments) : fragments
  return { ...stream, fragments: [], live: { source, ...pace } }
}

function camera(streamName: string | undefined, pace: Pace | undefined): ServedStream {
  return {
    name: streamName ?? CAMERA_NAME,
    origin: 'a made-up camera',
    fragments: [],
    live: {
      source: syntheticFragments({ fragmentDurationMs: CAMERA_FRAGMENT_MS }),
      ...(pace ?? { intervalMs: CAMERA_FRAGMENT_MS }),
    },
  }
}

function* repeated(fragments: readonly FragmentInput[]): Generator<FragmentInput, never> {
  for (;;) yield* fragments
}

function withoutIdentity({ preamble, cluster, trailer }: PreparedFragment): PreparedFragment {
  return { preamble, cluster, trailer }
}

function nameFor(file: string): string {
  const name = path.parse(file).name.replace(/[^a-zA-Z0-9_.-]+/g, '-')
  return name.slice(0, 256) || 'stream'
}

async function readFaults(file: string): Promise<readonly Fault[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw refusal(`--faults: ${shown(file)} ${whyUnreadable(error)}`, error)
  })
  let json: unknown
  try {
    // Editors of Windows begin a file with a byte order mark.
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    const { message } = error as SyntaxError
    throw refusal(`--faults: ${shown(file)} is no JSON: ${fitted(message, 120)}`, error)
  }
  try {
    return parseFaults(json)
  } catch (error) {
    if (!(error instanceof FaultScriptError)) throw error
    const problem = error.message.replace(/^Invalid fault script: /, '')
    throw refusal(`--faults: ${shown(file)}: ${problem}`, error)
  }
}

function whyUnreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'does not exist: check the name'
    case 'EISDIR':
      return 'is a directory: name a file'
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user'
    default:
      return `cannot be read: ${fitted(code ?? String(error), 120)}`
  }
}

function shown(text: string): string {
  return JSON.stringify(fitted(text, MAX_SHOWN_COLUMNS))
}

function refusal(message: string, cause?: unknown): CommandError {
  return new CommandError(message, EXIT.usage, cause === undefined ? {} : { cause })
}
