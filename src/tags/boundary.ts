import type {
  CompletionRule,
  FragmentEnd,
  IncompleteReason,
  TagsReading,
} from '../parser/completion.js'
import { reasonFor } from '../parser/completion.js'
import type { Tag } from '../parser/tag.js'
import type { FragmentMetadata } from './metadata.js'
import { isOpeningTags, OpenMetadata } from './metadata.js'
import type { ServiceError } from './service-error.js'

/**
 * Which operation the payload is from. GetMedia closes every fragment with tags; GetMediaForFragmentList does not, so
 * there a fragment is complete when its Cluster is.
 */
export type PayloadSource = 'GetMedia' | 'GetMediaForFragmentList'

/** Settings of a {@link GetMediaRule}. */
export interface GetMediaRuleOptions {
  /** Default `GetMedia`. */
  readonly source?: PayloadSource | undefined
  /**
   * Called for every in-band error as soon as its tags were read, or the response was cut among them. The same errors are in
   * `fragment.metadata.serviceErrors` of the fragment they came with, which may be yielded only when the response ends.
   */
  readonly onServiceError?: ((error: ServiceError) => void) | undefined
}

// A PRODUCER_TIMESTAMP before 2001 is a time since the producer's start, not since 1970.
const EARLIEST_WALL_CLOCK_MS = 1_000_000_000_000

/**
 * Where a fragment of a KVS payload ends: at the end of the Tags element that holds CONTINUATION_TOKEN, not at the next
 * header, which comes a whole fragment later or never.
 */
export class GetMediaRule implements CompletionRule<FragmentMetadata> {
  readonly #source: PayloadSource
  readonly #onServiceError: ((error: ServiceError) => void) | undefined

  constructor(options: GetMediaRuleOptions = {}) {
    this.#source = options.source ?? 'GetMedia'
    this.#onServiceError = options.onServiceError
  }

  createMetadata(): FragmentMetadata {
    return new OpenMetadata()
  }

  /**
   * A HEAD behind a Cluster, or one of another number, says that the fragment before it gets no TAIL. A TAIL that tells the
   * fragment's own number again is no HEAD.
   */
  isOpening(metadata: FragmentMetadata, tags: readonly Tag[], hasCluster: boolean): boolean {
    const open = toOpen(metadata)
    return hasCluster ? isOpeningTags(tags) && !open.isClosedBy(tags) : open.isOpenedAnew(tags)
  }

  readTags(metadata: FragmentMetadata, tags: readonly Tag[]): TagsReading {
    const reading = toOpen(metadata).read(tags)
    for (const error of reading.errors) this.#onServiceError?.(error)
    return reading
  }

  /** An error is told although the response ends in the middle of its tags; closing tags that were cut close nothing. */
  readCutTags(metadata: FragmentMetadata, tags: readonly Tag[]): void {
    for (const error of toOpen(metadata).readErrors(tags)) this.#onServiceError?.(error)
  }

  /** One HEAD speaks of all that follows up to its TAIL; without one, each Cluster is a fragment. */
  isHoldingClusters(metadata: FragmentMetadata): boolean {
    return metadata.fragmentNumber !== undefined
  }

  judgeEnd(metadata: FragmentMetadata, end: FragmentEnd): IncompleteReason | undefined {
    if (!toOpen(metadata).isFromService) return reasonFor(end)
    if (end.cause === 'damaged') return 'damaged'
    if (end.cause === 'truncated') return 'truncated'
    if (!end.hasCluster) return 'missing-cluster'
    return this.#source === 'GetMediaForFragmentList' && end.isClusterEnded
      ? undefined
      : 'missing-closing-tags'
  }

  wallClockMs(metadata: FragmentMetadata): number | undefined {
    const ms = metadata.producerTimestampMs
    return ms !== undefined && ms >= EARLIEST_WALL_CLOCK_MS ? ms : undefined
  }
}

/** Metadata of this rule's fragments is always its own. */
function toOpen(metadata: FragmentMetadata): OpenMetadata {
  return metadata as OpenMetadata
}
