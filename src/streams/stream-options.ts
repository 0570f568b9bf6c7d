import type { CompletionRule } from '../parser/completion.js'
import type { FragmentParserOptions } from '../parser/fragment-parser.js'
import type { GetMediaParserOptions } from '../tags/get-media-parser.js'

/**
 * Settings of an adapter that reads what GetMedia or GetMediaForFragmentList answers, and ordinary Matroska too: those of
 * `GetMediaParser`.
 */
export interface GetMediaStreamOptions extends GetMediaParserOptions {
  /** None: `source` and `onServiceError` are of the rule that reads GetMedia. */
  readonly rule?: undefined
}

/** Settings of an adapter that reads by another rule: those of `FragmentParser`, and the rule. */
export interface RuleStreamOptions<M> extends FragmentParserOptions<M> {
  /** Where fragments end and what their tags mean: `MATROSKA_RULE` of `kvs-fragments/parser`, or a rule of your own. */
  readonly rule: CompletionRule<M>
}

/** Settings of every adapter of this folder: those of `GetMediaParser`, or a rule and those of `FragmentParser`. */
export type FragmentStreamOptions<M> = GetMediaStreamOptions | RuleStreamOptions<M>

/** What the Node adapters can be told beyond that. */
export interface ReadableOptions {
  /**
   * How many fragments or frames may wait to be read before no further chunk is taken in. Default 1. What one chunk held
   * is handed on whole, so a slow reader makes this many wait and those of one chunk, never more.
   */
  readonly readableHighWaterMark?: number | undefined
}
