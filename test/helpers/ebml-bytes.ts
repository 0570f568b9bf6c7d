// Builds test streams out of hex. It shares no code with the package, so that no mistake can hide on both sides.
import { hex } from './hex.js'

/** Hex as `hex()` reads it, or bytes. */
export type Part = string | Uint8Array

/** All parts, one after the other. */
export function concat(...parts: readonly Part[]): Uint8Array {
  const pieces = parts.map((part) => (typeof part === 'string' ? hex(part) : part))
  const joined = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** A size of `length` bytes as a VINT that is `width` bytes wide. */
export function sizeOf(length: number, width: number): Uint8Array {
  const bytes = new Uint8Array(width)
  let rest = length
  for (let i = width - 1; i >= 0; i -= 1) {
    bytes[i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  if (rest !== 0 || bytes[0] >= 2 ** (8 - width)) throw new Error(`${length} in ${width} bytes`)
  bytes[0] |= 2 ** (8 - width)
  return bytes
}

/** All ones: an unknown size, `width` bytes wide. */
function unknownSizeOf(width: number): Uint8Array {
  const bytes = new Uint8Array(width).fill(0xff)
  bytes[0] = 2 ** (9 - width) - 1
  return bytes
}

/** `[id][size][parts…]`, the size one byte wide when it fits in 126, else two, three or four. */
export function element(id: string, ...parts: readonly Part[]): Uint8Array {
  const body = concat(...parts)
  const width = [1, 2, 3, 4].find((n) => body.length < 2 ** (7 * n) - 1) ?? 8
  return concat(id, sizeOf(body.length, width), body)
}

/** `[id][size][parts…]` with a size of `width` bytes. */
export function wideElement(id: string, width: number, ...parts: readonly Part[]): Uint8Array {
  const body = concat(...parts)
  return concat(id, sizeOf(body.length, width), body)
}

/** `[id][all ones][parts…]`: nothing says where it ends. */
export function openElement(id: string, width: number, ...parts: readonly Part[]): Uint8Array {
  return concat(id, unknownSizeOf(width), ...parts)
}

/** An EBML header with the DocType `matroska`, 16 bytes. */
export const EBML_HEADER: Uint8Array = hex("1A45DFA3 8B 4282 88 'matroska'")

/** `SimpleTag{TagName, TagString}`. */
export function simpleTag(name: string, value: string): Uint8Array {
  return element('67C8', element('45A3', utf8(name)), element('4487', utf8(value)))
}

/** `Tags{Tag{…}}` with a SimpleTag for each pair. */
export function tagsOf(...pairs: readonly (readonly [string, string])[]): Uint8Array {
  return element('1254C367', element('7373', ...pairs.map((pair) => simpleTag(...pair))))
}

/** The bytes of a text. */
function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
