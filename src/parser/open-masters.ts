import { nameOf } from './element-index.js'
import { ROOT } from './schema.js'

/** The parent of what stands at the root: equal to no element's parent, so that all of it takes the careful path. */
const NO_PARENT = -3

/** The stack of master elements that are open, outermost first. */
export class OpenMasters {
  readonly #ids: number[] = []
  readonly #limits: number[] = []
  readonly #isUnknownSize: boolean[] = []
  readonly #offsets: number[] = []
  readonly #dataStarts: number[] = []

  /** How many are open. Plain fields, not getters: the hot loop reads them for every element. */
  depth = 0
  /** ID of the innermost one; a value that is no ID at the root. */
  parentId: number = NO_PARENT
  /** Absolute offset at which the innermost one of known size ends: nothing may reach past it. Infinity without one. */
  limit: number = Number.POSITIVE_INFINITY

  /** Forgets them all. */
  reset(): void {
    this.depth = 0
    this.parentId = NO_PARENT
    this.limit = Number.POSITIVE_INFINITY
  }

  /** One more, with `size` bytes of data (negative: unknown) from `dataStart` on. */
  enter(id: number, offset: number, dataStart: number, size: number): void {
    const { depth } = this
    this.#ids[depth] = id
    this.#offsets[depth] = offset
    this.#dataStarts[depth] = dataStart
    this.#isUnknownSize[depth] = size < 0
    if (size >= 0) this.limit = dataStart + size
    this.#limits[depth] = this.limit
    this.depth = depth + 1
    this.parentId = id
  }

  /** The innermost one is open no more; answers its ID. Its place keeps its facts until the next `enter`. */
  leave(): number {
    const depth = this.depth - 1
    this.depth = depth
    this.parentId = depth === 0 ? NO_PARENT : this.#ids[depth - 1]
    this.limit = depth === 0 ? Number.POSITIVE_INFINITY : this.#limits[depth - 1]
    return this.#ids[depth]
  }

  /** Absolute offset of the header of the one at `depth`. */
  offsetAt(depth: number): number {
    return this.#offsets[depth]
  }

  /** Absolute offset of the first byte of data of the one at `depth`. */
  dataStartAt(depth: number): number {
    return this.#dataStarts[depth]
  }

  /**
   * How many stay open when an element whose parent is `parentId` comes: those of unknown size that it ends are left
   * (RFC 8794 §6.2). -1 when it ends none and may not stand here.
   */
  keptFor(parentId: number): number {
    let kept = this.depth
    while (kept > 0 && this.#isUnknownSize[kept - 1]) {
      kept -= 1
      if (parentId === (kept === 0 ? ROOT : this.#ids[kept - 1])) return kept
    }
    return -1
  }

  /** Their names, joined by slashes. */
  get path(): string {
    return this.#ids.slice(0, this.depth).map(nameOf).join('/')
  }

  /** The path of an element in them. */
  pathOf(id: number): string {
    return this.depth === 0 ? nameOf(id) : `${this.path}/${nameOf(id)}`
  }
}
