import type { Fragment, FragmentParser } from '../../src/parser/index.js'

/** What a parser made of a whole input. */
export interface Outcome<M> {
  readonly fragments: readonly Fragment<M>[]
  /** What stopped the parser; undefined when it read to the end. */
  readonly failure: Error | undefined
}

/** Feeds a parser to the end, or until it fails. */
export function drain<M>(parser: FragmentParser<M>, chunks: Iterable<Uint8Array>): Outcome<M> {
  const fragments: Fragment<M>[] = []
  for (const chunk of chunks) {
    fragments.push(...parser.push(chunk))
    if (parser.failure !== undefined) return { fragments, failure: parser.failure }
  }
  fragments.push(...parser.end())
  return { fragments, failure: undefined }
}

/** The input in chunks of `size` bytes; the last one may be shorter. Views of `bytes`. */
export function* chunksOf(bytes: Uint8Array, size: number): Generator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** The input in chunks whose sizes are those of `sizes`, over and over. Sizes of 0 give empty chunks. */
export function* chunksBySizes(
  bytes: Uint8Array,
  sizes: readonly number[],
): Generator<Uint8Array, void, undefined> {
  let at = 0
  for (let i = 0; at < bytes.length; i += 1) {
    // One round of nothing but zeros would never end.
    const size = sizes.length === 0 ? bytes.length : sizes[i % sizes.length]
    const step = size === 0 && i % sizes.length === sizes.length - 1 ? 1 : size
    yield bytes.subarray(at, at + step)
    at += step
  }
}
