import {
  type CancelTimer,
  type ConsumerEvent,
  type ConsumerStats,
  KinesisVideoConsumer,
  type KinesisVideoConsumerOptions,
  type RequestFailedEvent,
} from '../consumer/index.js'
import type { CommandIo, ExitCode, TextSink } from './io.js'
import { CommandError, EXIT } from './io.js'
import { LiveLine } from './live-line.js'
import { Output } from './output.js'
import { counted, duration, grouped } from './quantities.js'
import { RateMeter } from './rate-meter.js'
import { type FatalError, describeFatal, isHopeless, requestText } from './tail-failure.js'
import { type EndPosition, TailReport } from './tail-report.js'
import type { TailSettings } from './tail-settings.js'
import { fitted } from './terminal-text.js'

/**
 * Reads a stream and shows its fragments until a limit, a silence, the user or an error ends it.
 *
 * @throws CommandError for an error, after everything was shown and saved.
 */
export async function runTail(settings: TailSettings, io: CommandIo): Promise<ExitCode> {
  silenceSdk()
  const tail = new Tail(settings, io)
  const options: KinesisVideoConsumerOptions = {
    ...settings.consumer,
    ...(await loggerOption(settings.logLevel, (text) => tail.writeLog(text))),
    clock: io.clock,
  }
  return tail.run(new KinesisVideoConsumer(options))
}

class Tail {
  readonly #settings: TailSettings
  readonly #io: CommandIo
  readonly #output: Output
  readonly #live: LiveLine | undefined
  readonly #report: TailReport
  readonly #byteRate = new RateMeter()
  readonly #startMs: number
  #consumer: KinesisVideoConsumer | undefined
  #hasOpened = false
  #lastRequest: RequestFailedEvent | undefined
  #failure: FatalError | undefined
  #cancelIdleTimer: CancelTimer = () => undefined

  constructor(settings: TailSettings, io: CommandIo) {
    this.#settings = settings
    this.#io = io
    this.#startMs = io.clock.monotonicMs()
    this.#output = new Output(io)
    const sink = liveSink(io, settings.isJson)
    this.#live = sink && new LiveLine(sink, () => this.#liveText())
    this.#report = new TailReport(this.#output, settings.isJson, this.#live)
  }

  /** Writes a line of the log to stderr, above the live line. */
  writeLog(text: string): void {
    this.#live?.hide()
    this.#io.stderr.write(text)
    this.#live?.show()
  }

