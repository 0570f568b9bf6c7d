// The arrows between the rooms and the house rules are only worth something if breaking one fails the lint: every
// rule is broken here on purpose, in a temporary copy of the project's own lint configuration.
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../', import.meta.url))

const rooms = pathToFileURL(path.join(repository, 'scripts/lint/rooms.mjs')).href

interface Report {
  readonly diagnostics: readonly { readonly filename: string; readonly code: string }[]
}

interface Case {
  /** Where the text stands: the rules depend on the folder. */
  readonly file: string
  readonly text: string
  /** `rule` as oxlint names it, or undefined for a text that has to pass. */
  readonly rule?: string
  readonly because: string
}

const arrow = 'rooms(arrows)'
const SDK = '@aws-sdk/client-kinesis-video-media'

const FORBIDDEN: readonly Case[] = [
  // One row per arrow that must not exist
  ...(
    [
      ['parser', '../tags/a.js'],
      ['parser', '../consumer/a.js'],
      ['parser', '../simulator/a.js'],
      ['parser', '../cli/a.js'],
      ['parser', '../index.js'],
      ['parser', './../tags/a.js'],
      ['parser', '../parser/../tags/a.js'],
      ['parser', '../../test/helpers/a.js'],
      ['parser', 'node:buffer'],
      ['parser', 'commander'],
      ['parser', '../streams/a.js'],
      ['tags', '../streams/a.js'],
      ['tags', '../consumer/a.js'],
      ['tags', '../simulator/a.js'],
      ['tags', '../cli/a.js'],
      ['tags', '../index.js'],
      ['tags', 'node:fs'],
      ['tags', 'pino'],
      ['tags', '../streams/a.js'],
      ['streams', '../consumer/a.js'],
      ['streams', '../cli/a.js'],
      ['streams', '../index.js'],
      ['streams', 'pino'],
      ['consumer', '../streams/a.js'],
      ['streams', '../consumer/a.js'],
      ['streams', '../simulator/a.js'],
      ['streams', '../cli/a.js'],
      ['streams', 'pino'],
      ['consumer', '../streams/a.js'],
      ['consumer', '../simulator/a.js'],
      ['consumer', '../cli/a.js'],
      ['consumer', '../index.js'],
      ['consumer', SDK],
      ['consumer', '@aws-sdk/client-kinesis-video'],
      ['consumer', 'p-retry'],
      ['consumer', 'write-file-atomic'],
      ['consumer', 'pino'],
      ['consumer', 'commander'],
      ['simulator', '../streams/a.js'],
      ['simulator', '../consumer/a.js'],
      ['simulator', '../cli/a.js'],
      ['simulator', '../index.js'],
      ['simulator', SDK],
      ['simulator', 'pino'],
      ['consumer', '../testing/a.js'],
      ['testing', '../cli/a.js'],
      ['testing', '../simulator/a.js'],
      ['testing', 'pino'],
      ['cli', '../index.js'],
      ['cli', SDK],
      ['cli', 'p-retry'],
      ['attic', './a.js'],
    ] as const
  ).map(([room, specifier], index) => ({
    file: `src/${room}/arrow-${index}.ts`,
    text: `import { thing } from '${specifier}'\nexport const it: unknown = thing\n`,
    rule: arrow,
    because: `${room} may not import ${specifier}`,
  })),
  {
    file: 'src/index.ts',
    text: "export { run } from './cli/a.js'\n",
    rule: arrow,
    because: 'the barrel may not reach the command line',
  },
  {
    file: 'src/consumer/media-source.ts',
    text: "import pRetry from 'p-retry'\nexport const it: unknown = pRetry\n",
    rule: arrow,
    because: 'the file that may import the SDK may not import p-retry',
  },
  {
    file: 'src/consumer/deep/media-source.ts',
    text: `import { KinesisVideoMediaClient } from '${SDK}'\nexport const it: unknown = KinesisVideoMediaClient\n`,
    rule: arrow,
    because: 'a namesake of the one file in another folder gets no right to the SDK',
  },
  // The other ways to import
  {
    file: 'src/parser/by-type.ts',
    text: "import type { Thing } from '../tags/a.js'\nexport type It = Thing\n",
    rule: arrow,
    because: 'a type is an import too',
  },
  {
    file: 'src/parser/by-re-export.ts',
    text: "export { thing } from '../tags/a.js'\n",
    rule: arrow,
    because: 'a re-export is an import too',
  },
  {
    file: 'src/parser/by-import-type.ts',
    text: "export type It = import('../tags/a.js').Thing\n",
    rule: arrow,
    because: 'the type import(…) is an import too',
  },
  {
    file: 'src/parser/by-dynamic-import.ts',
    text: "export const load = (): Promise<unknown> => import('node:fs')\n",
    rule: arrow,
    because: 'import(…) is an import too',
  },
  {
    file: 'src/parser/by-computed-import.ts',
    text: 'export const load = (name: string): Promise<unknown> => import(name)\n',
    rule: arrow,
    because: 'an import that no tool can follow may lead anywhere',
  },
  {
    file: 'src/parser/by-side-effect.ts',
    text: "import '../tags/a.js'\n",
    rule: arrow,
    because: 'an import for its side effect is an import too',
  },
  // The rest of the house rules
  {
    file: 'src/parser/cycle-a.ts',
    text: "import type { B } from './cycle-b.js'\nexport interface A {\n  readonly b: B\n}\n",
    rule: 'import(no-cycle)',
    because: 'a cycle inside one room is a cycle, of types as well',
  },
  {
    file: 'src/parser/cycle-b.ts',
    text: "import type { A } from './cycle-a.js'\nexport interface B {\n  readonly a: A\n}\n",
    rule: 'import(no-cycle)',
    because: 'both ends of a cycle are told',
  },
  {
    file: 'src/tags/uses-buffer.ts',
    text: 'export const size: number = Buffer.byteLength("x")\n',
    rule: 'eslint(no-restricted-globals)',
    because: 'the lower rooms run where there is no Node',
  },
  {
    file: 'src/consumer/forgets.ts',
    text: 'const save = (): Promise<void> => Promise.resolve()\nexport function stop(): void {\n  save()\n}\n',
    rule: 'typescript(no-floating-promises)',
    because: 'the rejection of a promise that nobody awaits ends the process',
  },
  {
    file: 'src/consumer/misuses.ts',
    text: 'export const isOpen = (): Promise<boolean> => Promise.resolve(true)\nexport const state: string = isOpen() ? "open" : "closed"\n',
    rule: 'typescript(no-misused-promises)',
    because: 'a promise is always true',
  },
  {
    file: 'src/consumer/prints.ts',
    text: "console.log('connected')\n",
    rule: 'eslint(no-console)',
    because: 'a library does not print',
  },
  {
    file: 'src/tags/any.ts',
    text: 'export const thing: any = 1\n',
    rule: 'typescript(no-explicit-any)',
    because: 'any switches the compiler off',
  },
  {
    file: 'src/tags/default-export.ts',
    text: 'export default 1\n',
    rule: 'import(no-default-export)',
    because: 'src has named exports only',
  },
  {
    file: 'src/tags/star.ts',
    text: "export * from './a.js'\n",
    rule: 'rooms(no-export-all)',
    because: 'a barrel re-exports by name',
  },
  {
    file: 'src/tags/null.ts',
    text: 'export const nothing: unknown = null\n',
    rule: 'unicorn(no-null)',
    because: 'nothing is undefined here',
  },
  {
    file: 'src/consumer/top-level-await.ts',
    text: 'export const x: number = await Promise.resolve(1)\n',
    rule: 'node(no-top-level-await)',
    because: 'require() of the package has to work',
  },
  {
    file: 'src/tags/CamelCase.ts',
    text: 'export const x = 1\n',
    rule: 'unicorn(filename-case)',
    because: 'files are kebab-case',
  },
  {
    file: 'src/tags/long.ts',
    text: `${Array.from({ length: 451 }, (_, line) => `export const line${line} = ${line}`).join('\n')}\n`,
    rule: 'eslint(max-lines)',
    because: 'one concept fits in 450 lines',
  },
  {
    file: 'src/tags/unfinished.ts',
    text: `// ${'TO'}${'DO'}: later\nexport const x = 1\n`,
    rule: 'eslint(no-warning-comments)',
    because: 'what is unfinished is not merged',
  },
  {
    file: 'src/tags/unused.ts',
    text: 'export const x = 1\nconst y = 2\n',
    rule: 'eslint(no-unused-vars)',
    because: 'correctness rules are errors',
  },
  {
    file: 'samples/01-print.ts',
    text: "import { thing } from '../src/tags/a.js'\nconsole.log(thing)\n",
    rule: 'rooms(public-name-only)',
    because: 'a sample imports what a user imports',
  },
  {
    file: 'benchmarks/speed.ts',
    text: "import { thing } from '../dist/parser/index.js'\nconsole.log(thing)\n",
    rule: 'rooms(public-name-only)',
    because: 'a benchmark measures what a user imports',
  },
  {
    file: 'test/tags/only.test.ts',
    text: "import { expect, it } from 'vitest'\nit.only('works', () => expect(1).toBe(1))\n",
    rule: 'vitest(no-focused-tests)',
    because: 'a forgotten .only would switch the suite off',
  },
]

