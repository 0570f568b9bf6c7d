import type { CompletionRule } from './completion.js'

const NOTHING: unique symbol = Symbol('nothing')

/**
 * Stands around code that is not the parser's own and remembers what it throws: a callback that runs a parser of its own
 * may throw a ParseError, which says nothing about the stream at hand.
 */
export class Guard {
  #thrown: unknown = NOTHING

  /** Whether one of the functions given out here threw this very error. */
  hasSeen(error: unknown): boolean {
    return error === this.#thrown
  }

  /** A callback of one argument or two, called as often as there are frames. */
  around<A, B = void>(
    callback: ((a: A, b: B) => void) | undefined,
  ): ((a: A, b: B) => void) | undefined {
    if (callback === undefined) return undefined
    return (a, b) => {
      try {
        callback(a, b)
      } catch (thrown) {
        this.#thrown = thrown
        throw thrown
      }
    }
  }

  /** A rule, of which all is guarded that is called while bytes are parsed. */
  aroundRule<M>(rule: CompletionRule<M>): CompletionRule<M> {
    return {
      createMetadata: () => this.#call(() => rule.createMetadata()),
      isOpening: (metadata, tags, hasCluster) =>
        this.#call(() => rule.isOpening(metadata, tags, hasCluster)),
      readTags: (metadata, tags) => this.#call(() => rule.readTags(metadata, tags)),
      readCutTags: (metadata, tags) => this.#call(() => rule.readCutTags?.(metadata, tags)),
      isHoldingClusters: (metadata) => this.#call(() => rule.isHoldingClusters(metadata)),
      judgeEnd: (metadata, end) => this.#call(() => rule.judgeEnd(metadata, end)),
      wallClockMs: (metadata) => rule.wallClockMs(metadata),
    }
  }

  #call<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (thrown) {
      this.#thrown = thrown
      throw thrown
    }
  }
}
