// What the papers say about the code has to be true of the code.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  elementLine,
  errorLine,
  fragmentLine,
  frameLine,
  summaryLine,
} from '../../src/cli/json-lines.js'
import { ElementWalk, type WalkedElement } from '../../src/cli/element-walk.js'
import { TrackCounts } from '../../src/cli/track-counts.js'
import { DEFAULT_LIMITS } from '../../src/parser/limits.js'
import { GetMediaParser } from '../../src/tags/get-media-parser.js'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const read = (file: string): string => readFileSync(path.join(repository, file), 'utf8')

const papers = readdirSync(repository).filter((file) => file.endsWith('.md'))

const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** `64 MiB` and `1,024` as numbers. */
function toNumber(text: string): number {
  const [digits = '', unit] = text.trim().split(' ')
  return Number(digits.replaceAll(',', '')) * (unit === undefined ? 1 : (UNITS[unit] ?? Number.NaN))
}

describe.each(papers)('%s', (paper) => {
  const text = read(paper)

  it('links to files that are there', () => {
    const links = Array.from(text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g), ([, link = '']) => link)
    expect(links.filter((link) => !existsSync(path.join(repository, link)))).toEqual([])
  })

  it('names npm scripts that are there', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = Array.from(text.matchAll(/npm run ([\w-]+)/g), ([, name = '']) => name)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })
})

describe('README.md', () => {
  it('lists every field of the JSON lines', () => {
    const capture = readFileSync(path.join(repository, 'samples/media/camera.mkv'))
    const [fragment] = new GetMediaParser().push(capture)
    const elements: WalkedElement[] = []
    new ElementWalk(
      (element) => elements.push(element),
      () => undefined,
    ).write(capture)
    const counts = new TrackCounts()
    const totals = {
      fragments: 0,
      complete: 0,
      counts,
      bytes: 0,
      isTruncated: false,
      errors: 0,
      serviceErrors: 0,
      truncation: undefined,
      notEbml: undefined,
    }
    const lines = {
      fragment: fragmentLine(fragment!, 0, counts),
      frame: frameLine(fragment!.frames[0]!, 0, 0),
      element: elementLine(elements[0]!),
      error: errorLine({ code: 'not-ebml', offset: 0, message: '' }),
      summary: summaryLine(totals),
    }
    for (const [type, line] of Object.entries(lines)) {
      const [, fields = ''] = new RegExp(`^\\| \`${type}\`[^|]*\\| (.+)\\|$`, 'm').exec(
        read('README.md'),
      )!
      const listed = fields.replace(/\([^)]*\)/g, '').matchAll(/`(\w+)`/g)
      expect(Array.from(listed, ([, name]) => name)).toEqual(Object.keys(JSON.parse(line)).slice(1))
    }
  })
})

describe('SECURITY.md', () => {
  it('lists every limit with its default', () => {
    const rows = read('SECURITY.md').matchAll(/^\| `(max\w+)` \| ([^|]+)\|/gm)
    const listed = Object.fromEntries(
      Array.from(rows, ([, name = '', value = '']) => [name, toNumber(value)]),
    )
    expect(listed).toEqual(DEFAULT_LIMITS)
  })
})

describe('CONTRIBUTING.md', () => {
  it('draws the arrows that lint holds', async () => {
    const rooms = pathToFileURL(path.join(repository, 'scripts/lint/rooms.mjs')).href
    const { ROOMS } = (await import(rooms)) as {
      ROOMS: Readonly<Record<string, { readonly rooms: readonly string[] }>>
    }
    const held = Object.entries(ROOMS)
      .filter(([name]) => name !== 'index.ts')
      .map(([name, room]) => [name, room.rooms.toSorted()])
    const rows = read('CONTRIBUTING.md').matchAll(/^(\w+) ─*[►] (.+)$/gm)
    const drawn = Array.from(rows, ([, name = '', targets = '']) => [
      name,
      targets === 'nothing' ? [] : targets.split(', ').toSorted(),
    ])
    expect(Object.fromEntries(drawn)).toEqual(Object.fromEntries(held))
  })

  it('says what each folder of the source knows', () => {
    const text = read('CONTRIBUTING.md')
    const folders = readdirSync(path.join(repository, 'src'), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
    expect(folders.filter((name) => !text.includes(`| \`src/${name}/\` |`))).toEqual([])
  })
})
