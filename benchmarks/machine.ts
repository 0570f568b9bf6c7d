/** One line on what the figures were taken on. */
import { cpus, loadavg, totalmem, release, type } from 'node:os'

export function machineLine(): string {
  const processors = cpus()
  const memory = Math.round(totalmem() / 2 ** 30)
  const load = loadavg()[0].toFixed(1)
  return (
    `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, ${memory} GiB, ` +
    `${type()} ${release()}, Node ${process.version}, load ${load} at the start`
  )
}
