import { ConsumerError } from './errors.js'
import type { StreamPosition } from './position.js'

/** What {@link CheckpointStore.claim} answers. */
export interface CheckpointClaim {
  /** The fence: 1 or more, greater than every epoch of this ID before. */
  readonly epoch: number
  /** What was saved last; `undefined` when nothing ever was, or it was deleted. */
  readonly checkpoint?: StreamPosition | undefined
  /** What was wrong with the newest save, when `checkpoint` is an older one for that reason. */
  readonly damage?: CheckpointDamagedError | undefined
}

/**
 * Where a consumer keeps its place between two runs of the process. Write your own for a database; run it through
 * `checkpointStoreContract` of `kvs-fragments/testing`.
 *
 * The store fences: each `claim` raises the epoch, and a `save` with an older one is refused, so that two processes on
 * one stream by accident are found out instead of overwriting each other. A save that succeeded is seen by every later
 * claim. The consumer calls `claim` once, then `save` one at a time.
 */
export interface CheckpointStore {
  /**
   * Takes the checkpoint over: raises the epoch in one atomic step and answers what was saved last. `owner` is for people
   * who look into the store. May be called at any time; the owner before finds out at its next save.
   *
   * @throws CheckpointDamagedError when something was saved, but nothing of it can be read.
   */
  claim(id: string, owner: string): Promise<CheckpointClaim>
  /**
   * Keeps a position, durably once it resolves.
   *
   * @throws StaleEpochError, or another error whose `code` is `stale-epoch`, when `epoch` is not the one of the latest claim;
   *   nothing was kept then, unless the claim that overtook this save has answered it.
   */
  save(id: string, epoch: number, checkpoint: StreamPosition): Promise<void>
  /**
   * Forgets the position and raises the epoch, so that who claimed before cannot save any more, and the next claim gets a greater
   * one still. Of an unknown ID: does nothing.
   */
  delete(id: string): Promise<void>
}

/**
 * A save came too late: the checkpoint belongs to another claim by now. The consumer that meets it stops and throws it
 * from the iterator; what it yielded since its last save will be yielded by the other one too.
 */
export class StaleEpochError extends ConsumerError {
  /** The checkpoint's ID. */
  readonly id: string
  /** The epoch that the save was made with. */
  readonly epoch: number

  constructor(id: string, epoch: number, options?: { readonly cause?: unknown }) {
    super(
      'stale-epoch',
      `The checkpoint ${JSON.stringify(id)} was claimed by another consumer after epoch ${epoch}: ` +
        'let one process read a stream under one checkpoint ID.',
      options,
    )
    this.name = 'StaleEpochError'
    this.id = id
    this.epoch = epoch
  }
}

/** How a saved checkpoint is unreadable: cut or changed, not a checkpoint of this ID, or of a later version. */
export type CheckpointDamage = 'torn' | 'foreign' | 'version'

/** What was saved cannot be read. Delete the checkpoint to start afresh; `location` says where it is. */
export class CheckpointDamagedError extends ConsumerError {
  /** What is wrong with it. */
  readonly damage: CheckpointDamage
  /** Where it lies, in the store's own words: for files the path. */
  readonly location: string

  constructor(damage: CheckpointDamage, location: string, options?: { readonly cause?: unknown }) {
    super('checkpoint-damaged', `${DAMAGE_TEXT[damage]}: ${location}`, options)
    this.name = 'CheckpointDamagedError'
    this.damage = damage
    this.location = location
  }
}

const DAMAGE_TEXT: { readonly [Damage in CheckpointDamage]: string } = {
  torn: 'A checkpoint is cut off or was changed, its checksum is wrong. Delete it to start afresh',
  foreign: 'A file is not the checkpoint that its place says. Move it away',
  version: 'A checkpoint was written by a later version. Update kvs-fragments, or delete it',
}

interface MemoryEntry {
  epoch: number
  checkpoint: StreamPosition | undefined
}

/**
 * Keeps checkpoints in memory, for tests and for consumers that are restarted within one process. They are gone when the
 * process is.
 */
export class MemoryCheckpointStore implements CheckpointStore {
  readonly #entries = new Map<string, MemoryEntry>()

  async claim(id: string, _owner: string): Promise<CheckpointClaim> {
    const entry = this.#entries.get(id) ?? { epoch: 0, checkpoint: undefined }
    entry.epoch += 1
    this.#entries.set(id, entry)
    return { epoch: entry.epoch, checkpoint: entry.checkpoint }
  }

  async save(id: string, epoch: number, checkpoint: StreamPosition): Promise<void> {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.epoch !== epoch) throw new StaleEpochError(id, epoch)
    entry.checkpoint = Object.freeze({ ...checkpoint })
  }

  async delete(id: string): Promise<void> {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    entry.epoch += 1
    entry.checkpoint = undefined
  }
}
