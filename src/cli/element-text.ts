import { FLAG_KEYFRAME } from '../parser/block.js'
import { ID } from '../parser/schema.js'
import type { WalkedElement } from './element-walk.js'
import { lacingOf } from './json-lines.js'
import type { Output } from './output.js'
import { counted, grouped } from './quantities.js'
import { fitted } from './terminal-text.js'

const OFFSET_COLUMNS = 14
/** Name, size and value begin here at the latest when the tree is shallow. */
const NAME_COLUMNS = 28
const MAX_VALUE_COLUMNS = 100
const MIN_VALUE_COLUMNS = 16

/** One line of the element tree: offset, name by depth, size, value. */
export function elementText(element: WalkedElement, output: Output): string {
  const offset = grouped(element.offset).padStart(OFFSET_COLUMNS)
  const name = '  '.repeat(element.depth) + element.name
  const start = `${offset}  ${name.padEnd(NAME_COLUMNS)} ${sizeText(element)}`
  const room = Math.max(MIN_VALUE_COLUMNS, output.columns - start.length - 4)
  const value = valueText(element, Math.min(MAX_VALUE_COLUMNS, room))
  const line = value === '' ? start : `${start}  ${value}`
  if (element.fault !== undefined) return output.toned('bad', line)
  return element.kind === 'master' ? output.toned('heading', line) : line
}

function sizeText({ size, fault }: WalkedElement): string {
  if (size !== undefined) return counted(size, 'byte')
  return fault === undefined ? 'unknown size' : 'stepped over: it may not stand here'
}

function valueText(element: WalkedElement, columns: number): string {
  const { value, kind, head, block, size = 0 } = element
  if (head !== undefined) return blockText(element) + headText(head, size - (block?.length ?? 0))
  if (typeof value === 'string') {
    return kind === 'date' ? value : `"${fitted(value, columns)}"`
  }
  if (value !== undefined) return String(value)
  const isWrong = kind !== 'master' && element.fault === undefined
  return isWrong ? `(no ${kind} has this size)` : ''
}

function blockText({ block, id }: WalkedElement): string {
  if (id !== ID.SimpleBlock && id !== ID.Block) return ''
  if (block === undefined) return 'without a whole header: '
  const { trackNumber, relativeTimestamp, flags } = block
  const sign = relativeTimestamp < 0 ? '' : '+'
  const facts = [`track ${trackNumber}`, `${sign}${relativeTimestamp}`]
  if (id === ID.SimpleBlock && (flags & FLAG_KEYFRAME) !== 0) facts.push('key')
  const lacing = lacingOf(flags)
  if (lacing !== 'none') facts.push(`${lacing} lacing`)
  return `${facts.join(', ')}: `
}

function headText(head: Uint8Array, size: number): string {
  const digits = Buffer.from(head)
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1 ')
  return head.length < size ? `${digits}…` : digits
}
