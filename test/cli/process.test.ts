// What only a process of its own shows: pipes, signals, memory. These run what was built.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { jsonLines, samplePath } from './run-command.js'
import { fragmentOf } from './streams.js'

const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

beforeAll(() => {
  if (!existsSync(main)) throw new Error('there is no dist folder: run npm run build first')
})

interface Ended {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts the command; `ended` has all it wrote. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: 'pipe' })
  child.stdin.on('error', () => {})
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
  })
  return { child, ended }
}

/** Runs a line of shell with the command as `$0 $1`. */
function shell(line: string): Promise<Ended> {
  const child = spawn('bash', ['-o', 'pipefail', '-c', line, process.execPath, main])
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  return new Promise((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }))
  })
}

describe('the command', () => {
  it('begins with a line for the shell, and is the one that npm installs', () => {
    expect(readFileSync(main, 'utf8').split('\n')[0]).toBe('#!/usr/bin/env node')
    const manifest = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    ) as { readonly bin: Readonly<Record<string, string>> }
    expect(manifest.bin).toEqual({ 'kvs-fragments': 'dist/cli/main.js' })
  })

  it('reads a file and standard input alike', async () => {
    const file = samplePath('camera.mkv')
    const named = await start(['inspect', '--json', file]).ended
    const { child, ended } = start(['inspect', '--json', '-'])
    child.stdin.end(readFileSync(file))
    expect(await ended).toEqual(named)
    expect(named.exitCode).toBe(0)
  })

  it.each([
    '"$0" "$1" inspect --json FILE | head -1',
    '"$0" "$1" inspect --json --elements --frames FILE | head -1',
    '"$0" "$1" inspect --elements FILE | true',
    '"$0" "$1" inspect --help | true',
    '"$0" "$1" inspect /nowhere 2>&1 | true; true',
  ])('ends quietly when nobody reads any more: %s', async (line) => {
    const { exitCode, stderr } = await shell(line.replace('FILE', `'${samplePath('camera.mkv')}'`))
    expect([exitCode, stderr]).toEqual([0, ''])
  })

  it
    .runIf(existsSync('/dev/full'))
    .each([`inspect '${samplePath('camera.mkv')}'`, '--help', 'tail --help', '--version'])(
    'says so when the output cannot be written: %s',
    async (args) => {
      const { exitCode, stderr } = await shell(`"$0" "$1" ${args} > /dev/full`)
      expect(stderr).toMatch(/^kvs-fragments: the output cannot be written: ENOSPC.*\n$/)
      expect(exitCode).toBe(1)
    },
  )

  it('says that standard input is a directory', async () => {
    const { exitCode, stderr } = await shell('"$0" "$1" inspect - < /')
    expect(stderr).toBe(
      'kvs-fragments: standard input is a directory: pipe a stream into it, or name a file\n',
    )
    expect(exitCode).toBe(2)
  })

  it('ends with the summary and exit code 130 at Ctrl-C, while it waits for input', async () => {
    const { child, ended } = start(['inspect', '--json', '-'])
    child.stdin.write(fragmentOf({ sequence: 1 }))
    child.stdin.write(fragmentOf({ sequence: 2 }).subarray(0, 300))
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.kill('SIGINT')
    const { exitCode, stdout, stderr } = await ended
    expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'summary', fragments: 1, complete: 1 })
    expect([exitCode, stderr]).toEqual([130, ''])
  })

  it('shows a fragment as soon as it is there', async () => {
    const { child, ended } = start(['inspect', '--json', '-'])
    child.stdin.write(fragmentOf())
    const line = await new Promise((resolve) => child.stdout.once('data', resolve))
    expect(String(line)).toContain('"type":"fragment"')
    child.stdin.end()
    expect((await ended).exitCode).toBe(0)
  })

  it.runIf(existsSync('/proc/self/statm'))('needs no more memory for a longer stream', async () => {
    const camera = readFileSync(samplePath('camera.mkv'))
    const { child, ended } = start(['inspect', '--json', '--frames', '-'])
    const bytesInMemory = (): number =>
      Number(readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ')[1]) * 4096
    const feed = async (bytes: number): Promise<void> => {
      for (let fed = 0; fed < bytes; fed += camera.length) {
        if (!child.stdin.write(camera)) {
          await new Promise((resolve) => child.stdin.once('drain', resolve))
        }
      }
    }
    await feed(24e6)
    const before = bytesInMemory()
    await feed(48e6)
    const after = bytesInMemory()
    child.stdin.end()
    const { exitCode, stdout } = await ended
    expect(exitCode).toBe(0)
    expect(stdout.slice(-400)).toMatch(/"truncated":false,"errors":0\}\n$/)
    expect(after - before).toBeLessThan(20e6)
  })

  it.runIf(existsSync('/proc/self/stat'))(
    'holds back its input while nobody reads its output',
    async () => {
      const camera = readFileSync(samplePath('camera.mkv'))
      const child = spawn(process.execPath, [main, 'inspect', '--json', '--elements', '-'], {
        stdio: 'pipe',
      })
      child.stdin.on('error', () => {})
      /** Changes as long as the process does something, or would if it had a processor. */
      const activity = (): string => {
        const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
        const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
        return state === 'S' ? `${fields[10]} ${fields[11]}` : `${performance.now()}`
      }
      // It has begun; a little of what it writes is taken, and then no more.
      child.stdin.write(camera)
      await new Promise((resolve) => child.stdout.once('readable', resolve))
      let fed = camera.length
      let isStuck = false
      while (!isStuck && fed < 64e6) {
        fed += camera.length
        if (child.stdin.write(camera)) continue
        let hasDrained = false
        child.stdin.once('drain', () => {
          hasDrained = true
        })
        for (let still = 0, before = ''; still < 5 && !hasDrained;) {
          await new Promise((resolve) => setTimeout(resolve, 20))
          const now = activity()
          still = now === before ? still + 1 : 0
          before = now
        }
        isStuck = !hasDrained
      }
      expect(isStuck).toBe(true)
      expect(fed).toBeLessThan(8e6)
      child.kill('SIGKILL')
    },
  )
})
