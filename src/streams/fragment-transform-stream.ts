import { ReadableStream, TransformStream } from 'node:stream/web'
import type { Fragment } from '../parser/fragment.js'
import type { Frame } from '../parser/frame.js'
import { resolveLimits } from '../parser/limits.js'
import type { ByteSource } from '../parser/parse-fragments.js'
import { runFrameParser, runParser } from '../parser/parse-fragments.js'
import type { FragmentMetadata } from '../tags/metadata.js'
import { makeFragmentParser } from './make-parser.js'
import type { FragmentStreamOptions } from './stream-options.js'

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
 * @throws RangeError when a limit is not a whole number of at least 1.
 */
export function fragmentTransformStream<M = FragmentMetadata>(
  options: FragmentStreamOptions<M> = {},
): TransformStream<Uint8Array, Fragment<M>> {
  const parser = makeFragmentParser(options)
  return transformStreamOf((source) => runParser(source, parser))
}

/**
 * A web `TransformStream` for `pipeThrough`: bytes in, {@link Frame}s out, each when its last byte has arrived. Otherwise like
 * {@link fragmentTransformStream}.
 *
 * @throws RangeError when a limit is not a whole number of at least 1.
 */
export function frameTransformStream<M = FragmentMetadata>(
  options: FragmentStreamOptions<M> = {},
): TransformStream<Uint8Array, Frame<M>> {
  // The parser is made when reading begins: a limit that is none is told now.
  resolveLimits(options)
  return transformStreamOf((source) => runFrameParser(source, options, makeFragmentParser))
}

/**
 * Both ends of a generator as a pair of web streams. Not a `new TransformStream({ transform })`: its
 * `controller.error` throws away what was queued, and its `flush` does not wait for the reader.
 */
function transformStreamOf<T>(
  run: (source: ByteSource) => AsyncIterable<T>,
): TransformStream<Uint8Array, T> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  return { writable, readable: ReadableStream.from(run(readable)) }
}
