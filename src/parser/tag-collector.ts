import { HeaderCursor } from './header-cursor.js'
import type { FragmentLedger } from './ledger.js'
import { ID } from './schema.js'
import type { Tag, TagTargets } from './tag.js'
import { copyBytes, readName, readString, readUint, readUintBig } from './values.js'

// RFC 9559 §5.1.8.1.2.2.
const DEFAULT_LANGUAGE = 'und'
const NO_UIDS: bigint[] = []
const NO_TAGS: OpenTag[] = []

/** RFC 9559 §5.1.8.1.1: an empty Targets speaks of everything, at level 50. */
const WHOLE_SEGMENT: TagTargets = {
  typeValue: 50,
  type: undefined,
  trackUids: NO_UIDS,
  editionUids: NO_UIDS,
  chapterUids: NO_UIDS,
  attachmentUids: NO_UIDS,
}

/** A SimpleTag, filled while it is read. */
class OpenTag implements Tag {
  name = ''
  value: string | undefined = undefined
  binary: Uint8Array | undefined = undefined
  language = DEFAULT_LANGUAGE
  isDefault = true
  position: 'before' | 'after'
  targets: TagTargets
  children: OpenTag[] = NO_TAGS
  #isBcp47 = false

  constructor(position: 'before' | 'after', targets: TagTargets) {
    this.position = position
    this.targets = targets
  }

  /** TagLanguageBCP47 holds when both are there, in whatever order (RFC 9559 §5.1.8.1.2.3). */
  setLanguage(language: string, isBcp47: boolean): void {
    if (this.#isBcp47 && !isBcp47) return
    this.#isBcp47 = isBcp47
    this.language = language
  }
}

/** Targets, filled while they are read. */
class OpenTargets implements TagTargets {
  typeValue = 50
  type: string | undefined = undefined
  trackUids = NO_UIDS
  editionUids = NO_UIDS
  chapterUids = NO_UIDS
  attachmentUids = NO_UIDS
}

/** Puts together the tags of one Tags element from the reader's events. Counts what it makes; the limit is the caller's. */
export class TagCollector {
  #tags: OpenTag[] = []
  /** The innermost open SimpleTag, and those it is nested in, outermost first. */
  #tag: OpenTag | undefined
  readonly #outerTags: OpenTag[] = []
  #targets: TagTargets = WHOLE_SEGMENT
  #openTargets: OpenTargets | undefined
  #position: 'before' | 'after' = 'before'
  /** Index in #tags of the first tag of the open Tag element. */
  #firstOfTag = 0
  /** Targets came after tags of the open Tag element: seldom, but no rule forbids it. */
  #isTargetsLate = false
  readonly #cursor = new HeaderCursor()

  /** A Tags element began. */
  begin(position: 'before' | 'after'): void {
    this.#tags = []
    this.#tag = undefined
    this.#outerTags.length = 0
    this.#openTargets = undefined
    this.#position = position
    this.#targets = WHOLE_SEGMENT
  }

  /** The tags of the Tags element that ended. */
  take(): readonly Tag[] {
    return this.#tags
  }

