// An oxlint plugin that holds the arrows of CONTRIBUTING.md: who may import whom inside src/.
//
// `no-restricted-imports` cannot hold them. Its patterns have no look-around, so they can only list what is
// forbidden, and a room added tomorrow would be allowed everything; and it looks at neither `import('…')` nor
// the type `import('…').Name`. Here everything is forbidden that the table does not name.

/**
 * What a file of each room may import besides its own room.
 * `rooms`: other folders of src/. `node`: whether `node:` modules are allowed.
 * `packages`: npm packages, each with the one file that may import it, or '*' for any file of the room.
 */
export const ROOMS = {
  parser: { rooms: [], node: false, packages: {} },
  tags: { rooms: ['parser'], node: false, packages: {} },
  streams: { rooms: ['parser', 'tags'], node: true, packages: {} },
  consumer: {
    rooms: ['parser', 'tags'],
    node: true,
    packages: {
      '@aws-sdk/client-kinesis-video': 'media-source.ts',
      '@aws-sdk/client-kinesis-video-media': 'media-source.ts',
      '@smithy/types': '*',
      'p-retry': 'reconnect.ts',
      'write-file-atomic': 'durable-file.ts',
    },
  },
  simulator: { rooms: ['parser', 'tags'], node: true, packages: {} },
  testing: { rooms: ['consumer'], node: true, packages: {} },
  cli: {
    rooms: ['parser', 'tags', 'streams', 'consumer', 'simulator'],
    node: true,
    packages: { commander: '*', pino: '*' },
  },
  'index.ts': { rooms: ['parser', 'tags', 'streams', 'consumer'], node: false, packages: {} },
}

/** The part of a path after the last src/ folder, split; undefined outside src/. */
function insideSource(filename) {
  const parts = filename.replaceAll('\\', '/').split('/')
  const source = parts.lastIndexOf('src')
  return source === -1 ? undefined : parts.slice(source + 1)
}

/** `../tags/index.js` seen from `consumer/session.ts` is ['tags', 'index.js']; undefined when it leaves src/. */
function resolveInsideSource(from, specifier) {
  const resolved = from.slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '.' || part === '') continue
    if (part !== '..') resolved.push(part)
    else if (resolved.pop() === undefined) return undefined
  }
  return resolved
}

function packageName(specifier) {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

/** Says why `specifier` may not be imported by the file `from` (its path inside src/), or undefined when it may. */
export function findFault(from, specifier) {
  const name = from[0]
  const room = ROOMS[name]
  if (room === undefined) {
    return `src/${name} is in no table: give it a row in scripts/lint/rooms.mjs and a sentence in CONTRIBUTING.md`
  }
  if (specifier.startsWith('.')) {
    const target = resolveInsideSource(from, specifier)
    if (target === undefined) return 'a file of src/ imports nothing outside src/ by path'
    if (target.length === 1) return 'nobody inside src/ imports the public barrel'
    if (target[0] === name || room.rooms.includes(target[0])) return undefined
    return `${name} may import ${['itself', ...room.rooms].join(', ')}, not ${target[0]}`
  }
  if (specifier.startsWith('node:')) {
    return room.node ? undefined : `${name} runs anywhere: it imports no node: module`
  }
  const dependency = packageName(specifier)
  const holder = room.packages[dependency]
  if (holder === undefined) return `${name} may not import the package ${dependency}`
  if (holder === '*' || holder === from.slice(1).join('/')) return undefined
  return `only ${name}/${holder} imports the package ${dependency}`
}

/** Calls `check` with the source of everything in a file that imports, types and `import()` included. */
function visitImports(check) {
  return {
    ImportDeclaration: (node) => check(node.source),
    ExportNamedDeclaration: (node) => check(node.source),
    ExportAllDeclaration: (node) => check(node.source),
    ImportExpression: (node) => check(node.source),
    TSImportType: (node) => check(node.source),
    TSExternalModuleReference: (node) => check(node.expression),
    CallExpression: (node) => {
      const { callee } = node
      if (callee.type === 'Identifier' && callee.name === 'require') check(node.arguments[0])
    },
  }
}

const arrows = {
  meta: { type: 'problem', schema: [] },
  create(context) {
    const from = insideSource(context.filename)
    if (from === undefined) return {}
    return visitImports((source) => {
      if (source === null || source === undefined) return
      const fault =
        typeof source.value === 'string'
          ? findFault(from, source.value)
          : 'an import is written as a plain string, so that tools can follow it'
      if (fault !== undefined) context.report({ node: source, message: fault })
    })
  },
}

const noExportAll = {
  meta: { type: 'problem', schema: [] },
  create: (context) => ({
    ExportAllDeclaration: (node) =>
      context.report({
        node,
        message: 're-export by name: `export *` hides what is public and what is not',
      }),
  }),
}

const publicNameOnly = {
  meta: { type: 'problem', schema: [] },
  create: (context) =>
    visitImports((source) => {
      if (
        typeof source?.value === 'string' &&
        /^\.{1,2}\/(?:.*\/)?(?:src|dist)\//.test(source.value)
      ) {
        context.report({
          node: source,
          message: 'samples and benchmarks import the package by its public name, as a user does',
        })
      }
    }),
}

export default {
  meta: { name: 'rooms' },
  rules: { arrows, 'no-export-all': noExportAll, 'public-name-only': publicNameOnly },
}
