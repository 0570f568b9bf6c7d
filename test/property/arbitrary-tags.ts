import fc from 'fast-check'
import type { TagTargets } from '../../src/parser/index.js'
import type { Coded } from './arbitrary-elements.js'
import {
  anyText,
  binary,
  dressing,
  master,
  maybe,
  orderedDressing,
  present,
  someBytes,
  text,
  uint,
} from './arbitrary-elements.js'
import type { Element } from './ebml-tree.js'
import * as ids from './matroska-ids.js'
import type { ModelTag } from './model.js'
import { hex } from './model.js'

/** A tag before it is known where it stands and what it speaks of. */
export interface PlainTag extends Omit<ModelTag, 'position' | 'targets' | 'children'> {
  readonly children: readonly PlainTag[]
}

/** One Tag element. */
export interface TagGroup {
  readonly targets: TagTargets
  readonly tags: readonly PlainTag[]
}

const AWS_PREFIX = 'AWS_KINESISVIDEO_'

/** Names a producer may choose; those that trip up plain objects too. */
const producerName = fc.oneof(
  anyText.filter((name) => !name.startsWith(AWS_PREFIX)),
  fc.constantFrom('__proto__', 'constructor', 'MimeType', 'ContactId', 'aws_kinesisvideo_lower'),
)

const language = fc.oneof(
  { weight: 3, arbitrary: text(ids.TAG_LANGUAGE, fc.constantFrom('und', 'eng', 'ger')) },
  // Length 0 stands for the default.
  fc.constant<Coded<string>>({
    value: 'und',
    element: {
      id: ids.TAG_LANGUAGE,
      content: new Uint8Array(0),
      sizeWidth: 1,
      isUnknownSize: false,
    },
  }),
)

function simpleTag(name: fc.Arbitrary<string>, depth: number): fc.Arbitrary<Coded<PlainTag>> {
  const none = fc.constant<readonly Coded<PlainTag>[]>([])
  const children =
    depth === 0
      ? none
      : fc.oneof(
          { weight: 5, arbitrary: none },
          { weight: 1, arbitrary: fc.array(simpleTag(name, depth - 1), { maxLength: 2 }) },
        )
  const content = fc.oneof(
    { weight: 4, arbitrary: fc.record({ text: text(ids.TAG_STRING) }) },
    fc.record({ binary: binary(ids.TAG_BINARY, someBytes(12)) }),
    fc.constant({}),
  )
  return fc
    .record({
      name: text(ids.TAG_NAME, name),
      content,
      language: maybe(language),
      languageBcp47: fc.option(text(ids.TAG_LANGUAGE_BCP47, fc.constantFrom('de-CH', 'en')), {
        nil: undefined,
        freq: 5,
      }),
      isDefault: maybe(uint(ids.TAG_DEFAULT, fc.bigInt({ min: 0n, max: 1n }), 1n)),
      children,
      dressing,
    })
    .map((parts): Coded<PlainTag> => {
      const { text: string, binary: bytes } = parts.content as {
        text?: Coded<string>
        binary?: Coded<Uint8Array>
      }
      const own: readonly (Coded<unknown> | undefined)[] = [
        parts.name,
        string,
        bytes,
        parts.language,
        parts.languageBcp47,
        parts.isDefault,
      ]
      // Nested tags keep their order.
      const nested = parts.children.map(({ element }) => element)
      const order = nested.length > 1 ? [] : parts.dressing.order
      return {
        value: {
          name: parts.name.value,
          value: string?.value,
          binary: bytes === undefined ? undefined : hex(bytes.value),
          // RFC 9559 §5.1.8.1.2.3: where both are given, TagLanguageBCP47 holds.
          language: parts.languageBcp47?.value ?? parts.language?.value ?? 'und',
          isDefault: parts.isDefault?.value !== 0n,
          children: parts.children.map(({ value }) => value),
        },
        element: master(
          ids.SIMPLE_TAG,
          [...own.flatMap((part) => part?.element ?? []), ...nested],
          { ...parts.dressing, order },
        ),
      }
    })
}

const uid = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
const uids = (id: number): fc.Arbitrary<Coded<bigint>[]> =>
  fc.array(uint(id, uid), { maxLength: 2 })

