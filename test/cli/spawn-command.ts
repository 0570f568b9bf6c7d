import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach } from 'vitest'
import { FAST_TIME } from '../helpers/fast-time.js'
import type { Outcome } from './run-command.js'

/** The built command: `npm test` builds before it tests. */
export const COMMAND: string = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** A secret that nothing may ever print. */
export const CANARY = 'canary-6f1d2c'

// Nothing of the machine's own AWS settings.
const BARE_ENV: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
}

/** Credentials as the SDK finds them; the simulator takes any. */
export const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: `${CANARY}-secret`,
  AWS_SESSION_TOKEN: `${CANARY}-token`,
} as const

const running = new Set<ChildProcess>()
afterEach(() => {
  for (const child of running) child.kill('SIGKILL')
})

/** A command that runs. */
export interface RunningCommand {
  readonly child: ChildProcess
  /** What it has written by now. */
  readonly stdout: () => string
  /** Resolves when stdout has a line that matches. */
  whenLine(pattern: RegExp): Promise<string>
  /** Resolves when it has ended. */
  readonly outcome: Promise<Outcome>
}

/** Runs `kvs-fragments …` in a process of its own, in fast time. */
export function startCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv = CREDENTIALS,
): RunningCommand {
  return track(
    spawn(process.execPath, [...FAST_TIME, COMMAND, ...args], { env: { ...BARE_ENV, ...env } }),
  )
}

/** Runs a line as a shell would. */
export function startShell(line: string): RunningCommand {
  return track(spawn('sh', ['-c', line], { env: BARE_ENV }))
}

/** Runs `kvs-fragments …` to its end. */
export function endCommand(
  args: readonly string[],
  env: NodeJS.ProcessEnv = CREDENTIALS,
): Promise<Outcome> {
  return startCommand(args, env).outcome
}

function track(child: ChildProcess): RunningCommand {
  running.add(child)
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    for (const watcher of watchers) watcher()
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const outcome = new Promise<Outcome>((resolve) => {
    child.on('close', (code, signal) => {
      running.delete(child)
      resolve({
        exitCode: code ?? -1,
        stdout,
        stderr: signal === null ? stderr : `${stderr}${signal}`,
      })
      for (const watcher of watchers) watcher()
    })
  })
  return {
    child,
    stdout: () => stdout,
    outcome,
    whenLine: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const line = stdout
            .split('\n')
            .slice(0, -1)
            .find((text) => pattern.test(text))
          if (line !== undefined) {
            watchers.delete(look)
            resolve(line)
          } else if (!running.has(child)) {
            reject(new Error(`no line matches ${String(pattern)} in:\n${stdout}\n${stderr}`))
          }
        }
        watchers.add(look)
        look()
      }),
  }
}
