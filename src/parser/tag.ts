import { ID } from './schema.js'
import { copyBytes, readString, readUint, readUintBig } from './values.js'

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
  /** TagLanguage. Default `und`. */
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

const NO_UIDS: readonly bigint[] = []
const NO_TAGS: readonly Tag[] = []

/** RFC 9559 §5.1.8.1.1: an empty Targets speaks of everything, at level 50. */
const WHOLE_SEGMENT: TagTargets = {
  typeValue: 50,
  type: undefined,
  trackUids: NO_UIDS,
  editionUids: NO_UIDS,
  chapterUids: NO_UIDS,
  attachmentUids: NO_UIDS,
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

/** A SimpleTag being read. */
class OpenTag {
  name = ''
  value: string | undefined = undefined
  binary: Uint8Array | undefined = undefined
  language = 'und'
  isDefault = true
  children: Tag[] | undefined = undefined

  close(position: 'before' | 'after', targets: TagTargets): Tag {
    return {
      name: this.name,
      value: this.value,
      binary: this.binary,
      language: this.language,
      isDefault: this.isDefault,
      position,
      targets,
      children: this.children ?? NO_TAGS,
    }
  }
}

/** Targets being read: a mutable {@link TagTargets}. */
interface OpenTargets {
  typeValue: number
  type: string | undefined
  trackUids: bigint[]
  editionUids: bigint[]
  chapterUids: bigint[]
  attachmentUids: bigint[]
}

/** Puts together the tags of one Tags element from the reader's events. Counts what it makes; the limit is the caller's. */
export class TagCollector {
  #tags: Tag[] = []
  // Open SimpleTags, outermost first: they nest.
  readonly #open: OpenTag[] = []
  #targets: TagTargets = WHOLE_SEGMENT
  #openTargets: OpenTargets | undefined
  #position: 'before' | 'after' = 'before'
  /** Index in #tags of the first tag of the open Tag element. */
  #firstOfTag = 0

  /** A Tags element began. */
  begin(position: 'before' | 'after'): void {
    this.#tags = []
    this.#open.length = 0
    this.#position = position
    this.#targets = WHOLE_SEGMENT
  }

  /** The tags of the Tags element that ended. */
  take(): readonly Tag[] {
    return this.#tags
  }

  /** A Tag, Targets or SimpleTag began. */
  onMasterStart(id: number): void {
    if (id === ID.SimpleTag) this.#open.push(new OpenTag())
    else if (id === ID.Tag) {
      this.#targets = WHOLE_SEGMENT
      this.#firstOfTag = this.#tags.length
    } else if (id === ID.Targets) {
      this.#openTargets = {
        typeValue: 50,
        type: undefined,
        trackUids: [],
        editionUids: [],
        chapterUids: [],
        attachmentUids: [],
      }
    }
  }

  /** A Tag, Targets or SimpleTag ended. */
  onMasterEnd(id: number): void {
    if (id === ID.SimpleTag) {
      const tag = this.#open.pop()?.close(this.#position, this.#targets)
      if (tag === undefined) return
      const parent = this.#open.at(-1)
      if (parent === undefined) this.#tags.push(tag)
      else (parent.children ??= []).push(tag)
    } else if (id === ID.Targets && this.#openTargets !== undefined) {
      const targets: TagTargets = this.#openTargets
      this.#targets = targets
      this.#openTargets = undefined
      // Targets nearly always come first, but no rule says so.
      for (let i = this.#firstOfTag; i < this.#tags.length; i += 1) {
        this.#tags[i] = { ...this.#tags[i], targets }
      }
    }
  }

  /** A value inside a SimpleTag or Targets. */
  onValue(id: number, bytes: Uint8Array, start: number, end: number): void {
    const tag = this.#open.at(-1)
    if (tag !== undefined) {
      if (id === ID.TagName) tag.name = readString(bytes, start, end)
      else if (id === ID.TagString) tag.value = readString(bytes, start, end)
      else if (id === ID.TagBinary) tag.binary = copyBytes(bytes, start, end)
      else if (id === ID.TagLanguage) tag.language = readString(bytes, start, end)
      else if (id === ID.TagLanguageBCP47) tag.language = readString(bytes, start, end)
      else if (id === ID.TagDefault && end > start) tag.isDefault = readUint(bytes, start, end) !== 0
      return
    }
    const targets = this.#openTargets
    if (targets === undefined) return
    if (id === ID.TagTrackUID) targets.trackUids.push(readUintBig(bytes, start, end))
    else if (id === ID.TagEditionUID) targets.editionUids.push(readUintBig(bytes, start, end))
    else if (id === ID.TagChapterUID) targets.chapterUids.push(readUintBig(bytes, start, end))
    else if (id === ID.TagAttachmentUID) targets.attachmentUids.push(readUintBig(bytes, start, end))
    else if (id === ID.TargetTypeValue && end > start) targets.typeValue = readUint(bytes, start, end)
    else if (id === ID.TargetType) targets.type = readString(bytes, start, end)
  }
}
