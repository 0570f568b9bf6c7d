// A stream, for ever: every fragment once and in order, through every end of session. Ctrl-C ends it.
//
//   npx tsx samples/07-consume-a-stream.ts                                       (simulated)
//   STREAM_NAME=front-door AWS_REGION=eu-west-1 npx tsx samples/07-consume-a-stream.ts
import { KinesisVideoConsumer } from 'kvs-fragments'
import { openSampleStream } from './sample-stream.js'

await using stream = await openSampleStream()

const consumer = new KinesisVideoConsumer({
  // { streamName } or { streamARN }. Without `client` or `clientConfig` the SDK finds region and credentials as it always does.
  ...stream.options,
  // What comes from now on. EARLIEST begins with the oldest fragment that the stream still holds.
  startSelector: { StartSelectorType: stream.isSimulated ? 'EARLIEST' : 'NOW' },
})
// Ends the loop without an error: the connection is closed, the last position saved.
stream.onEnd(() => void consumer.stop())

for await (const fragment of consumer) {
  const { fragmentNumber, millisBehindNow, producerTimestampMs } = fragment.metadata
  const keyframes = fragment.frames.filter((frame) => frame.isKeyframe).length
  console.log(
    `${new Date(producerTimestampMs ?? 0).toISOString()}  fragment …${fragmentNumber?.slice(-8)}: ` +
      `${fragment.frames.length} frames, ${keyframes} of them key, ${millisBehindNow} ms behind now`,
  )
}

const { fragments, bytes, sessions } = consumer.stats()
console.log(`fragments: ${fragments}, bytes: ${bytes}, sessions: ${sessions}`)
