/**
 * What AWS writes into a Kinesis Video Streams payload: fragment metadata, fragment numbers and in-band errors.
 *
 * @packageDocumentation
 */
export type { FragmentMetadata } from './metadata.js'
export { AWS_TAG_PREFIX } from './metadata.js'
export type { GetMediaRuleOptions, PayloadSource } from './boundary.js'
export { GetMediaRule } from './boundary.js'
export type { GetMediaFragment, GetMediaFrame, GetMediaParserOptions } from './get-media-parser.js'
export { GetMediaParser, parseGetMedia, parseGetMediaFrames } from './get-media-parser.js'
export type { FragmentNumberParts } from './fragment-number.js'
export {
  compareFragmentNumbers,
  decodeFragmentNumber,
  encodeFragmentNumber,
  isFragmentNumber,
} from './fragment-number.js'
export type {
  ServiceErrorAction,
  ServiceErrorDefinition,
  ServiceErrorFacts,
} from './service-error.js'
export { createServiceError, SERVICE_ERRORS, ServiceError } from './service-error.js'
export { formatTimestamp, parseTimestampMs } from './timestamp.js'
