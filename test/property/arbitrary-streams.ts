// Arbitrary valid streams: several documents, of every shape that protocol and RFC allow.
import fc from 'fast-check'
import type { PlainCluster } from './arbitrary-clusters.js'
import { clusterElement } from './arbitrary-clusters.js'
import type { Coded } from './arbitrary-elements.js'
import {
  binary,
  dressing,
  master,
  maybe,
  orderedDressing,
  someBytes,
  text,
  uint,
} from './arbitrary-elements.js'
import type { TagGroup } from './arbitrary-tags.js'
import { producerTags, serviceTags } from './arbitrary-tags.js'
import { infoElement, tracksElement } from './arbitrary-tracks.js'
import type { Element, PlacedElement } from './ebml-tree.js'
import { place, write } from './ebml-tree.js'
import * as ids from './matroska-ids.js'
import type { ModelInfo, ModelTrack } from './model.js'
import { hex } from './model.js'

/** What the elements say that a reader has to understand; everything else is not in here. */
export type Meaning =
  | { readonly kind: 'header'; readonly docType: string | undefined }
  | { readonly kind: 'segment' }
  | { readonly kind: 'info'; readonly info: ModelInfo }
  | { readonly kind: 'tracks'; readonly tracks: readonly ModelTrack[] }
  | { readonly kind: 'tags'; readonly groups: readonly TagGroup[] }
  | { readonly kind: 'cluster'; readonly cluster: PlainCluster }

/** A stream, as elements and as bytes, and what its elements mean. */
export interface Stream {
  readonly elements: readonly PlacedElement[]
  readonly bytes: Uint8Array
  readonly meanings: ReadonlyMap<Element, Meaning>
}

interface Part {
  readonly element: Element
  readonly meaning: Meaning | undefined
}

const info: fc.Arbitrary<Part> = infoElement.map(({ element, value }) => ({
  element,
  meaning: { kind: 'info', info: value },
}))

const tracks: fc.Arbitrary<Part> = tracksElement.map(({ element, value }) => ({
  element,
  meaning: { kind: 'tracks', tracks: value },
}))

const cluster: fc.Arbitrary<Part> = clusterElement.map(({ element, value }) => ({
  element,
  meaning: { kind: 'cluster', cluster: value },
}))

function toTags({ element, value }: Coded<readonly TagGroup[]>): Part {
  return { element, meaning: { kind: 'tags', groups: value } }
}

const tags = producerTags.map(toTags)

const digits = fc.oneof(
  fc.constant('91343852333181432392682062607743920146159169392'),
  fc.bigInt({ min: 0n, max: 10n ** 128n - 1n }).map(String),
)
const seconds = fc
  .tuple(fc.constantFrom('0', '45', '1511852109'), fc.integer({ min: 0, max: 999 }))
  .map(([whole, ms]) => `${whole}.${String(ms).padStart(3, '0')}`)

const head = serviceTags(
  fc.record({
    FRAGMENT_NUMBER: digits,
    SERVER_TIMESTAMP: seconds,
    PRODUCER_TIMESTAMP: seconds,
    NOT_KNOWN_YET: fc.option(fc.constant('1'), { nil: undefined, freq: 5 }),
  }),
).map(toTags)

/** As the page of GetMediaForFragmentList spells them. */
const listHead = serviceTags(
  fc.record({
    FRAGMENT_NUMBER: digits,
    SERVER_SIDE_TIMESTAMP: seconds,
    PRODUCER_SIDE_TIMESTAMP: seconds,
  }),
).map(toTags)

const tail = serviceTags(
  fc.record({
    MILLIS_BEHIND_NOW: fc.option(fc.nat().map(String), { nil: undefined, freq: 5 }),
    CONTINUATION_TOKEN: digits,
  }),
).map(toTags)

const error = serviceTags(
  fc.record({
    FRAGMENT_NUMBER: maybe(digits),
    ERROR_ID: fc.constantFrom('3000', '3002', '4000', '4500', '5000', '7777'),
    ERROR_CODE: fc.constantFrom('INTERNAL_ERROR', 'FRAGMENT_NOT_FOUND', 'SOMETHING_NEW'),
  }),
).map(toTags)

function unread(element: fc.Arbitrary<Element>): fc.Arbitrary<Part> {
  return element.map((some) => ({ element: some, meaning: undefined }))
}

const elementOf = ({ element }: Coded<unknown>): Element => element

