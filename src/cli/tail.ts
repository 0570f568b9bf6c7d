import { type Command, Option } from 'commander'
import type { CommandIo, ExitCode } from './io.js'
import { START_FORMS, TIME_FORMS } from './start-text.js'
import type { TailFlags } from './tail-settings.js'

const HELP = `
START is one of ${START_FORMS}.
"after" and "at" take a fragment number. TIME is ${TIME_FORMS};
without a zone it is UTC. A checkpoint that exists goes before --start; delete its file to start afresh. The
position before it is kept in a folder beside it, FILE.d.

Reads the stream until --limit, --idle-timeout or Ctrl-C, through every end of session, and shows each
fragment once. Credentials and region come from where the AWS SDK and CLI take them: the environment,
AWS_PROFILE, roles. They need kinesisvideo:GetDataEndpoint and kinesisvideo:GetMedia.

With --json each line is an object: "fragment" and last "summary" as of inspect ("offset" counts from the
beginning of a session, "errors" counts those of the service and damaged fragments too), "event" for what
happens to the connection, "error" for what ends the command.
Log lines of --log-level go to stderr.

Exit codes: 0 ended by --limit, --idle-timeout, Ctrl-C or a reader that left, 1 an error that trying
again does not mend, or an output that cannot be written, 2 wrong usage. A service that cannot be reached
is tried three times at the start; once it has answered, for about twelve minutes.

Examples:
  kvs-fragments tail --stream-name front-door
  kvs-fragments tail --stream-name front-door --start earliest --limit 10 --json
  kvs-fragments tail --stream-name front-door --checkpoint front-door.json`

/** Adds `kvs-fragments tail`. */
export function addTail(
  program: Command,
  io: CommandIo,
  finish: (exitCode: ExitCode) => void,
): void {
  program
    .command('tail')
    .description('show the fragments of a live stream as they come')
    .option('--stream-name <name>', 'the stream, by its name')
    .option('--stream-arn <arn>', 'the stream, by its ARN')
    .option('--endpoint <url>', 'the endpoint for GetDataEndpoint, such as a simulator’s')
    .option('--region <region>', 'the AWS region (default: of the ARN, else of the AWS settings)')
    .option('--start <start>', 'where to start (default: now)')
    .option('--checkpoint <file>', 'keep the position in this file, and go on from there')
    .option('--limit <count>', 'end after so many fragments')
    .option('--idle-timeout <seconds>', 'end when no fragment came for so long')
    .option('--json', 'one JSON object per line')
    .addOption(
      new Option('--log-level <level>', 'write a log to stderr').choices([
        'trace',
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .addHelpText('after', HELP)
    .action(async (flags: TailFlags) => {
      // Loaded when it is needed: who inspects a file does not wait for the consumer.
      const { readTailSettings } = await import('./tail-settings.js')
      const { runTail } = await import('./tail-run.js')
      finish(await runTail(await readTailSettings(flags, io.env), io))
    })
}
