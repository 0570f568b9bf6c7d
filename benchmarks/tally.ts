/**
 * What a contender hands over, counted and summed. All contenders of a level call the same methods, and a run whose
 * tally differs from the expected one is an error: a parser that does less work must not look fast.
 *
 * The sum touches a payload's first and last byte only. Both lie next to bytes that any parser has just read; summing
 * the whole payload would measure memory, not parsers. Before anything is timed, one pass hashes every payload byte.
 */
import type { Hash } from 'node:crypto'

const FNV_PRIME = 0x01000193

export interface FragmentFacts {
  readonly fragmentNumber: string | undefined
  readonly serverTimestampMs: number | undefined
  readonly producerTimestampMs: number | undefined
  readonly millisBehindNow: number | undefined
  readonly continuationToken: string | undefined
}

export class Tally {
  bytes = 0
  masters = 0
  leaves = 0
  leafBytes = 0
  fragments = 0
  tracks = 0
  tags = 0
  frames = 0
  keyframes = 0
  frameBytes = 0
  /** Order-sensitive sum of everything but the elements level, which has only counts. */
  checksum = 0
  readonly #payloads: Hash | undefined

  /** `payloads`: hash of all payload bytes, for the one pass that is not timed. */
  constructor(payloads?: Hash) {
    this.#payloads = payloads
  }

  frame(trackNumber: number, timestampMs: number, isKeyframe: boolean, data: Uint8Array): void {
    const length = data.length
    const ends = length === 0 ? 0 : (data[0] << 24) ^ (data[length - 1] << 16)
    this.#addFrame(trackNumber, timestampMs, isKeyframe, length, ends)
    if (this.#payloads !== undefined) this.#payloads.update(data)
  }

  /** A frame as the parts it arrived in; the same sum as in one piece. */
  slicedFrame(
    trackNumber: number,
    timestampMs: number,
    isKeyframe: boolean,
    slices: readonly Uint8Array[],
  ): void {
    let length = 0
    for (let i = 0; i < slices.length; i += 1) {
      length += slices[i].length
      if (this.#payloads !== undefined) this.#payloads.update(slices[i])
    }
    const last = slices[slices.length - 1]
    const ends = length === 0 ? 0 : (slices[0][0] << 24) ^ (last[last.length - 1] << 16)
    this.#addFrame(trackNumber, timestampMs, isKeyframe, length, ends)
  }

  /** A frame whose payload nobody asked for. */
  unreadFrame(
    trackNumber: number,
    timestampMs: number,
    isKeyframe: boolean,
    byteLength: number,
  ): void {
    this.#addFrame(trackNumber, timestampMs, isKeyframe, byteLength, 0)
  }

  tag(name: string, value: string | undefined): void {
    this.tags += 1
    this.#mix((name.length << 8) ^ (value === undefined ? 0 : value.length))
  }

  track(trackNumber: number, codecId: string): void {
    this.tracks += 1
    this.#mix((trackNumber << 8) ^ codecId.length)
  }

  fragment(facts: FragmentFacts): void {
    this.fragments += 1
    this.#mix(sumText(facts.fragmentNumber))
    this.#mix(facts.serverTimestampMs ?? 0)
    this.#mix(facts.producerTimestampMs ?? 0)
    this.#mix(facts.millisBehindNow ?? 0)
    this.#mix(sumText(facts.continuationToken))
  }

  #addFrame(
    trackNumber: number,
    timestampMs: number,
    isKeyframe: boolean,
    byteLength: number,
    ends: number,
  ): void {
    this.frames += 1
    this.frameBytes += byteLength
    if (isKeyframe) this.keyframes += 1
    this.#mix(byteLength ^ ends ^ (trackNumber << 8) ^ (isKeyframe ? 1 : 0))
    this.#mix(timestampMs)
  }

  #mix(value: number): void {
    // Milliseconds since 1970 exceed 32 bits: `^` keeps the low ones, which is all a checksum needs.
    this.checksum = Math.imul(this.checksum ^ value, FNV_PRIME)
  }
}

function sumText(text: string | undefined): number {
  if (text === undefined || text.length === 0) return 0
  const last = text.length - 1
  return text.length ^ (text.charCodeAt(last) << 8) ^ (text.charCodeAt(last >> 1) << 16)
}
