import type { Command } from 'commander'
import { unlessInterrupted } from './input.js'
import type { CommandIo, ExitCode } from './io.js'
import type { SimulateFlags } from './simulate-settings.js'

const HELP = `
Each file becomes a stream named after it: a GetMedia capture keeps its bytes, numbers and times, any other
Matroska or WebM file is cut into one fragment per Cluster. With --stream-name all files follow each other in
that one stream. Without a file a camera is made up, a fragment a second, in the stream "camera".

Without --rate and --loop a file's fragments are all there from the beginning. With one of them they come in
live, with new numbers and times: --rate 2 is two fragments a second, --rate 500kB is half a megabyte.
Of a live stream the last 256 MB are kept at most.

A fault script is JSON: [{"at": {"fragment": 3, "offset": "middle"}, "do": "reset"},
  {"at": {"request": 1}, "do": {"http": {"type": "ClientLimitExceededException"}}},
  {"at": {"fragment": 7}, "do": {"errorTag": 5000}}]
"at" is a fragment (index or number), a byte of a response, or a request; "do" is reset, fin, cleanEnd, stall,
delay, slice, flip, duplicate, skip, an error tag or an HTTP error; "times" says how often.

It listens on 127.0.0.1 only and takes any credentials.

Exit codes: 0 ended by Ctrl-C, 1 it could not listen or write its output, 2 wrong usage or an unreadable file, 130 Ctrl-C before it
listened.

Examples:
  kvs-fragments simulate
  kvs-fragments simulate capture.mkv --port 4321 --faults faults.json
  kvs-fragments simulate capture.mkv --loop --rate 1 --session-seconds 30`

/** Adds `kvs-fragments simulate`. */
export function addSimulate(
  program: Command,
  io: CommandIo,
  finish: (exitCode: ExitCode) => void,
): void {
  program
    .command('simulate')
    .description('serve files or a made-up camera as a Kinesis video stream, on this machine')
    .argument('[files...]', 'Matroska or WebM files, or captured GetMedia payloads')
    .option('--stream-name <name>', 'the name of the one stream that holds everything')
    .option('--port <port>', 'the TCP port (default: any that is free)')
    .option('--faults <file>', 'a fault script in JSON')
    .option('--rate <rate>', 'live, so many fragments a second, or bytes: 500kB, 2MB')
    .option('--loop', 'live, and from the first fragment again after the last')
    .option('--session-seconds <seconds>', 'end each response after so long (default: 2700)')
    .option('--idle-seconds <seconds>', 'end a response after so long a silence (default: 3)')
    .option('--retention-seconds <seconds>', 'live: forget fragments after so long (default: 600)')
    .option('--inclusive-tokens', 'resume at the fragment of a continuation token, not after it')
    .addHelpText('after', HELP)
    .action(async (files: readonly string[], flags: SimulateFlags) => {
      const { readSimulateSettings } = await import('./simulate-settings.js')
      const { runSimulate } = await import('./simulate-run.js')
      const reading = readSimulateSettings(files, flags)
      const settings = await unlessInterrupted(reading, 'the files were read', io.signal)
      finish(await runSimulate(settings, io))
    })
}
