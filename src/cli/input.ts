import { createReadStream, fstatSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { CommandIo } from './io.js'
import { CommandError, EXIT } from './io.js'
import { fitted } from './terminal-text.js'

/** Bytes per read of a file. */
const CHUNK_BYTES = 65_536
const MAX_NAME_COLUMNS = 200

/** An input that has been opened. */
export interface Input {
  /** For messages: the file's name in quotes, or `standard input`; fit for a terminal. */
  readonly name: string
  readonly stream: Readable
}

/**
 * Opens the file `path`, or standard input for `-`.
 *
 * @throws CommandError when there is no such file, it is a directory, may not be read, the user ends it before, or standard
 *   input is a terminal or a directory.
 */
export async function openInput(path: string, io: CommandIo): Promise<Input> {
  if (path === '-') {
    if (io.stdin.isTTY === true) {
      throw new CommandError(
        'standard input is a terminal: pipe a stream into it, or name a file',
        EXIT.usage,
      )
    }
    // Of a directory, Node makes an empty stream.
    if (isDirectory(io.stdin.fd)) {
      throw new CommandError(
        'standard input is a directory: pipe a stream into it, or name a file',
        EXIT.usage,
      )
    }
    return { name: 'standard input', stream: io.stdin }
  }
  const name = `"${fitted(path, MAX_NAME_COLUMNS)}"`
  try {
    if ((await stat(path)).isDirectory()) {
      throw new CommandError(
        `${name} is a directory: name a file, or - for standard input`,
        EXIT.usage,
      )
    }
    const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES })
    const opened = new Promise((resolve, reject) => {
      stream.once('open', resolve).once('error', reject)
    })
    await unlessInterrupted(opened, `${name} was opened`, io.signal).catch((error: unknown) => {
      stream.destroy()
      throw error
    })
    return { name, stream }
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(`${name} ${whyNot(error)}`, EXIT.usage, { cause: error })
  }
}

function isDirectory(fd: number | undefined): boolean {
  try {
    return fd !== undefined && fstatSync(fd).isDirectory()
  } catch {
    return false
  }
}

/**
 * What `work` resolves with, unless the user ends the command first: to open or read a FIFO lasts until something is written to
 * it, and cannot be called off.
 *
 * @param end what the work leads to, for the message.
 * @throws CommandError of `EXIT.interrupted`, and what the work throws.
 */
export async function unlessInterrupted<T>(
  work: Promise<T>,
  end: string,
  signal: AbortSignal,
): Promise<T> {
  let interrupt = (): void => {}
  const interruption = new Promise<never>((_, reject) => {
    interrupt = () => reject(new CommandError(`interrupted before ${end}`, EXIT.interrupted))
  })
  signal.addEventListener('abort', interrupt, { once: true })
  if (signal.aborted) interrupt()
  try {
    return await Promise.race([work, interruption])
  } finally {
    signal.removeEventListener('abort', interrupt)
  }
}

/** What a failed read means. */
export function readFailure(input: Input, error: unknown): CommandError {
  return new CommandError(
    `${input.name} ${whyNot(error, 'cannot be read to its end')}`,
    EXIT.faulty,
    { cause: error },
  )
}

function whyNot(error: unknown, otherwise = 'cannot be opened'): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case 'ENOENT':
      return 'does not exist: check the name, or give - for standard input'
    case 'ENOTDIR':
      return 'does not exist: a part of the path before it is not a directory'
    case 'EACCES':
    case 'EPERM':
      return 'may not be read by this user'
    case 'EISDIR':
      return 'is a directory: name a file, or - for standard input'
    case 'ENAMETOOLONG':
      return 'does not exist: no file system takes a name as long as that'
    default:
      return `${otherwise}: ${fitted(code ?? message ?? String(error), MAX_NAME_COLUMNS)}`
  }
}
