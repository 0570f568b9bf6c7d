import { ByteKeeper } from './byte-keeper.js'
import type { CompletionRule } from './completion.js'
import type { Truncation } from './ebml-handler.js'
import { ParseError } from './errors.js'
import { FragmentAssembler } from './fragment-assembler.js'
import type { Fragment } from './fragment.js'
import type { Frame } from './frame.js'
import { Guard } from './guard.js'
import type { ParserLimits } from './limits.js'
import { resolveLimits } from './limits.js'
import { EbmlReader } from './reader.js'
import type { SkippedRange } from './resyncing-reader.js'
import { ResyncingReader } from './resyncing-reader.js'

/** Settings of a {@link FragmentParser}; the limits are those of {@link ParserLimits}. */
export interface FragmentParserOptions<M> extends ParserLimits {
  /**
   * What structural damage does. `throw`, the default: the parser stops for good. `resync`: it goes on at the next EBML
   * header with a DocType and tells `onSkip`. The danger of `resync` is that media between the two is missing: such
   * fragments are yielded with `isComplete` false.
   *
   * With `resync` an element that has not ended where such a header begins is damage too (`unexpected-document`): after lost
   * bytes its size may be of chance, and the documents it claims are found. A frame, Void or unregistered element that rightly
   * holds a Matroska file is misjudged; attachments are not. Every byte is looked at once more, and up to 267 bytes that may
   * begin a header wait for the next chunk.
   */
  readonly onDamage?: 'throw' | 'resync' | undefined
  /** Verify CRC-32 elements; a mismatch is `crc-mismatch` in `fragment.errors`. Default false. */
  readonly verifyCrc32?: boolean | undefined
  /**
   * Called for each frame when its last byte has arrived (of a BlockGroup, when the group ends), with the errors that its
   * fragment has so far: a frame before it may have been left out.
   */
  readonly onFrame?: ((frame: Frame<M>, errors: readonly ParseError[]) => void) | undefined
  /** Whether frames are kept for `fragment.frames`. Default true; false for frame-level reading with `onFrame`. */
  readonly collectFrames?: boolean | undefined
  /**
   * Whether fragments keep the bytes they came in, as `fragment.slices`: for archives. Default false. Costs no copy, but the parser
   * holds all chunks of the fragment at hand, and each fragment its own for as long as you hold it.
   */
  readonly keepBytes?: boolean | undefined
  /** Called after a resync, when reading goes on or the input ends. */
  readonly onSkip?: ((range: SkippedRange) => void) | undefined
}

/** Chunks below this are copied: a view would cost more than their bytes. */
const STAGED_BYTES = 256
const STAGE_BYTES = 16_384
/** However small fragments may be, an element of this size is no sign of damage. */
const SMALLEST_SKIP_LIMIT = 1_048_576

/** Longer than any EBML header that reading can begin at. */
const HEADER_BYTES = 4096

const NOTHING: readonly never[] = Object.freeze([])

/**
 * The synchronous parser: chunks in, fragments out. For plain Matroska give it `MATROSKA_RULE`; `GetMediaParser` of
 * `kvs-fragments/tags` is this one with the rule for GetMedia.
 */
export class FragmentParser<M> {
  readonly #reader: EbmlReader
  readonly #assembler: FragmentAssembler<M>
  /** Around the reader, with `onDamage: 'resync'`. */
  readonly #resyncing: ResyncingReader | undefined
  readonly #guard = new Guard()
  readonly #keeper: ByteKeeper | undefined
  #ready: Fragment<M>[] | undefined
  #failure: Error | undefined
  #truncation: Truncation | undefined
  #bytesRead = 0
  /** The stream that the facts above are of has ended; the next push begins another. */
  #isEnded = false
  // Where small chunks are gathered; filled once and never used again, like every space that frames are views of.
  #stage = new Uint8Array(0)
  #stagePosition = 0

