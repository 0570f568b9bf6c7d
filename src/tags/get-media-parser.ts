import type { Fragment } from '../parser/fragment.js'
import type { FragmentParserOptions } from '../parser/fragment-parser.js'
import { FragmentParser } from '../parser/fragment-parser.js'
import type { Frame } from '../parser/frame.js'
import type { ByteSource } from '../parser/parse-fragments.js'
import { runFrameParser, runParser } from '../parser/parse-fragments.js'
import type { GetMediaRuleOptions } from './boundary.js'
import { GetMediaRule } from './boundary.js'
import type { FragmentMetadata } from './metadata.js'

/** A fragment of a KVS payload: a Matroska fragment with AWS's metadata. */
export type GetMediaFragment = Fragment<FragmentMetadata>

/** A frame of a KVS payload: `frame.metadata` is what is known of its fragment so far. */
export type GetMediaFrame = Frame<FragmentMetadata>

/** Settings of a {@link GetMediaParser}. */
export interface GetMediaParserOptions
  extends FragmentParserOptions<FragmentMetadata>, GetMediaRuleOptions {}

/**
 * The synchronous parser for what GetMedia and GetMediaForFragmentList answer: `push(chunk)` answers the fragments it
 * completed, `end()` the one that was open. A stream without AWS's tags is read as ordinary Matroska, a fragment per
 * Cluster.
 */
export class GetMediaParser extends FragmentParser<FragmentMetadata> {
  /** @throws RangeError when a limit is not a whole number of at least 1. */
  constructor(options: GetMediaParserOptions = {}) {
    super(new GetMediaRule(options), options)
  }
}

/**
 * Reads the payload of one GetMedia response, or a file with one, into fragments. Each is yielded when its closing tags
 * are read.
 *
 * A source that ends inside a fragment yields it with `isComplete` false and the reason; so does one that ends where the
 * closing tags are due. Neither is an error: GetMedia ends like that every 45 minutes, and only the closing tags prove that
 * a fragment is whole. Breaking out of the loop ends the source.
 *
 * @throws ParseError after everything read was yielded, when the structure is damaged and `onDamage` is `throw`; whatever
 *   the source throws.
 */
export async function* parseGetMedia(
  source: ByteSource,
  options: GetMediaParserOptions = {},
): AsyncGenerator<GetMediaFragment, void, undefined> {
  yield* runParser(source, new GetMediaParser(options))
}

/**
 * Frame-level reading, for those who cannot wait for a fragment's end: yields each frame when its last byte has arrived.
 * `frame.metadata` holds what the opening tags said, `frame.tags` the producer's tags before the media; the closing ones fill
 * in later, on the same objects. A fragment that is cut has yielded its whole frames by then. In-band errors go to
 * `onServiceError`; other facts of a fragment are not to be had this way. Otherwise like {@link parseGetMedia}.
 */
export async function* parseGetMediaFrames(
  source: ByteSource,
  options: GetMediaParserOptions = {},
): AsyncGenerator<GetMediaFrame, void, undefined> {
  yield* runFrameParser(source, options, (frameOptions) => new GetMediaParser(frameOptions))
}
