import type { CompletionRule } from '../parser/completion.js'
import { GetMediaRule } from '../tags/boundary.js'
import type { FragmentStreamOptions } from './stream-options.js'

/** The rule of the options, or the one for GetMedia: `M` is `FragmentMetadata` wherever no rule is given. */
export function ruleOf<M>(options: FragmentStreamOptions<M>): CompletionRule<M> {
  return (
    options.rule ??
    (new GetMediaRule('GetMedia', undefined) as CompletionRule<unknown> as CompletionRule<M>)
  )
}
