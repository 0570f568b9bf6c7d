import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { EXIT } from '../../src/cli/io.js'
import { concat } from '../helpers/ebml-bytes.js'
import { hex } from '../helpers/hex.js'
import { inspectBytes, jsonLines, runCommand, samplePath, temporaryFiles } from './run-command.js'
import { fragmentOf } from './streams.js'

const file = temporaryFiles()
const sentence = (text: string): string => `kvs-fragments: ${text}\n`

describe('wrong usage', () => {
  it.each([
    [[], 'Usage: kvs-fragments'],
    [['inspect'], "error: missing required argument 'file'"],
    [['inspect', 'a', 'b'], 'error: too many arguments'],
    [['inspect', '--jsn', 'a'], 'error: unknown option'],
    [['inspct', 'a'], "error: unknown command 'inspct'"],
  ])('of %j is told on stderr, with exit code 2', async (args, message) => {
    const { exitCode, stdout, stderr } = await runCommand(args)
    expect(stderr).toContain(message)
    expect([exitCode, stdout]).toEqual([EXIT.usage, ''])
  })

  it('is told without the escape sequences that were typed', async () => {
    const { stderr } = await runCommand(['inspect', '--\u001B[31mred\u202E'])
    expect(stderr).toContain("unknown option '--red'")
    expect(stderr).not.toMatch(/\p{Cf}|[^\n\P{Cc}]/u)
  })

  it('is not to ask for help or the version', async () => {
    const help = await runCommand(['inspect', '--help'])
    expect(help.stdout).toContain('Exit codes: 0 clean')
    const version = await runCommand(['--version'])
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect([help.exitCode, version.exitCode, help.stderr]).toEqual([0, 0, ''])
  })
})

describe('an input that is none', () => {
  it('is a file that does not exist', async () => {
    for (const args of [[], ['--json']]) {
      const { exitCode, stdout, stderr } = await runCommand(['inspect', ...args, '/nowhere/x.mkv'])
      expect(stderr).toBe(
        sentence('"/nowhere/x.mkv" does not exist: check the name, or give - for standard input'),
      )
      expect([exitCode, stdout]).toEqual([EXIT.usage, ''])
    }
  })

  it('is a directory, or a path through a file', async () => {
    const directory = await runCommand(['inspect', samplePath('')])
    expect(directory.stderr).toContain('is a directory: name a file, or - for standard input')
    const through = await runCommand(['inspect', `${samplePath('camera.mkv')}/x`])
    expect(through.stderr).toContain('a part of the path before it is not a directory')
    expect([directory.exitCode, through.exitCode]).toEqual([EXIT.usage, EXIT.usage])
  })

  it('is a name that no file can have, shown in part', async () => {
    const { exitCode, stderr } = await runCommand(['inspect', 'x'.repeat(100_000)])
    expect(stderr).toContain('…" does not exist')
    expect(stderr.length).toBeLessThan(400)
    expect(exitCode).toBe(EXIT.usage)
  })

  it('is a terminal as standard input', async () => {
    const { exitCode, stderr } = await runCommand(['inspect', '-'], { isStdinTerminal: true })
    expect(stderr).toBe(
      sentence('standard input is a terminal: pipe a stream into it, or name a file'),
    )
    expect(exitCode).toBe(EXIT.usage)
  })

  it('is one that fails while it is read, after what was read of it', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield fragmentOf()
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
    }
    const { exitCode, stdout, stderr } = await runCommand(['inspect', '--json', '-'], {
      stdin: failing(),
    })
    expect(stderr).toBe(sentence('standard input cannot be read to its end: EIO'))
    expect(jsonLines(stdout).map((line) => line['type'])).toEqual(['fragment', 'summary'])
    expect(exitCode).toBe(EXIT.faulty)
  })
})

