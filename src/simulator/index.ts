/** A local stand-in for GetDataEndpoint and GetMedia that breaks on demand. */
export { type Certificate, createCertificate } from './certificate.js'
export { type Clock, ManualClock, systemClock } from './clock.js'
export type { Lacing } from './ebml-writer.js'
export { FaultScriptError, parseFaults } from './fault-script.js'
export type {
  BytePoint,
  ErrorTagAction,
  Fault,
  FaultAction,
  FaultName,
  FragmentPoint,
  HttpAction,
  RequestPoint,
} from './faults.js'
export { FileSourceError, type FileSourceOptions, fragmentsFromFile } from './file-source.js'
export {
  type AudioFormat,
  type ErrorDocumentSpec,
  type ErrorPosition,
  type FragmentParts,
  type FragmentSpec,
  type MediaFrame,
  type MediaStyle,
  type MediaTag,
  type MediaTrack,
  type VideoFormat,
  buildErrorDocument,
  buildFragment,
  buildFragmentParts,
  buildMerged,
} from './media.js'
export {
  type Operation,
  type RequestEnd,
  type RequestRecord,
  peakCallsPerSecond,
  peakConnections,
} from './request-log.js'
export { startSimulator } from './server.js'
export {
  DEFAULT_LIMITS,
  type ServiceLimits,
  type Simulator,
  type SimulatorOptions,
} from './simulator.js'
export type { ErrorTags, TagSpelling } from './service-tags.js'
export type { StartRules, StartSelector, StartSelectorType } from './start-selector.js'
export type {
  FragmentIdentity,
  FragmentInput,
  PreparedFragment,
  StoredFragment,
} from './stored-fragment.js'
export type { LiveOptions, SimulatedStream, StreamOptions } from './stream.js'
export { type SyntheticOptions, syntheticFragments } from './synthetic.js'
