// `npm run docs` is the docblock gate. Here it is given code with holes in its documentation, and has to find each.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Application, Logger, LogLevel, TSConfigReader, type TypeDocOptions } from 'typedoc'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const DOCUMENTED = `
/** How a thing is made. */
export interface ThingOptions {
  /** In bytes; 10 by default. */
  readonly maxBytes?: number
}
/** A thing; see {@link ThingOptions}. */
export class Thing {
  /** Its size in bytes. */
  readonly size: number
  constructor(options: ThingOptions) {
    this.size = options.maxBytes ?? 10
  }
  /** Twice its size. */
  get double(): number {
    return this.size * 2
  }
  /** Says hello. */
  greet(): string {
    return 'hello'
  }
}
/** A kind of thing. */
export type Kind = 'small' | 'large'
/** The kind a thing has when nobody says. */
export const DEFAULT_KIND: Kind = 'small'
/** Makes a thing. */
export function makeThing(): Thing {
  return new Thing({})
}
`

const HOLES = [
  ['a property of an interface', '  /** In bytes; 10 by default. */\n', 'ThingOptions.maxBytes'],
  ['an interface', '/** How a thing is made. */\n', 'ThingOptions'],
  ['a class', '/** A thing; see {@link ThingOptions}. */\n', 'Thing'],
  ['a property of a class', '  /** Its size in bytes. */\n', 'Thing.size'],
  ['an accessor', '  /** Twice its size. */\n', 'Thing.double'],
  ['a method', '  /** Says hello. */\n', 'Thing.greet'],
  ['a type', '/** A kind of thing. */\n', 'Kind'],
  ['a constant', '/** The kind a thing has when nobody says. */\n', 'DEFAULT_KIND'],
  ['a function', '/** Makes a thing. */\n', 'makeThing'],
] as const

class ListLogger extends Logger {
  readonly lines: string[] = []

  override log(message: string, level: LogLevel): void {
    if (level >= LogLevel.Warn) this.lines.push(message)
  }
}

describe('the docblock gate', () => {
  let folder = ''
  let options: Partial<TypeDocOptions> = {}

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kvs-fragments-docblocks-'))
    await writeFile(path.join(folder, 'package.json'), '{"name":"fixture","version":"1.0.0"}')
    const config = (await import(path.join(repository, 'typedoc.config.mjs'))) as {
      default: Partial<TypeDocOptions>
    }
    options = config.default
  })

  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** Runs TypeDoc with the project's own settings over one file: the warnings it would fail with. */
  async function check(text: string): Promise<string[]> {
    const file = path.join(folder, 'fixture.ts')
    const tsconfig = path.join(folder, 'tsconfig.json')
    await writeFile(file, text)
    await writeFile(
      tsconfig,
      JSON.stringify({
        compilerOptions: { strict: true, lib: ['es5'], module: 'preserve', types: [] },
        files: ['fixture.ts'],
      }),
    )
    const application = await Application.bootstrapWithPlugins(
      { ...options, entryPoints: [file], tsconfig, readme: 'none' },
      [new TSConfigReader()],
    )
    const logger = new ListLogger()
    application.logger = logger
    const project = await application.convert()
    if (project === undefined) throw new Error(logger.lines.join('\n'))
    application.validate(project)
    return logger.lines
  }

  it('passes code whose every symbol is documented', async () => {
    expect(await check(DOCUMENTED)).toEqual([])
  })

  it('fails on every kind of symbol without a docblock', async () => {
    const bare = HOLES.reduce((text, [, docblock]) => text.replace(docblock, ''), DOCUMENTED)
    const warnings = await check(bare)
    for (const [kind, , name] of HOLES) {
      expect(warnings, kind).toContainEqual(expect.stringContaining(`${name} (`))
    }
  })

  it('asks no words for a property that can have one value only', async () => {
    const event = `
/** Something happened, or nothing did. */
export type Event = { readonly type: 'opened'; readonly at?: undefined } | { readonly type: 'closed'; readonly at: number }
`
    expect(await check(DOCUMENTED + event)).toEqual([
      expect.stringMatching(/^Event\.__type\.at \(Property\)/),
    ])
  })

  it('fails on a link that leads nowhere', async () => {
    const warnings = await check(DOCUMENTED.replace('{@link ThingOptions}', '{@link Nothing}'))
    expect(warnings).toContainEqual(expect.stringContaining('Failed to resolve link to "Nothing"'))
  })

  it('fails on a public signature whose type is not exported', async () => {
    const warnings = await check(DOCUMENTED.replace('export interface', 'interface'))
    expect(warnings).toContainEqual(expect.stringMatching(/^ThingOptions, .* not included/))
  })

  it('treats a warning as a failure', () => {
    expect(options).toMatchObject({
      treatWarningsAsErrors: true,
      treatValidationWarningsAsErrors: true,
    })
  })
})
