/** What a plausible EBML header is: where reading can begin again after damage. */
import { ID } from './schema.js'
import { readVint, vintWidth } from './vint.js'

// An EBML header is a few dozen bytes; a longer one is taken for chance.
const MAX_HEADER_DATA_BYTES = 256
const MAGIC = [0x1a, 0x45, 0xdf, 0xa3]
/** By byte: where in the magic it stands, from 1 on; 0 for every other. */
const PLACE_IN_MAGIC = new Uint8Array(256)
for (const [i, byte] of MAGIC.entries()) PLACE_IN_MAGIC[byte] = i + 1

/**
 * Whether a plausible EBML header begins at `bytes[at]`: `1A 45 DF A3`, a size of 1 to 256, and in it a DocType element.
 * `cut` when the bytes up to `end` are too few to tell: 267 at most.
 */
export function judgeHeader(bytes: Uint8Array, at: number, end: number): 'header' | 'no' | 'cut' {
  for (let i = 0; i < MAGIC.length; i += 1) {
    if (at + i >= end) return 'cut'
    if (bytes[at + i] !== MAGIC[i]) return 'no'
  }
  const sizeAt = at + MAGIC.length
  if (sizeAt >= end) return 'cut'
  const width = vintWidth(bytes[sizeAt])
  if (width > 8) return 'no'
  if (sizeAt + width > end) return 'cut'
  const size = readVint(bytes, sizeAt, width)
  if (size < 1 || size > MAX_HEADER_DATA_BYTES) return 'no'
  const dataEnd = sizeAt + width + size
  if (dataEnd > end) return 'cut'
  return hasDocType(bytes, sizeAt + width, dataEnd) ? 'header' : 'no'
}

/** The first place in `bytes[from, end)` at which a plausible EBML header begins or may begin; `end` when there is none. */
export function findHeader(bytes: Uint8Array, from: number, end: number): number {
  // The magic has four bytes, all different: it has one in every fourth place, which tells where it would begin.
  for (let i = from + 3; i < end; i += 4) {
    const place = PLACE_IN_MAGIC[bytes[i]]
    if (place !== 0 && judgeHeader(bytes, i + 1 - place, end) !== 'no') return i + 1 - place
  }
  // One that the end cuts may have none there.
  for (let at = Math.max(from, end - 3); at < end; at += 1) {
    if (judgeHeader(bytes, at, end) !== 'no') return at
  }
  return end
}

/** Walks the elements of an EBML header, all of them small. */
function hasDocType(bytes: Uint8Array, from: number, end: number): boolean {
  let at = from
  while (at < end) {
    const idWidth = vintWidth(bytes[at])
    const sizeAt = at + idWidth
    if (idWidth > 4 || sizeAt >= end) return false
    const sizeWidth = vintWidth(bytes[sizeAt])
    if (sizeWidth > 8 || sizeAt + sizeWidth > end) return false
    const size = readVint(bytes, sizeAt, sizeWidth)
    if (size < 0) return false
    const isDocType = idWidth === 2 && ((bytes[at] << 8) | bytes[at + 1]) === ID.DocType
    at = sizeAt + sizeWidth + size
    if (at > end) return false
    if (isDocType) return size > 0
  }
  return false
}
