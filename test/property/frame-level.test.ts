import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import { describe, it } from 'vitest'
import type { Frame } from '../../src/parser/index.js'
import { parseFrames } from '../../src/parser/index.js'
import { parseGetMediaFrames } from '../../src/tags/index.js'
import { chunksBySizes, drain } from '../helpers/drain.js'
import { expectedFragments } from './expected-fragments.js'
import { describeFragment, describeFrame, withoutRounding } from './model.js'
import type { AnyMetadata } from './settings.js'
import { anyStream, chunking, makeParser, search, timeoutMs } from './settings.js'

describe('frame-level reading', () => {
  it(
    'gives exactly the frames of the fragments, in order, and the fragments without them',
    () => {
      fc.assert(
        fc.property(anyStream, chunking, ({ stream, reading }, sizes) => {
          const expected = expectedFragments(stream, reading)
          const frames: Frame<AnyMetadata>[] = []
          const parser = makeParser(reading, {
            collectFrames: false,
            onFrame: (frame) => frames.push(frame),
          })
          const { fragments } = drain(parser, chunksBySizes(stream.bytes, sizes))
          const models = expected.flatMap((fragment) => fragment.frames)
          deepStrictEqual(
            frames.map((frame, i) => withoutRounding(describeFrame(frame), models[i])),
            models,
          )
          deepStrictEqual(
            fragments.map(describeFragment),
            expected.map((fragment) => ({ ...fragment, frames: [] })),
          )
        }),
        search(),
      )
    },
    timeoutMs,
  )

  it(
    'gives the same through the async generators',
    async () => {
      await fc.assert(
        fc.asyncProperty(anyStream, chunking, async ({ stream, reading }, sizes) => {
          const chunks = chunksBySizes(stream.bytes, sizes)
          const data: string[] = []
          if (reading === 'Matroska') {
            for await (const frame of parseFrames(chunks)) data.push(describeFrame(frame).data)
          } else {
            const options = { source: reading }
            for await (const frame of parseGetMediaFrames(chunks, options)) {
              data.push(describeFrame(frame).data)
            }
          }
          const expected = expectedFragments(stream, reading)
          deepStrictEqual(
            data,
            expected.flatMap((fragment) => fragment.frames.map((frame) => frame.data)),
          )
        }),
        search(1 / 4),
      )
    },
    timeoutMs,
  )
})
