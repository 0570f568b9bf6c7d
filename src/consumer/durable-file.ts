import { mkdir, open, stat } from 'node:fs/promises'
import path from 'node:path'
import writeFileAtomic from 'write-file-atomic'
import { holdSignals } from './signal-hold.js'

/** Of files that only their owner may read and write. */
export const FILE_MODE = 0o600

/**
 * Writes a file so that after a crash or a power cut it holds the old text or the new one, whole: to a temporary file beside
 * it, flushed, renamed, and the folder flushed.
 */
export async function writeDurably(file: string, text: string): Promise<void> {
  await holdSignals(() => writeFileAtomic(file, text, { mode: FILE_MODE }))
  await flushFolder(path.dirname(file))
}

/**
 * Makes a folder and those above it, where they are not there; each is still there after a power cut.
 *
 * Not mkdir's own `recursive`: where a folder says that it is not there even for what is made in it, as /proc does, that
 * goes on trying for ever.
 */
export async function makeFolder(folder: string): Promise<void> {
  const parent = path.dirname(folder)
  try {
    await mkdir(folder)
  } catch (error) {
    // A read-only or foreign parent may refuse even what is there already.
    if (!(await isFolder(folder))) {
      if (!isCode(error, 'ENOENT') || parent === folder) throw error
      await makeFolder(parent)
      await mkdir(folder).catch(async (again: unknown) => {
        // Made by another process meanwhile.
        if (!(await isFolder(folder))) throw again
      })
    }
  }
  // Also where it was there: who made it may not have come so far.
  await flushFolder(parent)
}

/** A rename is durable once its folder is flushed. Windows cannot open folders; it journals them by itself. */
export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch((error: unknown) => {
    if (isCode(error, 'EISDIR', 'EPERM', 'EACCES')) return undefined
    throw error
  })
  if (handle === undefined) return
  try {
    await handle.sync().catch((error: unknown) => {
      if (!isCode(error, 'EISDIR', 'EPERM', 'EINVAL', 'ENOTSUP')) throw error
    })
  } finally {
    await handle.close()
  }
}

/** Whether it is an error of the file system with one of these codes. */
export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes(String((error as NodeJS.ErrnoException).code))
}

function isFolder(folder: string): Promise<boolean> {
  return stat(folder).then(
    (stats) => stats.isDirectory(),
    () => false,
  )
}
