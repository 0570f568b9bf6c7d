import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../consumer/index.js'

/** Where text goes: a file, a pipe or a terminal. */
export interface TextSink extends Writable {
  /** True for a terminal. */
  readonly isTTY?: boolean
  /** Width of the terminal in columns. */
  readonly columns?: number
  /** Whether the terminal shows colours; of Node's terminals it looks at the environment too. */
  hasColors?(): boolean
}

/** What a command may touch of the process, so that tests can run one without a process. */
export interface CommandIo {
  readonly stdin: Readable & { readonly isTTY?: boolean; readonly fd?: number }
  readonly stdout: TextSink
  readonly stderr: TextSink
  readonly env: Readonly<Record<string, string | undefined>>
  /** What streams and the simulator tell the time by, and wait with. */
  readonly clock: Clock
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal
}

/** What a command leaves to the shell. */
export const EXIT = {
  /** Everything was read and nothing was wrong. */
  clean: 0,
  /** The input was damaged, cut short or could not be read to its end. */
  faulty: 1,
  /** The command line was wrong: an unknown option, no such file. */
  usage: 2,
  /** Ctrl-C: 128 + SIGINT. */
  interrupted: 130,
} as const

/** An exit code of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Ends a command with one sentence on stderr. */
export class CommandError extends Error {
  readonly exitCode: ExitCode

  constructor(message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}
