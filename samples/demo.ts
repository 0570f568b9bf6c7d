// `npm run demo`: shows every stream of samples/media as the command line shows it, and checks what it counts against
// the table in samples/media/README.md. Ends with 1 when a count differs. Needs no AWS account.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const media = new URL('media/', import.meta.url)
const command = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

interface Expectation {
  readonly name: string
  readonly bytes: number
  /** Complete ones. */
  readonly fragments: number
}

/** The rows of the table: `| [camera.mkv](camera.mkv) | 94,789 | 5 | … |`. */
function readExpectations(): readonly Expectation[] {
  const table = readFileSync(new URL('README.md', media), 'utf8')
  const rows = table.matchAll(
    /^\| \[(?<name>[^\]]+)\]\([^)]*\) \| (?<bytes>[\d,]+) \| (?<fragments>\d+) \|/gm,
  )
  return Array.from(rows, ({ groups = {} }) => ({
    name: groups['name'] ?? '',
    bytes: Number(groups['bytes']?.replaceAll(',', '')),
    fragments: Number(groups['fragments']),
  }))
}

function inspect(name: string, options: readonly string[], stdio: 'inherit' | 'pipe'): string {
  // GetMediaForFragmentList writes no closing tags, and nothing in its bytes says so.
  const flags = name === 'fragment-list.mkv' ? ['--fragment-list', ...options] : options
  const file = fileURLToPath(new URL(name, media))
  const run = spawnSync(process.execPath, [command, 'inspect', ...flags, file], {
    stdio: ['ignore', stdio, 'inherit'],
    encoding: 'utf8',
  })
  if (run.error !== undefined) throw run.error
  return run.stdout
}

function countOf(name: string): { readonly complete: number; readonly bytes: number } {
  const lines = inspect(name, ['--json'], 'pipe').trimEnd().split('\n')
  return JSON.parse(lines.at(-1) ?? '{}') as { complete: number; bytes: number }
}

const expectations = readExpectations()
const differences: string[] = []
for (const { name, bytes, fragments } of expectations) {
  console.log(`\nkvs-fragments inspect samples/media/${name}`)
  inspect(name, [], 'inherit')
  const counted = countOf(name)
  if (counted.complete !== fragments || counted.bytes !== bytes) {
    differences.push(
      `${name}: ${counted.complete} complete fragments in ${counted.bytes} bytes, not ${fragments} in ${bytes}`,
    )
  }
}

console.log(
  `\n${expectations.length} streams inspected, ${differences.length} differ from the table`,
)
for (const difference of differences) console.error(difference)
if (expectations.length === 0 || differences.length > 0) process.exitCode = 1