const ALLOWED: readonly Case[] = [
  ...(
    [
      ['src/parser/reader.ts', './a.js'],
      ['src/tags/metadata.ts', './a.js'],
      ['src/tags/boundary.ts', '../parser/a.js'],
      ['src/tags/index-user.ts', '../parser/index.js'],
      ['src/streams/fragment-transform.ts', 'node:stream'],
      ['src/streams/make-parser.ts', '../tags/a.js'],
      ['src/streams/transform.ts', '../parser/a.js'],
      ['src/streams/transform-stream.ts', '../tags/a.js'],
      ['src/streams/web.ts', 'node:stream'],
      ['src/consumer/session.ts', '../tags/a.js'],
      ['src/consumer/position.ts', '../parser/a.js'],
      ['src/consumer/clock.ts', 'node:timers'],
      ['src/consumer/media-source.ts', SDK],
      ['src/consumer/reconnect.ts', 'p-retry'],
      ['src/consumer/durable-file.ts', 'write-file-atomic'],
      ['src/testing/contract.ts', '../consumer/a.js'],
      ['src/simulator/server.ts', 'node:http'],
      ['src/simulator/media.ts', '../parser/a.js'],
      ['src/simulator/stream.ts', '../tags/a.js'],
      ['src/cli/main.ts', 'commander'],
      ['src/cli/log.ts', 'pino'],
      ['src/cli/tail.ts', '../consumer/a.js'],
      ['src/cli/simulate.ts', '../simulator/a.js'],
      ['src/cli/inspect.ts', '../tags/a.js'],
      ['samples/02-resume.ts', 'kvs-fragments'],
      ['benchmarks/inputs.ts', 'kvs-fragments/parser'],
    ] as const
  ).map(([file, specifier]) => ({
    file,
    text: `import { thing } from '${specifier}'\nexport const it: unknown = thing\n`,
    because: `${file} may import ${specifier}`,
  })),
  {
    file: 'src/cli/print.ts',
    text: "console.log('a line')\n",
    because: 'the command line prints',
  },
]

