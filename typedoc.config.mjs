// TypeDoc is the docblock gate: `npm run docs` fails when anything public has no docblock.
import { readFileSync } from 'node:fs'
import { publicEntries } from './scripts/public-entries.mjs'

const read = (file) => readFileSync(new URL(file, import.meta.url), 'utf8')

// The members of `ID` are the names of RFC 8794 and RFC 9559, and those say what each is. TypeDoc knows a symbol by the
// first entry that exports it
const [, ids = ''] = /export const ID\b.*?\{(.*?)\n\}/s.exec(read('./src/parser/schema.ts')) ?? []
const home = /\bID\b/.test(read('./src/index.ts')) ? 'index' : 'parser'
const elementIds = Array.from(
  ids.matchAll(/^ {2}(\w+):/gm),
  ([, name]) => `${home}.ID.__type.${name}`,
)

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
  // Links to what the language or Node defines show as plain text
  externalSymbolLinkMappings: { typescript: { '*': '#' }, '@types/node': { '*': '#' } },
  validation: {
    invalidLink: true,
    // The README links to folders; test/packaging/papers.test.ts looks after its links
    invalidPath: false,
    notDocumented: true,
    notExported: true,
    rewrittenLink: true,
    unusedMergeModuleWith: true,
  },
  intentionallyNotDocumented: elementIds,
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
