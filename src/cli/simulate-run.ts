import {
  type RequestRecord,
  type Simulator,
  type StartSelector,
  startSimulator,
} from '../simulator/index.js'
import type { CommandIo, ExitCode } from './io.js'
import { CommandError, EXIT } from './io.js'
import { Output } from './output.js'
import { counted, duration } from './quantities.js'
import { RequestNews } from './request-news.js'
import type { ServedStream, SimulateSettings } from './simulate-settings.js'
import { elided, fitted } from './terminal-text.js'

const NUMBER_COLUMNS = 32

/**
 * Serves streams until Ctrl-C, and tells what was asked for.
 *
 * @throws CommandError when it cannot listen.
 */
export async function runSimulate(settings: SimulateSettings, io: CommandIo): Promise<ExitCode> {
  const output = new Output(io)
  const simulator = await start(settings, io)
  try {
    for (const line of introduction(simulator, settings, io)) output.line(line)
    await output.flush()
    await showRequests(simulator, output, io.signal)
  } finally {
    await simulator.close()
  }
  for (const line of servedLines(simulator)) output.line(line)
  await output.flush()
  return EXIT.clean
}

async function start(
  { simulator, streams, retentionMs, maxHeldBytes, faults }: SimulateSettings,
  { clock }: CommandIo,
): Promise<Simulator> {
  try {
    const running = await startSimulator({
      ...simulator,
      clock,
      faults,
      streams: streams.map(({ name, fragments }) => {
        return { name, fragments, retentionMs, maxHeldBytes }
      }),
    })
    for (const { name, live } of streams) {
      if (live !== undefined) running.streams.get(name)?.startLive(live)
    }
    return running
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const { port } = simulator
    if (code === 'EADDRINUSE') {
      const remedy = 'give another --port, or none for any that is free'
      throw new CommandError(`port ${port} is in use: ${remedy}`, EXIT.faulty, { cause: error })
    }
    if (code === 'EACCES') {
      const remedy = 'give one from 1024 up'
      throw new CommandError(`port ${port} is not for this user: ${remedy}`, EXIT.faulty, {
        cause: error,
      })
    }
    throw new CommandError(`the simulator cannot start: ${message}`, EXIT.faulty, { cause: error })
  }
}

function introduction(
  simulator: Simulator,
  { streams, faults }: SimulateSettings,
  io: CommandIo,
): readonly string[] {
  const { endpoint } = simulator
  return [
    `Kinesis Video Streams, simulated, on ${endpoint}`,
    ...streams.map((stream) => `  ${streamText(stream)}`),
    ...(faults.length === 0 ? [] : [`  ${counted(faults.length, 'fault')} will happen`]),
    'Read it with:',
    ...streams.map((stream) => `  ${tailCommand(stream, endpoint, io.env)}`),
    'Ctrl-C ends it.',
    '',
  ]
}

function streamText({ name, origin, fragments, live }: ServedStream): string {
  const from = fitted(origin, 120)
  if (live === undefined) {
    return `stream ${name}: ${counted(fragments.length, 'fragment')} from ${from}`
  }
  const { intervalMs, bytesPerSecond } = live
  const pace =
    bytesPerSecond === undefined
      ? `one fragment every ${duration(intervalMs ?? 1000)}`
      : counted(Math.round(bytesPerSecond / 1000), 'kB a second', 'kB a second')
  return `stream ${name}: live, ${pace}, from ${from}`
}

/** To be pasted into a shell. The SDK signs requests, so it wants credentials, whichever. */
function tailCommand(
  { name, live }: ServedStream,
  endpoint: string,
  env: CommandIo['env'],
): string {
  const from = live === undefined ? ' --start earliest' : ''
  // A profile would go before them.
  const profile = env['AWS_PROFILE'] === undefined ? '' : 'AWS_PROFILE= '
  const credentials = `${profile}AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any`
  return `${credentials} npx kvs-fragments tail --endpoint ${endpoint} --stream-name ${name}${from}`
}

/** Resolves when the signal is aborted. Until then a line for each request that has ended, as long as somebody reads them. */
async function showRequests(
  simulator: Simulator,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const ending = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  // One race for all: each would be kept until the signal is aborted. A server goes on when nobody reads its log.
  await Promise.race([ending, tellRequests(simulator, output, signal).then(() => ending)])
}

async function tellRequests(
  simulator: Simulator,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const news = new RequestNews()
  while (!output.isClosed) {
    let ended: readonly RequestRecord[] = []
    await simulator.whenRequests((requests) => {
      ended = news.next(requests)
      return ended.length > 0
    })
    if (signal.aborted) return
    for (const record of ended) output.line(requestText(record))
    await output.flush()
  }
}

function requestText(record: RequestRecord): string {
  const { operation, streamName, startSelector, errorType, status } = record
  const words: string[] = [operation]
  if (streamName !== undefined) words.push(`of ${streamName}`)
  if (startSelector !== undefined) words.push(startText(startSelector))
  if (errorType !== undefined) {
    words.push(`refused: ${fitted(errorType, 80)} (status ${status ?? 0})`)
  } else if (operation === 'GetMedia') {
    const amount = `${counted(record.fragmentsSent, 'fragment')}, ${counted(record.bytesSent, 'byte')}`
    words.push(`sent ${amount}; ended by ${END_TEXT[record.ended ?? 'closed']}`)
  } else {
    words.push('answered')
  }
  if (record.faults.length > 0) words.push(`[${record.faults.join(', ')}]`)
  return words.join(' ')
}

const END_TEXT: { readonly [End in NonNullable<RequestRecord['ended']>]: string } = {
  answered: 'its answer',
  refused: 'its refusal',
  idle: 'silence',
  session: 'the session’s limit',
  'clean-end': 'a clean end in mid-stream',
  reset: 'a reset',
  fin: 'a FIN',
  'error-tag': 'an error tag',
  client: 'the client',
  closed: 'the end of the simulator',
}

function startText(selector: StartSelector): string {
  const {
    StartSelectorType: type,
    AfterFragmentNumber,
    ContinuationToken,
    StartTimestamp,
  } = selector
  const value = AfterFragmentNumber ?? ContinuationToken ?? StartTimestamp
  return value === undefined
    ? type
    : `${type} ${elided(fitted(String(value), 128), NUMBER_COLUMNS)}`
}

/** What was served, all in all and by stream. */
function servedLines({ requests, streams }: Simulator): readonly string[] {
  const lines = ['', `Served ${counted(requests.length, 'request')}.`]
  for (const name of streams.keys()) {
    const sessions = requests.filter(
      (record) => record.streamName === name && record.operation === 'GetMedia',
    )
    const opened = sessions.filter((record) => record.errorType === undefined)
    const sum = (what: 'fragmentsSent' | 'bytesSent'): number =>
      opened.reduce((total, record) => total + record[what], 0)
    const faults = sessions.reduce((total, record) => total + record.faults.length, 0)
    lines.push(
      `  stream ${name}: ${counted(opened.length, 'session')}, ${counted(sum('fragmentsSent'), 'fragment')}, ` +
        `${counted(sum('bytesSent'), 'byte')}; ${counted(sessions.length - opened.length, 'refusal')}, ${counted(faults, 'fault')}`,
    )
  }
  return lines
}