/** SeekHead, Cues, Chapters, Attachments: read over, whatever is in them. */
const unreadMaster: fc.Arbitrary<Part> = unread(
  fc.oneof(
    nest(ids.SEEK_HEAD, ids.SEEK, uint(ids.SEEK_POSITION, fc.bigInt({ min: 0n, max: 9999n }))),
    nest(ids.CUES, ids.CUE_POINT, uint(ids.CUE_TIME, fc.bigInt({ min: 0n, max: 9999n }))),
    nest(ids.ATTACHMENTS, ids.ATTACHED_FILE, binary(ids.FILE_DATA, someBytes(30))),
    fc
      .tuple(nest(ids.CHAPTER_ATOM, ids.CHAPTER_ATOM, text(ids.TITLE)), dressing)
      .map(([, clothes]) => {
        const uid: Element = {
          id: ids.CHAPTER_UID,
          content: Uint8Array.of(7),
          sizeWidth: 1,
          isUnknownSize: false,
        }
        const atom = master(ids.CHAPTER_ATOM, [master(ids.CHAPTER_ATOM, [uid], clothes)], clothes)
        return master(ids.CHAPTERS, [master(ids.EDITION_ENTRY, [atom], clothes)], clothes)
      }),
  ),
)

function nest(
  outer: number,
  inner: number,
  leaf: fc.Arbitrary<Coded<unknown>>,
): fc.Arbitrary<Element> {
  return fc
    .tuple(fc.array(leaf.map(elementOf), { maxLength: 2 }), dressing, dressing)
    .map(([leaves, first, second]) => master(outer, [master(inner, leaves, first)], second))
}

/** Voids and unregistered elements between the Segment's children come with its dressing. */
function segmentOf(parts: fc.Arbitrary<readonly Part[]>): fc.Arbitrary<readonly Part[]> {
  return fc
    .record({
      children: parts,
      clothes: orderedDressing,
      isUnknownSize: fc.oneof({ weight: 2, arbitrary: fc.constant(true) }, fc.boolean()),
      after: fc.option(binary(ids.VOID, someBytes(9)), { nil: undefined, freq: 5 }),
    })
    .map(({ children, clothes, isUnknownSize, after }): readonly Part[] => {
      const spaced = separate(children, clothes.spacers)
      const element = master(
        ids.SEGMENT,
        spaced.map((part) => part.element),
        { ...clothes, spacers: [] },
        isUnknownSize,
      )
      const segment: readonly Part[] = [{ element, meaning: { kind: 'segment' } }, ...children]
      // A Void may stand between documents too, unless it would be in this one.
      return after === undefined || isUnknownSize
        ? segment
        : [...segment, { element: after.element, meaning: undefined }]
    })
}

/** A Void after a Cluster of unknown size would be in the Cluster, so none goes there. */
function separate(
  children: readonly Part[],
  spacers: readonly { readonly before: number; readonly element: Element }[],
): readonly Part[] {
  const spaced = [...children]
  for (const { before, element } of spacers) {
    const previous = spaced[Math.min(before, spaced.length) - 1]
    if (previous?.element.isUnknownSize) continue
    spaced.splice(before, 0, { element, meaning: undefined })
  }
  return spaced
}

function concat(...parts: fc.Arbitrary<readonly Part[]>[]): fc.Arbitrary<readonly Part[]> {
  return fc.tuple(...parts).map((lists) => lists.flat())
}

const one = (part: fc.Arbitrary<Part>): fc.Arbitrary<readonly Part[]> => part.map((only) => [only])
const few = (part: fc.Arbitrary<Part>, max = 2): fc.Arbitrary<readonly Part[]> =>
  fc.array(part, { maxLength: max })
const perhaps = (part: fc.Arbitrary<Part>): fc.Arbitrary<readonly Part[]> =>
  maybe(part).map((some) => (some === undefined ? [] : [some]))

/** The producer's header, in any order. */
const preamble: fc.Arbitrary<readonly Part[]> = fc
  .tuple(
    perhaps(unreadMaster),
    few(tags),
    perhaps(info),
    perhaps(tracks),
    fc.array(fc.nat(9), {
      minLength: 5,
      maxLength: 5,
    }),
  )
  .map(([a, b, c, d, keys]) =>
    [...a, ...b, ...c, ...d]
      .map((part, i) => ({ part, key: keys[i % keys.length] }))
      .sort((x, y) => x.key - y.key)
      .map(({ part }) => part),
  )

const trailer = few(fc.oneof(tags, unreadMaster))

