// Joins the modules of `src` into a few files, one for each public entry and those they share: Node takes half a millisecond
// to look up and link each module, which is longer than it takes to run it.
import { build } from 'rolldown'
import { commandEntries, publicEntries } from './public-entries.mjs'

const sources = [...publicEntries, ...commandEntries]

await build({
  input: Object.fromEntries(
    sources.map((source) => [source.replace(/^src\//, '').replace(/\.ts$/, ''), `./${source}`]),
  ),
  // Dependencies stay what they are: the lockfile of whoever installs this decides on them
  external: (id) => !/^[./]|^[A-Za-z]:/.test(id) || id.startsWith('node:'),
  platform: 'node',
  output: {
    dir: 'dist',
    format: 'esm',
    entryFileNames: '[name].js',
    // A folder down, as the entries are: what is found relative to `import.meta.url` is the same from all of them
    chunkFileNames: 'shared/[name]-[hash].js',
  },
})
