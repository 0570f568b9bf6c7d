/**
 * The element table as flat arrays, for the reader's hot loop: one array load instead of a hash lookup per element.
 */
import { ELEMENTS, findElement, GLOBAL, ID, ROOT } from './schema.js'

/** An ID that is not registered: its body is passed on in slices. */
export const UNREGISTERED = 0
/** A master element: its children are read, or it is stepped over. */
export const MASTER = 1
/** A number, date or string (and CRC-32, which is four bytes): passed on in one piece. */
export const SCALAR = 2
/** A binary element: its body is passed on in slices. */
export const BODY = 3

// Index 0 stands for every unregistered ID.
const KINDS = new Uint8Array(ELEMENTS.length + 1)
const PARENT_IDS = new Int32Array(ELEMENTS.length + 1)
// IDs of one and two bytes are all below 0x8000; this covers every element that comes more than once per fragment.
const SHORT_ID_LIMIT = 0x8000
const SHORT_INDEX = new Uint16Array(SHORT_ID_LIMIT)
const LONG_INDEX = new Map<number, number>()

for (const [i, element] of ELEMENTS.entries()) {
  const index = i + 1
  KINDS[index] =
    element.kind === 'master'
      ? MASTER
      : element.kind === 'binary' && element.id !== ID.CRC32
        ? BODY
        : SCALAR
  PARENT_IDS[index] = element.parentId
  if (element.id < SHORT_ID_LIMIT) SHORT_INDEX[element.id] = index
  else LONG_INDEX.set(element.id, index)
}
// No element has this parent, so an unregistered one always takes the reader's careful path.
PARENT_IDS[UNREGISTERED] = -2

/** The index of an ID in the tables below; 0 when it is not registered. */
export function indexOfId(id: number): number {
  return id < SHORT_ID_LIMIT ? SHORT_INDEX[id] : (LONG_INDEX.get(id) ?? UNREGISTERED)
}

/** {@link MASTER}, {@link SCALAR}, {@link BODY} or {@link UNREGISTERED} by table index. */
export const KIND_BY_INDEX: Uint8Array = KINDS

/** The ID of the only parent by table index; `ROOT` or `GLOBAL` as in the schema. */
export const PARENT_ID_BY_INDEX: Int32Array = PARENT_IDS

/**
 * By first byte: the ID of the parent of the binary element whose whole ID that byte is, −1 for every other byte. It lets
 * the reader run through the blocks of a Cluster without a look at anything else.
 */
export const BODY_PARENT_ID_BY_BYTE: Int32Array = new Int32Array(256).fill(-1)
for (const element of ELEMENTS) {
  if (element.id <= 0xff && element.kind === 'binary' && element.parentId !== GLOBAL) {
    BODY_PARENT_ID_BY_BYTE[element.id] = element.parentId
  }
}

/** `0x…` for an unregistered ID, the schema's name otherwise: safe to print either way. */
export function nameOf(id: number): string {
  return findElement(id)?.name ?? `0x${id.toString(16)}`
}

/**
 * The path an element has in the schema, e.g. `Segment/Tracks/TrackEntry`. Every Matroska element has exactly one;
 * a global or unregistered one is just its name.
 */
export function pathOf(id: number): string {
  const names = [nameOf(id)]
  let parentId = findElement(id)?.parentId ?? ROOT
  while (parentId !== ROOT && parentId !== GLOBAL) {
    names.unshift(nameOf(parentId))
    parentId = findElement(parentId)?.parentId ?? ROOT
  }
  return names.join('/')
}
