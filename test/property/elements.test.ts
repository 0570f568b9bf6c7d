import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { EbmlHandler } from '../../src/parser/index.js'
import { EbmlReader } from '../../src/parser/index.js'
import { chunksBySizes } from '../helpers/drain.js'
import type { PlacedElement } from './ebml-tree.js'
import { isMaster } from './ebml-tree.js'
import { hex } from './model.js'
import { anyStream, chunking, search, timeoutMs } from './settings.js'

/** What the reader told, a line per element: a body that came in slices is one. */
class EventLog implements EbmlHandler {
  readonly lines: string[] = []
  #body: string | undefined
  readonly #isEntered: (id: number) => boolean

  constructor(isEntered: (id: number) => boolean) {
    this.#isEntered = isEntered
  }

  onMasterStart(id: number, offset: number, size: number): boolean {
    this.lines.push(`${id.toString(16)} at ${offset}, ${size} bytes`)
    return this.#isEntered(id)
  }

  onMasterEnd(id: number, endOffset: number): void {
    this.lines.push(`${id.toString(16)} ends at ${endOffset}`)
  }

  onValue(id: number, bytes: Uint8Array, start: number, end: number, offset: number): void {
    this.lines.push(`${id.toString(16)} at ${offset}: ${hex(bytes.subarray(start, end))}`)
  }

  onBody(
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesLeft: number,
    offset: number,
  ): void {
    this.#body = (this.#body ?? '') + hex(bytes.subarray(start, end))
    if (bytesLeft > 0) return
    this.lines.push(`${id.toString(16)} at ${offset}: ${this.#body}`)
    this.#body = undefined
  }

  onContentError(code: string): void {
    this.lines.push(code)
  }
}

/** The same of what was written. */
function* linesOf(
  elements: readonly PlacedElement[],
  bytes: Uint8Array,
  isEntered: (id: number) => boolean,
): Generator<string, void, undefined> {
  for (const { element, offset, dataOffset, endOffset, children } of elements) {
    const id = element.id.toString(16)
    if (isMaster(element)) {
      yield `${id} at ${offset}, ${element.isUnknownSize ? -1 : endOffset - dataOffset} bytes`
      if (!isEntered(element.id)) continue
      yield* linesOf(children, bytes, isEntered)
      yield `${id} ends at ${endOffset}`
    } else {
      yield `${id} at ${offset}: ${hex(bytes.subarray(dataOffset, endOffset))}`
    }
  }
}

describe('EbmlReader', () => {
  it(
    'tells every element of any valid stream, with its place and its bytes, whatever the chunks and the scratch space',
    () => {
      fc.assert(
        fc.property(
          anyStream,
          chunking,
          fc.integer({ min: 1, max: 40 }),
          ({ stream }, sizes, max) => {
            const log = new EventLog(() => true)
            const reader = new EbmlReader(log, { maxValueBytes: max, verifyCrc32: true })
            for (const chunk of chunksBySizes(stream.bytes, sizes)) reader.write(chunk)
            deepStrictEqual(reader.end(), undefined)
            deepStrictEqual(log.lines, [...linesOf(stream.elements, stream.bytes, () => true)])
          },
        ),
        search(),
      )
    },
    timeoutMs,
  )

  it(
    'steps over the masters it is told to step over, those of unknown size too',
    () => {
      fc.assert(
        fc.property(anyStream, chunking, fc.nat(7), ({ stream }, sizes, which) => {
          const isEntered = (id: number): boolean => id % 8 !== which
          const log = new EventLog(isEntered)
          const reader = new EbmlReader(log, { verifyCrc32: true })
          for (const chunk of chunksBySizes(stream.bytes, sizes)) reader.write(chunk)
          deepStrictEqual(reader.end(), undefined)
          deepStrictEqual(log.lines, [...linesOf(stream.elements, stream.bytes, isEntered)])
        }),
        search(),
      )
    },
    timeoutMs,
  )
})
