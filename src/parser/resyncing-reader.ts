import { nameOf } from './element-index.js'
import { ParseError } from './errors.js'
import type { EbmlReader } from './reader.js'
import { findHeader, judgeHeader } from './resync.js'
import { ID } from './schema.js'
import { interruptedElement } from './structure-errors.js'

/** Bytes that were passed over after damage, with `onDamage: 'resync'`. */
export interface SkippedRange {
  /** Absolute offset of the element at which the structure broke. */
  readonly startOffset: number
  /** Absolute offset of the EBML header at which reading went on, or of the end of input. */
  readonly endOffset: number
  /** What broke. */
  readonly error: ParseError
}

/** What is told of damage. */
export interface DamageListener {
  /** The structure broke: what was open has ended. Answers false when reading must stop, with this error. */
  readonly onDamage: (error: ParseError) => boolean
  /** Reading goes on at an EBML header, or the input has ended. */
  readonly onSkip: (range: SkippedRange) => void
}

/** In a path: the one place where a whole Matroska file has a right to be. */
const ATTACHMENTS = nameOf(ID.Attachments)
const NO_BYTES = new Uint8Array(0)

/**
 * Reads a stream that may have lost bytes. A document begins wherever there is a plausible EBML header: what was lost makes
 * elements of garbage and sizes of chance, and an element that has not ended at a header would swallow it and what follows.
 * So the input is cut before each header, the reader never gets past one in the middle of an element, and after damage all is
 * dropped up to the next. Attachments are the exception: a file in them may be Matroska.
 *
 * Bytes that may begin a header (267 at most) are held back until it is known.
 */
export class ResyncingReader {
  readonly #reader: EbmlReader
  readonly #listener: DamageListener
  /** Absolute offset of the next byte to be read or dropped. */
  #offset = 0
  #held: Uint8Array = NO_BYTES
  /** What broke, while the next header is looked for. */
  #damage: ParseError | undefined
  /** The header found last, while the reader has not been made to begin afresh there. */
  #untriedOffset = -1

  constructor(reader: EbmlReader, listener: DamageListener) {
    this.#reader = reader
    this.#listener = listener
  }

  /** A stream begins. The reader is its owner's to reset. */
  reset(): void {
    this.#offset = 0
    this.#held = NO_BYTES
    this.#damage = undefined
    this.#untriedOffset = -1
  }

  /** Reads `chunk[start, end)`. @throws what a callback threw, or a ParseError for which reading must stop. */
  write(chunk: Uint8Array, start = 0, end: number = chunk.length): void {
    let bytes = chunk
    let from = start
    let to = end
    let searched = start
    if (this.#held.length > 0) {
      bytes = new Uint8Array(this.#held.length + end - start)
      bytes.set(this.#held)
      bytes.set(chunk.subarray(start, end), this.#held.length)
      this.#held = NO_BYTES
      from = 0
      to = bytes.length
      searched = 0
    }
    for (;;) {
      const at = findHeader(bytes, searched, to)
      this.#read(bytes, from, at)
      if (at === to) return
      if (judgeHeader(bytes, at, to) === 'cut') {
        this.#held = bytes.slice(at, to)
        return
      }
      this.#beginDocument()
      from = at
      searched = at + 1
    }
  }

  /** The input has ended. Answers false when that was while a header was looked for. @throws like `write`. */
  end(): boolean {
    const held = this.#held
    this.#held = NO_BYTES
    this.#read(held, 0, held.length)
    return !this.#endSkip()
  }

  /** A header begins at the next byte. */
  #beginDocument(): void {
    if (this.#damage === undefined) {
      const { unfinished } = this.#reader
      if (unfinished === undefined || unfinished.path.includes(ATTACHMENTS)) {
        this.#untriedOffset = this.#offset
        return
      }
      this.#break(interruptedElement(unfinished))
    }
    this.#restart()
  }

  /** Reads or drops bytes in which no header begins but at the first of them. */
  #read(bytes: Uint8Array, from: number, to: number): void {
    let isUnread = from < to
    while (isUnread && this.#damage === undefined) {
      try {
        this.#reader.write(bytes, from, to)
        isUnread = false
      } catch (error) {
        const { offset } = this.#break(error)
        // The very header shows the damage: what is open has a size that says it has not ended.
        if (this.#untriedOffset === this.#offset && offset <= this.#offset) this.#restart()
      }
    }
    this.#offset += to - from
  }

  #break(error: unknown): ParseError {
    if (!(error instanceof ParseError) || !this.#listener.onDamage(error)) throw error
    this.#damage = error
    return error
  }

  /** The reader begins afresh at the next byte. */
  #restart(): void {
    this.#endSkip()
    this.#untriedOffset = -1
    this.#reader.reset(this.#offset)
  }

  /** Answers false when nothing was being skipped. */
  #endSkip(): boolean {
    const error = this.#damage
    if (error === undefined) return false
    this.#damage = undefined
    this.#listener.onSkip({ startOffset: error.offset, endOffset: this.#offset, error })
    return true
  }
}
