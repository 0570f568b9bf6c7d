// The source files behind the package's export map and commands, for the tools that have to know what is public.
import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const toSource = (built) => built.replace(/^(\.\/)?dist\//, 'src/').replace(/\.js$/, '.ts')

/** `src/index.ts`, `src/parser/index.ts`, …: one for each subpath users can import. */
export const publicEntries = Object.values(manifest.exports)
  .filter((target) => typeof target === 'object')
  .map((target) => toSource(target.default))

/** `src/cli/main.ts`: one for each command the package installs. */
export const commandEntries = Object.values(manifest.bin).map(toSource)
