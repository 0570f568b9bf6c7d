import type { Command } from 'commander'
import type { Input } from './input.js'
import { openInput, readFailure } from './input.js'
import type { Totals } from './inspection.js'
import { Inspection } from './inspection.js'
import type { CommandIo, ExitCode } from './io.js'
import { CommandError, EXIT } from './io.js'
import { JsonReport } from './json-report.js'
import { Output } from './output.js'
import { TableReport } from './table-report.js'

interface InspectOptions {
  readonly json?: true
  readonly frames?: true
  readonly elements?: true
  readonly fragmentList?: true
  readonly verifyCrc?: true
}

const HELP = `
With --json each line is an object: "type" is "fragment", "frame" (--frames, after its fragment),
"element" (--elements, before its fragment), "error" for damaged bytes, and last "summary", whose "errors"
counts those of the service too.
Absent values are null. After damage, reading goes on at the next EBML header.

Exit codes: 0 clean, 1 damaged, truncated, not EBML or with an error of the service in it, 2 wrong usage
or no such file, 130 Ctrl-C. 1 too when the output cannot be written.

Examples:
  kvs-fragments inspect capture.mkv
  kvs-fragments inspect --json capture.mkv | head -1
  aws kinesis-video-media get-media … capture.mkv; kvs-fragments inspect capture.mkv`

/** Adds `kvs-fragments inspect`. */
export function addInspect(
  program: Command,
  io: CommandIo,
  finish: (exitCode: ExitCode) => void,
): void {
  program
    .command('inspect')
    .description('show what is in a GetMedia payload or any other Matroska or WebM stream')
    .argument('<file>', 'the file, or - for standard input')
    .option('--json', 'one JSON object per line')
    .option('--frames', 'a line per frame')
    .option('--elements', 'the tree of elements with offsets, sizes and values')
    .option(
      '--fragment-list',
      'the input is from GetMediaForFragmentList, which writes no closing tags',
    )
    .option('--verify-crc', 'verify the CRC-32 elements that some producers write')
    .addHelpText('after', HELP)
    .action(async (file: string, options: InspectOptions) => {
      finish(await inspect(file, options, io))
    })
}

async function inspect(file: string, options: InspectOptions, io: CommandIo): Promise<ExitCode> {
  const input = await openInput(file, io)
  const output = new Output(io)
  const hasFrames = options.frames === true
  const hasElements = options.elements === true
  const report = options.json
    ? new JsonReport(output, hasFrames)
    : new TableReport(output, { hasFrames, hasElements })
  const inspection = new Inspection(report, {
    hasElements,
    isFragmentList: options.fragmentList === true,
    verifyCrc32: options.verifyCrc === true,
  })
  const failure = await readAll(input, inspection, output, io.signal)
  if (output.isClosed) return EXIT.clean
  const totals = await inspection.end(io.signal.aborted)
  if (failure !== undefined) throw failure
  if (totals.notEbml !== undefined) {
    const what =
      totals.bytes === 0
        ? 'is empty: there is not one byte to read'
        : 'is not an EBML stream: it does not begin with 1A 45 DF A3, as Matroska, WebM and GetMedia payloads do'
    throw new CommandError(`${input.name} ${what}`, EXIT.faulty)
  }
  if (io.signal.aborted) return EXIT.interrupted
  return exitCodeOf(totals)
}

function exitCodeOf({ errors, serviceErrors, isTruncated }: Totals): ExitCode {
  return errors + serviceErrors > 0 || isTruncated ? EXIT.faulty : EXIT.clean
}

/** Reads until the input ends, the user ends it or nobody reads any more. Answers what went wrong with the reading. */
async function readAll(
  input: Input,
  inspection: Inspection,
  output: Output,
  signal: AbortSignal,
): Promise<CommandError | undefined> {
  let isReading = true
  let stop = (): void => {}
  // A FIFO in which nothing is written holds the read, and with it the stream: its end would not come.
  const interruption = new Promise<void>((resolve) => {
    stop = () => {
      input.stream.destroy()
      if (isReading) resolve()
    }
  })
  const read = async (): Promise<void> => {
    for await (const chunk of input.stream as AsyncIterable<Uint8Array>) {
      if (signal.aborted) break
      isReading = false
      await inspection.push(chunk)
      if (signal.aborted || output.isClosed || inspection.isHopeless) break
      isReading = true
    }
  }
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    await Promise.race([interruption, read()])
    return undefined
  } catch (error) {
    // A stream that is destroyed while it is read says so; that was our own doing.
    if (signal.aborted) return undefined
    // What fails with the bytes at hand is not the file's fault.
    if (error instanceof CommandError || !isReading) throw error
    return readFailure(input, error)
  } finally {
    signal.removeEventListener('abort', stop)
    input.stream.destroy()
  }
}