/** HEAD, Cluster, TAIL; several Clusters are legal too, though nobody has seen them. */
const run = concat(
  one(head),
  one(cluster),
  fc.oneof({ weight: 5, arbitrary: few(cluster, 0) }, { weight: 1, arbitrary: few(cluster) }),
  trailer,
  one(tail),
)

const ordinarySegment = segmentOf(
  concat(
    preamble,
    one(cluster),
    few(fc.oneof({ weight: 2, arbitrary: cluster }, tags, unreadMaster), 4),
  ),
)

const header: fc.Arbitrary<Part> = fc
  .record({
    docType: maybe(text(ids.DOC_TYPE, fc.constantFrom('matroska', 'webm'))),
    numbers: fc.subarray([
      ids.EBML_VERSION,
      ids.EBML_READ_VERSION,
      ids.EBML_MAX_ID_LENGTH,
      ids.EBML_MAX_SIZE_LENGTH,
      ids.DOC_TYPE_VERSION,
      ids.DOC_TYPE_READ_VERSION,
    ]),
    extension: fc.option(
      nest(ids.EBML, ids.DOC_TYPE_EXTENSION, text(ids.DOC_TYPE_EXTENSION_NAME)),
      { nil: undefined, freq: 5 },
    ),
    dressing,
  })
  .map(({ docType, numbers, extension, dressing: clothes }) => {
    const children: Element[] = numbers.map((id) => ({
      id,
      content: Uint8Array.of(4),
      sizeWidth: 1,
      isUnknownSize: false,
    }))
    if (docType !== undefined) children.push(docType.element)
    const inner = extension?.content.at(-1)
    if (typeof inner === 'object') children.push(inner)
    return {
      element: master(ids.EBML, children, clothes),
      meaning: { kind: 'header', docType: docType?.value },
    }
  })

function documentOf(...segments: fc.Arbitrary<readonly Part[]>[]): fc.Arbitrary<readonly Part[]> {
  return concat(one(header), ...segments)
}

const getMediaDocument = documentOf(segmentOf(concat(preamble, run)))
const mergedDocument = documentOf(segmentOf(concat(preamble, run, few(tags), run, few(tags), run)))
const restartedDocument = documentOf(
  segmentOf(concat(preamble, run)),
  segmentOf(concat(preamble, run)),
)
const ordinaryDocument = documentOf(ordinarySegment)
const tagsOnlyDocument = documentOf(segmentOf(preamble))
const errorDocument = documentOf(segmentOf(concat(few(tags, 1), one(error))))
const openDocument = documentOf(segmentOf(concat(preamble, one(head), one(cluster), trailer)))
const listDocument = documentOf(segmentOf(concat(preamble, one(listHead), one(cluster), trailer)))

function streamOf(
  documents: fc.Arbitrary<readonly Part[]>,
  maxLength: number,
): fc.Arbitrary<Stream> {
  return fc.array(documents, { minLength: 1, maxLength }).map((list) => {
    const parts = list.flat()
    const meanings = new Map<Element, Meaning>()
    for (const { element, meaning } of parts) {
      if (meaning !== undefined) meanings.set(element, meaning)
    }
    const roots = parts.filter(({ element }) =>
      [ids.EBML, ids.SEGMENT, ids.VOID].includes(element.id),
    )
    const elements = place(
      roots.map(({ element }) => element),
      0,
    )
    const bytes = write(elements)
    // A counterexample is told in hex: the elements can be read off it, and a unit test can be made of it.
    return { elements, bytes, meanings, [fc.toStringMethod]: () => `stream ${hex(bytes)}` }
  })
}

/** What GetMedia sends, and the exceptions: no Cluster, no closing tags, several runs, ordinary Matroska. */
export const getMediaStream: fc.Arbitrary<Stream> = streamOf(
  fc.oneof(
    { weight: 6, arbitrary: getMediaDocument },
    { weight: 1, arbitrary: mergedDocument },
    { weight: 1, arbitrary: restartedDocument },
    { weight: 1, arbitrary: ordinaryDocument },
    { weight: 1, arbitrary: tagsOnlyDocument },
    { weight: 1, arbitrary: errorDocument },
    { weight: 1, arbitrary: openDocument },
  ),
  3,
)

/** What GetMediaForFragmentList sends: no closing tags. */
export const fragmentListStream: fc.Arbitrary<Stream> = streamOf(
  fc.oneof({ weight: 4, arbitrary: listDocument }, errorDocument),
  3,
)

/** Ordinary Matroska, in one document or several. */
export const matroskaStream: fc.Arbitrary<Stream> = streamOf(ordinaryDocument, 2)
