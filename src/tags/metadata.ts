import type { Tag } from '../parser/tag.js'
import { createServiceError } from './service-error.js'
import type { ServiceError } from './service-error.js'
import { parseTimestampMs } from './timestamp.js'

/**
 * What GetMedia writes around a fragment: its `AWS_KINESISVIDEO_*` tags, typed. Undefined: not there, without a value, or not
 * yet.
 */
export interface FragmentMetadata {
  /**
   * FRAGMENT_NUMBER: up to 128 digits. Compare with `compareFragmentNumbers`, never as Number or as plain text.
   */
  readonly fragmentNumber: string | undefined
  /** SERVER_TIMESTAMP as sent: decimal seconds since 1970, e.g. `1511852109.126`. */
  readonly serverTimestamp: string | undefined
  /** The same in milliseconds since 1970; undefined when the text is no time. */
  readonly serverTimestampMs: number | undefined
  /** PRODUCER_TIMESTAMP as sent: decimal seconds, since 1970 or, from a relative producer, since its start. */
  readonly producerTimestamp: string | undefined
  /** The same in milliseconds; undefined when the text is no time. */
  readonly producerTimestampMs: number | undefined
  /** MILLIS_BEHIND_NOW: how old the fragment was when it was sent. Never 0, even at the live edge. */
  readonly millisBehindNow: number | undefined
  /**
   * CONTINUATION_TOKEN: where to resume, for a StartSelector. Opaque. The tag that holds it closes the fragment.
   */
  readonly continuationToken: string | undefined
  /**
   * In-band errors that came with the fragment, in order; nearly always empty. Each Tags element tells of its own: an ID and a
   * code that came in two of them are two errors. Act on the gravest.
   */
  readonly serviceErrors: readonly ServiceError[]
  /** Tags with AWS's prefix that this version does not know. */
  readonly unknownTags: readonly Tag[]
}

/** The prefix of every tag name that the service writes; producers may not use it. */
export const AWS_TAG_PREFIX = 'AWS_KINESISVIDEO_'

/**
 * Metadata while it is being read. The names are those of the GetMedia page; GetMediaForFragmentList's page has others
 * for the same things, and both are read.
 *
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_dataplane_GetMedia.html
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_reader_GetMediaForFragmentList.html
 */
export class OpenMetadata implements FragmentMetadata {
  fragmentNumber: string | undefined = undefined
  serverTimestamp: string | undefined = undefined
  serverTimestampMs: number | undefined = undefined
  producerTimestamp: string | undefined = undefined
  producerTimestampMs: number | undefined = undefined
  millisBehindNow: number | undefined = undefined
  continuationToken: string | undefined = undefined
  serviceErrors: readonly ServiceError[] = NO_ERRORS
  unknownTags: readonly Tag[] = NO_TAGS
  #isFromService = false
  /** The number is from opening tags, not from those of an error, which may be about another fragment. */
  #isNumberOwn = false

  /** Any tag of the service's that is known was read. */
  get isFromService(): boolean {
    return this.#isFromService
  }

  /** True when the tags open a fragment, and opening tags of another number were read before. */
  isOpenedAnew(tags: readonly Tag[]): boolean {
    return this.#isNumberOwn && isOpeningTags(tags) && this.#hasOtherNumber(tags)
  }

  /** True when the tags close the fragment, though they tell its number once more. */
  isClosedBy(tags: readonly Tag[]): boolean {
    return (
      tags.some(({ name }) => FIELDS.get(name) === 'continuationToken') &&
      !this.#hasOtherNumber(tags)
    )
  }

  #hasOtherNumber(tags: readonly Tag[]): boolean {
    return tags.some(
      ({ name, value }) => isNumberTag(name) && value !== this.fragmentNumber && Boolean(value),
    )
  }

  /** Takes in the service's tags of one Tags element and sorts out the producer's. */
  read(tags: readonly Tag[]): TagsOfService {
    let producerTags: Tag[] | undefined
    let errors: readonly ServiceError[] = NO_ERRORS
    let isClosing = false
    for (let i = 0; i < tags.length; i += 1) {
      const tag = tags[i]
      const field = tag.name.length < SHORTEST_FIELD ? undefined : FIELDS.get(tag.name)
      if (field !== undefined) {
        this.#isFromService = true
        if (field === 'continuationToken') isClosing = true
        if (field !== 'error') this.#set(field, tag.value ?? '', tags)
        else if (errors.length === 0) errors = this.readErrors(tags)
      } else if (tag.name.startsWith(AWS_TAG_PREFIX)) {
        this.unknownTags = [...this.unknownTags, tag]
      } else {
        ;(producerTags ??= []).push(tag)
      }
    }
    return { producerTags: producerTags ?? NO_TAGS, errors, isClosing }
  }

  /** Takes in the errors that one Tags element tells of, and nothing else of it. */
  readErrors(tags: readonly Tag[]): readonly ServiceError[] {
    const errors = readServiceErrors(tags, this.fragmentNumber)
    if (errors.length === 0) return NO_ERRORS
    this.#isFromService = true
    this.serviceErrors = [...this.serviceErrors, ...errors]
    return errors
  }

  /** What a log shows: every field, of errors and unknown tags their text only. */
  toJSON(): object {
    return Object.assign({}, this, {
      serviceErrors: this.serviceErrors.map(({ id, code }) => ({ id, code })),
      unknownTags: this.unknownTags.map(({ name, value }) => ({ name, value })),
    })
  }

  #set(field: Exclude<Field, 'error'>, text: string, tags: readonly Tag[]): void {
    // A tag without a value says nothing, and does not make another unsaid.
    if (text === '') return
    switch (field) {
      case 'fragmentNumber': {
        // The number in an error's tags says what the error is about, which may be another fragment.
        const isOwn = !hasError(tags)
        if (this.fragmentNumber !== undefined && !isOwn) break
        this.fragmentNumber = text
        this.#isNumberOwn = isOwn
        break
      }
      case 'serverTimestamp':
        this.serverTimestamp = text
        this.serverTimestampMs = parseTimestampMs(text)
        break
      case 'producerTimestamp':
        this.producerTimestamp = text
        this.producerTimestampMs = parseTimestampMs(text)
        break
      case 'millisBehindNow':
        this.millisBehindNow = /^\d{1,15}$/.test(text) ? Number(text) : undefined
        break
      case 'continuationToken':
        this.continuationToken = text
        break
    }
  }
}

