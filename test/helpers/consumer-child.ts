// A process that reads a stream in memory under a file checkpoint, tells what it yields and commits, and kills itself
// with SIGKILL at a given step: after so many fragments or operations on files, whichever come. Bundled and started by
// test/consumer/kill.test.ts.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { skipFlushes } from './skip-flushes.js'

await skipFlushes()
const [directory, commit, killAtStep, seed] = process.argv.slice(2)
let steps = 0

/** One more step; the one that is due is the last thing this process does. */
function step(): void {
  steps += 1
  if (steps === Number(killAtStep)) process.kill(process.pid, 'SIGKILL')
}

// Before and after each operation: a kill between the two leaves what the operation does half way through the store.
function countCalls(target: Record<string, unknown>, names: readonly string[]): void {
  for (const name of names) {
    const original = target[name] as (...args: unknown[]) => unknown
    target[name] = (...args: unknown[]) => {
      step()
      const callback = args.at(-1)
      if (typeof callback === 'function') {
        args[args.length - 1] = (...results: unknown[]) => {
          step()
          Reflect.apply(callback, undefined, results)
        }
        return original(...args)
      }
      return Promise.resolve(original(...args)).finally(step)
    }
  }
}
countCalls(fs as never, ['open', 'write', 'fsync', 'close', 'rename', 'chmod'])
countCalls(fs.promises as never, ['open', 'readdir', 'readFile', 'unlink', 'mkdir'])
syncBuiltinESMExports()

const { FileCheckpointStore } = await import('../../src/consumer/checkpoint-file.js')
const { KinesisVideoConsumer } = await import('../../src/consumer/consumer.js')
const { FakeService, createLog, networkError } = await import('./consumer-service.js')
const { FastClock, VirtualClock } = await import('./consumer-clock.js')

/** Written before the next step, or not at all: what was told is true even if the process dies in the next instant. */
function tell(text: string): void {
  fs.writeSync(1, `${text}\n`)
}

const log = createLog(600, { isMinimal: true })
const service: InstanceType<typeof FakeService> = new FakeService({
  log,
  clock: new VirtualClock(),
  // Sessions end every few fragments, cleanly or not.
  answer: ({ startIndex = 0 }) => {
    const end = startIndex + 3 + ((startIndex + Number(seed)) % 5)
    const pieces = service.from(startIndex, end)
    const rest = log[end]?.bytes.subarray(0, 60)
    return {
      pieces: rest === undefined ? pieces : [...pieces, rest, { error: networkError() }],
    }
  },
})
const consumer = new KinesisVideoConsumer({
  streamName: 'front-door',
  source: service,
  // Files need real time; back-off should not.
  clock: new FastClock(1000),
  startSelector: { StartSelectorType: 'EARLIEST' },
  checkpoint: new FileCheckpointStore(directory),
  checkpointTimeoutMs: 0x7fff_ffff,
  commit: commit === 'auto' ? 'auto' : 'manual',
})
consumer.on('checkpointSaved', ({ fragmentNumber }) => tell(`saved ${fragmentNumber}`))
consumer.on('checkpointFailed', ({ error }) => {
  throw error
})
consumer.on('listenerError', ({ error }) => {
  process.stderr.write(`${String(error)}\n`)
  process.exit(1)
})
for await (const fragment of consumer) {
  tell(`yielded ${fragment.metadata.fragmentNumber}`)
  step()
  // A real loop does something; saves happen meanwhile.
  await new Promise((resolve) => setImmediate(resolve))
  if (commit === 'manual') await fragment.commit()
}
