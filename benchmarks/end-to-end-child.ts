/**
 * The measured client of `end-to-end.ts`: `node … end-to-end-child.js drain|fragments|scratch '{…}'`. Reads the stream
 * `warm-up` several times, then the stream `measured`, and prints what that cost.
 */
import { KinesisVideoClient, GetDataEndpointCommand } from '@aws-sdk/client-kinesis-video'
import { GetMediaCommand, KinesisVideoMediaClient } from '@aws-sdk/client-kinesis-video-media'
import { KinesisVideoConsumer } from 'kvs-fragments'
import { Tally } from './tally.js'
import type { Frame } from 'kvs-fragments'
import type { Readable } from 'node:stream'
import type { ClientJob, ClientMeasurement, EndToEndReader } from './end-to-end.js'
import type { Expected } from './inputs/expected.js'

/**
 * Some 25 MB of objects, as an application around either reader holds them. V8 counts the chunks of both readers, 33 MB at a
 * time, against a limit that follows from the size of the heap. With next to nothing on the heap the one reader stays
 * just below that limit and the other just above, and marks the whole heap for every 16 MB it reads: two moods of the
 * collector would be compared, not two readers.
 */
const application = Array.from({ length: 160_000 }, (_, id) => ({ id, name: `${id}`, list: [id] }))
/** Code is optimised for the first consumer, and again when it meets a second: from then on it stays as it is. */
const WARM_UP_SESSIONS = 4

/** Reads a stream of `repeats` times the input to its end. Answers how many bytes it saw, where it sees bytes. */
type Read = (name: string, repeats: number) => Promise<void>

const [reader, argument] = process.argv.slice(2)
const { endpoint, expected, repeats } = JSON.parse(argument) as ClientJob
const clientConfig = {
  endpoint,
  region: 'eu-central-1',
  credentials: { accessKeyId: 'AKIDBENCHMARK', secretAccessKey: 'benchmark' },
}

/** The SDK as it is, and a listener that looks at each chunk's length. */
const drain: Read = async (name, times) => {
  const control = new KinesisVideoClient(clientConfig)
  const { DataEndpoint } = await control.send(
    new GetDataEndpointCommand({ StreamName: name, APIName: 'GET_MEDIA' }),
  )
  const media = new KinesisVideoMediaClient({ ...clientConfig, endpoint: DataEndpoint ?? '' })
  const { Payload } = await media.send(
    new GetMediaCommand({ StreamName: name, StartSelector: { StartSelectorType: 'EARLIEST' } }),
  )
  let bytes = 0
  const body = Payload as Readable
  await new Promise((resolve, reject) => {
    body.on('data', (chunk: Buffer) => (bytes += chunk.length))
    body.on('end', resolve)
    body.on('error', reject)
  })
  media.destroy()
  control.destroy()
  if (bytes < expected.frameBytes * times) throw new Error(`drained ${bytes} bytes only`)
}

/** Every view of every frame is taken. */
const consume: Read = (name, times) => consumeWith(name, times, (frame) => frame.data)

const scratch = new Uint8Array(1 << 20)
const consumeUsingScratch: Read = (name, times) =>
  consumeWith(name, times, (frame) => frame.dataUsing(scratch))

async function consumeWith(
  name: string,
  times: number,
  bytesOf: (frame: Frame) => Uint8Array,
): Promise<void> {
  const tally = new Tally()
  const consumer = new KinesisVideoConsumer({
    streamName: name,
    clientConfig,
    startSelector: { StartSelectorType: 'EARLIEST' },
  })
  for await (const fragment of consumer) {
    for (const frame of fragment.frames) {
      tally.frame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, bytesOf(frame))
    }
    tally.fragments += 1
    // A consumer never ends by itself.
    if (tally.fragments === expected.fragments * times) break
  }
  checkTally(tally, times)
}

/** The generator's truth holds for every repeat; times are the input's own. */
function checkTally(tally: Tally, times: number): void {
  for (const fact of ['frames', 'keyframes', 'frameBytes'] satisfies (keyof Expected)[]) {
    if (tally[fact] !== expected[fact] * times) {
      throw new Error(`${fact} ${tally[fact]} instead of ${expected[fact] * times}`)
    }
  }
}

const readers: Readonly<Record<EndToEndReader, Read>> = {
  drain,
  fragments: consume,
  scratch: consumeUsingScratch,
}
const read = readers[reader as EndToEndReader]
for (let i = 0; i < WARM_UP_SESSIONS; i += 1) await read('warm-up', repeats[0])
const cpuStart = process.cpuUsage()
const wallStart = process.hrtime.bigint()
await read('measured', repeats[1])
const cpu = process.cpuUsage(cpuStart)
if (application.length === 0) throw new Error('it has to be held to the end')
const measurement: ClientMeasurement = {
  bytes: expected.bytes * repeats[1],
  wallNs: Number(process.hrtime.bigint() - wallStart),
  cpuNs: (cpu.user + cpu.system) * 1000,
  peakRssBytes: process.resourceUsage().maxRSS * 1024,
}
console.log(JSON.stringify(measurement))
