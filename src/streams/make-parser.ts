import type { CompletionRule } from '../parser/completion.js'
import type { FragmentParserOptions } from '../parser/fragment-parser.js'
import { GetMediaRule } from '../tags/boundary.js'
import type { FragmentStreamOptions } from './stream-options.js'

/** What a `FragmentParser` is made of. */
export interface ParserChoice<M> {
  readonly rule: CompletionRule<M>
  readonly options: FragmentParserOptions<M>
}

/** Sorts the two kinds of settings out. */
export function chooseParser<M>(options: FragmentStreamOptions<M>): ParserChoice<M> {
  if (options.rule !== undefined) return { rule: options.rule, options }
  // Where no rule is given, M is FragmentMetadata: the overloads leave nothing else.
  const choice: unknown = { rule: new GetMediaRule(options), options }
  return choice as ParserChoice<M>
}
