/**
 * The JSON lines of the command line, one object per line, keys in a fixed order, `null` for what is absent.
 *
 * ```text
 * {"type":"fragment","index":0,"offset":0,"bytes":547925,"complete":true,"fragmentNumber":"…","serverTimestamp":"1511852109.126",
 *  "producerTimestamp":"1511852108.513","millisBehindNow":15858,"continuationToken":"…","timestampMs":0,
 *  "tracks":[{"number":1,"uid":"1","type":"video","codecId":"…","name":null}],"frames":{"1":60},"keyframes":{"1":1},
 *  "frameBytes":{"1":546152},"sha256":"…","tags":[["NAME","value","before"]],"error":null}
 * {"type":"frame","fragment":0,"index":0,"track":1,"timestampMs":0,"timestampNs":"0","wallClockMs":null,"keyframe":true,
 *  "invisible":false,"discardable":false,"durationMs":33.3,"bytes":8192,"sha256":"…"}
 * {"type":"element","offset":0,"depth":0,"id":"0x1a45dfa3","name":"EBML","kind":"master","size":35,"value":null,"block":null}
 * {"type":"error","code":"…","offset":0,"message":"…"}
 * {"type":"summary","fragments":5,"complete":5,"frames":{"1":300},"keyframes":{"1":5},"frameBytes":{"1":2494505},
 *  "bytes":2503485,"truncated":false,"errors":0}
 * ```
 *
 * `timestampNs` and `uid` are text because JSON readers round numbers above 2^53; so is an element's value above that. An
 * element's `size` is that of its data, `null` when unknown (or of an element that was stepped over because it stands where it
 * may not); its `value` is a number, a text (a date as ISO 8601) or, for a binary one, the hexadecimal digits of its first 16
 * bytes; `block` is `{"track":1,"relativeTimestamp":33,"keyframe":true,"lacing":"none"}` for a SimpleBlock or Block.
 */
import { createHash } from 'node:crypto'
import { FLAG_KEYFRAME, LACING_MASK } from '../parser/block.js'
import { ID } from '../parser/schema.js'
import type { Tag } from '../parser/tag.js'
import type { GetMediaFragment, GetMediaFrame } from '../tags/get-media-parser.js'
import type { WalkedElement } from './element-walk.js'
import type { Fault, Totals } from './inspection.js'
import type { TrackCounts } from './track-counts.js'

/** Characters shown of an element's text. */
const MAX_ELEMENT_TEXT = 1024
const LACINGS = ['none', 'xiph', 'fixed', 'ebml'] as const

// JSON itself escapes C0 only; a terminal also obeys C1 and direction characters. Escaped, they mean the same to any reader.
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/gu

/** A line of JSON, safe to show in a terminal. */
export function jsonLine(object: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(object).replace(UNSAFE, (character) => {
    let escaped = ''
    for (let i = 0; i < character.length; i += 1) {
      escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
    }
    return escaped
  })
}

/** The line of a fragment. `counts` are those of its frames. */
export function fragmentLine(
  fragment: GetMediaFragment,
  index: number,
  counts: TrackCounts,
): string {
  const { metadata } = fragment
  return jsonLine({
    type: 'fragment',
    index,
    offset: fragment.offset,
    bytes: fragment.byteLength,
    complete: fragment.isComplete,
    fragmentNumber: metadata.fragmentNumber ?? null,
    serverTimestamp: metadata.serverTimestamp ?? null,
    producerTimestamp: metadata.producerTimestamp ?? null,
    millisBehindNow: metadata.millisBehindNow ?? null,
    continuationToken: metadata.continuationToken ?? null,
    timestampMs: fragment.timestampMs ?? null,
    tracks: fragment.tracks.map((track) => ({
      number: track.number,
      uid: String(track.uid),
      type: track.type,
      codecId: track.codecId,
      name: track.name ?? null,
    })),
    frames: counts.byTrack('frames'),
    keyframes: counts.byTrack('keyframes'),
    frameBytes: counts.byTrack('bytes'),
    sha256: sha256(fragment.frames),
    tags: tagTriples(fragment.tags),
    error: firstServiceError(fragment),
  })
}

/** The line of frame number `index` of fragment number `fragmentIndex`. */
export function frameLine(frame: GetMediaFrame, index: number, fragmentIndex: number): string {
  return jsonLine({
    type: 'frame',
    fragment: fragmentIndex,
    index,
    track: frame.trackNumber,
    timestampMs: frame.timestampMs,
    timestampNs: String(frame.timestampNs),
    wallClockMs: frame.wallClockMs ?? null,
    keyframe: frame.isKeyframe,
    invisible: frame.isInvisible,
    discardable: frame.isDiscardable,
    durationMs: frame.durationMs ?? null,
    bytes: frame.byteLength,
    sha256: sha256([frame]),
  })
}

/** The line of an element. */
export function elementLine(element: WalkedElement): string {
  const { block } = element
  return jsonLine({
    type: 'element',
    offset: element.offset,
    depth: element.depth,
    id: `0x${element.id.toString(16)}`,
    name: element.name,
    kind: element.kind,
    size: element.size ?? null,
    value: elementValue(element),
    block:
      block === undefined
        ? null
        : {
            track: block.trackNumber,
            relativeTimestamp: block.relativeTimestamp,
            // A Block in a BlockGroup does not say it of itself.
            keyframe: element.id === ID.SimpleBlock ? (block.flags & FLAG_KEYFRAME) !== 0 : null,
            lacing: lacingOf(block.flags),
          },
  })
}

/** The line of something that is wrong with the bytes. */
export function errorLine(fault: Fault): string {
  return jsonLine({
    type: 'error',
    code: fault.code,
    offset: fault.offset,
    message: fault.message,
  })
}

/** The last line. */
export function summaryLine(totals: Totals): string {
  const { errors, serviceErrors, events } = totals
  return jsonLine({
    type: 'summary',
    fragments: totals.fragments,
    complete: totals.complete,
    frames: totals.counts.byTrack('frames'),
    keyframes: totals.counts.byTrack('keyframes'),
    frameBytes: totals.counts.byTrack('bytes'),
    bytes: totals.bytes,
    truncated: totals.isTruncated,
    errors: errors + serviceErrors + (events?.damagedFragments ?? 0),
  })
}

/** How the frames of a block are laced, by its flags (RFC 9559 §10.2). */
export function lacingOf(flags: number): (typeof LACINGS)[number] {
  return LACINGS[(flags & LACING_MASK) >> 1]
}

function elementValue(element: WalkedElement): string | number | null {
  const { value, head } = element
  if (typeof value === 'string') return value.slice(0, MAX_ELEMENT_TEXT)
  if (typeof value === 'bigint') return String(value)
  if (head !== undefined) return Buffer.from(head).toString('hex')
  return value ?? null
}

/** Of all frame bytes in stream order. */
function sha256(frames: readonly GetMediaFrame[]): string {
  const hash = createHash('sha256')
  for (const frame of frames) for (const slice of frame.slices) hash.update(slice)
  return hash.digest('hex')
}

/** Every tag after the one it is nested in. */
function tagTriples(tags: readonly Tag[]): readonly (readonly [string, string | null, string])[] {
  return tags.flatMap((tag) => [
    [tag.name, tag.value ?? null, tag.position] as const,
    ...tagTriples(tag.children),
  ])
}

function firstServiceError(fragment: GetMediaFragment): Readonly<Record<string, unknown>> | null {
  const error = fragment.metadata.serviceErrors.at(0)
  return error === undefined ? null : { id: error.id ?? null, code: error.code }
}
