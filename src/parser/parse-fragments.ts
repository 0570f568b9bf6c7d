import { MATROSKA_RULE } from './completion.js'
import type { ParseError } from './errors.js'
import type { Fragment } from './fragment.js'
import type { FragmentParserOptions } from './fragment-parser.js'
import { FragmentParser } from './fragment-parser.js'
import type { Frame } from './frame.js'

/** Anything that yields bytes: a Node `Readable`, a web `ReadableStream`, an array of chunks, a generator; or all of them at once. */
export type ByteSource =
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>
  | ReadableBytes
  | Uint8Array

/** A web `ReadableStream` where it is no async iterable: in some browsers, and in the DOM's types of some TypeScript versions. */
export interface ReadableBytes {
  /** As the streams standard has it. */
  getReader(): {
    /** The next chunk. */
    read(): Promise<{
      /** There is nothing more. */
      readonly done: boolean
      /** Undefined when there is nothing more. */
      readonly value?: Uint8Array | undefined
    }>
    /** Nobody wants the rest. */
    cancel(): Promise<void>
    /** The stream is free for others. */
    releaseLock?(): void
  }
}

/**
 * Reads ordinary Matroska or WebM, a fragment per Cluster. For GetMedia use `parseGetMedia`.
 *
 * A source that ends inside an element yields its last fragment with `isComplete` false; that is not an error. Breaking out
 * of the loop ends the source.
 *
 * @throws ParseError after everything read was yielded, when the structure is damaged and `onDamage` is `throw`; whatever
 *   the source throws.
 */
export async function* parseFragments(
  source: ByteSource,
  options: FragmentParserOptions<undefined> = {},
): AsyncGenerator<Fragment<undefined>, void, undefined> {
  yield* runParser(source, new FragmentParser(MATROSKA_RULE, options))
}

function chunksOf(source: ByteSource): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (source instanceof Uint8Array) return [source]
  if (typeof source === 'object' && source !== null) {
    if (Symbol.asyncIterator in source || Symbol.iterator in source) return source
    if (typeof source.getReader === 'function') return readAll(source)
  }
  throw new TypeError(
    'pass a source of Uint8Arrays: a Node Readable, a web ReadableStream, an array of chunks or any other iterable',
  )
}

async function* readAll(source: ReadableBytes): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = source.getReader()
  let isOver = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      isOver = done
      if (value === undefined) return
      yield value
    }
  } finally {
    // Of a stream that failed it says so again.
    if (!isOver) await reader.cancel().catch(() => undefined)
    reader.releaseLock?.()
  }
}

/** Drives a parser over a source. @internal */
export async function* runParser<M>(
  source: ByteSource,
  parser: FragmentParser<M>,
): AsyncGenerator<Fragment<M>, void, undefined> {
  for await (const chunk of chunksOf(source)) {
    yield* parser.push(chunk)
    // What was complete has been handed out: say now what is wrong, and do not wait for another chunk.
    if (parser.failure !== undefined) throw parser.failure
  }
  yield* parser.end()
  if (parser.failure !== undefined) throw parser.failure
}

/**
 * The options of a parser in frame mode: it keeps no frame, and gives each to `emit` after the caller's own `onFrame`.
 *
 * @internal
 */
export function frameModeOf<M, O extends FragmentParserOptions<M>>(
  options: O,
  emit: (frame: Frame<M>) => void,
): O {
  return {
    ...options,
    collectFrames: false,
    // Nobody sees the fragments.
    keepBytes: false,
    onFrame: (frame: Frame<M>, errors: readonly ParseError[]) => {
      options.onFrame?.(frame, errors)
      emit(frame)
    },
  }
}

/**
 * Drives a parser over a source and yields frames as they become whole; `makeParser` gets the options in frame mode.
 *
 * @internal
 */
export async function* runFrameParser<M, O extends FragmentParserOptions<M>>(
  source: ByteSource,
  options: O,
  makeParser: (options: O) => FragmentParser<M>,
): AsyncGenerator<Frame<M>, void, undefined> {
  let frames: Frame<M>[] = []
  const parser = makeParser(frameModeOf<M, O>(options, (frame) => frames.push(frame)))
  for await (const chunk of chunksOf(source)) {
    parser.push(chunk)
    if (frames.length > 0) {
      const ready = frames
      frames = []
      yield* ready
    }
    if (parser.failure !== undefined) throw parser.failure
  }
  parser.end()
  if (parser.failure !== undefined) throw parser.failure
}

/**
 * Frame-level reading of ordinary Matroska or WebM: each frame when its last byte has arrived, without waiting for its
 * Cluster's end. Otherwise like {@link parseFragments}.
 */
export async function* parseFrames(
  source: ByteSource,
  options: FragmentParserOptions<undefined> = {},
): AsyncGenerator<Frame<undefined>, void, undefined> {
  yield* runFrameParser(source, options, (frameOptions) => {
    return new FragmentParser(MATROSKA_RULE, frameOptions)
  })
}