// The targets of the imports above, so that nothing is reported because a file is missing
const TARGETS = [
  'parser',
  'tags',
  'streams',
  'consumer',
  'testing',
  'simulator',
  'cli',
  'attic',
].flatMap((room) =>
  ['a.ts', 'index.ts'].map((name) => ({
    file: `src/${room}/${name}`,
    text: 'export const thing = 1\n',
  })),
)

/** For the rules that ask for types. */
const TSCONFIG = JSON.stringify({
  compilerOptions: { strict: true, target: 'es2022', module: 'nodenext', types: [] },
})

/** Lints the files in a folder of their own under the project's configuration: file -> the rules it breaks. */
async function lint(files: readonly Pick<Case, 'file' | 'text'>[]): Promise<Map<string, string[]>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kvs-fragments-lint-'))
  try {
    for (const part of ['.oxlintrc.json', 'scripts/lint']) {
      await cp(path.join(repository, part), path.join(folder, part), { recursive: true })
    }
    for (const { file, text } of files) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
      await writeFile(path.join(folder, file), text)
    }
    await writeFile(path.join(folder, 'tsconfig.json'), TSCONFIG)
    // It exits with 1 when it finds something; its report is on stdout either way
    const oxlint = path.join(repository, 'node_modules/oxlint/bin/oxlint')
    const env = {
      ...process.env,
      OXLINT_TSGOLINT_PATH: path.join(repository, 'node_modules/.bin/tsgolint'),
    }
    const { stdout } = await run(process.execPath, [oxlint, '--format', 'json'], {
      cwd: folder,
      env,
    }).catch((error: { stdout: string }) => error)
    const { diagnostics } = JSON.parse(stdout) as Report
    const told = new Map<string, string[]>()
    for (const { filename, code } of diagnostics) {
      const file = filename.replaceAll('\\', '/')
      told.set(file, [...(told.get(file) ?? []), code])
    }
    return told
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe('the lint configuration', () => {
  let broken = new Map<string, string[]>()
  let sound = new Map<string, string[]>()

  beforeAll(async () => {
    broken = await lint([...TARGETS, ...FORBIDDEN])
    sound = await lint([...TARGETS, ...ALLOWED])
  })

  it.each(FORBIDDEN)('refuses $file: $because', ({ file, rule }) => {
    expect(broken.get(file)).toContain(rule)
  })

  it.each(ALLOWED)('lets $file pass: $because', ({ file }) => {
    expect(sound.get(file)).toBeUndefined()
  })

  it('has no two cases in one file, which would hide one of them', () => {
    expect(new Set(FORBIDDEN.map(({ file }) => file)).size).toBe(FORBIDDEN.length)
    expect(new Set(ALLOWED.map(({ file }) => file)).size).toBe(ALLOWED.length)
  })
})

describe('the table of rooms', () => {
  it('has a row for each folder of src, and no row too many', async () => {
    const entries = await readdir(path.join(repository, 'src'), { withFileTypes: true })
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
    const { ROOMS } = (await import(rooms)) as { ROOMS: Readonly<Record<string, unknown>> }
    expect(Object.keys(ROOMS).toSorted()).toEqual([...folders, 'index.ts'].toSorted())
  })
})
