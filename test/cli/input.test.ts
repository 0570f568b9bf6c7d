// A FIFO opens when something opens its other end, and a read of it waits: neither can be called off.
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { jsonLines, runCommand } from './run-command.js'
import { startCommand, startShell } from './spawn-command.js'
import { fragmentOf } from './streams.js'

const folder = mkdtempSync(path.join(tmpdir(), 'kvs-fragments-fifo-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function makeFifo(name: string): Promise<string> {
  const fifo = path.join(folder, name)
  await startShell(`mkfifo '${fifo}'`).outcome
  return fifo
}

/** Opens the other end when somebody waits for that, and closes it: then nobody waits any more. */
async function endFifo(fifo: string): Promise<void> {
  for (;;) {
    try {
      closeSync(openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK))
      return
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENXIO' })
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe.runIf(process.platform !== 'win32')('Ctrl-C while a FIFO is silent', () => {
  it.each([
    ['inspect', ['inspect'], 'FIFO was opened'],
    ['simulate', ['simulate'], 'the files were read'],
    ['simulate --faults', ['simulate', '--faults'], 'the files were read'],
  ])('ends %s before it opens', async (name, args, end) => {
    const fifo = await makeFifo(name)
    const controller = new AbortController()
    const running = runCommand([...args, fifo], { signal: controller.signal })
    controller.abort()
    const { exitCode, stdout, stderr } = await running
    const sentence = `kvs-fragments: interrupted before ${end.replace('FIFO', JSON.stringify(fifo))}\n`
    expect([exitCode, stdout, stderr]).toEqual([130, '', sentence])
    await endFifo(fifo)
  })

  it('ends inspect with what there is, and the process by the signal', async () => {
    const fifo = await makeFifo('silent')
    const writer = openSync(fifo, constants.O_RDWR)
    try {
      writeSync(writer, fragmentOf())
      const inspect = startCommand(['inspect', '--json', fifo], {})
      await inspect.whenLine(/"type":"fragment"/)
      inspect.child.kill('SIGINT')
      const { stdout, stderr } = await inspect.outcome
      expect(jsonLines(stdout).at(-1)).toMatchObject({ type: 'summary', fragments: 1, errors: 0 })
      expect(stderr).toBe('SIGINT')
    } finally {
      closeSync(writer)
    }
  })
})
