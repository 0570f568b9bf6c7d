/**
 * One Kinesis video stream, for ever: sessions, resume, events, checkpoints.
 *
 * @packageDocumentation
 */
export { KinesisVideoConsumer } from './consumer.js'
export type { StopOptions } from './consumer.js'
export type { ConsumedFragment, ConsumedFrame, NumberedMetadata } from './run.js'
export type {
  ClientChoice,
  ConsumerParserOptions,
  ConsumerSettings,
  KinesisVideoConsumerOptions,
  RetryOptions,
  StreamChoice,
} from './options.js'
export type {
  KinesisVideoClient,
  KinesisVideoClientConfig,
  KinesisVideoMediaClientConfig,
  MediaResponse,
  MediaSource,
} from './media-source.js'
export type { InclusiveStart, StartSelector, StartSelectorType } from './start-selector.js'
export type { ConsumerErrorCode } from './errors.js'
export {
  ConsumerError,
  DamagedFragmentError,
  EndpointRefusedError,
  InvalidOptionError,
  ResumePointLostError,
} from './errors.js'
export type { FailureKind, Operation } from './failure.js'
export type {
  CheckpointClaimedEvent,
  CheckpointFailedEvent,
  CheckpointSavedEvent,
  ClosedEvent,
  ConnectionLimitExceededEvent,
  ConsumerEvent,
  ConsumerEventMap,
  DamagedFragmentEvent,
  DuplicateDroppedEvent,
  GapEvent,
  LagEvent,
  ListenerErrorEvent,
  ReconnectReason,
  ReconnectScheduledEvent,
  RequestFailedEvent,
  ResumePointLostEvent,
  ServiceErrorEvent,
  SessionEndReason,
  SessionEndedEvent,
  SessionOpenedEvent,
} from './events.js'
export type { ConsumerStats } from './stats.js'
export type { DiagnosticsMessage } from './health.js'
export { diagnosticsChannelName } from './health.js'
export type { GapReason, StreamPosition } from './position.js'
export type { CheckpointClaim, CheckpointDamage, CheckpointStore } from './checkpoint.js'
export { CheckpointDamagedError, MemoryCheckpointStore, StaleEpochError } from './checkpoint.js'
export { FileCheckpointStore } from './checkpoint-file.js'
export type { CancelTimer, Clock } from './clock.js'
export { systemClock } from './clock.js'
