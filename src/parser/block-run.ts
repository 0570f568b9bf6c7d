import type { EbmlHandler } from './ebml-handler.js'
import { BODY_PARENT_ID_BY_BYTE } from './element-index.js'
import { MAX_SIZE_WIDTH } from './header-carry.js'

/**
 * The hot loop. Blocks come in runs: reads binary elements of the open master `parentId`, each with a one-byte ID and whole
 * within `chunk[from, stop)`, as long as they follow one another; answers the position of the first byte that it leaves to
 * the reader's careful path. `base` is the absolute offset of the chunk's index 0. A handler that takes runs is asked first.
 */
export function readRun(
  handler: EbmlHandler,
  chunk: Uint8Array,
  from: number,
  stop: number,
  base: number,
  parentId: number,
): number {
  let pos = handler.takeRun?.(chunk, from, stop, base + stop) ?? from
  if (pos !== from) return pos
  // An ID and the widest size are in bounds up to here.
  const lastHeader = stop - MAX_SIZE_WIDTH - 1
  while (pos <= lastHeader) {
    const id = chunk[pos]
    if (BODY_PARENT_ID_BY_BYTE[id] !== parentId) break
    const first = chunk[pos + 1]
    let dataAt = pos + 2
    let size = 0
    if (first >= 0x80) {
      size = first & 0x7f
      if (size === 0x7f) break
    } else if (first >= 0x40) {
      size = ((first & 0x3f) << 8) | chunk[pos + 2]
      if (size === 0x3fff) break
      dataAt = pos + 3
    } else if (first >= 0x20) {
      size = ((first & 0x1f) << 16) | (chunk[pos + 2] << 8) | chunk[pos + 3]
      if (size === 0x1fffff) break
      dataAt = pos + 4
    } else if (
      first === 0x01 &&
      chunk[pos + 2] === 0 &&
      chunk[pos + 3] === 0 &&
      chunk[pos + 4] === 0
    ) {
      // The Producer SDK writes every size in 8 bytes.
      size =
        chunk[pos + 5] * 0x1000000 +
        ((chunk[pos + 6] << 16) | (chunk[pos + 7] << 8) | chunk[pos + 8])
      if (size > stop) break
      dataAt = pos + 9
    } else {
      break
    }
    const dataEnd = dataAt + size
    if (dataEnd > stop) break
    handler.onBody(id, chunk, dataAt, dataEnd, 0, base + pos)
    pos = dataEnd
  }
  return pos
}
