import type { Tag } from './tag.js'

/** Why a fragment that was yielded is not complete. */
export type IncompleteReason =
  /** The input ended in the middle of an element. */
  | 'truncated'
  /**
   * The structure broke inside the fragment: the error is the last one in `fragment.errors`. Or a callback threw: that is the
   * parser's `failure`.
   */
  | 'damaged'
  /** The next fragment began, or the input ended, before the tags that close this one. */
  | 'missing-closing-tags'
  /** A document of headers and tags only: there is no media to be complete. */
  | 'missing-cluster'

/** What a {@link CompletionRule} is told of a fragment that ends without its closing tags. */
export interface FragmentEnd {
  /** A Cluster was read, at least its beginning. */
  readonly hasCluster: boolean
  /** Every Cluster that began was read to its end. */
  readonly isClusterEnded: boolean
  /** What ended it: the next fragment or document, the end of input at an element's end, or inside one, or damage. */
  readonly cause: 'next' | 'end' | 'truncated' | 'damaged'
}

/** What a {@link CompletionRule} makes of one Tags element. */
export interface TagsReading {
  /** The tags the producer wrote, which go to `fragment.tags`. */
  readonly producerTags: readonly Tag[]
  /** These tags close the fragment: it is emitted now, not at the next header. */
  readonly isClosing: boolean
}

/**
 * Says where fragments end and what their tags mean, for the parser, which knows Matroska only. `M` is what is known of
 * one fragment. A rule has no state of its own: one may serve many parsers.
 */
export interface CompletionRule<M> {
  /** Metadata of a fragment that is about to be read; filled by `readTags`. */
  createMetadata(): M
  /**
   * True when these tags belong to a new fragment although the open one has no closing tags; `hasCluster` says whether it has
   * a Cluster.
   */
  isOpening(metadata: M, tags: readonly Tag[], hasCluster: boolean): boolean
  /** A Tags element ended: takes what it says into `metadata`. */
  readTags(metadata: M, tags: readonly Tag[]): TagsReading
  /**
   * The input ended, or the structure broke, inside a Tags element: these of its tags were whole. A rule without this method
   * leaves them out.
   */
  readCutTags?(metadata: M, tags: readonly Tag[]): void
  /** True when a further Cluster belongs to the open fragment, false when each Cluster is a fragment. */
  isHoldingClusters(metadata: M): boolean
  /** Judges a fragment that ends without closing tags: undefined when it is complete all the same. */
  judgeEnd(metadata: M, end: FragmentEnd): IncompleteReason | undefined
  /** Milliseconds since 1970 at the Cluster's timestamp, where the tags tell. */
  wallClockMs(metadata: M): number | undefined
}

/** What ended a fragment, as the reason why it is not complete when nothing better is known. */
export function reasonFor(end: FragmentEnd): IncompleteReason | undefined {
  if (end.hasCluster && end.isClusterEnded) return undefined
  if (end.cause === 'damaged') return 'damaged'
  if (end.cause === 'truncated') return 'truncated'
  return end.hasCluster ? undefined : 'missing-cluster'
}

/** Plain Matroska: every Cluster is a fragment, all tags are the producer's, and there is nothing to know beyond. */
export const MATROSKA_RULE: CompletionRule<undefined> = {
  createMetadata: () => undefined,
  isOpening: () => false,
  readTags: (_metadata, tags) => ({ producerTags: tags, isClosing: false }),
  isHoldingClusters: () => false,
  judgeEnd: (_metadata, end) => reasonFor(end),
  wallClockMs: () => undefined,
}
