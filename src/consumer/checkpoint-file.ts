import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile, readdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import {
  type CheckpointClaim,
  CheckpointDamagedError,
  type CheckpointStore,
  StaleEpochError,
} from './checkpoint.js'
import { type CheckpointRecord, formatRecord, parseRecord } from './checkpoint-record.js'
import { FILE_MODE, flushFolder, isCode, makeFolder, writeDurably } from './durable-file.js'
import { ConsumerError } from './errors.js'
import type { StreamPosition } from './position.js'

// claim-<epoch> is made with O_EXCL: whoever makes it has the epoch. save-<epoch>-<generation> holds a position; none is
// ever written twice, so that a newer claim and the generation before are never overwritten. Generation 0 is what the claim
// saw: what an older claim's save still brings into the folder behind it was refused, and lies below it in every listing.
const CLAIM_NAME = /^claim-(\d{10})$/
const SAVE_NAME = /^save-(\d{10})-(\d{12})\.json$/
// write-file-atomic's own: the name it will get, a point and a number.
const TEMPORARY_NAME = /^save-(\d{10})-\d{12}\.json\.\d+$/
const KEPT_GENERATIONS = 2

interface SaveName {
  readonly name: string
  readonly epoch: number
  readonly generation: number
}

interface Listing {
  /** The highest epoch that any file names; 0 for none. */
  readonly epoch: number
  /** Newest first. */
  readonly saves: readonly SaveName[]
  readonly names: readonly string[]
}

/**
 * Keeps checkpoints in a folder, one folder in it per ID, safe against crashes and against a second process.
 *
 * A save is written to a temporary file, flushed, renamed, and the folder flushed: after a power cut there is the new
 * position or the one before, never half of one. The generation before is kept, and used when the newest file is torn or
 * foreign, which {@link CheckpointClaim.damage} then tells. No lock is held, so none can be left behind. IDs may be any
 * text: only a hash of them and their harmless letters become a file name.
 *
 * A signal that comes while a save is under way does what it does at any other time: your listener is called, `once` or
 * not, and the save goes on; without one the process ends, and the unfinished file is removed.
 *
 * The folder is made when it is not there, with those above it; `claim` throws a {@link ConsumerError} `checkpoint-failed` when
 * it cannot be. It must lie on a local file system, where creating a file exclusively is atomic.
 */
export class FileCheckpointStore implements CheckpointStore {
  readonly #directory: string
  /** Saves of one ID run one after the other, whoever calls. */
  readonly #queues = new Map<string, Promise<unknown>>()

  /** @param directory the folder, relative to the working directory of the process at this moment. */
  constructor(directory: string) {
    this.#directory = path.resolve(directory)
  }

  claim(id: string, owner: string): Promise<CheckpointClaim> {
    return this.#inTurn(id, () => this.#claim(id, owner))
  }

  save(id: string, epoch: number, checkpoint: StreamPosition): Promise<void> {
    return this.#inTurn(id, () => this.#save(id, epoch, checkpoint))
  }

  delete(id: string): Promise<void> {
    return this.#inTurn(id, () => this.#delete(id))
  }

  async #claim(id: string, owner: string): Promise<CheckpointClaim> {
    const folder = this.#folder(id)
    await this.#makeFolder(folder)
    const epoch = await this.#takeEpoch(folder, owner)
    const { checkpoint, damage } = await readNewest(folder, id)
    await seal(folder, id, epoch, checkpoint)
    await tidy(folder, epoch)
    return { epoch, checkpoint, ...(damage === undefined ? {} : { damage }) }
  }

  async #makeFolder(folder: string): Promise<void> {
    try {
      await makeFolder(folder)
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException
      throw new ConsumerError(
        'checkpoint-failed',
        `The checkpoint folder ${JSON.stringify(this.#directory)} cannot be made (${code}): give one that may be written.`,
        { cause },
      )
    }
  }

  /** Makes the claim file of the next epoch. Whoever loses the race for it takes the one after. */
  async #takeEpoch(folder: string, owner: string): Promise<number> {
    for (;;) {
      const epoch = (await list(folder)).epoch + 1
      const handle = await openClaim(path.join(folder, claimName(epoch)))
      if (handle === undefined) continue
      try {
        // The file of this epoch may have been there before, and tidied away by a later claim since it was listed. Asked before
        // anything is flushed: processes that overtake each other while they wait for the disk would go on so for ever.
        if ((await list(folder)).epoch !== epoch) continue
        await handle.writeFile(`${JSON.stringify({ owner })}\n`)
        await handle.sync()
      } finally {
        await handle.close()
      }
      await flushFolder(folder)
      return epoch
    }
  }

  async #save(id: string, epoch: number, checkpoint: StreamPosition): Promise<void> {
    const folder = this.#folder(id)
    const before = await list(folder)
    if (before.epoch !== epoch) throw new StaleEpochError(id, epoch)
    const generation = 1 + (before.saves.find((save) => save.epoch === epoch)?.generation ?? 0)
    try {
      await writeSave(folder, { id, epoch, generation, checkpoint })
    } catch (error) {
      // A later claim tidies away what older ones are writing.
      if ((await list(folder)).epoch !== epoch) throw new StaleEpochError(id, epoch)
      throw error
    }
    // Only now is it known that no claim came between: a later one sees what was just written.
    if ((await list(folder)).epoch !== epoch) throw new StaleEpochError(id, epoch)
    await tidy(folder, epoch)
  }

  async #delete(id: string): Promise<void> {
    const folder = this.#folder(id)
    if ((await list(folder)).epoch === 0) return
    for (;;) {
      const epoch = await this.#takeEpoch(folder, 'deleted')
      await seal(folder, id, epoch, undefined)
      const { epoch: newest, names } = await list(folder)
      // A claim that came between may have seen the position, and would go on to save: it has to be overtaken as well.
      if (newest !== epoch) continue
      const older = names.filter((name) => epochOf(name) < epoch)
      await Promise.all(older.map((name) => remove(folder, name)))
      await flushFolder(folder)
      return
    }
  }

  #folder(id: string): string {
    const readable = id.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 48)
    const digest = createHash('sha256').update(id).digest('hex').slice(0, 32)
    return path.join(this.#directory, `${readable}-${digest}`)
  }

  #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(id) ?? Promise.resolve()
    const result = before.then(work, work)
    const settled = result.then(
      () => undefined,
      () => undefined,
    )
    this.#queues.set(id, settled)
    void settled.then(() => {
      if (this.#queues.get(id) === settled) this.#queues.delete(id)
    })
    return result
  }
}

