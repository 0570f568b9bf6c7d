import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addInspect } from './inspect.js'
import type { CommandIo, ExitCode } from './io.js'
import { CommandError, EXIT } from './io.js'
import { Output } from './output.js'
import { addSimulate } from './simulate.js'
import { addTail } from './tail.js'
import { printable } from './terminal-text.js'

/** Adds one command: its arguments, its options and what it does; it calls `finish` with how it ended. */
type AddCommand = (program: Command, io: CommandIo, finish: (exitCode: ExitCode) => void) => void

/** Every command, each in a file of its own. */
const COMMANDS: readonly AddCommand[] = [addInspect, addTail, addSimulate]

/**
 * Runs the command line `args` (without the names of the program and of Node). Never throws: whatever goes wrong becomes one
 * sentence on stderr and an exit code.
 */
export async function runProgram(args: readonly string[], io: CommandIo): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.clean
  const help = new Output(io)
  const program = createProgram(io, help)
  for (const add of COMMANDS) {
    add(program, io, (code) => {
      exitCode = code
    })
  }
  try {
    await program.parseAsync(args, { from: 'user' }).catch(async (error: unknown) => {
      if (!(error instanceof CommanderError)) throw error
      // Commander has said what is wrong. Help and version, when asked for, are its exit code 0.
      exitCode = error.exitCode === 0 ? EXIT.clean : EXIT.usage
      await help.flush()
    })
    return exitCode
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error))
    io.stderr.write(`kvs-fragments: ${printable(message)}\n`)
    return error instanceof CommandError ? error.exitCode : EXIT.faulty
  }
}

function createProgram(io: CommandIo, help: Output): Command {
  return new Command('kvs-fragments')
    .description('Reads Amazon Kinesis Video Streams GetMedia payloads and other Matroska streams.')
    .version(readVersion(), '-V, --version')
    .showHelpAfterError('(--help shows what there is)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => help.line(text.replace(/\n$/, '')),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
      getErrHelpWidth: () => io.stderr.columns ?? 100,
      // What the user typed may come from anywhere, too.
      outputError: (text, write) =>
        write(`${text.trimEnd().split('\n').map(printable).join('\n')}\n`),
    })
}

function readVersion(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
