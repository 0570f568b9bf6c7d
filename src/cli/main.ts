#!/usr/bin/env node
import { runProgram } from './program.js'

const interruption = new AbortController()
// A second one ends the process in the ordinary way. Not `once`: a library that has a listener of its own while it writes a
// file takes itself for the only one then, and ends the process at the first.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, function interrupt() {
    if (interruption.signal.aborted) {
      process.off(signal, interrupt)
      process.kill(process.pid, signal)
    }
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
  signal: interruption.signal,
})
// Not process.exit(): what is still on its way to a pipe would be lost.
void running.then((exitCode) => {
  process.exitCode = exitCode
})
