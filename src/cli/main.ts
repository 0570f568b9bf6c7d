#!/usr/bin/env node
import { systemClock } from '../consumer/clock.js'
import { runProgram } from './program.js'

/** After an interruption everything is closed; what is open so long after it will not close. */
const CLOSE_MS = 1000

const interruption = new AbortController()
let interruptedBy: NodeJS.Signals | undefined
// Once: a second one ends the process in the ordinary way.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interruptedBy ??= signal
    interruption.abort()
  })
}

// Whoever reads the output may leave at any time (`| head -1`); a command that minds listens itself.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

const running = runProgram(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  clock: systemClock,
  signal: interruption.signal,
})
// Not process.exit(): what is still on its way to a pipe would be lost.
void running.then((exitCode) => {
  process.exitCode = exitCode
  if (interruptedBy !== undefined) endBy(interruptedBy)
})

/** Ends what does not end by itself: a FIFO in which nothing is written holds a thread, for which even process.exit() waits. */
function endBy(signal: NodeJS.Signals): void {
  setTimeout(() => {
    const { stdout, stderr } = process
    if (stdout.writableLength + stderr.writableLength > 0) endBy(signal)
    else process.kill(process.pid, signal)
  }, CLOSE_MS).unref()
}
