/** Makes each input once and keeps it, with what a parser must find in it, in `benchmarks/.cache`. */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { BENCHMARKS, CACHE } from '../paths.js'
import { expect } from './expected.js'
import { ELEMENT_ID } from './matroska-writer.js'
import { RECIPES } from './recipes.js'
import { readWholeInput } from './reference-reader.js'
import type { Expected } from './expected.js'
import type { RecipeName } from './recipes.js'

export const PINNED = join(BENCHMARKS, 'inputs', 'pinned.json')

export interface StoredInput {
  readonly name: string
  readonly summary: string
  /** Where the bytes are. */
  readonly path: string
  readonly expected: Expected
  /** Its fragments end with closing tags, so that every contender can tell where. */
  readonly isGetMedia: boolean
  /** Not made by the generator. */
  readonly isRealFile: boolean
}

/** Makes an input anew, without the cache. */
export function generate(name: RecipeName): {
  readonly bytes: Buffer
  readonly expected: Expected
} {
  const recipe = RECIPES[name]
  const { writer, fragments } = recipe.build(recipe.targetBytes)
  return { bytes: writer.bytes, expected: expect(writer.bytes, writer, fragments) }
}

/**
 * An input by name. The cache is trusted only if it agrees with `inputs/pinned.json`, which unit tests hold against the
 * generator and the reference reader.
 */
export function inputNamed(name: RecipeName): StoredInput {
  const pinned = readPinned()[name]
  const path = join(CACHE, `${name}-${pinned.sha256.slice(0, 12)}.mkv`)
  if (!hasSize(path, pinned.bytes)) {
    const { bytes, expected } = generate(name)
    if (expected.sha256 !== pinned.sha256) {
      throw new Error(`the generator no longer makes the pinned input "${name}"`)
    }
    writeWhole(path, bytes)
  }
  return {
    name,
    summary: RECIPES[name].summary,
    path,
    expected: pinned,
    isGetMedia: name !== 'file',
    isRealFile: false,
  }
}

/** A real file, repeated until it is worth timing; what it holds is what the reference reader finds. */
export function inputFromFile(file: string, targetBytes: number): StoredInput {
  const once = readFileSync(file)
  if (once.length < 4 || once.readUInt32BE(0) !== ELEMENT_ID.EBML) {
    throw new Error(`${file} is not a Matroska file: it does not begin with 1A 45 DF A3`)
  }
  const times = Math.max(1, Math.ceil(targetBytes / once.length))
  const bytes = Buffer.concat(Array.from({ length: times }, () => once))
  const { elements, fragments } = readWholeInput(bytes)
  const expected = expect(bytes, elements, fragments)
  const path = join(CACHE, `file-${expected.sha256.slice(0, 12)}.mkv`)
  if (!hasSize(path, bytes.length)) writeWhole(path, bytes)
  const summary = `${basename(file)}, ${once.length.toLocaleString('en')} bytes, ${times} times`
  return {
    name: basename(file),
    summary,
    path,
    expected,
    isGetMedia: fragments.some((fragment) => fragment.continuationToken !== undefined),
    isRealFile: true,
  }
}

export function readPinned(): Readonly<Record<RecipeName, Expected>> {
  return JSON.parse(readFileSync(PINNED, 'utf8')) as Record<RecipeName, Expected>
}

function hasSize(path: string, bytes: number): boolean {
  return statSync(path, { throwIfNoEntry: false })?.size === bytes
}

/** Through a rename, so that a run that is broken off leaves no half input behind. */
function writeWhole(path: string, bytes: Buffer): void {
  mkdirSync(CACHE, { recursive: true })
  const partial = `${path}.${process.pid}.partial`
  writeFileSync(partial, bytes)
  renameSync(partial, path)
}
