import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { MEDIA_FOLDER } from '../helpers/shared-media.js'

/** Small streams of every kind, and inputs that once broke something. */
export const CORPUS_FOLDER: string = fileURLToPath(new URL('corpus', import.meta.url))

/** An input with the name of its file. */
export interface Seed {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Every file of a folder, in the order of the names; nothing when the folder is not there. */
export function readSeeds(folder: string): readonly Seed[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(path.join(folder, name))) }))
}

/** The hostile inputs that stand beside the repository; nothing when they do not. */
export function readSharedSeeds(): readonly Seed[] {
  return readSeeds(path.join(MEDIA_FOLDER, 'fuzz-seeds', 'corpus'))
}
