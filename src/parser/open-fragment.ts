import type { ClusterContext } from './frame.js'
import type { Tag } from './tag.js'

/** The fragment being read. */
export class OpenFragment<M> {
  /** Absolute offset of its first element. */
  readonly offset: number
  readonly metadata: M
  /** The producer's tags so far; its frames hold on to the same list. */
  readonly tags: Tag[] = []
  /** Its first Cluster, once that began. */
  cluster: ClusterContext<M> | undefined = undefined
  isClusterEnded = true
  /** There is more in it than an EBML header and Voids. */
  hasContent = false

  constructor(offset: number, metadata: M) {
    this.offset = offset
    this.metadata = metadata
  }
}
