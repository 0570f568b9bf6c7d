import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chunksBySizes, drain } from '../helpers/drain.js'
import { findElement } from '../../src/parser/index.js'
import { cleanEnds, walk } from './ebml-tree.js'
import type { Stream } from './arbitrary-streams.js'
import type { PlacedElement } from './ebml-tree.js'
import { expectedFragments } from './expected-fragments.js'
import * as ids from './matroska-ids.js'
import { checkFragments, describeFrame, withoutRounding } from './model.js'
import { anyStream, chunking, makeParser, search, timeoutMs, UNREAD_MASTERS } from './settings.js'

/** What is open after `length` bytes, outermost first. */
function openAt(stream: Stream, length: number): readonly PlacedElement[] {
  const isOpen = ({ element, endOffset }: PlacedElement): boolean =>
    // What comes next is what ends an element of unknown size.
    length < endOffset || (element.isUnknownSize && length === endOffset)
  const open = [...walk(stream.elements)].findLast(
    ({ placed, parents }) => placed.offset < length && isOpen(placed) && parents.every(isOpen),
  )
  if (open === undefined) return []
  const path = [...open.parents, open.placed]
  const unread = path.findIndex(({ element }) => UNREAD_MASTERS.includes(element.id))
  return unread < 0 ? path : path.slice(0, unread + 1)
}

/** The innermost element that has not ended after `length` bytes, as far as the parser looks into it. */
function unfinishedAt(stream: Stream, length: number): { elementOffset: number; path: string } {
  const open = openAt(stream, length)
  const elementOffset = open.at(-1)?.offset ?? 0
  // Of a header that was cut it is not known whose it is, nor what it ends.
  const isHeaderCut = length < (open.at(-1)?.dataOffset ?? 0)
  const path = (isHeaderCut ? openAt(stream, elementOffset) : open).map(
    ({ element: { id } }) => findElement(id)?.name ?? `0x${id.toString(16)}`,
  )
  return { elementOffset, path: path.join('/') }
}

describe('a valid stream that ends anywhere', () => {
  it(
    'gives the fragments before the cut as they are, a prefix of the frames of the last one, and says where it was cut',
    () => {
      fc.assert(
        fc.property(anyStream, fc.nat(), chunking, ({ stream, reading }, at, sizes) => {
          const length = at % (stream.bytes.length + 1)
          const parser = makeParser(reading)
          const bytes = stream.bytes.slice(0, length)
          const { fragments, failure } = drain(parser, chunksBySizes(bytes, sizes))
          const expected = expectedFragments(stream, reading)
          deepStrictEqual(failure, undefined)

          const isClean = cleanEnds(stream.elements).has(length)
          deepStrictEqual(parser.truncation === undefined, isClean)
          if (!isClean) {
            deepStrictEqual(parser.truncation, { offset: length, ...unfinishedAt(stream, length) })
          }

          const last = fragments.at(-1)
          if (last === undefined) return
          const index = fragments.length - 1
          checkFragments(fragments.slice(0, index), expected.slice(0, index))
          // A Void or a header that was cut after everything else shows as a fragment without content.
          const model = expected[index] ?? { offset: last.offset, frames: [], isComplete: false }
          // Where a document had nothing to show, the cut may still lie in it or in what follows.
          expect(last.offset).toBeLessThanOrEqual(model.offset)
          if (last.hasCluster) deepStrictEqual(last.offset, model.offset)
          expect(last.byteLength).toBeLessThanOrEqual(length - last.offset)
          deepStrictEqual(last.errors, [])
          deepStrictEqual(
            last.frames.map((frame, i) => withoutRounding(describeFrame(frame), model.frames[i])),
            model.frames.slice(0, last.frames.length),
          )
          // Where all sizes are unknown, an end between two elements cannot be told from the right one.
          if (last.isComplete && !isClean) {
            deepStrictEqual(last.frames.length, model.frames.length)
          }

          const cut = [...walk(stream.elements)].find(
            ({ placed }) =>
              placed.element.id === ids.CLUSTER &&
              placed.dataOffset <= length &&
              length < placed.endOffset,
          )
          if (cut === undefined || isClean) {
            deepStrictEqual(last.incompleteReason === 'truncated' && isClean, false)
          } else {
            deepStrictEqual([last.isComplete, last.incompleteReason], [false, 'truncated'])
          }
          const { truncatedFrame } = last
          if (truncatedFrame === undefined) return
          deepStrictEqual(isClean, false)
          const whole = model.frames[last.frames.length].data
          const part = describeFrame(truncatedFrame).data
          // Of a laced block the frames are not known before it is whole: none is told then.
          deepStrictEqual(whole.startsWith(part), true)
        }),
        search(3),
      )
    },
    timeoutMs,
  )
})
