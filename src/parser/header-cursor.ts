import { MAX_SIZE_WIDTH } from './header-carry.js'
import { readVint, vintWidth } from './vint.js'

/** Steps over the headers of elements that lie whole in one chunk and have IDs of two bytes. */
export class HeaderCursor {
  /** Where the data of the element last entered begins and ends. */
  dataAt = 0
  dataEnd = 0

  /** Whether an element `id` of known size begins at `at` and ends by `limit`. Otherwise the cursor stays where it is. */
  enter(id: number, bytes: Uint8Array, at: number, limit: number): boolean {
    if (((bytes[at] << 8) | bytes[at + 1]) !== id) return false
    const first = bytes[at + 2]
    let dataAt = at + 3
    let size = first & 0x7f
    if (first < 0x80 || first === 0xff) {
      const width = vintWidth(first)
      if (width > MAX_SIZE_WIDTH) return false
      size = readVint(bytes, at + 2, width)
      dataAt = at + 2 + width
    }
    // An unknown size is negative, and what lies past the end of the chunk makes it NaN.
    if (!(size >= 0 && dataAt + size <= limit)) return false
    this.dataAt = dataAt
    this.dataEnd = dataAt + size
    return true
  }
}
