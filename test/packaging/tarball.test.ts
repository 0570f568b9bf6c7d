// What users install is the tarball, so the tarball is what is tested: packed, unpacked where nothing else is, imported,
// and compiled against as the strictest user would. Offline: nothing is fetched.
import { execFile } from 'node:child_process'
import { access, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../', import.meta.url))

interface Manifest {
  readonly name: string
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>
  readonly dependencies: Readonly<Record<string, string>>
}

/** An EBML header, and a Segment with one Cluster at 5 ms that holds the keyframe `aa bb` of track 1. */
const ONE_FRAME = '1a45dfa380 1853806790 1f43b6758b e78105 a386 81 0000 80 aabb'

let scratch = ''
/** The package unpacked in a node_modules folder with nothing beside it. */
let alone = ''
/** The package unpacked with its dependencies beside it. */
let installed = ''
let manifest: Manifest
let packed: readonly string[] = []

const packageFolder = (application: string): string =>
  path.join(application, 'node_modules/kvs-fragments')

/** Runs a module's text with the working directory's own node_modules: what it printed. */
async function runModule(folder: string, text: string): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', text], {
    cwd: folder,
  })
  return stdout.trim()
}

/** Every file the export map leads to: subpath, condition, file. */
function exportedFiles(): readonly (readonly [string, string, string])[] {
  return Object.entries(manifest.exports).flatMap(([subpath, target]) =>
    typeof target === 'string'
      ? [[subpath, 'default', target] as const]
      : Object.entries(target).map(([condition, file]) => [subpath, condition, file] as const),
  )
}

const isCode = (subpath: string): boolean => subpath !== './package.json'

const publicName = (subpath: string): string => path.posix.join('kvs-fragments', subpath)

beforeAll(async () => {
  await access(path.join(repository, 'dist/index.js')).catch((cause: unknown) => {
    throw new Error('there is no dist folder: run npm run build first', { cause })
  })
  manifest = JSON.parse(await readFile(path.join(repository, 'package.json'), 'utf8')) as Manifest
  scratch = await mkdtemp(path.join(tmpdir(), 'kvs-fragments-tarball-'))
  const { stdout } = await run(
    'npm',
    ['pack', '--offline', '--ignore-scripts', '--json', '--pack-destination', scratch],
    { cwd: repository, shell: process.platform === 'win32' },
  )
  const [tarball] = JSON.parse(stdout) as [
    { readonly filename: string; readonly files: readonly { readonly path: string }[] },
  ]
  packed = tarball.files.map((file) => file.path)

  alone = path.join(scratch, 'alone')
  installed = path.join(scratch, 'installed')
  for (const application of [alone, installed]) {
    const folder = packageFolder(application)
    await mkdir(folder, { recursive: true })
    await run('tar', ['-xzf', path.join(scratch, tarball.filename), '--strip-components=1'], {
      cwd: folder,
    })
  }
  // The dependencies are the repository's own: a link each, as a package manager with a store would do it
  for (const dependency of [...Object.keys(manifest.dependencies), '@types/node']) {
    const link = path.join(installed, 'node_modules', dependency)
    await mkdir(path.dirname(link), { recursive: true })
    await symlink(path.join(repository, 'node_modules', dependency), link, 'junction')
  }
})

afterAll(() => rm(scratch, { recursive: true, force: true }))

describe('the tarball', () => {
  it('holds the built files, the papers and the manifest, and nothing else', async () => {
    const built = await readdir(path.join(repository, 'dist'), {
      recursive: true,
      withFileTypes: true,
    })
    const expected = built
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(repository, path.join(entry.parentPath, entry.name)))
      .map((file) => file.replaceAll('\\', '/'))
    expect(packed.toSorted()).toEqual(
      [...expected, 'CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'].toSorted(),
    )
  })

  it('holds code and types only under dist: no map, no test, no source', () => {
    const dist = packed.filter((file) => file.startsWith('dist/'))
    expect(dist.filter((file) => !/\.(?:js|d\.ts)$/.test(file))).toEqual([])
  })

  it('has a file with types behind every entry of the export map', async () => {
    for (const [subpath, condition, file] of exportedFiles()) {
      await expect(
        access(path.join(packageFolder(alone), file)),
        `${subpath} (${condition}) is ${file}`,
      ).resolves.toBeUndefined()
    }
    const untyped = Object.keys(manifest.exports)
      .filter(isCode)
      .filter(
        (subpath) => !exportedFiles().some(([of, kind]) => of === subpath && kind === 'types'),
      )
    expect(untyped).toEqual([])
  })

  it('exports something from every entry once its dependencies are there', async () => {
    const names = Object.keys(manifest.exports).filter(isCode).map(publicName)
    const text = `
      for (const name of ${JSON.stringify(names)}) {
        console.log(name, Object.keys(await import(name)).length > 0)
      }`
    expect((await runModule(installed, text)).split('\n')).toEqual(
      names.map((name) => `${name} true`),
    )
  })

  it('lets nobody import a file that the export map does not name', async () => {
    const text = `await import('kvs-fragments/dist/index.js').catch((error) => console.log(error.code))`
    expect(await runModule(installed, text)).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED')
  })

  it('installs commands that start with a shebang and know their version', async () => {
    for (const file of Object.values(manifest.bin)) {
      const command = path.join(packageFolder(installed), file)
      expect((await readFile(command, 'utf8')).split('\n')[0]).toBe('#!/usr/bin/env node')
      const { stdout } = await run(process.execPath, [command, '--version'], { cwd: installed })
      expect(stdout.trim()).toBe(manifest.version)
    }
  })
})

