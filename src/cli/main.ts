#!/usr/bin/env node
import { systemClock } from '../consumer/clock.js'
import { runProgram } from './program.js'

const interruption = new AbortController()
// Once: a second one ends the process in the ordinary way.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interruption.abort())
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
})
