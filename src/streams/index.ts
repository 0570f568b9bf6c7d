/**
 * The parser as streams: a Node `Transform` and a web `TransformStream`, for fragments and for frames.
 *
 * @packageDocumentation
 */
export type { GetMediaStreamOptions, ReadableOptions, RuleStreamOptions } from './stream-options.js'
export { FragmentTransform, FrameTransform } from './fragment-transform.js'
export { fragmentTransformStream, frameTransformStream } from './fragment-transform-stream.js'
