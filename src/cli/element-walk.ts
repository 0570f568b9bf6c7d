import type { BlockHeader } from '../parser/block.js'
import { MAX_BLOCK_HEADER_BYTES, readBlockHeader } from '../parser/block.js'
import { nameOf, pathOf } from '../parser/element-index.js'
import type { ContentErrorCode } from '../parser/errors.js'
import { ParseError } from '../parser/errors.js'
import type { EbmlHandler } from '../parser/ebml-handler.js'
import { DEFAULT_LIMITS } from '../parser/limits.js'
import { EbmlReader } from '../parser/reader.js'
import type { SkippedRange } from '../parser/resyncing-reader.js'
import { ResyncingReader } from '../parser/resyncing-reader.js'
import type { ElementKind } from '../parser/schema.js'
import { findElement, ID } from '../parser/schema.js'
import {
  isLengthOf,
  readDateMs,
  readFloat,
  readIntBig,
  readString,
  readUintBig,
} from '../parser/values.js'

/** One element as it stands in the stream. */
export interface WalkedElement {
  /** Absolute offset of its header's first byte. */
  readonly offset: number
  /** 0 for EBML and Segment. */
  readonly depth: number
  readonly id: number
  /** `0x…` when it is not registered. */
  readonly name: string
  /** `unregistered` when it is in no RFC. */
  readonly kind: ElementKind | 'unregistered'
  /** Bytes of its data; undefined when the element does not say. */
  readonly size: number | undefined
  /** Of a number, date (ISO 8601) or text; undefined when it has none, or one of a length that its type does not have. */
  readonly value: string | number | bigint | undefined
  /** The first bytes of a binary element, of a block after its header. */
  readonly head: Uint8Array | undefined
  /** Of a SimpleBlock or Block. */
  readonly block: BlockHeader | undefined
  /** What is wrong with it. It was stepped over; its size was not told. */
  readonly fault: ContentErrorCode | undefined
}

/** Bytes shown of a binary element. */
const HEAD_BYTES = 16
const COLLECTED_BYTES = MAX_BLOCK_HEADER_BYTES + HEAD_BYTES

/**
 * Walks every element of a stream, in order and as soon as its first bytes are there. After damage it goes on at the next
 * EBML header, as the fragment parser beside it does; but it looks into more, such as Cues, and may meet damage where the
 * parser does not.
 */
export class ElementWalk implements EbmlHandler {
  readonly #onElement: (element: WalkedElement) => void
  readonly #reader: ResyncingReader
  #depth = 0
  // The first bytes of a body that arrives in slices.
  readonly #head = new Uint8Array(COLLECTED_BYTES)
  #headLength = 0

  constructor(onElement: (element: WalkedElement) => void, onSkip: (range: SkippedRange) => void) {
    this.#onElement = onElement
    this.#reader = new ResyncingReader(new EbmlReader(this), {
      onDamage: () => {
        this.#depth = 0
        this.#headLength = 0
        return true
      },
      onSkip,
    })
  }

  /** Walks through a chunk, cut from the stream anywhere. */
  write(chunk: Uint8Array): void {
    this.#reader.write(chunk)
  }

  /** The input has ended. */
  end(): void {
    this.#reader.end()
  }

  // What the reader tells --------------------------------------------------------------------------------------------

  onMasterStart(id: number, offset: number, size: number): boolean {
    this.#tell(id, offset, size < 0 ? undefined : size, {})
    this.#depth += 1
    return true
  }

  onMasterEnd(): void {
    this.#depth -= 1
  }

  onValue(id: number, bytes: Uint8Array, start: number, end: number, offset: number): void {
    const kind = kindOf(id)
    if (kind === 'binary') {
      this.#tell(id, offset, end - start, { head: bytes.slice(start, end) })
      return
    }
    const value = isLengthOf(kind as ElementKind, end - start)
      ? readValue(id, bytes, start, end)
      : undefined
    this.#tell(id, offset, end - start, { value })
  }

  onBody(
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesLeft: number,
    offset: number,
  ): void {
    const had = this.#headLength
    if (had === 0) checkBlock(id, end - start + bytesLeft, offset)
    const from = start - had
    while (this.#headLength < COLLECTED_BYTES && from + this.#headLength < end) {
      this.#head[this.#headLength] = bytes[from + this.#headLength]
      this.#headLength += 1
    }
    // Told once: when enough is there to show, or all of it.
    const isEnough = this.#headLength === COLLECTED_BYTES
    if (had < COLLECTED_BYTES && (isEnough || bytesLeft === 0)) {
      // Where the collected bytes began is not where the element did, but all of it together is its size.
      this.#tellBody(id, offset, had + end - start + bytesLeft)
    }
    if (bytesLeft === 0) this.#headLength = 0
  }

  onContentError(code: ContentErrorCode, id: number, offset: number): void {
    if (code === 'misplaced-element') this.#tell(id, offset, undefined, { fault: code })
  }

  #tellBody(id: number, offset: number, size: number): void {
    const head = this.#head.slice(0, this.#headLength)
    const kind = kindOf(id)
    if (id === ID.SimpleBlock || id === ID.Block) {
      const block = readBlockHeader(head, 0, head.length)
      this.#tell(id, offset, size, { head: head.subarray(block?.length ?? 0), block })
    } else if (kind === 'string' || kind === 'utf8') {
      // A text longer than a reader puts together.
      this.#tell(id, offset, size, { value: `${readString(head, 0, head.length)}…` })
    } else {
      this.#tell(id, offset, size, { head })
    }
  }

  #tell(
    id: number,
    offset: number,
    size: number | undefined,
    facts: Partial<Pick<WalkedElement, 'value' | 'head' | 'block' | 'fault'>>,
  ): void {
    this.#onElement({
      offset,
      depth: this.#depth,
      id,
      name: nameOf(id),
      kind: kindOf(id),
      size,
      value: facts.value,
      head: facts.head?.subarray(0, HEAD_BYTES),
      block: facts.block,
      fault: facts.fault,
    })
  }
}

/** A size that cannot be one would swallow what follows: nobody but the handler judges a block. */
function checkBlock(id: number, size: number, offset: number): void {
  const limit = DEFAULT_LIMITS.maxFragmentBytes
  if (size <= limit || (id !== ID.SimpleBlock && id !== ID.Block)) return
  const message = `a block of more than ${limit} bytes`
  throw new ParseError('fragment-too-large', message, { offset, path: pathOf(id) })
}

function kindOf(id: number): WalkedElement['kind'] {
  return findElement(id)?.kind ?? 'unregistered'
}

function readValue(
  id: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): WalkedElement['value'] {
  switch (kindOf(id)) {
    case 'uint':
      return narrowed(readUintBig(bytes, start, end))
    case 'int':
      return narrowed(readIntBig(bytes, start, end))
    case 'float':
      return readFloat(bytes, start, end)
    case 'date':
      return isoDate(readDateMs(bytes, start, end))
    default:
      return readString(bytes, start, end)
  }
}

/** A number where one is exact. */
function narrowed(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function isoDate(ms: number): string {
  return new Date(ms).toISOString()
}
