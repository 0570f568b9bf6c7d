// TypeDoc is the docblock gate: `npm run docs` fails when anything public has no docblock.
import { readFileSync } from 'node:fs'

const { exports: subpaths } = JSON.parse(
  readFileSync(new URL('./package.json', import.meta.url), 'utf8'),
)

// Every subpath users can import is documented: the list is the package's own export map
const entryPoints = Object.values(subpaths)
  .map((target) => target.default)
  .filter((file) => file !== undefined)
  .map((file) => file.replace('./dist/', './src/').replace(/\.js$/, '.ts'))

/** @type {Partial<import('typedoc').TypeDocOptions>} */
const options = {
  entryPoints,
  tsconfig: 'tsconfig.build.json',
  out: 'docs',
  readme: 'README.md',
  includeVersion: true,
  githubPages: false,
  disableGit: true,
  sourceLinkTemplate: '',
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
