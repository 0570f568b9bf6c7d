// Files that share a process leave it as they found it, or fail: nothing that one does can then change what another sees.
import { afterAll, expect, vi } from 'vitest'

/** Made once by the AWS SDK, when it is imported; it is the SDK's own. */
const OF_LIBRARIES: ReadonlySet<string> = new Set(['awslambda'])

/** What one file could leave for the next to stumble over. */
function stateOfTheProcess(): Readonly<Record<string, unknown>> {
  const listeners = process.eventNames().map((name) => [name, process.listenerCount(name)])
  return {
    environment: { ...process.env },
    folder: process.cwd(),
    listeners: Object.fromEntries(listeners),
    globals: Object.getOwnPropertyNames(globalThis).filter((name) => !OF_LIBRARIES.has(name)),
    stackTraceLimit: Error.stackTraceLimit,
    exitCode: process.exitCode,
  }
}

/** Servers and child processes that run, connections and files that are open. */
function whatIsOpen(): readonly string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /Server|Process|TCP|Watcher|FSReq/.test(name))
    .toSorted()
}

const state = stateOfTheProcess()
const open = whatIsOpen()

afterAll(async () => {
  // Vitest does these before the next test, and the next file begins before that
  vi.unstubAllEnvs()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  expect(stateOfTheProcess()).toEqual(state)
  // A connection takes a moment to close
  await vi.waitFor(() => expect(whatIsOpen()).toEqual(open), { interval: 5, timeout: 5000 })
})
