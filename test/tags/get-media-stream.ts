// GetMedia payloads out of hex: the shapes of the design notes, one function each.
import type { Fragment } from '../../src/parser/fragment.js'
import type { GetMediaFragment, GetMediaParserOptions } from '../../src/tags/get-media-parser.js'
import { GetMediaParser } from '../../src/tags/get-media-parser.js'
import type { FragmentMetadata } from '../../src/tags/metadata.js'
import type { Part } from '../helpers/ebml-bytes.js'
import {
  concat,
  EBML_HEADER,
  element,
  openElement,
  simpleTag,
  tagsOf,
} from '../helpers/ebml-bytes.js'
import type { Parsed } from '../parser/fragment-harness.js'
import { run } from '../parser/fragment-harness.js'

const AWS = 'AWS_KINESISVIDEO_'

/** Tags with AWS's prefix before each name. */
export function awsTags(...pairs: readonly (readonly [string, string])[]): Uint8Array {
  return tagsOf(...pairs.map(([name, value]) => [AWS + name, value] as const))
}

/** A Tag element with the opening tags of fragment `number`. */
export function openingTagOf(number: string): Uint8Array {
  return element(
    '7373',
    simpleTag(`${AWS}FRAGMENT_NUMBER`, number),
    simpleTag(`${AWS}SERVER_TIMESTAMP`, '1511852109.126'),
    simpleTag(`${AWS}PRODUCER_TIMESTAMP`, '1511852108.513'),
  )
}

/** The opening tags of fragment `number`, a Tags element. */
export function headOf(number: string): Uint8Array {
  return element('1254C367', openingTagOf(number))
}

/** The closing tags of fragment `number`. */
export function tailOf(number: string): Uint8Array {
  return awsTags(['MILLIS_BEHIND_NOW', '15858'], ['CONTINUATION_TOKEN', number])
}

/** A Cluster of unknown size at 1 ms with a keyframe of one byte, 15 bytes. */
export const CLUSTER: Uint8Array = openElement('1F43B675', 1, 'E7 81 01', 'A3 85 81 0000 80 AA')

/** A header and a Segment of unknown size with these parts, as GetMedia sends one fragment. */
export function documentOf(...parts: readonly Part[]): Uint8Array {
  return concat(EBML_HEADER, openElement('18538067', 8, ...parts))
}

/** A whole fragment: Info, Tracks, HEAD, Cluster, TAIL. */
export function fragmentOf(number: string, ...trailer: readonly Part[]): Uint8Array {
  return documentOf(
    '1549A966 87 2AD7B1 83 0F4240',
    element('1654AE6B', 'AE 83 D7 81 01'),
    headOf(number),
    CLUSTER,
    ...trailer,
    tailOf(number),
  )
}

/** Reads chunks, or one. */
export function parseGetMediaChunks(
  chunks: readonly Uint8Array[] | Uint8Array,
  options: GetMediaParserOptions = {},
): Parsed<FragmentMetadata> {
  return run(new GetMediaParser(options), chunks instanceof Uint8Array ? [chunks] : chunks)
}

/** `0+200 #17 complete 1 frame ->17`, with `…` for what is not there. */
function summaryOf(fragment: Fragment<FragmentMetadata>): string {
  const { metadata } = fragment
  const range = `${fragment.offset}+${fragment.byteLength}`
  const reason = fragment.incompleteReason ?? 'complete'
  const errors = metadata.serviceErrors.map(({ id, code }) => ` !${id ?? code}`).join('')
  return `${range} #${metadata.fragmentNumber ?? '…'} ${reason} ${fragment.frames.length} ->${metadata.continuationToken ?? '…'}${errors}`
}

/** The summaries of all fragments. */
export function summariesOf(fragments: readonly GetMediaFragment[]): string[] {
  return fragments.map((fragment) => summaryOf(fragment))
}
