/**
 * The Tags elements that the service itself writes into a GetMedia payload, byte for byte as real
 * captures have them: every size in four bytes and no Targets element.
 */
import { ID } from '../parser/schema.js'
import { SERVICE_ERRORS } from '../tags/service-error.js'
import { formatTimestamp } from '../tags/timestamp.js'
import { type VintWidth, element, stringElement } from './ebml-writer.js'

/** Which API's tag names to write: GetMedia and GetMediaForFragmentList document different ones. */
export type TagSpelling = 'GetMedia' | 'GetMediaForFragmentList'

/** What HEAD, the Tags right before the Cluster, says. Without a value its tag is left out. */
export interface HeadTags {
  /** AWS_KINESISVIDEO_FRAGMENT_NUMBER. */
  readonly fragmentNumber?: string | undefined
  /** AWS_KINESISVIDEO_SERVER_TIMESTAMP, in milliseconds since 1970. */
  readonly serverTimestampMs?: number | undefined
  /** AWS_KINESISVIDEO_PRODUCER_TIMESTAMP, in milliseconds since 1970 or since the producer began. */
  readonly producerTimestampMs?: number | undefined
}

/** What TAIL, the last element of a GetMedia fragment, says. */
export interface TailTags {
  /** AWS_KINESISVIDEO_MILLIS_BEHIND_NOW. */
  readonly millisBehindNow?: number | undefined
  /** AWS_KINESISVIDEO_CONTINUATION_TOKEN: its presence completes the fragment. */
  readonly continuationToken?: string | undefined
}

/** What an in-band error says. */
export interface ErrorTags {
  /** AWS_KINESISVIDEO_ERROR_ID. `undefined` leaves the tag out, which the documents do not rule out. */
  readonly id: number | undefined
  /** AWS_KINESISVIDEO_ERROR_CODE. Default: its text in SERVICE_ERRORS, or UNKNOWN. */
  readonly code?: string | undefined
  /** AWS_KINESISVIDEO_FRAGMENT_NUMBER beside the error. Default: none. */
  readonly fragmentNumber?: string | undefined
}

/** The HEAD Tags element. */
export function headTags(tags: HeadTags, spelling: TagSpelling = 'GetMedia'): Uint8Array {
  const { fragmentNumber, serverTimestampMs, producerTimestampMs } = tags
  const isList = spelling === 'GetMediaForFragmentList'
  return serviceTags([
    ['FRAGMENT_NUMBER', fragmentNumber],
    [isList ? 'SERVER_SIDE_TIMESTAMP' : 'SERVER_TIMESTAMP', timestamp(serverTimestampMs)],
    [isList ? 'PRODUCER_SIDE_TIMESTAMP' : 'PRODUCER_TIMESTAMP', timestamp(producerTimestampMs)],
  ])
}

/** The TAIL Tags element. */
export function tailTags(tags: TailTags): Uint8Array {
  return serviceTags([
    ['MILLIS_BEHIND_NOW', tags.millisBehindNow?.toString()],
    ['CONTINUATION_TOKEN', tags.continuationToken],
  ])
}

/** A Tags element that reports an in-band error. */
export function errorTags(error: ErrorTags, spelling: TagSpelling = 'GetMedia'): Uint8Array {
  const code = error.code ?? SERVICE_ERRORS.get(error.id ?? 0)?.code ?? 'UNKNOWN'
  return serviceTags(
    spelling === 'GetMediaForFragmentList'
      ? [
          ['FRAGMENT_NUMBER', error.fragmentNumber],
          ['EXCEPTION_ERROR_CODE', error.id?.toString()],
          ['EXCEPTION_MESSAGE', code],
        ]
      : [
          ['FRAGMENT_NUMBER', error.fragmentNumber],
          ['ERROR_CODE', code],
          ['ERROR_ID', error.id?.toString()],
        ],
  )
}

const SIZE: { readonly sizeWidth: VintWidth } = { sizeWidth: 4 }

function serviceTags(tags: readonly (readonly [string, string | undefined])[]): Uint8Array {
  const simpleTags: Uint8Array[] = []
  for (const [name, value] of tags) {
    if (value === undefined) continue
    const pair = [
      stringElement(ID.TagName, `AWS_KINESISVIDEO_${name}`, SIZE),
      stringElement(ID.TagString, value, SIZE),
    ]
    simpleTags.push(element(ID.SimpleTag, pair, SIZE))
  }
  return element(ID.Tags, element(ID.Tag, simpleTags, SIZE), SIZE)
}

function timestamp(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : formatTimestamp(milliseconds)
}
