/** The ways in which a client of `end-to-end.ts` reads a stream of the simulator to its end. */
import { KinesisVideoClient, GetDataEndpointCommand } from '@aws-sdk/client-kinesis-video'
import { GetMediaCommand, KinesisVideoMediaClient } from '@aws-sdk/client-kinesis-video-media'
import { KinesisVideoConsumer } from 'kvs-fragments'
import { Tally } from './tally.js'
import type { Frame } from 'kvs-fragments'
import type { Readable } from 'node:stream'
import type { EndToEndReader } from './end-to-end.js'
import type { Expected } from './inputs/expected.js'

export interface Reading {
  readonly endpoint: string
  readonly name: string
  /** The generator's truth for the input, which the stream holds `times` over. */
  readonly expected: Expected
  readonly times: number
  /** Hears how many more bytes were read, as often as the reader hands something out. */
  readonly onBytes: (bytes: number) => void
}

/** Reads the stream to its end, and fails when it was not all there. */
export type Read = (reading: Reading) => Promise<void>

/** The SDK as it is, and a listener that looks at each chunk's length. */
const drain: Read = (reading) => listen(reading, reading.onBytes)

/** The same listener, which holds what it gets as long as a reader of whole fragments must: that of one fragment. */
const hold: Read = async (reading) => {
  const { expected, onBytes } = reading
  const fragmentBytes = expected.bytes / expected.fragments
  let held: Buffer[] = []
  let heldBytes = 0
  await listen(reading, (bytes, chunk) => {
    held.push(chunk)
    heldBytes += bytes
    onBytes(bytes)
    if (heldBytes < fragmentBytes) return
    held = []
    heldBytes = 0
  })
}

async function listen(
  { endpoint, name, expected, times }: Reading,
  onChunk: (bytes: number, chunk: Buffer) => void,
): Promise<void> {
  const clientConfig = clientConfigOf(endpoint)
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
    body.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      onChunk(chunk.length, chunk)
    })
    body.on('end', resolve)
    body.on('error', reject)
  })
  media.destroy()
  control.destroy()
  if (bytes < expected.frameBytes * times) throw new Error(`drained ${bytes} bytes only`)
}

/** Every view of every frame is taken. */
const fragments: Read = (reading) => consume(reading, (frame) => frame.data)

/** Shared by all streams of the process: each is done with a frame before another has its turn. */
const memory = new Uint8Array(1 << 20)
const scratch: Read = (reading) => consume(reading, (frame) => frame.dataUsing(memory))

async function consume(reading: Reading, bytesOf: (frame: Frame) => Uint8Array): Promise<void> {
  const { expected, times, onBytes } = reading
  const tally = new Tally()
  for await (const fragment of consumerOf(reading)) {
    for (const frame of fragment.frames) {
      tally.frame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, bytesOf(frame))
    }
    tally.fragments += 1
    onBytes(fragment.byteLength)
    // A consumer never ends by itself.
    if (tally.fragments === expected.fragments * times) break
  }
  checkTally(tally, reading)
}

/** Every frame as it arrives, with its view. */
const frames: Read = async (reading) => {
  const { expected, times, onBytes } = reading
  const tally = new Tally()
  for await (const frame of consumerOf(reading).frames()) {
    tally.frame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, frame.data)
    onBytes(frame.byteLength)
    if (tally.frames === expected.frames * times) break
  }
  checkTally(tally, reading)
}

function consumerOf({ endpoint, name }: Reading): KinesisVideoConsumer {
  return new KinesisVideoConsumer({
    streamName: name,
    clientConfig: clientConfigOf(endpoint),
    startSelector: { StartSelectorType: 'EARLIEST' },
  })
}

function clientConfigOf(endpoint: string) {
  return {
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'AKIDBENCHMARK', secretAccessKey: 'benchmark' },
  }
}

/** The generator's truth holds for every repeat; times are the input's own. */
function checkTally(tally: Tally, { expected, times }: Reading): void {
  for (const fact of ['frames', 'keyframes', 'frameBytes'] satisfies (keyof Expected)[]) {
    if (tally[fact] !== expected[fact] * times) {
      throw new Error(`${fact} ${tally[fact]} instead of ${expected[fact] * times}`)
    }
  }
}

export const READERS: Readonly<Record<EndToEndReader, Read>> = {
  drain,
  hold,
  fragments,
  scratch,
  frames,
}
