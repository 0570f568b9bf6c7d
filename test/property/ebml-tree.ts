// EBML written from RFC 8794 alone, on purpose without anything from src: a mistake that writer and reader shared
// would be invisible.
import { crc32 } from 'node:zlib'

/** One element to be written. */
export interface Element {
  /** The encoded ID, marker included. */
  readonly id: number
  /** `checksum`: four bytes over all that follows in the parent (RFC 8794 §11.3.1). */
  readonly content: Uint8Array | readonly Element[] | 'checksum'
  /** Bytes of the size field; taken wider where the size needs it. */
  readonly sizeWidth: number
  /** All ones instead of a size. */
  readonly isUnknownSize: boolean
}

/** An element and where its bytes are. */
export interface PlacedElement {
  readonly element: Element
  readonly offset: number
  readonly dataOffset: number
  readonly endOffset: number
  readonly children: readonly PlacedElement[]
}

/** Whether the element has children. */
export function isMaster(element: Element): boolean {
  return Array.isArray(element.content)
}

function childrenOf(element: Element): readonly Element[] {
  return Array.isArray(element.content) ? (element.content as readonly Element[]) : []
}

// Without it the sizes of deep trees would be added up over and over.
const dataSizes = new WeakMap<Element, number>()

function dataSizeOf(element: Element): number {
  const known = dataSizes.get(element)
  if (known !== undefined) return known
  const { content } = element
  let size = 0
  if (content === 'checksum') size = 4
  else if (content instanceof Uint8Array) size = content.length
  else for (const child of content) size += headerSizeOf(child) + dataSizeOf(child)
  dataSizes.set(element, size)
  return size
}

function headerSizeOf(element: Element): number {
  return idBytes(element.id).length + sizeBytes(element).length
}

/** Big-endian, in as few bytes as hold it. */
function idBytes(id: number): number[] {
  const hex = id.toString(16)
  return [...Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')]
}

function sizeBytes(element: Element): number[] {
  const { sizeWidth } = element
  if (element.isUnknownSize) return vint((1n << BigInt(7 * sizeWidth)) - 1n, sizeWidth)
  const size = BigInt(dataSizeOf(element))
  let width = sizeWidth
  // One less than 2^7w − 1: that one means unknown.
  while (size >= (1n << BigInt(7 * width)) - 1n) width += 1
  return vint(size, width)
}

/** RFC 8794 §4: `width − 1` zero bits, a one bit, then the value in what is left. */
export function vint(value: bigint, width: number): number[] {
  let bits = value.toString(2).padStart(7 * width, '0')
  if (bits.length > 7 * width) throw new RangeError(`${value} in a VINT of ${width} bytes`)
  bits = `${'0'.repeat(width - 1)}1${bits}`
  return Array.from({ length: width }, (_, i) => Number.parseInt(bits.slice(8 * i, 8 * i + 8), 2))
}

/** Where each element comes to lie when the first one is written at `offset`. */
export function place(elements: readonly Element[], offset: number): readonly PlacedElement[] {
  let at = offset
  return elements.map((element) => {
    const dataOffset = at + headerSizeOf(element)
    const endOffset = dataOffset + dataSizeOf(element)
    const children = place(childrenOf(element), dataOffset)
    const placed = { element, offset: at, dataOffset, endOffset, children }
    at = endOffset
    return placed
  })
}

/** The bytes of elements that were placed from offset 0 on. */
export function write(elements: readonly PlacedElement[]): Uint8Array {
  const bytes = new Uint8Array(elements.at(-1)?.endOffset ?? 0)
  writeInto(bytes, elements)
  return bytes
}

function writeInto(bytes: Uint8Array, elements: readonly PlacedElement[]): void {
  for (const { element, offset, dataOffset, children } of elements) {
    bytes.set([...idBytes(element.id), ...sizeBytes(element)], offset)
    if (element.content instanceof Uint8Array) bytes.set(element.content, dataOffset)
    writeInto(bytes, children)
  }
  // Once all the rest is there, checksums of the children included.
  for (const { element, dataOffset, endOffset } of elements) {
    if (element.content !== 'checksum') continue
    const sum = crc32(bytes.subarray(endOffset, elements.at(-1)?.endOffset))
    new DataView(bytes.buffer).setUint32(dataOffset, sum, true)
  }
}

/** Every element with those around it, outermost first, in the order of the bytes. */
export function* walk(
  elements: readonly PlacedElement[],
  parents: readonly PlacedElement[] = [],
): Generator<{ placed: PlacedElement; parents: readonly PlacedElement[] }, void, undefined> {
  for (const placed of elements) {
    yield { placed, parents }
    yield* walk(placed.children, [...parents, placed])
  }
}

/**
 * The lengths to which a stream may be cut without anything being unfinished: between elements whose parents all have
 * an unknown size.
 */
export function cleanEnds(elements: readonly PlacedElement[]): ReadonlySet<number> {
  const ends = new Set([0])
  for (const { placed, parents } of walk(elements)) {
    if (!parents.every((parent) => parent.element.isUnknownSize)) continue
    ends.add(placed.offset)
    ends.add(placed.element.isUnknownSize ? placed.dataOffset : placed.endOffset)
    ends.add(placed.endOffset)
  }
  return ends
}
