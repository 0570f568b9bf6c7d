// Knip finds what nobody uses: files, exports, dependencies. What is public is used by definition.
import { commandEntries, publicEntries } from './scripts/public-entries.mjs'

/** @type {import('knip').KnipConfig} */
const config = {
  entry: [
    ...publicEntries,
    ...commandEntries,
    'samples/*.ts',
    'benchmarks/*.{ts,mjs}',
    'scripts/*.{ts,mjs}',
    'scripts/lint/*.mjs',
  ],
  // A type that only its own file uses still names a part of a public signature
  ignoreExportsUsedInFile: { interface: true, type: true },
  project: ['{src,test,samples,benchmarks,scripts}/**/*.{ts,mjs}'],
}

export default config
