import { access, constants, open, readdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { formatRecord, parseRecord } from '../consumer/checkpoint-record.js'
import { isCode, writeDurably } from '../consumer/durable-file.js'
import {
  type CheckpointClaim,
  CheckpointDamagedError,
  type CheckpointStore,
  FileCheckpointStore,
  StaleEpochError,
  type StreamPosition,
} from '../consumer/index.js'
import { compareFragmentNumbers } from '../tags/fragment-number.js'
import { CommandError, EXIT } from './io.js'
import { fitted } from './terminal-text.js'

/** What the folder beside the file has behind its name. */
const HISTORY_SUFFIX = '.d'
/** A checkpoint is less than 1 kB; whatever is longer is something else. */
const MAX_BYTES = 65_536
const FORMAT = 'kvs-fragments-checkpoint'
const MAX_SHOWN_COLUMNS = 200

/** What the file says: nothing, as it is not there; a position; or nothing that can be read, though it was a checkpoint. */
type Found =
  | { readonly state: 'missing' }
  | { readonly state: 'whole'; readonly position: StreamPosition }
  | { readonly state: 'empty' | 'torn'; readonly damage: CheckpointDamagedError }

/** The folder beside the file was removed, and the claim that lay in it: another process may claim the checkpoint as well. */
export class CheckpointRemovedError extends StaleEpochError {}

/**
 * The checkpoint of one stream in a file that the user has named.
 *
 * The file holds the newest position. The generation before it, and what finds out a second process, are a
 * {@link FileCheckpointStore} in a folder beside it, `<file>.d`. Who deletes the file starts afresh; who deletes the folder loses
 * nothing but the generation before. Of the two positions the later one counts, so that none moves back.
 */
export class PositionFile implements CheckpointStore {
  readonly #file: string
  readonly #folder: string
  readonly #history: FileCheckpointStore
  #saves = 0

  constructor(file: string) {
    this.#file = path.resolve(file)
    this.#folder = this.#file + HISTORY_SUFFIX
    this.#history = new FileCheckpointStore(this.#folder)
  }

  /** Throws a CheckpointDamagedError for a file that must not be written over: foreign, of another stream or a later version. */
  async check(id: string): Promise<void> {
    await this.#read(id)
  }

  async claim(id: string, owner: string): Promise<CheckpointClaim> {
    const claim = await this.#claimHistory(id, owner)
    // Only now: what another process writes after its claim was lost does not count.
    const found = await this.#read(id)
    const { epoch, checkpoint } = claim
    switch (found.state) {
      case 'missing':
        if (checkpoint === undefined) return { epoch, checkpoint }
        await this.#history.delete(id)
        return this.#history.claim(id, owner)
      case 'whole':
        return { epoch, checkpoint: later(found.position, checkpoint) }
      case 'empty':
      case 'torn': {
        const { damage } = found
        if (checkpoint !== undefined) return { epoch, checkpoint, damage }
        // As of `mktemp`: nothing was ever in it.
        if (found.state === 'empty') return { epoch, checkpoint }
        throw damage
      }
    }
  }

  async save(id: string, epoch: number, checkpoint: StreamPosition): Promise<void> {
    try {
      await this.#history.save(id, epoch, checkpoint)
    } catch (error) {
      // Not claimed again: who had claimed meanwhile could then be overtaken by who had lost the claim.
      const isRemoved = error instanceof StaleEpochError && (await holdsNothing(this.#folder))
      throw isRemoved ? new CheckpointRemovedError(id, epoch) : error
    }
    // It may have become another's since it was claimed.
    await this.#read(id)
    this.#saves += 1
    await writeDurably(this.#file, formatRecord({ id, epoch, generation: this.#saves, checkpoint }))
  }

  async delete(id: string): Promise<void> {
    const { state } = await this.#read(id)
    await this.#history.delete(id)
    if (state !== 'missing') await rm(this.#file, { force: true })
  }

  async #claimHistory(id: string, owner: string): Promise<CheckpointClaim> {
    try {
      return await this.#history.claim(id, owner)
    } catch (error) {
      if (!(error instanceof CheckpointDamagedError) || error.damage === 'version') throw error
      // What counts is the file.
      await this.#history.delete(id)
      return this.#history.claim(id, owner)
    }
  }

  /** @throws CheckpointDamagedError for what is not this stream's, or not this version's. */
  async #read(id: string): Promise<Found> {
    const file = this.#file
    const text = await readStart(file)
    if (text === undefined) return { state: 'missing' }
    try {
      const { checkpoint } = parseRecord(text, id, file)
      // A claim's record that nothing was saved: no file of this command's.
      if (checkpoint === undefined) throw new CheckpointDamagedError('foreign', file)
      return { state: 'whole', position: checkpoint }
    } catch (error) {
      if (!(error instanceof CheckpointDamagedError) || error.damage !== 'torn') throw error
      // A file system may leave zeros where a power cut kept it from writing.
      if (/^[\0\s]*$/.test(text)) return { state: 'empty', damage: error }
      // Something else that is no JSON: not ours to be written over.
      if (!text.includes(FORMAT)) throw new CheckpointDamagedError('foreign', file)
      return { state: 'torn', damage: error }
    }
  }
}

/**
 * Tries the place of a position file, so that nothing is read that could not be kept. Leaves nothing behind.
 *
 * @throws CommandError with one sentence.
 */
export async function tryPositionFile(file: string, id: string): Promise<void> {
  const name = `--checkpoint: ${shown(file)}`
  if (file === '') throw refusal('--checkpoint: the name of a file is missing')
  const known = await stat(file).catch(() => undefined)
  if (known?.isDirectory() === true || /[/\\]$/.test(file)) {
    const example = shown(path.join(file, 'position.json'))
    throw refusal(`${name} is a folder: give the name of a file, such as ${example}`)
  }
  if (known !== undefined && !known.isFile()) {
    throw refusal(`${name} is not an ordinary file: give another name`)
  }
  const folder = path.dirname(file)
  if (await stat(folder).then(never, (error: unknown) => isCode(error, 'ENOENT'))) {
    throw refusal(`--checkpoint: there is no folder ${shown(folder)}: make it first`)
  }
  const probe = `${file}.probe-${process.pid}`
  try {
    if (known !== undefined) await access(file, constants.R_OK | constants.W_OK)
    await (await open(probe, 'w')).close()
    await rm(probe)
    await new PositionFile(file).check(id)
  } catch (error) {
    if (error instanceof CheckpointDamagedError) {
      throw refusal(`--checkpoint: ${damageText(error, file)}`, error)
    }
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    throw refusal(`${name} cannot be written (${code}): give a file in a folder of yours`, error)
  }
}

/** What is wrong with a position file, and what to do, in one sentence. */
export function damageText({ damage }: CheckpointDamagedError, file: string): string {
  switch (damage) {
    case 'torn':
      return `${shown(file)} is cut off or was changed: delete it to start afresh`
    case 'foreign':
      return `${shown(file)} is there and no checkpoint of this stream: give another name`
    case 'version':
      return `${shown(file)} was written by a later version: update kvs-fragments, or give another name`
  }
}

/** Whether there is no such folder, or no file in it or below it. */
async function holdsNothing(folder: string): Promise<boolean> {
  const options = { recursive: true, withFileTypes: true } as const
  const entries = await readdir(folder, options).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return []
    throw error
  })
  return !entries.some((entry) => entry.isFile())
}

/** The text of a file, at most so much that a checkpoint is whole; `undefined` when there is none. */
async function readStart(file: string): Promise<string | undefined> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0)
    return buffer.toString('utf8', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

function later(position: StreamPosition, other: StreamPosition | undefined): StreamPosition {
  if (other === undefined) return position
  const order = compareFragmentNumbers(position.fragmentNumber, other.fragmentNumber)
  return order < 0 ? other : position
}

const never = (): false => false

function shown(text: string): string {
  return JSON.stringify(fitted(text, MAX_SHOWN_COLUMNS))
}

function refusal(message: string, cause?: unknown): CommandError {
  return new CommandError(message, EXIT.usage, cause === undefined ? {} : { cause })
}
