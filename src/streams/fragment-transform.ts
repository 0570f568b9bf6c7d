import type { TransformCallback } from 'node:stream'
import { Transform } from 'node:stream'
import type { Fragment } from '../parser/fragment.js'
import { FragmentParser } from '../parser/fragment-parser.js'
import type { Frame } from '../parser/frame.js'
import type { FragmentMetadata } from '../tags/metadata.js'
import { frameModeOf } from '../parser/parse-fragments.js'
import { chooseParser } from './make-parser.js'
import type {
  FragmentStreamOptions,
  GetMediaStreamOptions,
  ReadableOptions,
  RuleStreamOptions,
} from './stream-options.js'

/**
 * A `Transform` that ends with an error only after all that was made before it has been read: `destroy(error)` would
 * throw away what waits in the readable side. `T` is what it makes.
 */
class ParserTransform<M, T> extends Transform {
  readonly #parser: FragmentParser<M>
  readonly #emit: (fragment: Fragment<M>) => void
  /** Reports the failure; set while items made before it wait to be read. */
  #fail: (() => void) | undefined

  constructor(
    options: ReadableOptions,
    makeParser: (emit: (item: T) => void) => FragmentParser<M>,
    emitFragment: (fragment: Fragment<M>, emit: (item: T) => void) => void,
  ) {
    super({
      readableObjectMode: true,
      readableHighWaterMark: options.readableHighWaterMark ?? 1,
    })
    const emit = (item: T): void => {
      this.push(item)
    }
    this.#parser = makeParser(emit)
    this.#emit = (fragment) => emitFragment(fragment, emit)
  }

  /** As of every `Readable`, but typed. */
  override [Symbol.asyncIterator](): AsyncGenerator<T, undefined, undefined>
  /** What `pipeline` asks for: its types think that every stream is one of text or bytes. */
  override [Symbol.asyncIterator](): ReturnType<Transform[typeof Symbol.asyncIterator]>
  override [Symbol.asyncIterator](): ReturnType<Transform[typeof Symbol.asyncIterator]> {
    return super[Symbol.asyncIterator]()
  }

  /** As of every `Readable`. */
  override read(size?: number): ReturnType<Transform['read']> {
    const item: unknown = super.read(size)
    // Asked for more, and all that was made has been taken. `read(0)` asks for nothing.
    if (this.#fail !== undefined && item === null && size !== 0 && this.readableLength === 0) {
      process.nextTick(this.#fail)
      this.#fail = undefined
    }
    return item
  }

  /** @internal */
  override _transform(chunk: Uint8Array, _encoding: BufferEncoding, done: TransformCallback): void {
    for (const fragment of this.#parser.push(chunk)) this.#emit(fragment)
    this.#finish(done)
  }

  /** @internal */
  override _flush(done: TransformCallback): void {
    for (const fragment of this.#parser.end()) this.#emit(fragment)
    this.#finish(done)
  }

  #finish(done: TransformCallback): void {
    const { failure } = this.#parser
    if (failure === undefined) done()
    else if (this.readableLength === 0) done(failure)
    else this.#fail = () => done(failure)
  }
}

/**
 * A Node `Transform`: bytes in, {@link Fragment}s out (object mode), each when it is complete.
 *
 * ```ts
 * for await (const fragment of response.Payload.pipe(new FragmentTransform())) { … }
 * ```
 *
 * The chunks written belong to the parser from then on: frames are views of them. A stream that ends inside a fragment
 * yields it with `isComplete` false. On structural damage everything read before it can still be read, then the stream is
 * destroyed with the `ParseError`; with `onDamage: 'resync'` it goes on. Prefer `pipeline` to `pipe`: it passes errors and an
 * early end on to the source.
 */
export class FragmentTransform<M = FragmentMetadata> extends ParserTransform<M, Fragment<M>> {
  /** @throws RangeError when a limit is not a whole number of at least 1. */
  constructor(options?: GetMediaStreamOptions & ReadableOptions)
  /** By a rule other than that for GetMedia. @throws RangeError when a limit is not a whole number of at least 1. */
  constructor(options: RuleStreamOptions<M> & ReadableOptions)
  constructor(options: FragmentStreamOptions<M> & ReadableOptions = {}) {
    const choice = chooseParser(options)
    super(
      options,
      () => new FragmentParser(choice.rule, choice.options),
      (fragment, emit) => emit(fragment),
    )
  }
}

/**
 * A Node `Transform`: bytes in, {@link Frame}s out (object mode), each when its last byte has arrived, without waiting for its
 * fragment's end. `frame.metadata` holds what is known of the fragment by then. Facts of whole fragments (`isComplete`,
 * content errors, the producer's tags) are not to be had this way. Otherwise like {@link FragmentTransform}.
 */
export class FrameTransform<M = FragmentMetadata> extends ParserTransform<M, Frame<M>> {
  /** @throws RangeError when a limit is not a whole number of at least 1. */
  constructor(options?: GetMediaStreamOptions & ReadableOptions)
  /** By a rule other than that for GetMedia. @throws RangeError when a limit is not a whole number of at least 1. */
  constructor(options: RuleStreamOptions<M> & ReadableOptions)
  constructor(options: FragmentStreamOptions<M> & ReadableOptions = {}) {
    const choice = chooseParser(options)
    super(
      options,
      (emit) => new FragmentParser(choice.rule, frameModeOf(choice.options, emit)),
      // The frames have gone out already.
      () => {},
    )
  }
}
