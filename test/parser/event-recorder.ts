// Writes down what an EbmlReader tells, as lines of text that are the same however the input was cut.
import { expect } from 'vitest'
import { nameOf } from '../../src/parser/element-index.js'
import type { EbmlHandler, EbmlReaderOptions, Truncation } from '../../src/parser/ebml-handler.js'
import { EbmlReader } from '../../src/parser/index.js'
import { everySplit } from '../helpers/every-split.js'
import { hex, toHex } from '../helpers/hex.js'

export interface RecorderOptions extends EbmlReaderOptions {
  /** Names of masters that are answered false. */
  readonly skip?: readonly string[]
}

export interface Reading {
  /**
   * Offset, name, size or bytes: `16 +Segment 20`, `29 Timestamp 05`, `32 SimpleBlock: 81000080` (a body), `41 -Segment`.
   * `?` is an unknown size, `…5` at the end of a body are 5 bytes that did not come.
   */
  readonly events: readonly string[]
  readonly failure: Error | undefined
  readonly truncation: Truncation | undefined
}

class Recorder implements EbmlHandler {
  readonly events: string[] = []
  readonly #skip: readonly string[]
  #body = ''
  #bytesLeft = 0
  chunk: Uint8Array = new Uint8Array(0)

  constructor(skip: readonly string[]) {
    this.#skip = skip
  }

  onMasterStart(id: number, offset: number, size: number): boolean {
    this.events.push(`${offset} +${nameOf(id)} ${size === -1 ? '?' : size}`)
    return !this.#skip.includes(nameOf(id))
  }

  onMasterEnd(id: number, endOffset: number): void {
    this.events.push(`${endOffset} -${nameOf(id)}`)
  }

  onValue(id: number, bytes: Uint8Array, start: number, end: number, offset: number): void {
    this.events.push(`${offset} ${nameOf(id)} ${toHex(bytes.subarray(start, end))}`)
  }

  onBody(
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesLeft: number,
    offset: number,
  ): void {
    expect(bytes, 'a body is never copied').toBe(this.chunk)
    if (this.#bytesLeft > 0) {
      expect(bytesLeft + end - start, 'slices follow each other').toBe(this.#bytesLeft)
      expect(end, 'no empty slice but for an empty element').toBeGreaterThan(start)
      this.events.pop()
    } else {
      this.#body = ''
    }
    this.#body += toHex(bytes.subarray(start, end))
    this.#bytesLeft = bytesLeft
    const left = bytesLeft === 0 ? '' : ` …${bytesLeft}`
    this.events.push(`${offset} ${nameOf(id)}: ${this.#body}${left}`)
  }

  onContentError(code: string, id: number, offset: number): void {
    this.events.push(`${offset} ${code} ${nameOf(id)}`)
  }
}

/** Reads chunks to the end of the input. */
export function readEvents(chunks: readonly Uint8Array[], options: RecorderOptions = {}): Reading {
  const recorder = new Recorder(options.skip ?? [])
  const reader = new EbmlReader(recorder, options)
  try {
    for (const chunk of chunks) {
      recorder.chunk = chunk
      reader.write(chunk)
    }
    return { events: recorder.events, failure: undefined, truncation: reader.end() }
  } catch (error) {
    expect(error).toBe(reader.failure)
    return { events: recorder.events, failure: reader.failure, truncation: undefined }
  }
}

/** Expects these events and a clean end, however the bytes are cut. */
export function expectEvents(
  source: string | Uint8Array,
  events: readonly string[],
  options: RecorderOptions = {},
): void {
  const bytes = typeof source === 'string' ? hex(source) : source
  everySplit(bytes, (chunks) => {
    const reading = readEvents(chunks, options)
    if (reading.failure !== undefined) throw reading.failure
    expect(reading).toEqual({ events, failure: undefined, truncation: undefined })
  })
}

/** What a failure must look like. */
export interface ExpectedFailure {
  readonly code: string
  readonly offset: number
  readonly path: string
  readonly message?: string
}

/** Expects these events and then this failure, however the bytes are cut. */
export function expectFailure(
  source: string | Uint8Array,
  events: readonly string[],
  failure: ExpectedFailure,
  options: RecorderOptions = {},
): void {
  const bytes = typeof source === 'string' ? hex(source) : source
  everySplit(bytes, (chunks) => {
    const reading = readEvents(chunks, options)
    const { message, ...facts } = failure
    expect(reading.failure).toMatchObject({ name: 'ParseError', ...facts })
    if (message !== undefined) expect(reading.failure?.message).toContain(message)
    expect(reading.events).toEqual(events)
  })
}
