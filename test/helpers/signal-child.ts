// A process that sends itself signals while a FileCheckpointStore saves. Bundled and started by test/consumer/signals.test.ts.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [directory, signal, listening, count] = process.argv.slice(2) as [
  string,
  NodeJS.Signals,
  string,
  string,
]

// Each save stands still at its fsync until the signals have come.
let letThrough: () => void = () => undefined
const gate = new Promise<void>((resolve) => {
  letThrough = resolve
})
let waiting = 0
const fsync = fs.fsync
fs.fsync = ((fd: number, callback: fs.NoParamCallback) => {
  waiting += 1
  void gate.then(() => fsync(fd, callback))
}) as typeof fs.fsync
syncBuiltinESMExports()

const { FileCheckpointStore } = await import('../../src/consumer/checkpoint-file.js')

function tell(text: string): void {
  fs.writeSync(1, `${text}\n`)
}

const hear = (): void => tell('heard')
const LISTEN: Readonly<Record<string, () => void>> = {
  none: () => undefined,
  once: () => process.once(signal, hear),
  on: () => process.on(signal, hear),
  'on and off': () => {
    process.on(signal, function listener() {
      hear()
      process.off(signal, listener)
    })
  },
  'once and again': () => {
    process.once(signal, () => {
      hear()
      process.once(signal, hear)
    })
  },
}
LISTEN[listening]()

const store = new FileCheckpointStore(directory)
// Two at a time: the second save meets the listeners of the first.
const saves = ['x', 'y'].map(async (id) => {
  const { epoch } = await store.claim(id, 'child')
  await store.save(id, epoch, { fragmentNumber: '7' })
})
while (waiting < 2) await new Promise((resolve) => setImmediate(resolve))
for (let n = 0; n < Number(count); n += 1) {
  process.kill(process.pid, signal)
  // It comes with a turn of the event loop. That nothing comes has no other sign than time; and where a busy machine lets
  // that pass before the turn, one more is needed.
  await new Promise((resolve) => setTimeout(resolve, 20))
  await new Promise((resolve) => setImmediate(resolve))
}
letThrough()
await Promise.all(saves)
tell(`saved; listeners left: ${process.listenerCount(signal)}`)
