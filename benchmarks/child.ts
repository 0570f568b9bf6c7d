/** Runs a compiled script of the harness in a process of its own and reads the line of JSON it prints. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { COMPILED, ROOT } from './paths.js'

export interface ChildOptions {
  readonly nodeArguments?: readonly string[]
  /** Added to this process's own. */
  readonly environment?: Readonly<Record<string, string>>
  /** The process is killed after this long. Default 60 s. */
  readonly limitMs?: number
}

export class ChildTooSlow extends Error {
  readonly limitMs: number

  constructor(limitMs: number) {
    super(`took more than ${limitMs / 1000} s`)
    this.limitMs = limitMs
  }
}

/** @throws ChildTooSlow at the limit; Error with what the process wrote when it fails. */
export async function runChild<T>(
  script: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<T> {
  const limitMs = options.limitMs ?? 60_000
  const child = spawn(
    process.execPath,
    [...(options.nodeArguments ?? []), join(COMPILED, script), ...args],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
    },
  )
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  let isTooSlow = false
  const timer = setTimeout(() => {
    isTooSlow = true
    child.kill('SIGKILL')
  }, limitMs)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearTimeout(timer)
  if (isTooSlow) throw new ChildTooSlow(limitMs)
  if (code !== 0) throw new Error(`${script} failed (${code}):\n${errors}`)
  return JSON.parse(output) as T
}
