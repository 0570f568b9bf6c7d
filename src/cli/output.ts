import { styleText } from 'node:util'
import type { CommandIo, TextSink } from './io.js'
import { CommandError, EXIT } from './io.js'

/** Colours by what they mean. */
export type Tone = 'heading' | 'quiet' | 'warning' | 'bad'

const STYLES = {
  heading: 'bold',
  quiet: 'dim',
  warning: 'yellow',
  bad: 'red',
} as const satisfies Record<Tone, string>

const FULL_BYTES = 65_536
/** Wide enough for every column; only a terminal has a width of its own. */
const DEFAULT_COLUMNS = 200
const MIN_COLUMNS = 40

/**
 * Lines to stdout, with backpressure: `flush` waits until the reader has taken them. A reader that has gone away (`| head`) is
 * no error: `isClosed` turns true and further lines go nowhere.
 */
export class Output {
  /** Columns that a line may take. */
  readonly columns: number
  readonly #sink: TextSink
  readonly #signal: AbortSignal
  readonly #hasColours: boolean
  #text = ''
  #failure: NodeJS.ErrnoException | undefined
  #wake: (() => void) | undefined

  constructor(io: CommandIo) {
    this.#sink = io.stdout
    this.#signal = io.signal
    const isTerminal = io.stdout.isTTY === true
    this.#hasColours =
      isTerminal && (io.env['NO_COLOR'] ?? '') === '' && io.stdout.hasColors?.() === true
    this.columns = isTerminal
      ? Math.max(MIN_COLUMNS, io.stdout.columns ?? DEFAULT_COLUMNS)
      : DEFAULT_COLUMNS
    const wake = (): void => {
      this.#wake?.()
    }
    this.#sink.on('close', wake)
    this.#sink.on('error', (error) => {
      this.#failure = error
      wake()
    })
    this.#signal.addEventListener('abort', wake, { once: true })
  }

  /** The reader has gone away: nothing that is still to be said will be heard. */
  get isClosed(): boolean {
    return this.#failure !== undefined || this.#sink.destroyed
  }

  /** Enough lines are waiting for a `flush`. */
  get isFull(): boolean {
    return this.#text.length >= FULL_BYTES
  }

  /** Adds a line, without its line break. */
  line(text: string): void {
    this.#text += `${text}\n`
  }

  /** Writes the lines added so far. @throws CommandError when that fails, but not because the reader has gone away. */
  async flush(): Promise<void> {
    const text = this.#text
    this.#text = ''
    if (text !== '' && !this.isClosed) await this.#write(text)
    if (this.#failure !== undefined && this.#failure.code !== 'EPIPE') {
      throw new CommandError(
        `the output cannot be written: ${this.#failure.message}`,
        EXIT.faulty,
        { cause: this.#failure },
      )
    }
  }

  #write(text: string): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
      // Not before it is written is it known that it can be: a file takes everything at first. What fails wakes as an event.
      this.#sink.write(text, (error) => {
        if (error === undefined || error === null) resolve()
      })
      if (this.#signal.aborted) resolve()
    })
  }

  /** `text` in the colour of `tone` where there are colours. */
  toned(tone: Tone, text: string): string {
    return this.#hasColours ? styleText(STYLES[tone], text, { validateStream: false }) : text
  }
}
