import type { CompletionRule } from '../parser/completion.js'
import type { FragmentParserOptions } from '../parser/fragment-parser.js'

/** Settings of every adapter of this folder: those of the parser, and the rule. */
export interface FragmentStreamOptions<M> extends FragmentParserOptions<M> {
  /**
   * Where fragments end and what their tags mean. Default: `new GetMediaRule('GetMedia', undefined)`, which reads ordinary
   * Matroska too. `MATROSKA_RULE` for Matroska only; a `GetMediaRule` of your own for GetMediaForFragmentList, or to be told of
   * in-band errors at once.
   */
  readonly rule?: CompletionRule<M>
}

/** Settings of the Node adapters. */
export interface FragmentTransformOptions<M> extends FragmentStreamOptions<M> {
  /**
   * How many fragments or frames may wait to be read before no further chunk is taken in. Default 1. What one chunk held
   * is handed on whole, so a slow reader makes this many wait and those of one chunk, never more.
   */
  readonly readableHighWaterMark?: number
}
