// Where samples 07 to 12 read from: a stream of yours, or, by default, the simulator. Nothing to learn from here.
//
//   STREAM_NAME=front-door AWS_REGION=eu-west-1 npx tsx samples/07-consume-a-stream.ts     (or STREAM_ARN=arn:aws:…)
import { readFileSync } from 'node:fs'
import type { KinesisVideoClientConfig } from '@aws-sdk/client-kinesis-video'
import type { StreamChoice } from 'kvs-fragments'
import { fragmentsFromFile, startSimulator, syntheticFragments } from 'kvs-fragments/simulator'
import type { Fault, SimulatedStream, Simulator } from 'kvs-fragments/simulator'

export interface SampleOptions {
  /** The simulated stream holds the fragments of this file. Default: a camera that sends ten, live. */
  readonly file?: URL
  /** What goes wrong in the simulator. */
  readonly faults?: readonly Fault[]
}

export interface SampleStream extends AsyncDisposable {
  readonly isSimulated: boolean
  /** For the constructor of a consumer. */
  readonly options: StreamChoice & { readonly clientConfig?: KinesisVideoClientConfig }
  /** Calls back at Ctrl-C; in the simulator also when everything was read. */
  onEnd(callback: () => void): void
}

const NAME = 'sample'
const LIVE = { count: 10, intervalMs: 150 }

export async function openSampleStream(options: SampleOptions = {}): Promise<SampleStream> {
  const { STREAM_NAME: streamName, STREAM_ARN: streamARN } = process.env
  const onInterrupt = (callback: () => void): void => void process.on('SIGINT', callback)
  const close = async (): Promise<void> => {}
  if (streamName !== undefined || streamARN !== undefined) {
    const choice = streamARN === undefined ? { streamName: streamName! } : { streamARN }
    return { isSimulated: false, options: choice, onEnd: onInterrupt, [Symbol.asyncDispose]: close }
  }

  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  const { file, faults = [] } = options
  const fragments = file === undefined ? [] : fragmentsFromFile(readFileSync(file))
  const simulator = await startSimulator({
    streams: [{ name: NAME, fragments }],
    faults,
    limits: { idleEndMs: 300 },
  })
  const stream = simulator.streams.get(NAME)!
  const source = syntheticFragments({ frameBytes: 500, keyframeBytes: 5000 })
  if (file === undefined) stream.startLive({ source, ...LIVE })
  const count = file === undefined ? LIVE.count : fragments.length
  return {
    isSimulated: true,
    options: {
      streamName: NAME,
      clientConfig: {
        endpoint: simulator.endpoint,
        region: 'us-east-1',
        credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
      },
    },
    onEnd(callback) {
      onInterrupt(callback)
      void callWhenRead(callback, simulator, stream, count)
    },
    [Symbol.asyncDispose]: () => simulator.close(),
  }
}

/** All is read when somebody has asked for what comes after the last fragment. */
async function callWhenRead(
  callback: () => void,
  simulator: Simulator,
  stream: SimulatedStream,
  count: number,
): Promise<void> {
  await simulator.whenRequests((requests) => {
    const last = stream.fragments.at(-1)?.continuationToken
    if (last === undefined || stream.appendedCount < count) return false
    return requests.some((request) => request.startSelector?.ContinuationToken === last)
  })
  callback()
}
