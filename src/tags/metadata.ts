import type { Tag } from '../parser/tag.js'
import { createServiceError } from './service-error.js'
import type { ServiceError } from './service-error.js'
import { parseTimestampMs } from './timestamp.js'

/** What GetMedia writes around a fragment: its `AWS_KINESISVIDEO_*` tags, typed. Undefined: not there, or not yet. */
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
  /** In-band errors that came with the fragment, in order; nearly always empty. */
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

  /** Any tag of the service's was read. */
  get isFromService(): boolean {
    return (
      this.fragmentNumber !== undefined ||
      this.serverTimestamp !== undefined ||
      this.continuationToken !== undefined ||
      this.serviceErrors.length > 0
    )
  }

  /** Takes in the service's tags of one Tags element; answers the errors among them. */
  read(tags: readonly Tag[]): readonly ServiceError[] {
    const errors = readServiceErrors(tags, this.fragmentNumber)
    if (errors.length > 0) this.serviceErrors = [...this.serviceErrors, ...errors]
    for (const tag of tags) this.#readTag(tag, errors.length > 0)
    return errors
  }

  #readTag(tag: Tag, isError: boolean): void {
    if (!tag.name.startsWith(AWS_TAG_PREFIX)) return
    const text = tag.value ?? ''
    switch (tag.name.slice(AWS_TAG_PREFIX.length)) {
      case 'FRAGMENT_NUMBER':
        // The number in an error's tags says what the error is about, which may be another fragment.
        if (!isError || this.fragmentNumber === undefined) this.fragmentNumber = text
        break
      case 'SERVER_TIMESTAMP':
      case 'SERVER_SIDE_TIMESTAMP':
        this.serverTimestamp = text
        this.serverTimestampMs = parseTimestampMs(text)
        break
      case 'PRODUCER_TIMESTAMP':
      case 'PRODUCER_SIDE_TIMESTAMP':
        this.producerTimestamp = text
        this.producerTimestampMs = parseTimestampMs(text)
        break
      case 'MILLIS_BEHIND_NOW':
        this.millisBehindNow = /^\d{1,15}$/.test(text) ? Number(text) : undefined
        break
      case 'CONTINUATION_TOKEN':
        this.continuationToken = text
        break
      case 'ERROR_ID':
      case 'ERROR_CODE':
      case 'EXCEPTION_ERROR_CODE':
      case 'EXCEPTION_MESSAGE':
        break
      default:
        this.unknownTags = [...this.unknownTags, tag]
    }
  }
}

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
    if (tag.name === `${AWS_TAG_PREFIX}FRAGMENT_NUMBER`) fragmentNumber = tag.value
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
