/**
 * Amazon Kinesis Video Streams for Node: GetMedia payloads and Matroska files as typed fragments and frames.
 *
 * @packageDocumentation
 */
export type {
  AudioSettings,
  BlockAddition,
  ByteSource,
  ColourSettings,
  ContentEncoding,
  ContentErrorCode,
  Fragment,
  FragmentParserOptions,
  IncompleteReason,
  ParseErrorCode,
  ParserLimits,
  SegmentInfo,
  SkippedRange,
  StructureErrorCode,
  Tag,
  TagTargets,
  Track,
  TrackType,
  Truncation,
  VideoSettings,
} from './parser/index.js'
export { Frame, ParseError, tagsNamed, tagValue } from './parser/index.js'
export type {
  FragmentMetadata,
  FragmentNumberParts,
  GetMediaFragment,
  GetMediaFrame,
  GetMediaParserOptions,
  PayloadSource,
  ServiceErrorAction,
} from './tags/index.js'
export {
  compareFragmentNumbers,
  decodeFragmentNumber,
  GetMediaParser,
  parseGetMedia,
  parseGetMediaFrames,
  SERVICE_ERRORS,
  ServiceError,
} from './tags/index.js'
