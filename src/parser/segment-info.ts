import type { ElementNode } from './element-tree.js'
import { ID } from './schema.js'

/** The Segment's Info element (RFC 9559 §5.1.2). A Duration is stale in a live stream and left out. */
export interface SegmentInfo {
  /** Nanoseconds per timestamp tick. Default 1,000,000: a tick is a millisecond. */
  readonly timestampScale: number
  /** Title, up to its first NUL. */
  readonly title: string | undefined
  /** The library that wrote the file. */
  readonly muxingApp: string | undefined
  /** The application that wrote the file. */
  readonly writingApp: string | undefined
  /** DateUTC in milliseconds since 1970. */
  readonly dateUtcMs: number | undefined
  /** SegmentUUID (16 bytes in a sound file). */
  readonly segmentUuid: Uint8Array | undefined
}

/** RFC 9559 §5.1.2.9. */
export const DEFAULT_TIMESTAMP_SCALE = 1_000_000

/** Turns an Info element into a {@link SegmentInfo}. A TimestampScale of 0 is not legal and reads as the default. */
export function readSegmentInfo(info: ElementNode): SegmentInfo {
  return {
    timestampScale: info.uint(ID.TimestampScale) || DEFAULT_TIMESTAMP_SCALE,
    title: info.text(ID.Title),
    muxingApp: info.text(ID.MuxingApp),
    writingApp: info.text(ID.WritingApp),
    dateUtcMs: info.float(ID.DateUTC),
    segmentUuid: info.binary(ID.SegmentUUID),
  }
}