  /** @throws RangeError when a limit is not a whole number of at least 1. */
  constructor(rule: CompletionRule<M>, options: FragmentParserOptions<M> = {}) {
    const limits = resolveLimits(options)
    const maxKeptBytes = 2 * limits.maxFragmentBytes + SMALLEST_SKIP_LIMIT
    this.#keeper = options.keepBytes === true ? new ByteKeeper(maxKeptBytes) : undefined
    this.#assembler = new FragmentAssembler(this.#guard.aroundRule(rule), limits, {
      onFragment: (fragment) => {
        ;(this.#ready ??= []).push(fragment)
      },
      onFrame: this.#guard.around(options.onFrame),
      onThrown: (thrown) => {
        this.#failure ??= asError(thrown)
      },
      isCollectingFrames: options.collectFrames ?? true,
      slicesOf: (from, to) => this.#keeper?.slices(from, to),
    })
    this.#reader = new EbmlReader(this.#assembler, {
      maxDepth: limits.maxDepth,
      maxValueBytes: limits.maxStringBytes,
      maxSkippedBytes: Math.max(limits.maxFragmentBytes, SMALLEST_SKIP_LIMIT),
      verifyCrc32: options.verifyCrc32 ?? false,
    })
    if (options.onDamage !== 'resync') return
    const onSkip = this.#guard.around(options.onSkip)
    this.#resyncing = new ResyncingReader(this.#reader, {
      onDamage: (error) => this.#survive(error),
      onSkip: (range) => onSkip?.(range),
    })
  }

  /**
   * What stopped the parser: set as soon as a push has met it, thrown by the next `push` or `end`. A `ParseError`, or what
   * a callback threw.
   */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** After `end` and until the next `push`: where the input stopped when that was inside an element. */
  get truncation(): Truncation | undefined {
    return this.#truncation
  }

  /** Bytes pushed of this stream; after `end`, of the one that ended. */
  get bytesRead(): number {
    return this.#bytesRead
  }

  /**
   * Parses a chunk, cut from the stream anywhere, and answers the fragments that it completed. The chunk belongs to the
   * parser from now on: frames are views of it.
   *
   * When the structure breaks, this answers what was complete and the fragment that was open, `failure` is set, and the next
   * call throws: nothing that was read is lost.
   *
   * @throws ParseError that an earlier chunk met. TypeError when `chunk` is no Uint8Array; nothing is lost then.
   */
  push(chunk: Uint8Array): readonly Fragment<M>[] {
    if (this.#failure !== undefined) throw this.#failure
    if (!(chunk instanceof Uint8Array)) {
      throw new TypeError(
        'push takes a Uint8Array (a Buffer is one); wrap an ArrayBuffer in one, and set no encoding on a stream',
      )
    }
    if (this.#isEnded) this.#beginStream()
    this.#bytesRead += chunk.length
    if (chunk.length < STAGED_BYTES) {
      this.#parseStaged(chunk)
    } else {
      // One plain view per chunk: views of a Buffer cost twice as much each, and there is one per frame.
      const bytes =
        chunk.constructor === Uint8Array
          ? chunk
          : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      this.#keeper?.add(bytes)
      this.#parse(bytes, 0, bytes.length)
    }
    // Between fragments a header may have begun, and what is held back may be one.
    this.#keeper?.release(this.#assembler.openOffset ?? this.#bytesRead - HEADER_BYTES)
    const ready = this.#ready
    if (ready === undefined) return NOTHING
    this.#ready = undefined
    return ready
  }

  /**
   * The input has ended: answers the fragment that was open, if any. Where that was cut, `isComplete` is false and
   * `truncation` tells where. The parser is then ready for another stream, unless a callback threw: then `failure` is set.
   * Called again it answers nothing.
   *
   * @throws ParseError that the last chunk met.
   */
  end(): readonly Fragment<M>[] {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#isEnded) return NOTHING
    if (this.#endReading()) {
      try {
        this.#truncation = this.#reader.end()
        this.#assembler.end(this.#truncation, this.#reader.offset)
      } catch (thrown) {
        // Nothing but a callback throws here.
        this.#failure ??= asError(thrown)
      }
    }
    this.#assembler.reset()
    const ready = this.#ready ?? NOTHING
    this.#ready = undefined
    this.#reader.reset()
    this.#resyncing?.reset()
    this.#keeper?.reset()
    this.#isEnded = true
    return ready
  }

  /** Forgets the stream, the open fragment and any failure; offsets begin at 0 again. */
  reset(): void {
    this.#reader.reset()
    this.#resyncing?.reset()
    this.#assembler.reset()
    this.#ready = undefined
    this.#failure = undefined
    this.#beginStream()
  }

  #beginStream(): void {
    this.#isEnded = false
    this.#truncation = undefined
    this.#bytesRead = 0
    this.#keeper?.reset()
  }

  /** A chunk of a few bytes is copied to where others like it are: no object is made for it. */
  #parseStaged(chunk: Uint8Array): void {
    if (this.#stagePosition + chunk.length > this.#stage.length) {
      this.#stage = new Uint8Array(STAGE_BYTES)
      this.#stagePosition = 0
    }
    const start = this.#stagePosition
    for (let i = 0; i < chunk.length; i += 1) this.#stage[start + i] = chunk[i]
    const end = start + chunk.length
    this.#stagePosition = end
    this.#keeper?.add(this.#stage.subarray(start, end))
    this.#parse(this.#stage, start, end)
  }

  #parse(chunk: Uint8Array, start: number, end: number): void {
    try {
      ;(this.#resyncing ?? this.#reader).write(chunk, start, end)
    } catch (error) {
      this.#stop(error)
    }
  }

  /** Reads what was held back. Answers whether the reader is at the end of input. */
  #endReading(): boolean {
    try {
      return this.#resyncing?.end() ?? true
    } catch (error) {
      this.#stop(error)
      return false
    }
  }

  /** Emits what was open. */
  #stop(error: unknown): void {
    const failure = asError(error)
    if (this.#isDamage(failure)) this.#assembler.abandon(failure, failure.offset)
    // Where a callback threw is not known; at most at the end of what was pushed.
    else this.#assembler.abandon(undefined, this.#bytesRead)
    this.#failure ??= failure
  }

  #isDamage(error: Error): error is ParseError {
    return error instanceof ParseError && !this.#guard.hasSeen(error)
  }

  /** Emits what was open. Answers whether reading may go on. */
  #survive(error: ParseError): boolean {
    if (!this.#isDamage(error)) return false
    this.#assembler.abandon(error, error.offset)
    return this.#failure === undefined
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