async function list(folder: string): Promise<Listing> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return []
    throw error
  })
  const saves: SaveName[] = []
  let epoch = 0
  for (const name of names) {
    const claim = CLAIM_NAME.exec(name)
    const save = SAVE_NAME.exec(name)
    if (claim !== null) epoch = Math.max(epoch, Number(claim[1]))
    if (save === null) continue
    saves.push({ name, epoch: Number(save[1]), generation: Number(save[2]) })
    epoch = Math.max(epoch, Number(save[1]))
  }
  saves.sort((a, b) => b.epoch - a.epoch || b.generation - a.generation)
  return { epoch, saves, names }
}

async function writeSave(folder: string, record: CheckpointRecord): Promise<void> {
  const file = path.join(folder, saveName(record.epoch, record.generation))
  await writeDurably(file, formatRecord(record))
}

/** Ends what claims before `epoch` may change: from here on, `checkpoint` is what a later claim sees of them. */
async function seal(
  folder: string,
  id: string,
  epoch: number,
  checkpoint: StreamPosition | undefined,
): Promise<void> {
  try {
    await writeSave(folder, { id, epoch, generation: 0, checkpoint })
  } catch (error) {
    // A later claim tidies away what older ones are writing, and seals for itself.
    if ((await list(folder)).epoch === epoch) throw error
  }
}

async function readNewest(
  folder: string,
  id: string,
): Promise<{ checkpoint?: StreamPosition | undefined; damage?: CheckpointDamagedError }> {
  for (;;) {
    const { saves } = await list(folder)
    let damage: CheckpointDamagedError | undefined
    let isTidiedAway = false
    for (const { name } of saves) {
      const file = path.join(folder, name)
      try {
        const { checkpoint } = parseRecord(await readFile(file, 'utf8'), id, file)
        if (damage === undefined) return { checkpoint }
        if (checkpoint !== undefined) return { checkpoint, damage }
        // That there was nothing before what cannot be read is no position to go on from.
        break
      } catch (error) {
        // An older position than that of a later version could be far behind it: nothing is guessed.
        if (error instanceof CheckpointDamagedError && error.damage !== 'version') damage ??= error
        else if (isCode(error, 'ENOENT')) isTidiedAway = true
        else throw error
      }
    }
    if (isTidiedAway) continue
    if (damage !== undefined) throw damage
    return {}
  }
}

/** Removes what no claim needs any more: older claims, unfinished writes of theirs, all saves but the newest two. */
async function tidy(folder: string, epoch: number): Promise<void> {
  const { names, saves } = await list(folder)
  const kept = new Set(saves.slice(0, KEPT_GENERATIONS).map((save) => save.name))
  const leftover = names.filter((name) => {
    if (CLAIM_NAME.test(name) || TEMPORARY_NAME.test(name)) return epochOf(name) < epoch
    return SAVE_NAME.test(name) && !kept.has(name)
  })
  await Promise.all(leftover.map((name) => remove(folder, name)))
}

/** The epoch in the name of a file of this store; `Infinity` for any other file. */
function epochOf(name: string): number {
  const match = CLAIM_NAME.exec(name) ?? SAVE_NAME.exec(name) ?? TEMPORARY_NAME.exec(name)
  return match === null ? Number.POSITIVE_INFINITY : Number(match[1])
}

function claimName(epoch: number): string {
  return `claim-${String(epoch).padStart(10, '0')}`
}

function saveName(epoch: number, generation: number): string {
  return `save-${String(epoch).padStart(10, '0')}-${String(generation).padStart(12, '0')}.json`
}

/** `undefined` when another process has made it first. */
async function openClaim(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'wx', FILE_MODE)
  } catch (error) {
    if (isCode(error, 'EEXIST')) return undefined
    throw error
  }
}

async function remove(folder: string, name: string): Promise<void> {
  await unlink(path.join(folder, name)).catch((error: unknown) => {
    if (!isCode(error, 'ENOENT')) throw error
  })
}
