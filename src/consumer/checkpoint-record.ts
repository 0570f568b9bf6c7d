import { createHash } from 'node:crypto'
import { isFragmentNumber } from '../tags/fragment-number.js'
import { CheckpointDamagedError } from './checkpoint.js'
import type { StreamPosition } from './position.js'

/** What one checkpoint file says. */
export interface CheckpointRecord {
  /** The checkpoint's ID, which the file's name holds only as a hash. */
  readonly id: string
  readonly epoch: number
  /** Counts the saves of one epoch. 0 is the claim's own: what it saw. */
  readonly generation: number
  /** `undefined`: nothing was saved, or it was deleted. */
  readonly checkpoint: StreamPosition | undefined
}

const FORMAT = 'kvs-fragments-checkpoint'
const VERSION = 1

/** The text of a checkpoint file: JSON with its format, version and the SHA-256 of the record in it. */
export function formatRecord(record: CheckpointRecord): string {
  const { id, epoch, generation, checkpoint } = record
  const plain = {
    id,
    epoch,
    generation,
    checkpoint: checkpoint && plainPosition(checkpoint),
  }
  return `${JSON.stringify({ format: FORMAT, version: VERSION, sha256: hash(plain), record: plain })}\n`
}

/**
 * Reads a checkpoint file of `id`.
 *
 * @throws CheckpointDamagedError that says whether it is torn, foreign or of a later version.
 */
export function parseRecord(contents: string, id: string, location: string): CheckpointRecord {
  const file = parseJson(contents, location)
  if (!isObject(file) || file['format'] !== FORMAT) {
    throw new CheckpointDamagedError('foreign', location)
  }
  const { version, sha256, record } = file
  if (typeof version === 'number' && version > VERSION) {
    throw new CheckpointDamagedError('version', location)
  }
  if (!isObject(record) || sha256 !== hash(record)) {
    throw new CheckpointDamagedError('torn', location)
  }
  const { epoch, generation, checkpoint } = record
  if (record['id'] !== id || !isCount(epoch) || !isCount(generation)) {
    throw new CheckpointDamagedError('foreign', location)
  }
  if (checkpoint === undefined) return { id, epoch, generation, checkpoint }
  if (!isPosition(checkpoint)) throw new CheckpointDamagedError('foreign', location)
  return { id, epoch, generation, checkpoint: plainPosition(checkpoint) }
}

/** Of a position only what belongs to it, each time in the same order, and without what is not there. */
function plainPosition(position: StreamPosition): StreamPosition {
  const { fragmentNumber, continuationToken, serverTimestampMs } = position
  return {
    fragmentNumber,
    ...(continuationToken === undefined ? {} : { continuationToken }),
    ...(serverTimestampMs === undefined ? {} : { serverTimestampMs }),
  }
}

function parseJson(contents: string, location: string): unknown {
  try {
    return JSON.parse(contents)
  } catch (cause) {
    throw new CheckpointDamagedError('torn', location, { cause })
  }
}

function hash(record: object): string {
  return createHash('sha256').update(JSON.stringify(record)).digest('hex')
}

function isPosition(value: unknown): value is StreamPosition {
  if (!isObject(value)) return false
  const { fragmentNumber, continuationToken, serverTimestampMs } = value
  return (
    typeof fragmentNumber === 'string' &&
    isFragmentNumber(fragmentNumber) &&
    (continuationToken === undefined || typeof continuationToken === 'string') &&
    (serverTimestampMs === undefined || isCount(serverTimestampMs))
  )
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
