// A whole stream through EbmlReader, every master entered: what stands where, element by element.
import type { ContentErrorCode, EbmlHandler } from '../../src/parser/index.js'
import {
  EbmlReader,
  findElement,
  ID,
  readBlockHeader,
  readString,
  readUint,
  UNKNOWN_SIZE,
} from '../../src/parser/index.js'

export interface WalkedCluster {
  readonly offset: number
  headerLength: number
  dataLength: number
  readonly isSizeKnown: boolean
  timestamp: number
  blocks: number
}

export interface WalkedDocument {
  readonly offset: number
  /** The names of the Segment's children in order, as `expected.json` writes them. */
  readonly layout: string[]
  readonly clusters: WalkedCluster[]
  readonly flagLacing: number[]
}

interface OpenMaster {
  readonly id: number
  readonly offset: number
  readonly size: number
  headerLength: number | undefined
  hasChecksum: boolean
  isBroken: boolean
}

const AWS_PREFIX = 'AWS_KINESISVIDEO_'

/** Counts and places everything in a stream. Feed it with `write`, then call `end`. */
export class ElementWalk implements EbmlHandler {
  readonly elementCounts = new Map<string, number>()
  /** `Cluster:ok`, `Cluster:BAD`: CRC-32 elements by their parent. */
  readonly checksums = new Map<string, number>()
  readonly documents: WalkedDocument[] = []
  readonly unknownIds = new Set<number>()
  /** Names of the elements that stand in no other. */
  readonly topLevel = new Set<string>()
  /** `unknown/8-byte`, `known/1-byte`. */
  readonly segmentSizes = new Set<string>()
  readonly clusterSizes = new Set<string>()
  readonly blockFlags = new Map<string, number>()
  readonly lacing = new Map<string, number>()
  blockCount = 0
  cutBlockCount = 0
  readonly #reader = new EbmlReader(this, { verifyCrc32: true })
  readonly #open: OpenMaster[] = []
  #tagNames: string[] = []
  #isInsideBody = false

  write(chunk: Uint8Array): void {
    this.#reader.write(chunk)
  }

  /** A master that the end of input cut never matched its checksum. */
  end(): void {
    if (this.#isInsideBody) this.cutBlockCount += 1
    if (this.#reader.end() === undefined) return
    for (const master of this.#open) if (master.hasChecksum) this.#countChecksum(master.id, 'BAD')
  }

  onMasterStart(id: number, offset: number, size: number): boolean {
    this.#countElement(id, offset)
    if (id === ID.EBML) {
      this.documents.push({ offset, layout: [], clusters: [], flagLacing: [] })
    } else if (id === ID.Cluster) {
      this.#document().clusters.push({
        offset,
        headerLength: 0,
        dataLength: size,
        isSizeKnown: size !== UNKNOWN_SIZE,
        timestamp: 0,
        blocks: 0,
      })
    } else if (id === ID.Tags) {
      this.#tagNames = []
    }
    const parent = this.#open.at(-1)
    if (parent?.id === ID.Segment && id !== ID.Tags) {
      const isUnknown = size === UNKNOWN_SIZE ? '(unknown)' : '(known)'
      this.#document().layout.push(`${nameOf(id)}${id === ID.Cluster ? isUnknown : ''}`)
    }
    this.#open.push({
      id,
      offset,
      size,
      headerLength: undefined,
      hasChecksum: false,
      isBroken: false,
    })
    return true
  }

  onMasterEnd(id: number, endOffset: number): void {
    const master = this.#open.pop()
    if (master === undefined || master.id !== id) throw new Error(`${nameOf(id)} was not open`)
    if (master.hasChecksum) this.#countChecksum(id, master.isBroken ? 'BAD' : 'ok')
    if (id === ID.Cluster) {
      const cluster = this.#document().clusters.at(-1)
      if (cluster !== undefined) {
        cluster.dataLength = endOffset - cluster.offset - cluster.headerLength
      }
    } else if (id === ID.Tags) {
      const names = this.#tagNames
      const isService = names.some((name) => name.startsWith(AWS_PREFIX))
      const inside = isService
        ? names.map((name) => name.slice(AWS_PREFIX.length)).join(',')
        : `${names.length} app tags`
      this.#document().layout.push(`Tags{${inside}}`)
    }
  }

  onValue(id: number, bytes: Uint8Array, start: number, end: number, offset: number): void {
    this.#countElement(id, offset)
    const parent = this.#open.at(-1)
    if (id === ID.CRC32 && parent !== undefined) parent.hasChecksum = true
    else if (id === ID.TagName) this.#tagNames.push(readString(bytes, start, end))
    else if (id === ID.FlagLacing) this.#document().flagLacing.push(readUint(bytes, start, end))
    else if (id === ID.Timestamp) {
      const cluster = this.#document().clusters.at(-1)
      if (cluster !== undefined) cluster.timestamp = readUint(bytes, start, end)
    }
  }

  onBody(
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    bytesLeft: number,
    offset: number,
  ): void {
    if (!this.#isInsideBody) {
      this.#countElement(id, offset)
      if (this.#open.at(-1)?.id === ID.Segment) this.#document().layout.push(nameOf(id))
      if (id === ID.SimpleBlock || id === ID.Block) this.#countBlock(bytes, start, end)
    }
    this.#isInsideBody = bytesLeft > 0
  }

  onContentError(code: ContentErrorCode, id: number): void {
    const master = this.#open.at(-1)
    if (code !== 'crc-mismatch' || master?.id !== id) throw new Error(`${code} in ${nameOf(id)}`)
    master.isBroken = true
  }

  #document(): WalkedDocument {
    const document = this.documents.at(-1)
    if (document === undefined) throw new Error('no document is open')
    return document
  }

  #countElement(id: number, offset: number): void {
    if (findElement(id) === undefined) this.unknownIds.add(id)
    increment(this.elementCounts, nameOf(id))
    const parent = this.#open.at(-1)
    if (parent === undefined) this.topLevel.add(nameOf(id))
    if (parent === undefined || parent.headerLength !== undefined) return
    // The first child begins where the parent's header ends.
    parent.headerLength = offset - parent.offset
    const width = parent.headerLength - 4
    const coding = `${parent.size === UNKNOWN_SIZE ? 'unknown' : 'known'}/${width}-byte`
    if (parent.id === ID.Segment) this.segmentSizes.add(coding)
    if (parent.id === ID.Cluster) {
      this.clusterSizes.add(coding)
      const cluster = this.#document().clusters.at(-1)
      if (cluster !== undefined) cluster.headerLength = parent.headerLength
    }
  }

  #countBlock(bytes: Uint8Array, start: number, end: number): void {
    const header = readBlockHeader(bytes, start, end)
    if (header === undefined) throw new Error('a block header was cut: feed larger chunks')
    this.blockCount += 1
    const cluster = this.#document().clusters.at(-1)
    if (cluster !== undefined) cluster.blocks += 1
    increment(this.blockFlags, header.flags.toString(16).padStart(2, '0'))
    increment(this.lacing, String((header.flags & 0x06) >> 1))
  }

  #countChecksum(id: number, verdict: 'ok' | 'BAD'): void {
    increment(this.checksums, `${nameOf(id)}:${verdict}`)
  }
}

function nameOf(id: number): string {
  return findElement(id)?.name ?? `0x${id.toString(16)}`
}

function increment(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
