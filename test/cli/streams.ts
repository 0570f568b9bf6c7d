// Small GetMedia streams, built without the package's own writer.
import { concat, EBML_HEADER, element, openElement, tagsOf } from '../helpers/ebml-bytes.js'

/** The number of the `sequence`-th fragment, in the layout they have; sent at 1,700,000,000,000. */
export function numberOf(sequence: number): string {
  return String((1n << 156n) + (BigInt(sequence) << 92n) + (1_700_000_000_000n << 28n) + 7n)
}

/** One video track, number 1, UID 2^63, named as given, H.264. */
export function tracksNamed(name: string): Uint8Array {
  const parts = [
    element('D7', '01'),
    element('73C5', '8000000000000000'),
    element('83', '01'),
    element('536E', new TextEncoder().encode(name)),
    element('86', "'V_MPEG4/ISO/AVC'"),
  ]
  return element('1654AE6B', element('AE', ...parts))
}

/** What {@link fragmentOf} can be told. */
export interface Shape {
  readonly sequence?: number
  readonly producerTags?: readonly (readonly [string, string])[]
  readonly lateTags?: readonly (readonly [string, string])[]
  readonly trackName?: string
  readonly hasTail?: boolean
  readonly extraHead?: readonly (readonly [string, string])[]
}

/** A whole GetMedia fragment: a keyframe `aa bb cc` at 5 ms, a frame `dd ee` 33 ms later. */
export function fragmentOf(shape: Shape = {}): Uint8Array {
  const {
    sequence = 1,
    producerTags = [],
    lateTags = [],
    trackName = 'door',
    hasTail = true,
  } = shape
  const number = numberOf(sequence)
  const segment = openElement(
    '18538067',
    1,
    tracksNamed(trackName),
    producerTags.length === 0 ? '' : tagsOf(...producerTags),
    tagsOf(
      ['AWS_KINESISVIDEO_FRAGMENT_NUMBER', number],
      ['AWS_KINESISVIDEO_SERVER_TIMESTAMP', '1700000000.123'],
      ['AWS_KINESISVIDEO_PRODUCER_TIMESTAMP', '1700000000.000'],
      ...(shape.extraHead ?? []),
    ),
    element('1F43B675', 'E7 81 05', 'A3 87 81 0000 80 AABBCC', 'A3 86 81 0021 00 DDEE'),
    lateTags.length === 0 ? '' : tagsOf(...lateTags),
    hasTail
      ? tagsOf(
          ['AWS_KINESISVIDEO_MILLIS_BEHIND_NOW', '15858'],
          ['AWS_KINESISVIDEO_CONTINUATION_TOKEN', number],
        )
      : '',
  )
  return concat(EBML_HEADER, segment)
}

/** An in-band error in a document of its own. */
export function errorDocument(id: number, code: string): Uint8Array {
  const tags = tagsOf(
    ['AWS_KINESISVIDEO_ERROR_ID', String(id)],
    ['AWS_KINESISVIDEO_ERROR_CODE', code],
  )
  return concat(EBML_HEADER, openElement('18538067', 1, tags))
}

/** The beginning of a document, and in it a size that no element may have: 26 bytes, damaged at byte 21. */
export const DAMAGE: Uint8Array = concat(EBML_HEADER, '18538067 FF', '1654AE6B FF')
