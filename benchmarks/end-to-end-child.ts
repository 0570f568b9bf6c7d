/**
 * The measured client of `end-to-end.ts`: `node … end-to-end-child.js READER '{…}'`. Reads the stream `warm-up` several times,
 * then those to be measured, all at once, and prints what that cost.
 */
import { READERS } from './end-to-end-readers.js'
import type { ClientJob, ClientMeasurement, EndToEndReader } from './end-to-end.js'

/**
 * Some 25 MB of objects, as an application around either reader holds them. V8 counts the chunks of both readers, 33 MB at a
 * time, against a limit that follows from the size of the heap. With next to nothing on the heap the one reader stays
 * just below that limit and the other just above, and marks the whole heap for every 16 MB it reads: two moods of the
 * collector would be compared, not two readers.
 */
const application = Array.from({ length: 160_000 }, (_, id) => ({ id, name: `${id}`, list: [id] }))
/** Code is optimised for the first consumer, and again when it meets a second: from then on it stays as it is. */
const WARM_UP_SESSIONS = 4
/** What part of a reading counts where its beginning and its end do not: not all streams are under way in those. */
const STEADY = { from: 0.2, to: 0.75 }

/** What the reading cost, or a part of it. */
class Meter {
  readonly #from: number
  readonly #to: number
  #bytes = 0
  #bytesAtStart = 0
  #cpuAtStart: NodeJS.CpuUsage | undefined
  #wallAtStart = 0n
  #measurement: ClientMeasurement | undefined

  /** By itself it measures from the byte `from` to the byte `to`, or what is heard of first after those. */
  constructor(from: number, to: number) {
    this.#from = from
    this.#to = to
  }

  add(bytes: number): void {
    this.#bytes += bytes
    if (this.#cpuAtStart === undefined) {
      if (this.#bytes >= this.#from) this.start()
    } else if (this.#measurement === undefined && this.#bytes >= this.#to) {
      this.stop(this.#bytes - this.#bytesAtStart)
    }
  }

  start(): void {
    this.#bytesAtStart = this.#bytes
    this.#cpuAtStart = process.cpuUsage()
    this.#wallAtStart = process.hrtime.bigint()
  }

  stop(bytes: number): void {
    const cpu = process.cpuUsage(this.#cpuAtStart)
    this.#measurement = {
      bytes,
      wallNs: Number(process.hrtime.bigint() - this.#wallAtStart),
      cpuNs: (cpu.user + cpu.system) * 1000,
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
    }
  }

  /** @throws Error when the reading did not come that far. */
  get measurement(): ClientMeasurement {
    if (this.#measurement === undefined) throw new Error('read less than was to be measured')
    return this.#measurement
  }
}

const [reader, argument] = process.argv.slice(2)
const { endpoint, expected, warmUp, measured, isSteady } = JSON.parse(argument) as ClientJob
const read = READERS[reader as EndToEndReader]

for (let i = 0; i < WARM_UP_SESSIONS; i += 1) {
  await read({ endpoint, expected, name: warmUp.name, times: warmUp.repeats, onBytes() {} })
}
const bytes = measured.reduce((sum, { repeats }) => sum + expected.bytes * repeats, 0)
const meter = isSteady
  ? new Meter(bytes * STEADY.from, bytes * STEADY.to)
  : new Meter(Infinity, Infinity)
if (!isSteady) meter.start()
await Promise.all(
  measured.map(({ name, repeats: times }) =>
    read({ endpoint, expected, name, times, onBytes: (more) => meter.add(more) }),
  ),
)
if (!isSteady) meter.stop(bytes)
if (application.length === 0) throw new Error('it has to be held to the end')
console.log(JSON.stringify(meter.measurement))
