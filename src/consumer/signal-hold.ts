import { EventEmitter } from 'node:events'

let holders = 0
/** What is held, and the listener that holds it. */
const held = new Map<NodeJS.Signals, () => void>()

/**
 * Keeps write-file-atomic from ending the process while `work` runs, where a listener of the program's has the signal.
 *
 * For as long as it writes, its signal-exit listens to every signal that ends a process, and when one comes and it finds no
 * other listener, it takes itself for the only one and sends the signal again, to kill. A listener of `once`, or one that
 * removes itself, was called a moment before and is gone by then. So each signal that somebody else listens to has one more
 * listener here, which does nothing. It goes right after the signal has come, so that a second one does what it would
 * have done.
 */
export async function holdSignals<T>(work: () => Promise<T>): Promise<T> {
  holders += 1
  for (const name of process.eventNames()) if (isHeardByOthers(name)) hold(name)
  try {
    return await work()
  } finally {
    holders -= 1
    if (holders === 0) for (const name of held.keys()) release(name)
  }
}

function isHeardByOthers(name: string | symbol): name is NodeJS.Signals {
  if (typeof name !== 'string' || !name.startsWith('SIG') || held.has(name as NodeJS.Signals)) {
    return false
  }
  // A signal-exit that is at work, of another save or of a library, has put its own emit() into the process. It is no
  // listener to be counted, but never one of once() either, whose wrapper tells what it wraps.
  const isSignalExitThere = process.emit !== EventEmitter.prototype.emit
  return !isSignalExitThere || process.rawListeners(name).some((listener) => 'listener' in listener)
}

function hold(name: NodeJS.Signals): void {
  // Not at once: signal-exit, which is called in the same turn, has still to see it.
  const listener = (): void => process.nextTick(release, name)
  held.set(name, listener)
  process.on(name, listener)
}

function release(name: NodeJS.Signals): void {
  const listener = held.get(name)
  held.delete(name)
  if (listener !== undefined) process.off(name, listener)
}
