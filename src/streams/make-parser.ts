import type { CompletionRule } from '../parser/completion.js'
import { FragmentParser } from '../parser/fragment-parser.js'
import type { Frame } from '../parser/frame.js'
import { frameModeOf } from '../parser/parse-fragments.js'
import { GetMediaRule } from '../tags/boundary.js'
import type { FragmentStreamOptions } from './stream-options.js'

/** A parser for whole fragments. */
export function makeFragmentParser<M>(options: FragmentStreamOptions<M>): FragmentParser<M> {
  return new FragmentParser(ruleOf(options), options)
}

/** A parser that gives each frame to `emit` when its last byte has arrived, and keeps none. */
export function makeFrameParser<M>(
  options: FragmentStreamOptions<M>,
  emit: (frame: Frame<M>) => void,
): FragmentParser<M> {
  return makeFragmentParser(frameModeOf(options, emit))
}

function ruleOf<M>(options: FragmentStreamOptions<M>): CompletionRule<M> {
  // Where no rule is given, M is FragmentMetadata: nothing else can have told the compiler what it is.
  const byDefault = (): CompletionRule<unknown> => new GetMediaRule('GetMedia', undefined)
  return options.rule ?? (byDefault() as CompletionRule<M>)
}
