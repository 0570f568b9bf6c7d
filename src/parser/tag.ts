/** What the tags of one Tag element speak of (RFC 9559 §5.1.8.1.1). All empty: the whole Segment. */
export interface TagTargets {
  /** TargetTypeValue. Default 50 (album, film, episode, …). */
  readonly typeValue: number
  /** TargetType in words, e.g. `TRACK`; undefined when not given. */
  readonly type: string | undefined
  /** TagTrackUID, each a `track.uid`. */
  readonly trackUids: readonly bigint[]
  /** TagEditionUID. */
  readonly editionUids: readonly bigint[]
  /** TagChapterUID. */
  readonly chapterUids: readonly bigint[]
  /** TagAttachmentUID. */
  readonly attachmentUids: readonly bigint[]
}

/** One SimpleTag (RFC 9559 §5.1.8.1.2). Names repeat, so tags are a list and never an object keyed by name. */
export interface Tag {
  /** TagName up to its first NUL. Text of the producer's: `__proto__` is a legal name. */
  readonly name: string
  /** TagString up to its first NUL; undefined when the tag is binary or has no value. */
  readonly value: string | undefined
  /** TagBinary, a copy of its own; undefined when the tag is text. */
  readonly binary: Uint8Array | undefined
  /** TagLanguageBCP47, else TagLanguage. Default `und`. */
  readonly language: string
  /** TagDefault. Default true. */
  readonly isDefault: boolean
  /**
   * Whether it came before the fragment's Cluster or after it. A producer's tags for the next fragment may already
   * follow this one's Cluster.
   */
  readonly position: 'before' | 'after'
  /** What it speaks of; shared by all tags of one Tag element. */
  readonly targets: TagTargets
  /** SimpleTags nested in this one; nearly always empty. */
  readonly children: readonly Tag[]
}

/** All first-level tags of `name`, in order. */
export function tagsNamed(tags: readonly Tag[], name: string): readonly Tag[] {
  return tags.filter((tag) => tag.name === name)
}

/** The value of the last first-level tag of `name` that has one: the one that holds when a producer repeats it. */
export function tagValue(tags: readonly Tag[], name: string): string | undefined {
  for (let i = tags.length - 1; i >= 0; i -= 1) {
    const tag = tags[i]
    if (tag.name === name && tag.value !== undefined) return tag.value
  }
  return undefined
}
