// TypeDoc is the docblock gate: `npm run docs` fails when anything public has no docblock.
import { publicEntries } from './scripts/public-entries.mjs'

/** @type {Partial<import('typedoc').TypeDocOptions>} */
const options = {
  entryPoints: publicEntries,
  tsconfig: 'tsconfig.build.json',
  out: 'docs',
  readme: 'README.md',
  includeVersion: true,
  githubPages: false,
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  treatWarningsAsErrors: true,
  treatValidationWarningsAsErrors: true,
  validation: {
    invalidLink: true,
    invalidPath: true,
    notDocumented: true,
    notExported: true,
    rewrittenLink: true,
    unusedMergeModuleWith: true,
  },
  requiredToBeDocumented: [
    'Accessor',
    'Class',
    'Function',
    'Interface',
    'Method',
    'Property',
    'TypeAlias',
    'Variable',
  ],
}

export default options