const targets: fc.Arbitrary<Coded<TagTargets>> = fc
  .record({
    typeValue: maybe(uint(ids.TARGET_TYPE_VALUE, fc.bigInt({ min: 1n, max: 70n }), 50n)),
    type: maybe(text(ids.TARGET_TYPE, fc.constantFrom('ALBUM', 'TRACK', 'SHOT'))),
    trackUids: uids(ids.TAG_TRACK_UID),
    editionUids: uids(ids.TAG_EDITION_UID),
    chapterUids: uids(ids.TAG_CHAPTER_UID),
    attachmentUids: uids(ids.TAG_ATTACHMENT_UID),
    dressing: orderedDressing,
  })
  .map(({ typeValue, type, dressing: clothes, ...lists }) => {
    const children: Element[] = [
      ...present({ typeValue: typeValue?.element, type: type?.element }),
      ...Object.values(lists).flatMap((list) => list.map(({ element }) => element)),
    ]
    return {
      value: {
        typeValue: Number(typeValue?.value ?? 50n),
        type: type?.value,
        trackUids: lists.trackUids.map(({ value }) => value),
        editionUids: lists.editionUids.map(({ value }) => value),
        chapterUids: lists.chapterUids.map(({ value }) => value),
        attachmentUids: lists.attachmentUids.map(({ value }) => value),
      },
      element: master(ids.TARGETS, children, clothes),
    }
  })

const NO_TARGETS: TagTargets = {
  typeValue: 50,
  type: undefined,
  trackUids: [],
  editionUids: [],
  chapterUids: [],
  attachmentUids: [],
}

function tagGroup(simpleTags: fc.Arbitrary<Coded<PlainTag>[]>): fc.Arbitrary<Coded<TagGroup>> {
  return fc
    .record({
      targets: maybe(targets),
      isLast: fc.boolean(),
      simpleTags,
      dressing: orderedDressing,
    })
    .map((parts) => {
      const tags = parts.simpleTags.map(({ element }) => element)
      const own = parts.targets === undefined ? [] : [parts.targets.element]
      return {
        value: {
          targets: parts.targets?.value ?? NO_TARGETS,
          tags: parts.simpleTags.map(({ value }) => value),
        },
        // Targets mostly come first, but nothing says so.
        element: master(
          ids.TAG,
          parts.isLast ? [...tags, ...own] : [...own, ...tags],
          parts.dressing,
        ),
      }
    })
}

function tagsElement(
  groups: fc.Arbitrary<Coded<TagGroup>[]>,
): fc.Arbitrary<Coded<readonly TagGroup[]>> {
  return fc.tuple(groups, orderedDressing).map(([list, clothes]) => ({
    value: list.map(({ value }) => value),
    element: master(
      ids.TAGS,
      list.map(({ element }) => element),
      clothes,
    ),
  }))
}

/** A Tags element of the producer's. */
export const producerTags: fc.Arbitrary<Coded<readonly TagGroup[]>> = tagsElement(
  fc.array(tagGroup(fc.array(simpleTag(producerName, 2), { maxLength: 3 })), {
    minLength: 1,
    maxLength: 2,
  }),
)

/** A Tags element of the service's: these names and values, in one Tag or in one each. */
export function serviceTags(
  values: fc.Arbitrary<Readonly<Record<string, string | undefined>>>,
): fc.Arbitrary<Coded<readonly TagGroup[]>> {
  return fc
    .record({ values, isSplit: fc.boolean(), padding: fc.nat(4), dressing: orderedDressing })
    .map((parts) => {
      const tags = Object.entries(parts.values).flatMap(([name, value]) =>
        value === undefined ? [] : [plainTag(`${AWS_PREFIX}${name}`, value, parts.padding)],
      )
      const bundles = parts.isSplit ? tags.map((tag) => [tag]) : [tags]
      return {
        value: bundles.map((bundle) => ({
          targets: NO_TARGETS,
          tags: bundle.map(({ value }) => value),
        })),
        element: master(
          ids.TAGS,
          bundles.map((bundle) =>
            master(
              ids.TAG,
              bundle.map(({ element }) => element),
              { ...parts.dressing, hasChecksum: false, spacers: [] },
            ),
          ),
          parts.dressing,
        ),
      }
    })
}

function plainTag(name: string, value: string, padding: number): Coded<PlainTag> {
  const leaf = (id: number, string: string): Element => ({
    id,
    content: Uint8Array.of(...new TextEncoder().encode(string), ...new Uint8Array(padding)),
    sizeWidth: 1,
    isUnknownSize: false,
  })
  return {
    value: { name, value, binary: undefined, language: 'und', isDefault: true, children: [] },
    element: {
      id: ids.SIMPLE_TAG,
      content: [leaf(ids.TAG_NAME, name), leaf(ids.TAG_STRING, value)],
      sizeWidth: 1,
      isUnknownSize: false,
    },
  }
}
