import type { CompletionRule, FragmentEnd, IncompleteReason } from '../parser/completion.js'
import { reasonFor } from '../parser/completion.js'
import type { Tag } from '../parser/tag.js'
import type { FragmentMetadata } from './metadata.js'
import { AWS_TAG_PREFIX, OpenMetadata } from './metadata.js'
import type { ServiceError } from './service-error.js'

/**
 * Which operation the payload is from. GetMedia closes every fragment with tags; GetMediaForFragmentList does not, so
 * there a fragment is complete when its Cluster is.
 */
export type PayloadSource = 'GetMedia' | 'GetMediaForFragmentList'

// A PRODUCER_TIMESTAMP before 2001 is a time since the producer's start, not since 1970.
const EARLIEST_WALL_CLOCK_MS = 1_000_000_000_000

const FRAGMENT_NUMBER = `${AWS_TAG_PREFIX}FRAGMENT_NUMBER`
const CONTINUATION_TOKEN = `${AWS_TAG_PREFIX}CONTINUATION_TOKEN`

/**
 * Where a fragment of a KVS payload ends: at the end of the Tags element that holds CONTINUATION_TOKEN, not at the next
 * header, which comes a whole fragment later or never.
 */
export class GetMediaRule implements CompletionRule<FragmentMetadata> {
  readonly #source: PayloadSource
  readonly #onServiceError: ((error: ServiceError) => void) | undefined

  constructor(source: PayloadSource, onServiceError: ((error: ServiceError) => void) | undefined) {
    this.#source = source
    this.#onServiceError = onServiceError
  }

  createMetadata(): FragmentMetadata {
    return new OpenMetadata()
  }

  isOpening(tags: readonly Tag[]): boolean {
    return hasTag(tags, FRAGMENT_NUMBER) && new OpenMetadata().read(tags).length === 0
  }

  readTags(
    metadata: FragmentMetadata,
    tags: readonly Tag[],
  ): { readonly producerTags: readonly Tag[]; readonly isClosing: boolean } {
    const producerTags = tags.filter((tag) => !tag.name.startsWith(AWS_TAG_PREFIX))
    if (producerTags.length === tags.length) return { producerTags, isClosing: false }
    const errors = toOpen(metadata).read(tags)
    for (const error of errors) this.#onServiceError?.(error)
    return { producerTags, isClosing: hasTag(tags, CONTINUATION_TOKEN) }
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

function hasTag(tags: readonly Tag[], name: string): boolean {
  return tags.some((tag) => tag.name === name)
}

/** Metadata of this rule's fragments is always its own. */
function toOpen(metadata: FragmentMetadata): OpenMetadata {
  return metadata as OpenMetadata
}
