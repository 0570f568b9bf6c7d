/**
 * Matroska (RFC 9559) and EBML (RFC 8794) as a stream: bytes in, elements, frames and fragments out. No dependency, not
 * even on Node.
 *
 * @packageDocumentation
 */
export type { ContentErrorCode, ParseErrorCode, StructureErrorCode } from './errors.js'
export { ParseError } from './errors.js'
export type { ElementDefinition, ElementKind } from './schema.js'
export { ELEMENTS, findElement, GLOBAL, ID, ROOT } from './schema.js'
export { UNKNOWN_SIZE } from './vint.js'
export type { EbmlHandler, EbmlReaderOptions, Truncation } from './ebml-handler.js'
export { EbmlReader } from './reader.js'
export type { BlockHeader } from './block.js'
export {
  FLAG_DISCARDABLE,
  FLAG_INVISIBLE,
  FLAG_KEYFRAME,
  LACING_MASK,
  readBlockHeader,
  readLaces,
} from './block.js'
export {
  isLengthOf,
  readDateMs,
  readFloat,
  readIntBig,
  readString,
  readUint,
  readUintBig,
} from './values.js'
export type {
  AudioSettings,
  ColourSettings,
  ContentEncoding,
  Track,
  TrackType,
  VideoSettings,
} from './tracks.js'
export type { SegmentInfo } from './segment-info.js'
export type { Tag, TagTargets } from './tag.js'
export { tagsNamed, tagValue } from './tag.js'
export type { BlockAddition, Frame, FrameOutline } from './frame.js'
export type { Fragment, FragmentOutline } from './fragment.js'
export type { CompletionRule, FragmentEnd, IncompleteReason, TagsReading } from './completion.js'
export { MATROSKA_RULE } from './completion.js'
export type { Limits, ParserLimits } from './limits.js'
export { DEFAULT_LIMITS } from './limits.js'
export type { FragmentParserOptions } from './fragment-parser.js'
export type { SkippedRange } from './resyncing-reader.js'
export { FragmentParser } from './fragment-parser.js'
export type { ByteSource, ReadableBytes } from './parse-fragments.js'
export { parseFragments, parseFrames } from './parse-fragments.js'