describe('the lower rooms without a single dependency installed', () => {
  it('parses bytes through kvs-fragments/parser', async () => {
    const text = `
      import { parseFragments } from 'kvs-fragments/parser'
      const bytes = Uint8Array.from(Buffer.from('${ONE_FRAME}'.replaceAll(' ', ''), 'hex'))
      for await (const fragment of parseFragments([bytes])) {
        const [frame] = fragment.frames
        console.log(fragment.timestampMs, fragment.frames.length, frame.isKeyframe, Buffer.from(frame.data).toString('hex'))
      }`
    expect(await runModule(alone, text)).toBe('5 1 true aabb')
  })

  it('reads AWS metadata through kvs-fragments/tags', async () => {
    const file = path.join(repository, 'samples/media/camera.mkv')
    const text = `
      import { createReadStream } from 'node:fs'
      import { parseGetMedia } from 'kvs-fragments/tags'
      const numbers = new Set()
      for await (const { metadata } of parseGetMedia(createReadStream(${JSON.stringify(file)}))) numbers.add(metadata.fragmentNumber)
      numbers.delete(undefined)
      console.log(numbers.size)`
    expect(await runModule(alone, text)).toBe('5')
  })

  it.each([
    ['parser', ['parser']],
    ['tags', ['parser', 'tags']],
  ])('reaches no module outside its rooms from %s', async (entry, rooms) => {
    const dist = path.join(packageFolder(alone), 'dist')
    const reached = new Set<string>()
    const reachedRooms = new Set<string>()
    const waiting = [path.join(dist, entry, 'index.js')]
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (reached.has(file)) continue
      reached.add(file)
      const text = await readFile(file, 'utf8')
      // The bundler heads what came of each module with its name.
      for (const [, room] of text.matchAll(/^\/\/ src\/([a-z]+)\//gm)) reachedRooms.add(room)
      const { importedFiles } = ts.preProcessFile(text, true, true)
      for (const { fileName } of importedFiles) {
        expect(fileName, `imported by ${file}`).toMatch(/^\.{1,2}\//)
        waiting.push(path.resolve(path.dirname(file), fileName))
      }
    }
    expect([...reachedRooms].toSorted()).toEqual(rooms)
  })

  it('has no dependency within reach there, else it would prove nothing', async () => {
    const names = Object.keys(manifest.dependencies)
    const text = `
      const reached = await Promise.allSettled(${JSON.stringify(names)}.map((name) => import(name)))
      console.log(reached.filter(({ reason }) => reason?.code === 'ERR_MODULE_NOT_FOUND').length)`
    expect(Number(await runModule(alone, text))).toBe(names.length)
  })
})

// The compiler reads the SDK's types too, which takes seconds on a busy machine
describe('a strict TypeScript project that uses the package', { timeout: 120_000 }, () => {
  const base = {
    target: 'es2022',
    lib: ['es2022'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    // The types of the language are TypeScript’s own concern
    skipDefaultLibCheck: true,
    noEmit: true,
  }
  const nodenext = { module: 'nodenext', moduleResolution: 'nodenext' }
  const bundler = { module: 'preserve', moduleResolution: 'bundler' }

  /** What was parsed for one program serves the next, where both would parse it alike. */
  const parsed = new Map<string, ts.SourceFile | undefined>()

  function hostWithMemory(options: ts.CompilerOptions): ts.CompilerHost {
    const host = ts.createCompilerHost(options)
    const read = host.getSourceFile.bind(host)
    host.getSourceFile = (file, how, ...rest) => {
      const format = typeof how === 'object' ? how.impliedNodeFormat : undefined
      const key = [file, options.module, options.moduleResolution, format].join(' ')
      if (!parsed.has(key)) parsed.set(key, read(file, how, ...rest))
      return parsed.get(key)
    }
    return host
  }

  const isOurs = ({ fileName }: ts.SourceFile): boolean =>
    !fileName.includes('/node_modules/') || fileName.includes('/node_modules/kvs-fragments/')

  /** Compiles files in the application's folder: what the compiler has to say of them and of the types they reach. */
  async function compile(
    folder: string,
    compilerOptions: object,
    texts: Readonly<Record<string, string>>,
    isLookedAt: (file: ts.SourceFile) => boolean = () => true,
  ): Promise<string> {
    await writeFile(path.join(folder, 'package.json'), '{"name":"application","type":"module"}')
    for (const [name, text] of Object.entries(texts)) {
      await writeFile(path.join(folder, name), text)
    }
    const { options, fileNames, errors } = ts.parseJsonConfigFileContent(
      { compilerOptions: { ...base, ...compilerOptions }, files: Object.keys(texts) },
      ts.sys,
      folder,
    )
    expect(errors).toEqual([])
    const program = ts.createProgram(fileNames, options, hostWithMemory(options))
    const files = program.getSourceFiles().filter(isLookedAt)
    const diagnostics = files.flatMap((file) => ts.getPreEmitDiagnostics(program, file))
    return ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (file) => file,
      getCurrentDirectory: () => folder,
      getNewLine: () => '\n',
    })
  }

  const everyEntry = (): string =>
    Object.keys(manifest.exports)
      .filter(isCode)
      .map((subpath, index) => {
        const name = publicName(subpath)
        return `import * as entry${index} from '${name}'\nexport const keys${index} = Object.keys(entry${index})\n`
      })
      .join('')

  const lowerRooms = `
    import { parseFragments, type Fragment } from 'kvs-fragments/parser'
    import { parseGetMedia, type GetMediaFragment } from 'kvs-fragments/tags'
    export async function count(source: AsyncIterable<Uint8Array>): Promise<number> {
      let bytes = 0
      for await (const fragment of parseGetMedia(source)) {
        const typed: GetMediaFragment = fragment
        const number: string | undefined = typed.metadata.fragmentNumber
        for (const frame of fragment.frames) bytes += frame.data.length + (number?.length ?? 0)
      }
      return bytes
    }
    export async function first(source: Iterable<Uint8Array>): Promise<Fragment<undefined> | undefined> {
      for await (const fragment of parseFragments(source)) return fragment
      return undefined
    }
  `

  const webStreams = `
    import { parseGetMedia } from 'kvs-fragments'
    import { MATROSKA_RULE } from 'kvs-fragments/parser'
    import { FragmentTransform, fragmentTransformStream, frameTransformStream } from 'kvs-fragments/streams'
    export async function numbers(response: Response): Promise<(string | undefined)[]> {
      const all: (string | undefined)[] = []
      const { body } = response
      if (body === null) return all
      const options = { source: 'GetMediaForFragmentList', onServiceError: ({ id }: { id: number | undefined }) => id } as const
      for await (const fragment of body.pipeThrough(fragmentTransformStream(options))) all.push(fragment.metadata.fragmentNumber)
      for await (const frame of new Blob([]).stream().pipeThrough(frameTransformStream())) all.push(frame.metadata.fragmentNumber)
      for await (const fragment of body.pipeThrough(fragmentTransformStream({ rule: MATROSKA_RULE }))) {
        const nothing: undefined = fragment.metadata
        all.push(nothing)
      }
      for await (const fragment of parseGetMedia(body)) all.push(fragment.metadata.fragmentNumber)
      return all
    }
    export const transform = new FragmentTransform({ source: 'GetMediaForFragmentList', onFrame: (frame) => frame.metadata.fragmentNumber })
  `

  // The types of the dependencies are looked at here, once: the SDK's take longer than all the rest
  it('compiles with the types of Node and of no DOM: every entry, and a web stream piped through the adapters', async () => {
    const texts = { 'entries.ts': everyEntry(), 'web-streams.ts': webStreams }
    expect(await compile(installed, { ...nodenext, types: ['node'] }, texts)).toBe('')
  })

  // There a program's own web streams are others than those of node:stream/web
  it('compiles with the types of Node and of the DOM: a web stream piped through the adapters', async () => {
    const lib = ['es2022', 'dom', 'dom.iterable', 'dom.asynciterable']
    const texts = { 'web-streams.ts': webStreams }
    const options = { ...nodenext, types: ['node'], lib }
    expect(await compile(installed, options, texts, isOurs)).toBe('')
  })

  it('compiles against every entry for a bundler', async () => {
    const texts = { 'entries.ts': everyEntry() }
    expect(await compile(installed, { ...bundler, types: ['node'] }, texts, isOurs)).toBe('')
  })

  it.each([
    ['nodenext', nodenext],
    ['bundler', bundler],
  ])(
    'compiles against the lower rooms with no types of Node or of a browser, %s',
    async (_name, options) => {
      const texts = { 'lower-rooms.ts': lowerRooms }
      expect(await compile(alone, { ...options, types: [] }, texts)).toBe('')
    },
  )

  it('is told when it misuses a type, so the types are not any', async () => {
    const text = lowerRooms.replace('bytes += frame.data.length', 'bytes += frame.data.lenght')
    const texts = { 'misuse.ts': text }
    expect(await compile(alone, { ...nodenext, types: [] }, texts)).toContain('TS2551')
  })

  it('is told of an error in the types of the package, so they are looked at', async () => {
    const file = path.join(packageFolder(alone), 'dist/broken.d.ts')
    await writeFile(file, 'export declare const broken: Missing')
    const texts = { 'broken.ts': "export * from './node_modules/kvs-fragments/dist/broken.js'" }
    const said = await compile(alone, { ...bundler, types: [] }, texts, isOurs)
    expect(said).toMatch(/^node_modules\/kvs-fragments\/dist\/broken\.d\.ts.* TS2304: /)
  })
})
