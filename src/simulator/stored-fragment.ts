/** A fragment as a stream holds it: bytes that are ready to be sent, and what selects them. */
import { concatBytes } from './ebml-writer.js'
import { type FragmentParts, type FragmentSpec, buildFragmentParts } from './media.js'
import { headTags, tailTags } from './service-tags.js'

/** When and as what the service took a fragment in. */
export interface FragmentIdentity {
  /** AWS_KINESISVIDEO_FRAGMENT_NUMBER: decimal digits. */
  readonly fragmentNumber: string
  /** AWS_KINESISVIDEO_SERVER_TIMESTAMP in milliseconds. */
  readonly serverTimestampMs: number
  /** AWS_KINESISVIDEO_PRODUCER_TIMESTAMP in milliseconds. */
  readonly producerTimestampMs: number
}

/** Ready bytes of a producer, with or without what the service adds. See `fragmentsFromFile`. */
export interface PreparedFragment extends Partial<FragmentIdentity> {
  /** EBML header, Segment start and all that precedes HEAD. */
  readonly preamble: Uint8Array
  /** HEAD as captured. Default: made from the identity. */
  readonly head?: Uint8Array | undefined
  /** The Cluster. */
  readonly cluster: Uint8Array
  /** What the producer wrote after the Cluster. */
  readonly trailer: Uint8Array
  /** TAIL as captured. Default: made while sending, when the lag is known. */
  readonly tail?: Uint8Array | undefined
  /** CONTINUATION_TOKEN. Default: the fragment number. */
  readonly continuationToken?: string | undefined
}

/** What a stream takes: a description to build from, or ready bytes. */
export type FragmentInput = FragmentSpec | PreparedFragment

/** A fragment in a stream. */
export class StoredFragment implements FragmentIdentity {
  /** Its place in the stream, counted from 0 over all fragments ever appended. */
  readonly index: number
  readonly fragmentNumber: string
  readonly serverTimestampMs: number
  readonly producerTimestampMs: number
  /** The token that resumes after it. */
  readonly continuationToken: string
  /** Bytes without a TAIL that is made while sending. */
  readonly byteLength: number
  readonly #pieces: readonly Uint8Array[]
  readonly #tail: Uint8Array | undefined

  constructor(index: number, identity: FragmentIdentity, fragment: PreparedFragment) {
    this.index = index
    this.fragmentNumber = identity.fragmentNumber
    this.serverTimestampMs = identity.serverTimestampMs
    this.producerTimestampMs = identity.producerTimestampMs
    this.continuationToken = fragment.continuationToken ?? identity.fragmentNumber
    const head = fragment.head ?? headTags(identity)
    // Four pieces stay four: a big Cluster is never copied, however many streams hold it.
    this.#pieces = [fragment.preamble, head, fragment.cluster, fragment.trailer]
    this.#tail = fragment.tail
    let byteLength = fragment.tail?.length ?? 0
    for (const piece of this.#pieces) byteLength += piece.length
    this.byteLength = byteLength
  }

  /** The bytes in order, in pieces that must not be written to. TAIL is made on the spot unless captured. */
  pieces(millisBehindNow: number): readonly Uint8Array[] {
    const { continuationToken } = this
    return [...this.#pieces, this.#tail ?? tailTags({ millisBehindNow, continuationToken })]
  }

  /** The same in one new array. */
  payload(millisBehindNow: number): Uint8Array {
    return concatBytes(this.pieces(millisBehindNow))
  }
}

/** Turns a description into bytes; what is ready already stays as it is. */
export function prepareFragment(input: FragmentInput): PreparedFragment {
  if ('preamble' in input) return input
  const parts: FragmentParts = buildFragmentParts({ ...input, hasHead: false, hasTail: false })
  const { fragmentNumber, serverTimestampMs, producerTimestampMs, continuationToken } = input
  return {
    preamble: parts.preamble,
    cluster: parts.cluster,
    trailer: parts.trailer,
    continuationToken,
    ...(fragmentNumber !== undefined && { fragmentNumber }),
    ...(serverTimestampMs !== undefined && { serverTimestampMs }),
    ...(producerTimestampMs !== undefined && { producerTimestampMs }),
  }
}
