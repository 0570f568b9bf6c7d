import type { TextSink } from './io.js'
import { fitted } from './terminal-text.js'

const REDRAW_MS = 500
const ERASE = '\r\u001B[2K'
const DEFAULT_COLUMNS = 80

/**
 * The last line of a terminal, drawn anew twice a second, under whatever else is written. What writes to the same terminal
 * calls `hide` before and `show` after.
 */
export class LiveLine {
  readonly #sink: TextSink
  readonly #text: () => string
  #timer: ReturnType<typeof setInterval> | undefined
  #isShown = false

  /** @param text is called for each drawing; it is cut to the width of the terminal. */
  constructor(sink: TextSink, text: () => string) {
    this.#sink = sink
    this.#text = text
  }

  start(): void {
    this.#timer ??= setInterval(() => this.show(), REDRAW_MS).unref()
    this.show()
  }

  show(): void {
    if (this.#timer === undefined || this.#sink.destroyed) return
    // A terminal that does not know its width says 0. One column is left free: a full line would wrap.
    const columns = this.#sink.columns || DEFAULT_COLUMNS
    this.#sink.write(ERASE + fitted(this.#text(), columns - 1))
    this.#isShown = true
  }

  hide(): void {
    if (this.#isShown && !this.#sink.destroyed) this.#sink.write(ERASE)
    this.#isShown = false
  }

  /** Erases it for good. */
  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.hide()
  }
}
