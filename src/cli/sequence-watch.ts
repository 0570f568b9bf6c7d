import {
  compareFragmentNumbers,
  decodeFragmentNumber,
  isFragmentNumber,
} from '../tags/fragment-number.js'

/** What is odd about a fragment number after the one before it. */
export type SequenceFinding =
  /** `missing` numbers lie between the two. */
  | { readonly type: 'gap'; readonly missing: bigint }
  /** It is not greater, as fragment numbers of one stream are. */
  | { readonly type: 'not-greater' }

/**
 * Compares each fragment number with the one before. Gaps come from the undocumented layout of fragment numbers: a hint, since
 * the numbering also jumps where a producer begins anew.
 */
export class SequenceWatch {
  #previous: string | undefined

  /** Takes in the next number. Undefined when there is nothing odd about it, or nothing to tell. */
  next(fragmentNumber: string | undefined): SequenceFinding | undefined {
    if (fragmentNumber === undefined || !isFragmentNumber(fragmentNumber)) return undefined
    const previous = this.#previous
    this.#previous = fragmentNumber
    if (previous === undefined) return undefined
    if (compareFragmentNumbers(fragmentNumber, previous) <= 0) return { type: 'not-greater' }
    const before = decodeFragmentNumber(previous)
    const after = decodeFragmentNumber(fragmentNumber)
    if (before === undefined || after === undefined) return undefined
    const missing = after.sequence - before.sequence - 1n
    return missing > 0n ? { type: 'gap', missing } : undefined
  }
}
