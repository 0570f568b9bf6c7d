// Arbitrary elements, each together with the value that a reader has to find in it.
import fc from 'fast-check'
import type { Element } from './ebml-tree.js'
import * as ids from './matroska-ids.js'

/** An element and what it says. */
export interface Coded<T> {
  readonly value: T
  readonly element: Element
}

/** How a master is written: what may differ without changing what it says. */
export interface Dressing {
  readonly sizeWidth: number
  readonly hasChecksum: boolean
  /** Voids and unregistered elements, and before which child they go. */
  readonly spacers: readonly { readonly before: number; readonly element: Element }[]
  /** Sort keys of the children, used over and over; none leaves them in order. */
  readonly order: readonly number[]
}

const sizeWidth = fc.oneof(
  { weight: 3, arbitrary: fc.constant(1) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 8 }) },
)

/** Bytes that look like structure to a reader that has lost its place. */
const decoys = fc.constantFrom(
  ...['1a45dfa3', '1a45dfa38442828477', '1f43b67501ffffffffffffff', 'a3', 'ec80', '1254c36780'].map(
    (hex) => new Uint8Array(Buffer.from(hex, 'hex')),
  ),
)

/** Up to `maxLength` bytes; now and then something that looks like an element. */
export function someBytes(maxLength: number): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { weight: 4, arbitrary: fc.uint8Array({ maxLength }) },
    { weight: 1, arbitrary: decoys },
  )
}

function leaf(id: number, content: Uint8Array, width: number): Element {
  return { id, content, sizeWidth: width, isUnknownSize: false }
}

/** A binary element. */
export function binary(
  id: number,
  content: fc.Arbitrary<Uint8Array>,
): fc.Arbitrary<Coded<Uint8Array>> {
  return fc
    .tuple(content, sizeWidth)
    .map(([value, width]) => ({ value, element: leaf(id, value, width) }))
}

function bigEndian(value: bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(width)
  for (let i = width - 1, rest = value; i >= 0; i -= 1, rest >>= 8n) bytes[i] = Number(rest & 0xffn)
  return bytes
}

/** An unsigned integer, with leading zeros or without; length 0 where it has the value that length 0 stands for. */
export function uint(
  id: number,
  values: fc.Arbitrary<bigint>,
  defaultValue = 0n,
): fc.Arbitrary<Coded<bigint>> {
  return fc.tuple(values, fc.nat(8), sizeWidth).map(([value, atLeast, width]) => {
    let length = value === defaultValue ? atLeast : Math.max(1, atLeast)
    while (length < 8 && length > 0 && value >= 1n << BigInt(8 * length)) length += 1
    return { value, element: leaf(id, bigEndian(value, length), width) }
  })
}

/** A signed integer in two's complement. */
export function int(id: number, values: fc.Arbitrary<bigint>): fc.Arbitrary<Coded<bigint>> {
  return fc
    .tuple(values, fc.integer({ min: 1, max: 8 }), sizeWidth)
    .map(([value, atLeast, width]) => {
      let length = atLeast
      while (BigInt.asIntN(8 * length, value) !== value) length += 1
      const bytes = value === 0n && atLeast === 1 ? new Uint8Array(0) : bigEndian(value, length)
      return { value, element: leaf(id, bytes, width) }
    })
}

/** A float of 4 or 8 bytes; `values` are to be exact in 4. */
export function float(id: number, values: fc.Arbitrary<number>): fc.Arbitrary<Coded<number>> {
  return fc.tuple(values, fc.constantFrom(4, 8), sizeWidth).map(([value, length, width]) => {
    const view = new DataView(new ArrayBuffer(length))
    if (length === 4) view.setFloat32(0, value)
    else view.setFloat64(0, value)
    return { value, element: leaf(id, new Uint8Array(view.buffer), width) }
  })
}

/** Any text without a NUL, of all planes of Unicode. */
export const anyText: fc.Arbitrary<string> = fc
  .oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 6 }))
  .map((some) => some.replaceAll('\u0000', ''))

/** Text, often with the padding of the Producer SDK: NULs, after which anything may stand. */
export function text(
  id: number,
  values: fc.Arbitrary<string> = anyText,
): fc.Arbitrary<Coded<string>> {
  const padding = fc.oneof(
    { weight: 3, arbitrary: fc.constant(new Uint8Array(0)) },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 5 }).map((rest) => Uint8Array.of(0, ...rest)),
    },
  )
  return fc.tuple(values, padding, sizeWidth).map(([value, rest, width]) => ({
    value,
    element: leaf(id, Uint8Array.of(...new TextEncoder().encode(value), ...rest), width),
  }))
}

const spacer: fc.Arbitrary<Element> = fc.oneof(
  binary(ids.VOID, someBytes(9)).map(({ element }) => element),
  fc
    .tuple(fc.constantFrom(...ids.UNREGISTERED), someBytes(9), sizeWidth)
    .map(([id, content, width]) => leaf(id, content, width)),
)

/** Spacers, a checksum, another order of the children. */
export const dressing: fc.Arbitrary<Dressing> = fc.record({
  sizeWidth,
  hasChecksum: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
  spacers: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(fc.record({ before: fc.nat(12), element: spacer }), { maxLength: 3 }),
    },
  ),
  order: fc.oneof(fc.constant([]), fc.array(fc.nat(99), { minLength: 5, maxLength: 9 })),
})

/** The same, for children whose order means something. */
export const orderedDressing: fc.Arbitrary<Dressing> = dressing.map((some) => ({
  ...some,
  order: [],
}))

/** A master of these children. */
export function master(
  id: number,
  children: readonly Element[],
  { sizeWidth: width, hasChecksum, spacers, order }: Dressing,
  isUnknownSize = false,
): Element {
  const keyed = children.map((child, i) => ({ child, key: order[i % (order.length || 1)] ?? 0 }))
  const content = keyed.sort((a, b) => a.key - b.key).map(({ child }) => child)
  for (const { before, element } of spacers) content.splice(before, 0, element)
  if (hasChecksum) {
    content.unshift({ id: ids.CRC_32, content: 'checksum', sizeWidth: 1, isUnknownSize: false })
  }
  return { id, content, sizeWidth: width, isUnknownSize }
}

/** What is there of a record of optional parts, as a list. */
export function present<T>(parts: Readonly<Record<string, T | undefined>>): T[] {
  return Object.values(parts).filter((part) => part !== undefined)
}

/** There or not. */
export function maybe<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 2 })
}
