/** How long `import` of a package takes in a fresh process, whose start is not counted. */
import { spawnSync } from 'node:child_process'
import { ROOT } from './paths.js'
import { spreadOf } from './statistics.js'
import type { Spread } from './statistics.js'

export interface ImportTime {
  readonly specifier: string
  readonly milliseconds: Spread
}

const SPECIFIERS = [
  'kvs-fragments/parser',
  'kvs-fragments/tags',
  'kvs-fragments',
  'ts-ebml',
  'ebml-stream',
  'ebml',
  'mediabunny',
]

export function measureImports(rounds: number): readonly ImportTime[] {
  const runs = new Map<string, number[]>(SPECIFIERS.map((specifier) => [specifier, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [specifier, milliseconds] of runs) milliseconds.push(importOnce(specifier))
  }
  return [...runs].map(([specifier, milliseconds]) => ({
    specifier,
    milliseconds: spreadOf(milliseconds),
  }))
}

function importOnce(specifier: string): number {
  // The first `import()` of a process loads the loader: an empty module pays for it.
  const program =
    "await import('data:text/javascript,'); const start = performance.now();" +
    `await import('${specifier}'); console.log(performance.now() - start)`
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { cwd: ROOT, encoding: 'utf8' },
  )
  const milliseconds = Number.parseFloat(stdout)
  if (Number.isNaN(milliseconds)) throw new Error(`import of ${specifier} failed:\n${stderr}`)
  return milliseconds
}