  /** The tags that `take` gave opened a fragment: they stand before its Cluster, not after the last one's. */
  markBefore(): void {
    for (const tag of withChildren(this.#tags)) tag.position = 'before'
  }

  /**
   * Reads a Tag with the data `bytes[start, end)` in one loop when it is as nearly all are: SimpleTags of a name and a text,
   * and perhaps Targets that say nothing. False when there is more to it or a limit is near: then nothing has happened, and
   * the reader has to bring it element by element.
   */
  readPlain(bytes: Uint8Array, start: number, end: number, ledger: FragmentLedger): boolean {
    const tags = this.#tags
    const cursor = this.#cursor
    const first = tags.length
    // A chunk may be a whole file: nothing is made of it beyond the limits, not even for a moment.
    const { tagsLeft, maxStringBytes } = ledger
    let elements = 0
    let textBytes = 0
    let at = start
    while (at < end) {
      if (cursor.enter(ID.SimpleTag, bytes, at, end)) {
        if (tags.length - first >= tagsLeft) break
        const tagEnd = cursor.dataEnd
        if (!cursor.enter(ID.TagName, bytes, cursor.dataAt, tagEnd)) break
        const nameAt = cursor.dataAt
        const nameEnd = cursor.dataEnd
        if (!cursor.enter(ID.TagString, bytes, nameEnd, tagEnd) || cursor.dataEnd !== tagEnd) break
        if (Math.max(nameEnd - nameAt, tagEnd - cursor.dataAt) > maxStringBytes) break
        const tag = new OpenTag(this.#position, WHOLE_SEGMENT)
        tag.name = readName(bytes, nameAt, nameEnd)
        tag.value = readString(bytes, cursor.dataAt, tagEnd)
        tags.push(tag)
        elements += 3
        textBytes += nameEnd - nameAt + tagEnd - cursor.dataAt
      } else if (cursor.enter(ID.Targets, bytes, at, end) && cursor.dataAt === cursor.dataEnd) {
        elements += 1
      } else {
        break
      }
      at = cursor.dataEnd
    }
    const isPlain = at === end && ledger.addPlainTags(tags.length - first, elements, textBytes)
    if (!isPlain) tags.length = first
    return isPlain
  }

  /** A Tag, Targets or SimpleTag began. */
  onMasterStart(id: number): void {
    if (id === ID.SimpleTag) {
      if (this.#tag !== undefined) this.#outerTags.push(this.#tag)
      this.#tag = new OpenTag(this.#position, this.#targets)
    } else if (id === ID.Tag) {
      this.#targets = WHOLE_SEGMENT
      this.#firstOfTag = this.#tags.length
      this.#isTargetsLate = false
    } else if (id === ID.Targets) {
      this.#openTargets = new OpenTargets()
    }
  }

  /** A Tag, Targets or SimpleTag ended. */
  onMasterEnd(id: number): void {
    if (id === ID.SimpleTag) {
      const tag = this.#tag
      if (tag === undefined) return
      const parent = this.#outerTags.pop()
      this.#tag = parent
      if (parent === undefined) this.#tags.push(tag)
      else parent.children = append(parent.children, tag)
    } else if (id === ID.Targets && this.#openTargets !== undefined) {
      this.#targets = this.#openTargets
      this.#openTargets = undefined
      this.#isTargetsLate = this.#tags.length > this.#firstOfTag
    } else if (id === ID.Tag && this.#isTargetsLate) {
      retarget(this.#tags.slice(this.#firstOfTag), this.#targets)
    }
  }

  /** A value inside a SimpleTag or Targets. */
  onValue(id: number, bytes: Uint8Array, start: number, end: number): void {
    const tag = this.#tag
    if (tag !== undefined) {
      readTagValue(tag, id, bytes, start, end)
      return
    }
    const targets = this.#openTargets
    if (targets === undefined) return
    readTargetsValue(targets, id, bytes, start, end)
  }
}

/** RFC 8794 §6.1: an element of length 0 has its default value. */
function readLanguage(bytes: Uint8Array, start: number, end: number): string {
  return start === end ? DEFAULT_LANGUAGE : readString(bytes, start, end)
}

function readTagValue(
  tag: OpenTag,
  id: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  // Two ifs before the switch: nearly every value of a stream's tags is one of these.
  if (id === ID.TagName) {
    tag.name = readName(bytes, start, end)
  } else if (id === ID.TagString) {
    tag.value = readString(bytes, start, end)
  } else {
    switch (id) {
      case ID.TagBinary:
        tag.binary = copyBytes(bytes, start, end)
        break
      case ID.TagLanguage:
        tag.setLanguage(readLanguage(bytes, start, end), false)
        break
      case ID.TagLanguageBCP47:
        tag.setLanguage(readLanguage(bytes, start, end), true)
        break
      case ID.TagDefault:
        if (end > start) tag.isDefault = readUint(bytes, start, end) !== 0
        break
      default:
    }
  }
}

function readTargetsValue(
  targets: OpenTargets,
  id: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  switch (id) {
    case ID.TargetType:
      targets.type = readString(bytes, start, end)
      break
    case ID.TargetTypeValue:
      if (end > start) targets.typeValue = readUint(bytes, start, end)
      break
    case ID.TagTrackUID:
      targets.trackUids = append(targets.trackUids, readUintBig(bytes, start, end))
      break
    case ID.TagEditionUID:
      targets.editionUids = append(targets.editionUids, readUintBig(bytes, start, end))
      break
    case ID.TagChapterUID:
      targets.chapterUids = append(targets.chapterUids, readUintBig(bytes, start, end))
      break
    case ID.TagAttachmentUID:
      targets.attachmentUids = append(targets.attachmentUids, readUintBig(bytes, start, end))
      break
    default:
  }
}

/** Gives `tags` and all nested in them other targets. */
function retarget(tags: readonly OpenTag[], targets: TagTargets): void {
  for (const tag of withChildren(tags)) tag.targets = targets
}

function withChildren(tags: readonly OpenTag[]): readonly OpenTag[] {
  const all = [...tags]
  // Grows while it is walked.
  for (const tag of all) for (const child of tag.children) all.push(child)
  return all
}

/** Adds to a list; the empty ones are shared and stay empty. */
function append<T>(list: T[], item: T): T[] {
  if (list.length === 0) return [item]
  list.push(item)
  return list
}
