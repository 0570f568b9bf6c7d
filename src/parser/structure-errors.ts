/** The errors that stop the reader, each with its cause, its facts and what to do. */
import type { Truncation } from './ebml-handler.js'
import { nameOf } from './element-index.js'
import type { StructureErrorCode } from './errors.js'
import { ParseError } from './errors.js'
import type { OpenMasters } from './open-masters.js'
import { MAX_SIZE } from './vint.js'

const DAMAGED = 'the stream is damaged here'

function structureError(
  code: StructureErrorCode,
  message: string,
  offset: number,
  path: string,
): ParseError {
  return new ParseError(code, message, { offset, path })
}

/** Something else than an EBML header where one is due. */
export function notEbml(offset: number, isAtStart: boolean): ParseError {
  const message = isAtStart
    ? 'this is not an EBML stream: it does not begin with 1A 45 DF A3; check that the input is Matroska, WebM or a GetMedia payload'
    : `neither an EBML header nor a Segment follows the last document; ${DAMAGED}`
  // Nothing is open, and how much of the ID can be read depends on the chunks.
  return structureError('not-ebml', message, offset, '')
}

/** A first byte that begins no ID. */
export function invalidId(masters: OpenMasters, first: number, offset: number): ParseError {
  const byte = first.toString(16).padStart(2, '0')
  const message = `no element ID begins with byte 0x${byte}; ${DAMAGED}`
  return structureError('invalid-id', message, offset, masters.path)
}

/** An ID that RFC 8794 §5 keeps for itself. */
export function reservedId(masters: OpenMasters, id: number, offset: number): ParseError {
  const message = `an element ID that RFC 8794 reserves; ${DAMAGED}`
  return structureError('invalid-id', message, offset, masters.pathOf(id))
}

/** A size whose first byte is 0x00. */
export function invalidSize(masters: OpenMasters, id: number, offset: number): ParseError {
  const message = `an element size wider than 8 bytes; ${DAMAGED}`
  return structureError('invalid-size', message, offset, masters.pathOf(id))
}

/** A size that cannot be counted. */
export function sizeTooLarge(masters: OpenMasters, id: number, offset: number): ParseError {
  const message = `an element size over ${MAX_SIZE} bytes; ${DAMAGED}`
  return structureError('size-too-large', message, offset, masters.pathOf(id))
}

/** An unknown size where RFC 9559 does not allow one. */
export function unknownSize(masters: OpenMasters, id: number, offset: number): ParseError {
  const message = `${nameOf(id)} has an unknown size, which only Segment and Cluster may have; ${DAMAGED}`
  return structureError('unknown-size-not-allowed', message, offset, masters.pathOf(id))
}

/** An element that ends after its parent. */
export function overrun(
  masters: OpenMasters,
  id: number,
  offset: number,
  endOffset: number,
): ParseError {
  const parent = nameOf(masters.parentId)
  // Past 2^53 a sum is rounded, and differently by where the chunks are cut.
  const where = endOffset > MAX_SIZE ? 'past byte 2^53' : `at byte ${endOffset}`
  const message = `${nameOf(id)} ends ${where}, after its parent ${parent}, which ends at byte ${masters.limit}; ${DAMAGED}`
  return structureError('element-overrun', message, offset, masters.pathOf(id))
}

/** A document or Segment in the middle of another whose size is known. */
export function unexpectedDocument(masters: OpenMasters, id: number, offset: number): ParseError {
  const message = `a new ${nameOf(id)} where ${nameOf(masters.parentId)} has not ended; the stream was cut and joined here`
  return structureError('unexpected-document', message, offset, masters.pathOf(id))
}

/** An EBML header in the middle of an element. */
export function interruptedElement({ offset, elementOffset, path }: Truncation): ParseError {
  const message = `a new EBML header at byte ${offset}, where this element has not ended; the stream was cut and joined here`
  return structureError('unexpected-document', message, elementOffset, path)
}

/** One master too many. */
export function depthExceeded(
  masters: OpenMasters,
  maxDepth: number,
  id: number,
  offset: number,
): ParseError {
  const message = `more than ${maxDepth} nested master elements; raise maxDepth if the stream is trusted`
  return structureError('depth-exceeded', message, offset, masters.pathOf(id))
}

/** An element nobody knows, too large to be stepped over in good faith. */
export function elementTooLarge(
  masters: OpenMasters,
  limit: number,
  id: number,
  offset: number,
): ParseError {
  const message = `an unregistered or misplaced element of more than ${limit} bytes; ${DAMAGED}`
  return structureError('element-too-large', message, offset, masters.pathOf(id))
}
