// TypeDoc is the docblock gate: `npm run docs` fails when anything public has no docblock.
import { Comment, Converter, ReflectionKind } from 'typedoc'
import { publicEntries } from './scripts/public-entries.mjs'

/**
 * A property that can have one value only says all there is to say: the `type` that tells events apart, the members of
 * `ID`, a choice that excludes another. Everything else needs words.
 */
function describeConstants(application) {
  application.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const property of project.getReflectionsByKind(ReflectionKind.Property)) {
      if (property.hasComment()) continue
      const type = property.type?.type === 'optional' ? property.type.elementType : property.type
      if (type?.type === 'literal') {
        property.comment = new Comment([{ kind: 'text', text: 'Always this value.' }])
      } else if (type?.type === 'intrinsic' && type.name === 'undefined') {
        property.comment = new Comment([{ kind: 'text', text: 'Left out in this case.' }])
      }
    }
  })
}

/** @type {Partial<import('typedoc').TypeDocOptions>} */
const options = {
  entryPoints: publicEntries,
  plugin: [describeConstants],
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