describe('an input that is not EBML', () => {
  const refusal = (name: string): string =>
    sentence(
      `${name} is not an EBML stream: it does not begin with 1A 45 DF A3, as Matroska, WebM and GetMedia payloads do`,
    )

  it.each([
    ['text', Buffer.from('hello\n')],
    ['a few bytes', hex('00 01')],
    ['a beginning that is not followed up', hex('1A 45 10')],
    ['a JPEG picture', concat('FFD8FFE0', new Uint8Array(500))],
    ['noise', Uint8Array.from({ length: 5000 }, (_, i) => (i * i * 31) >>> 3)],
  ])('such as %s gets one sentence and exit code 1', async (_name, bytes) => {
    const path = file('x.bin', bytes)
    const table = await runCommand(['inspect', path])
    expect(table).toEqual({ exitCode: 1, stdout: '', stderr: refusal(`"${path}"`) })
    const elements = await runCommand(['inspect', '--elements', path])
    expect(elements.stderr).toBe(refusal(`"${path}"`))
    expect(elements.exitCode).toBe(1)
  })

  it('gets its error line and the summary too with --json', async () => {
    const { exitCode, stdout, stderr } = await inspectBytes(hex('DEADBEEF'), ['--json'])
    expect(jsonLines(stdout)).toMatchObject([
      { type: 'error', code: 'not-ebml', offset: 0 },
      { type: 'summary', fragments: 0, bytes: 4, truncated: false, errors: 1 },
    ])
    expect([exitCode, stderr]).toEqual([1, refusal('standard input')])
  })

  it('is given up after a mebibyte, so that an endless one ends', async () => {
    let given = 0
    function* endless(): Generator<Uint8Array> {
      for (;;) {
        given += 65_536
        yield new Uint8Array(65_536)
      }
    }
    const { exitCode } = await runCommand(['inspect', '-'], { stdin: endless() })
    expect(exitCode).toBe(1)
    expect(given).toBeLessThan(3_000_000)
  })

  it('may be empty', async () => {
    const path = file('empty', new Uint8Array(0))
    const { exitCode, stdout, stderr } = await runCommand(['inspect', '--json', path])
    expect(stderr).toBe(sentence(`"${path}" is empty: there is not one byte to read`))
    expect(jsonLines(stdout)).toMatchObject([
      { type: 'error', code: 'not-ebml', offset: 0 },
      { type: 'summary', bytes: 0, errors: 1 },
    ])
    expect(exitCode).toBe(1)
  })
})

describe('the name of a file', () => {
  it('may hold blanks, quotes, a line break and escape sequences', async () => {
    const path = file('a b"\n\u001B[31m日.mkv', fragmentOf())
    expect((await runCommand(['inspect', path])).exitCode).toBe(0)
    const missing = await runCommand(['inspect', `${path}x`])
    expect(missing.stderr).toMatch(/a b"日\.mkvx" does not exist/)
    expect(missing.stderr).not.toContain('\u001B')
  })

  it('may begin with a dash after --', async () => {
    const { stderr } = await runCommand(['inspect', '--', '-x.mkv'])
    expect(stderr).toContain('"-x.mkv" does not exist')
  })
})

describe('Ctrl-C', () => {
  it('ends with the summary of what was read, and without the fragment that was open', async () => {
    const controller = new AbortController()
    const stdin = new Readable({ read() {} })
    stdin.push(fragmentOf({ sequence: 1 }))
    stdin.push(fragmentOf({ sequence: 2 }).subarray(0, 300))
    const running = runCommand(['inspect', '--json', '-'], { stdin, signal: controller.signal })
    do {
      await new Promise((resolve) => setImmediate(resolve))
    } while (stdin.readableLength > 0)
    controller.abort()
    const { exitCode, stdout, stderr } = await running
    expect(jsonLines(stdout)).toMatchObject([
      { type: 'fragment', complete: true },
      { type: 'summary', fragments: 1, complete: 1, bytes: 755, truncated: false },
    ])
    expect([exitCode, stderr]).toEqual([EXIT.interrupted, ''])
  })
})