/** What one Tags element held. */
export interface TagsOfService {
  /** The tags that are not the service's, in order. */
  readonly producerTags: readonly Tag[]
  /** The errors that its tags tell of. */
  readonly errors: readonly ServiceError[]
  /** It held CONTINUATION_TOKEN. */
  readonly isClosing: boolean
}

type Field =
  | 'fragmentNumber'
  | 'serverTimestamp'
  | 'producerTimestamp'
  | 'millisBehindNow'
  | 'continuationToken'
  | 'error'

const FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  [`${AWS_TAG_PREFIX}FRAGMENT_NUMBER`, 'fragmentNumber'],
  [`${AWS_TAG_PREFIX}SERVER_TIMESTAMP`, 'serverTimestamp'],
  [`${AWS_TAG_PREFIX}SERVER_SIDE_TIMESTAMP`, 'serverTimestamp'],
  [`${AWS_TAG_PREFIX}PRODUCER_TIMESTAMP`, 'producerTimestamp'],
  [`${AWS_TAG_PREFIX}PRODUCER_SIDE_TIMESTAMP`, 'producerTimestamp'],
  [`${AWS_TAG_PREFIX}MILLIS_BEHIND_NOW`, 'millisBehindNow'],
  [`${AWS_TAG_PREFIX}CONTINUATION_TOKEN`, 'continuationToken'],
  [`${AWS_TAG_PREFIX}ERROR_ID`, 'error'],
  [`${AWS_TAG_PREFIX}ERROR_CODE`, 'error'],
  [`${AWS_TAG_PREFIX}EXCEPTION_ERROR_CODE`, 'error'],
  [`${AWS_TAG_PREFIX}EXCEPTION_MESSAGE`, 'error'],
])

// To look a name up costs less than to compare its prefix, but more than to see that it is too short.
const SHORTEST_FIELD = Math.min(...[...FIELDS.keys()].map(({ length }) => length))

const NO_ERRORS: readonly ServiceError[] = []
const NO_TAGS: readonly Tag[] = []

const ERROR_ID_NAMES: readonly string[] = [
  `${AWS_TAG_PREFIX}ERROR_ID`,
  `${AWS_TAG_PREFIX}EXCEPTION_ERROR_CODE`,
]
const ERROR_CODE_NAMES: readonly string[] = [
  `${AWS_TAG_PREFIX}ERROR_CODE`,
  `${AWS_TAG_PREFIX}EXCEPTION_MESSAGE`,
]

function isNumberTag(name: string): boolean {
  return FIELDS.get(name) === 'fragmentNumber'
}

/** True when one of the tags tells of an error. */
function hasError(tags: readonly Tag[]): boolean {
  return tags.some((tag) => FIELDS.get(tag.name) === 'error')
}

/** True when the tags open a fragment: they hold its number, and do not do so because of an error. */
export function isOpeningTags(tags: readonly Tag[]): boolean {
  return tags.some(({ name }) => isNumberTag(name)) && !hasError(tags)
}

/** Every error that one Tags element tells of: an ID, a code, or both; a second ID or code begins another. */
function readServiceErrors(
  tags: readonly Tag[],
  knownFragmentNumber: string | undefined,
): readonly ServiceError[] {
  let errors: ServiceError[] | undefined
  let id: string | undefined
  let code: string | undefined
  let fragmentNumber = knownFragmentNumber
  const finish = (): void => {
    if (id !== undefined || code !== undefined) {
      ;(errors ??= []).push(createServiceError(id, code, fragmentNumber))
    }
    id = undefined
    code = undefined
  }
  for (const tag of tags) {
    if (isNumberTag(tag.name) && tag.value !== '') fragmentNumber = tag.value ?? fragmentNumber
  }
  for (const tag of tags) {
    if (ERROR_ID_NAMES.includes(tag.name)) {
      if (id !== undefined) finish()
      id = tag.value ?? ''
    } else if (ERROR_CODE_NAMES.includes(tag.name)) {
      if (code !== undefined) finish()
      code = tag.value ?? ''
    }
  }
  finish()
  return errors ?? NO_ERRORS
}
