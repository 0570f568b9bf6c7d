/** Where things lie. The harness runs compiled from `.cache/build`, its tests from the sources: both look upwards. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

function findRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('no package.json above the benchmarks')
    folder = parent
  }
  return folder
}

export const ROOT = findRoot()
export const BENCHMARKS = join(ROOT, 'benchmarks')
export const CACHE = join(BENCHMARKS, '.cache')
export const COMPILED = join(CACHE, 'build')