  async run(consumer: KinesisVideoConsumer): Promise<ExitCode> {
    this.#consumer = consumer
    const { signal, stdout } = this.#io
    const stop = (): void => void consumer.stop()
    const onEvent = (event: ConsumerEvent): void => this.#onEvent(event, stop)
    consumer.on('event', onEvent)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    // A reader that leaves while the stream is silent.
    stdout.on('error', stop).on('close', stop)
    this.#startIdleTimer(stop)
    this.#live?.start()
    try {
      await this.#readAll(consumer, stop)
    } catch (error) {
      if (error instanceof CommandError) throw error
      this.#failure ??= describeFatal(error, {
        ...this.#settings,
        request: this.#lastRequest,
      })
    } finally {
      this.#cancelIdleTimer()
      this.#live?.stop()
      signal.removeEventListener('abort', stop)
      stdout.off('error', stop).off('close', stop)
    }
    if (this.#output.isClosed) {
      // Throws for a full disk, which is no reader that has left.
      await this.#output.flush()
      return EXIT.clean
    }
    const at = endPosition(consumer.stats())
    await this.#report.end(at, this.#failure)
    if (at !== undefined) this.#sayPosition(at)
    if (this.#failure !== undefined) {
      const { code, message } = this.#failure
      throw new CommandError(message, code === 'invalid-option' ? EXIT.usage : EXIT.faulty)
    }
    return EXIT.clean
  }

  async #readAll(consumer: KinesisVideoConsumer, stop: () => void): Promise<void> {
    for await (const fragment of consumer) {
      // The time that a slow reader takes is not the stream's silence.
      this.#cancelIdleTimer()
      await this.#report.fragment(fragment)
      // That a reader has left is told by an event, after the write: what it did not take is not done with.
      await new Promise((resolve) => setImmediate(resolve))
      if (!this.#output.isClosed) void fragment.commit()
      // Not `break`: a stop() that is under way waits for the loop to ask for the next one.
      if (this.#output.isClosed || this.#report.fragments === this.#settings.limit) stop()
      this.#startIdleTimer(stop)
    }
  }

  #onEvent(event: ConsumerEvent, stop: () => void): void {
    if (event.type === 'sessionOpened') this.#hasOpened = true
    // There is no next try after what was given up.
    const isOver = event.type === 'reconnectScheduled' && this.#failure !== undefined
    if (!isOver) this.#report.event(event)
    if (event.type !== 'requestFailed') return
    this.#lastRequest = event
    if (this.#hasOpened || !isHopeless(event)) return
    this.#failure ??= {
      code: 'request-failed',
      message: requestText(event, this.#settings.stream),
    }
    stop()
  }

  #startIdleTimer(stop: () => void): void {
    const { idleTimeoutMs } = this.#settings
    if (idleTimeoutMs !== undefined) {
      this.#cancelIdleTimer = this.#io.clock.setTimer(stop, idleTimeoutMs)
    }
  }

  /** For people, and for those who pressed Ctrl-C over JSON lines. */
  #sayPosition({ position, isSaved }: EndPosition): void {
    const { isJson, checkpointPath } = this.#settings
    if (isJson && !this.#io.signal.aborted) return
    const sink = isJson ? this.#io.stderr : this.#io.stdout
    const after = `after fragment ${fitted(position.fragmentNumber, 128)}`
    sink.write(
      isSaved && checkpointPath !== undefined
        ? `ended ${after}; saved in ${JSON.stringify(fitted(checkpointPath, 200))}, from where the same command goes on\n`
        : `ended ${after}; go on with --start after:${fitted(position.fragmentNumber, 128)}\n`,
    )
  }

  #liveText(): string {
    const stats = this.#consumer?.stats()
    if (stats === undefined) return ''
    const nowMs = this.#io.clock.monotonicMs()
    const bitsPerSecond = 8 * this.#byteRate.perSecond(stats.bytes, nowMs)
    const reconnects = reconnectCount(stats)
    const lag = stats.millisBehindNow
    return [
      duration(nowMs - this.#startMs).replace(/\.\d+ s$/, ' s'),
      counted(stats.fragments, 'fragment'),
      `${grouped(Math.round(bitsPerSecond / 1000))} kbit/s`,
      `lag ${lag === undefined ? '-' : duration(lag)}`,
      counted(reconnects, 'reconnect'),
    ].join('  |  ')
  }
}

function reconnectCount({ reconnects }: ConsumerStats): number {
  return Object.values(reconnects).reduce((sum, count) => sum + count, 0)
}

function endPosition({ position, savedPosition }: ConsumerStats): EndPosition | undefined {
  if (position === undefined) return undefined
  return { position, isSaved: savedPosition?.fragmentNumber === position.fragmentNumber }
}

/** A terminal that is looked at: stderr, as stdout may be a file; else stdout, if it shows a table. */
function liveSink(io: CommandIo, isJson: boolean): TextSink | undefined {
  if (io.stderr.isTTY === true) return io.stderr
  return io.stdout.isTTY === true && !isJson ? io.stdout : undefined
}

async function loggerOption(
  level: string | undefined,
  write: (text: string) => void,
): Promise<Pick<KinesisVideoConsumerOptions, 'logger'>> {
  if (level === undefined) return {}
  const { pino, stdTimeFunctions } = await import('pino')
  const settings = { level, base: null, timestamp: stdTimeFunctions.isoTime }
  return { logger: pino({ ...settings, messageKey: 'message' }, { write }) }
}

// The SDK tells of Node versions that it will not support one day: nothing that the user of a command can act on.
function silenceSdk(): void {
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
}
