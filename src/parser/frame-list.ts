import { LACING_MASK } from './block.js'
import type { ClusterContext } from './frame.js'
import { Frame } from './frame.js'
import { MAX_SIZE_WIDTH } from './header-carry.js'
import type { FragmentLedger } from './ledger.js'
import { ID } from './schema.js'

const SIMPLE_BLOCK = ID.SimpleBlock
/** An ID of one byte and the widest size. */
const MAX_HEADER_BYTES = 1 + MAX_SIZE_WIDTH
/** Track, timestamp and flags. */
const BLOCK_HEADER_BYTES = 4

/** Of larger blocks a fragment has few, and a chunk just some: noting them gains nothing. */
const MAX_BLOCK_BYTES = 1024

/** Of each noted block: its header, where its payload begins, where that ends. */
const NOTE_FIELDS = 3
const FIRST_NOTES = 512
/** Positions are noted in 32 bits. */
const MAX_POSITION = 0x7fffffff

/** Noted blocks that follow one another in one Cluster and one chunk. */
class Run<M> {
  readonly cluster: ClusterContext<M>
  readonly bytes: Uint8Array
  readonly count: number

  constructor(cluster: ClusterContext<M>, bytes: Uint8Array, count: number) {
    this.cluster = cluster
    this.bytes = bytes
    this.count = count
  }
}

/**
 * The frames of the fragment at hand, in the order of the stream. A usual small block (a SimpleBlock of one frame, whole in
 * its chunk) is noted as three numbers, and becomes a frame when the fragment has ended: objects that wait for the rest of
 * their fragment are what garbage collection is dear for, as it copies them all, and those of every other stream.
 */
export class FrameList<M> {
  #items: (Frame<M> | Run<M>)[] = []
  #count = 0
  #notes = new Int32Array(0)
  #notesEnd = 0
  #maxNotes = 0

  /** Adds a frame. */
  add(frame: Frame<M>): void {
    this.#append(frame)
    this.#count += 1
  }

  /**
   * Notes usual small SimpleBlocks from `chunk[from]` on, as long as they follow one another and end by `stop`, and adds
   * them to the ledger, which has room for all; answers how far that went. What stands there is something else, or the
   * next of so many that another call takes it.
   */
  noteRun(
    cluster: ClusterContext<M>,
    chunk: Uint8Array,
    from: number,
    stop: number,
    ledger: FragmentLedger,
  ): number {
    // The headers of the element and of the block are in bounds up to here.
    const lastHeader = stop - MAX_HEADER_BYTES - BLOCK_HEADER_BYTES
    if (from > lastHeader || chunk[from] !== SIMPLE_BLOCK || stop > MAX_POSITION) return from
    if (this.#notesEnd === this.#maxNotes) this.#makeRoom()
    const notes = this.#notes
    const maxNotes = this.#maxNotes
    let note = this.#notesEnd
    let count = 0
    let bytes = 0
    let pos = from
    while (pos <= lastHeader && note < maxNotes) {
      if (chunk[pos] !== SIMPLE_BLOCK) break
      const first = chunk[pos + 1]
      let size = first & 0x7f
      let blockAt = pos + 2
      if (first >= 0x40 && first < 0x80) {
        size = ((first & 0x3f) << 8) | chunk[pos + 2]
        blockAt = pos + 3
      } else if (first === 0x01 && isZero(chunk, pos + 2, pos + 7)) {
        // The Producer SDK writes every size in 8 bytes.
        size = (chunk[pos + 7] << 8) | chunk[pos + 8]
        blockAt = pos + 9
      } else if (first < 0x80 || first === 0xff) {
        break
      }
      const dataEnd = blockAt + size
      const track = chunk[blockAt]
      const flags = chunk[blockAt + 3]
      if (
        size < BLOCK_HEADER_BYTES ||
        size > MAX_BLOCK_BYTES ||
        dataEnd > stop ||
        track < 0x80 ||
        (flags & LACING_MASK) !== 0
      ) {
        break
      }
      notes[note] = (track << 24) | (chunk[blockAt + 1] << 16) | (chunk[blockAt + 2] << 8) | flags
      notes[note + 1] = blockAt + BLOCK_HEADER_BYTES
      notes[note + 2] = dataEnd
      note += NOTE_FIELDS
      count += 1
      bytes += size
      pos = dataEnd
    }
    if (count > 0) {
      this.#notesEnd = note
      this.#append(new Run(cluster, chunk, count))
      this.#count += count
      ledger.addRun(count, bytes)
    }
    return pos
  }

  /** All frames, and a fresh start for the next fragment. */
  take(): readonly Frame<M>[] {
    const items = this.#items
    if (this.#notesEnd === 0) {
      this.clear()
      return items as Frame<M>[]
    }
    const notes = this.#notes
    // A list that grows is copied as it does, and to set its length costs more than to make it so.
    // oxlint-disable-next-line no-new-array -- a length is what is meant
    const frames = new Array<Frame<M>>(this.#count)
    let length = 0
    let note = 0
    for (const item of items) {
      if (item instanceof Frame) {
        frames[length] = item
        length += 1
        continue
      }
      const { cluster, bytes } = item
      for (const end = length + item.count; length < end; length += 1, note += NOTE_FIELDS) {
        const block = notes[note]
        frames[length] = new Frame(
          cluster,
          (block >> 24) & 0x7f,
          (block << 8) >> 8,
          bytes,
          notes[note + 1],
          notes[note + 2],
          undefined,
        )
      }
    }
    this.clear()
    return frames
  }

  /** Forgets all frames. */
  clear(): void {
    this.#items = []
    this.#count = 0
    this.#notesEnd = 0
  }

  #append(item: Frame<M> | Run<M>): void {
    // No push(): V8 calls that out of line for a list that began empty, which is a tenth of the cost of a frame.
    this.#items[this.#items.length] = item
  }

  #makeRoom(): void {
    const larger = new Int32Array(Math.max(NOTE_FIELDS * FIRST_NOTES, 2 * this.#maxNotes))
    larger.set(this.#notes)
    this.#notes = larger
    this.#maxNotes = larger.length
  }
}

function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 1) if (bytes[i] !== 0) return false
  return true
}
