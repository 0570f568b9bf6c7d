import * as web from 'node:stream/web'
import type { Fragment } from '../parser/fragment.js'
import { FragmentParser } from '../parser/fragment-parser.js'
import type { Frame } from '../parser/frame.js'
import { resolveLimits } from '../parser/limits.js'
import type { ByteSource } from '../parser/parse-fragments.js'
import { runFrameParser, runParser } from '../parser/parse-fragments.js'
import type { GetMediaFragment, GetMediaFrame } from '../tags/get-media-parser.js'
import { chooseParser } from './make-parser.js'
import type {
  FragmentStreamOptions,
  GetMediaStreamOptions,
  RuleStreamOptions,
} from './stream-options.js'

/**
 * A web `TransformStream` for `pipeThrough`: bytes in, {@link Fragment}s out, each when it is complete.
 *
 * ```ts
 * for await (const fragment of blob.stream().pipeThrough(fragmentTransformStream())) { … }
 * ```
 *
 * Nothing is queued: a chunk is taken in when the reader wants a fragment that the chunks so far do not hold. The chunks
 * belong to the parser from then on. On structural damage everything read before it can still be read, then the readable
 * side errors with the `ParseError`. Cancelling the readable side aborts the writable one.
 *
 * In a program with the DOM's types, TypeScript does not take Node's own streams for the platform's, though they are: write
 * `(Readable.toWeb(file) as ReadableStream<Uint8Array>).pipeThrough(…)`.
 *
 * @throws RangeError when a limit is not a whole number of at least 1.
 */
export function fragmentTransformStream(
  options?: GetMediaStreamOptions,
): TransformStream<Uint8Array, GetMediaFragment>
/**
 * By a rule other than that for GetMedia.
 *
 * @throws RangeError when a limit is not a whole number of at least 1.
 */
export function fragmentTransformStream<M>(
  options: RuleStreamOptions<M>,
): TransformStream<Uint8Array, Fragment<M>>
export function fragmentTransformStream<M>(
  options: FragmentStreamOptions<M> = {},
): TransformStream<Uint8Array, Fragment<M>> {
  const choice = chooseParser(options)
  const parser = new FragmentParser(choice.rule, choice.options)
  return transformStreamOf((source) => runParser(source, parser))
}

/**
 * A web `TransformStream` for `pipeThrough`: bytes in, {@link Frame}s out, each when its last byte has arrived. Otherwise like
 * {@link fragmentTransformStream}.
 *
 * @throws RangeError when a limit is not a whole number of at least 1.
 */
export function frameTransformStream(
  options?: GetMediaStreamOptions,
): TransformStream<Uint8Array, GetMediaFrame>
/**
 * By a rule other than that for GetMedia.
 *
 * @throws RangeError when a limit is not a whole number of at least 1.
 */
export function frameTransformStream<M>(
  options: RuleStreamOptions<M>,
): TransformStream<Uint8Array, Frame<M>>
export function frameTransformStream<M>(
  options: FragmentStreamOptions<M> = {},
): TransformStream<Uint8Array, Frame<M>> {
  const choice = chooseParser(options)
  // The parser is made when reading begins: a limit that is none is told now.
  resolveLimits(options)
  return transformStreamOf((source) =>
    runFrameParser(
      source,
      choice.options,
      (frameOptions) => new FragmentParser(choice.rule, frameOptions),
    ),
  )
}

/**
 * Both ends of a generator as a pair of web streams. Not a `new TransformStream({ transform })`: its
 * `controller.error` throws away what was queued, and its `flush` does not wait for the reader.
 */
function transformStreamOf<T>(
  run: (source: ByteSource) => AsyncIterable<T>,
): TransformStream<Uint8Array, T> {
  const { readable, writable } = new web.TransformStream<Uint8Array, Uint8Array>()
  const reader = readable.getReader()
  let isCancelled = false
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const { done, value } = await reader.read()
      // The input has not ended then, and nobody must be told that it has.
      if (isCancelled) throw new Error('cancelled')
      if (done) return
      yield value
    }
  }
  const items = run(chunks())[Symbol.asyncIterator]()
  const output = new web.ReadableStream<T>(
    {
      async pull(controller) {
        try {
          const item = await items.next()
          if (isCancelled) return
          if (item.done === true) controller.close()
          else controller.enqueue(item.value)
        } catch (error) {
          // The writer hears why; where it was the one to fail, it knows.
          await reader.cancel(error).catch(() => undefined)
          throw error
        }
      },
      // Not by the generator, which would answer when the source does: it may have stalled, or never been asked.
      cancel(reason) {
        isCancelled = true
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  const pair = { writable, readable: output }
  // They are the platform's streams; only the DOM's types, where a program has them, tell them from Node's own.
  return pair as object as TransformStream<Uint8Array, T>
}
