import { BODY, KIND_BY_INDEX, MASTER, PARENT_ID_BY_INDEX, UNREGISTERED } from './element-index.js'
import { MAX_ID_WIDTH, MAX_SIZE_WIDTH } from './header-carry.js'
import type { OpenMasters } from './open-masters.js'
import { findElement, GLOBAL, ID, ROOT } from './schema.js'
import {
  elementTooLarge,
  invalidId,
  invalidSize,
  notEbml,
  reservedId,
  sizeTooLarge,
  unexpectedDocument,
  unknownSize,
} from './structure-errors.js'
import { isReservedId, TOO_LARGE, UNKNOWN_SIZE } from './vint.js'

/** The kind of an element that may not stand where it does and is stepped over. */
const MISPLACED = -1

/**
 * Where elements may stand. The reader asks for those that do not stand right in the parent the schema gives them: global,
 * unregistered and recursive ones, those that end masters of unknown size, and those that have no business there.
 */
export class Placement {
  readonly #masters: OpenMasters
  /** The largest element in which nothing is read, where no parent of known size holds it. */
  readonly maxSkippedBytes: number
  #startOffset = 0

  /** An EBML header was seen: a Segment may follow. */
  hasDocument = false
  /** After {@link judge}: how many masters stay open; the others end where the element begins. */
  kept = 0

  constructor(masters: OpenMasters, maxSkippedBytes: number) {
    this.#masters = masters
    this.maxSkippedBytes = maxSkippedBytes
  }

  /** A stream begins at absolute `offset`. */
  reset(offset: number): void {
    this.#startOffset = offset
    this.hasDocument = false
  }

  /** The kind of an element, {@link MISPLACED} included; sets {@link kept}. @throws ParseError when it cannot stand here. */
  judge(id: number, idWidth: number, index: number, size: number, offset: number): number {
    const masters = this.#masters
    this.kept = masters.depth
    if (masters.depth === 0) return this.#judgeAtRoot(id, offset)
    if (index === UNREGISTERED) {
      if (isReservedId(id, idWidth)) throw reservedId(masters, id, offset)
      return UNREGISTERED
    }
    const parentId = PARENT_ID_BY_INDEX[index]
    const kind = KIND_BY_INDEX[index]
    if (parentId === GLOBAL) return kind
    if (id === masters.parentId && findElement(id)?.isRecursive === true) return kind
    const kept = masters.keptFor(parentId)
    if (kept >= 0) {
      this.kept = kept
      return kind
    }
    if (parentId === ROOT) throw unexpectedDocument(masters, id, offset)
    if (size === UNKNOWN_SIZE) throw unknownSize(masters, id, offset)
    return MISPLACED
  }

  /** A size that is unknown, too large or no size at all. @throws ParseError unless it is unknown and may be. */
  checkSize(id: number, size: number, sizeWidth: number, offset: number): void {
    if (this.#masters.depth === 0 && id !== ID.EBML) this.#judgeAtRoot(id, offset)
    if (sizeWidth > MAX_SIZE_WIDTH) throw invalidSize(this.#masters, id, offset)
    if (size === TOO_LARGE) throw sizeTooLarge(this.#masters, id, offset)
    if (id !== ID.Segment && id !== ID.Cluster) throw unknownSize(this.#masters, id, offset)
  }

  /**
   * A header at the root that is cut after `header[at, end)`: what cannot become an EBML header is refused as soon as that
   * shows, however short the input is.
   */
  checkStart(header: Uint8Array, at: number, end: number, offset: number): void {
    if (this.hasDocument) return
    for (let i = at; i < end && i < at + MAX_ID_WIDTH; i += 1) {
      if (header[i] !== ((ID.EBML >>> (24 - 8 * (i - at))) & 0xff)) {
        throw notEbml(offset, offset === this.#startOffset)
      }
    }
  }

  /**
   * An element of `size` bytes in which nothing else is read. Where no parent of known size ends, nothing but this stops a
   * damaged size from swallowing the rest of a live stream. Blocks that the handler gets are for it to judge.
   */
  checkUnread(id: number, size: number, offset: number, isHandedOn: boolean): void {
    if (size <= this.maxSkippedBytes || this.#masters.limit !== Number.POSITIVE_INFINITY) return
    if (!isHandedOn || (id !== ID.SimpleBlock && id !== ID.Block)) {
      throw elementTooLarge(this.#masters, this.maxSkippedBytes, id, offset)
    }
  }

  /** A first byte that begins no ID. */
  failOnId(first: number, offset: number): never {
    if (this.#masters.depth === 0) this.#judgeAtRoot(first, offset)
    throw invalidId(this.#masters, first, offset)
  }

  /** Between documents: an EBML header, a Segment once a header was seen, or a Void. */
  #judgeAtRoot(id: number, offset: number): number {
    if (id === ID.EBML || (id === ID.Segment && this.hasDocument)) return MASTER
    if (id === ID.Void && this.hasDocument) return BODY
    throw notEbml(offset, offset === this.#startOffset)
  }
}
