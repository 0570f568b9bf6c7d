import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

/**
 * From now on nothing is flushed to the disk, which takes 10 ms, or half a second behind an installation, and is not seen by any
 * test: what a process wrote, another one reads, even if the first was killed. Answers how to undo it.
 */
export async function skipFlushes(): Promise<() => void> {
  const handle = await fs.promises.open(process.execPath)
  const prototype = Object.getPrototypeOf(handle) as typeof handle
  await handle.close()
  const { fsync } = fs
  const { sync } = prototype
  fs.fsync = ((_fd: number, callback: fs.NoParamCallback) => {
    setImmediate(callback, null)
  }) as typeof fs.fsync
  prototype.sync = () => new Promise((resolve) => setImmediate(resolve))
  syncBuiltinESMExports()
  return () => {
    fs.fsync = fsync
    prototype.sync = sync
    syncBuiltinESMExports()
  }
}
