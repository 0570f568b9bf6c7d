import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { runProgram } from '../../src/cli/program.js'
import { type Clock, systemClock } from '../../src/consumer/clock.js'

/** Where a test runs a command: what is not given is empty, and not a terminal. */
export interface Surroundings {
  /** Standard input, in chunks or as a stream. */
  readonly stdin?: Iterable<Uint8Array> | AsyncIterable<Uint8Array> | Readable
  readonly isStdinTerminal?: boolean
  /** Makes stdout a terminal of that many columns, with colours. */
  readonly terminalColumns?: number
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/** What a command did. */
export interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** A stream that keeps what is written to it. */
class Recorder extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** Runs a command in this process. */
export async function runCommand(
  args: readonly string[],
  surroundings: Surroundings = {},
): Promise<Outcome> {
  const { terminalColumns, isStdinTerminal, env = {}, stdin = [] } = surroundings
  const stdout = new Recorder()
  const stderr = new Recorder()
  const exitCode = await runProgram(args, {
    stdin: Object.assign(stdin instanceof Readable ? stdin : Readable.from(stdin), {
      isTTY: isStdinTerminal === true,
    }),
    stdout:
      terminalColumns === undefined
        ? stdout
        : Object.assign(stdout, { isTTY: true, columns: terminalColumns, hasColors: () => true }),
    stderr,
    env,
    clock: surroundings.clock ?? systemClock,
    signal: surroundings.signal ?? new AbortController().signal,
  })
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

/** Runs `kvs-fragments inspect … -` on some bytes. */
export function inspectBytes(
  bytes: Uint8Array,
  args: readonly string[] = [],
  surroundings: Surroundings = {},
): Promise<Outcome> {
  return runCommand(['inspect', ...args, '-'], { stdin: [bytes], ...surroundings })
}

/** The objects of JSON lines. */
export function jsonLines(text: string): readonly Record<string, unknown>[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** The path of a file of samples/media. */
export function samplePath(name: string): string {
  return fileURLToPath(new URL(`../../samples/media/${name}`, import.meta.url))
}

/** Writes files into a folder of their own, which is gone after the suite; answers their paths. */
export function temporaryFiles(): (name: string, bytes: Uint8Array) => string {
  const folder = mkdtempSync(path.join(tmpdir(), 'kvs-fragments-cli-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  return (name, bytes) => {
    const file = path.join(folder, name)
    writeFileSync(file, bytes)
    return file
  }
}
