// The lowest latency: each frame of a live stream when its last byte arrives, not when its fragment is complete. Each comes once,
// even when the connection dies in mid-fragment and the fragment is sent again.
//
//   npx tsx samples/11-live-frames.ts                                            (simulated: slow in two places, cut in one)
//   STREAM_NAME=front-door AWS_REGION=eu-west-1 npx tsx samples/11-live-frames.ts
import { KinesisVideoConsumer } from 'kvs-fragments'
import { openSampleStream } from './sample-stream.js'

await using stream = await openSampleStream({
  faults: [
    { at: { fragment: 1, offset: 'middle' }, do: 'delay', delayMs: 300 },
    { at: { fragment: 3, offset: 'middle' }, do: 'delay', delayMs: 300 },
    { at: { fragment: 5, offset: 'middle' }, do: 'reset' },
  ],
})
const consumer = new KinesisVideoConsumer({
  ...stream.options,
  startSelector: { StartSelectorType: stream.isSimulated ? 'EARLIEST' : 'NOW' },
})
stream.onEnd(() => void consumer.stop())

let fragmentNumber: string | undefined
let firstMs = 0
let count = 0
let latest = ''
for await (const frame of consumer.frames()) {
  // The opening tags are known with the first frame: its number and times. The lag and the token come last, with the fragment.
  if (frame.metadata.fragmentNumber !== fragmentNumber) {
    if (latest !== '') console.log(latest)
    fragmentNumber = frame.metadata.fragmentNumber
    firstMs = performance.now()
    count = 0
  }
  count += 1
  const aheadMs = performance.now() - firstMs
  latest = `fragment …${fragmentNumber?.slice(-8)}: ${count} frames, the first was here ${aheadMs.toFixed(0)} ms before the last`
  // Decode `frame.data` here. `frame.wallClockMs` is the time the producer gave it.
}
if (latest !== '') console.log(latest)

const { frames, reconnects } = consumer.stats()
console.log(`${frames} frames, each once; reconnects: ${JSON.stringify(reconnects)}`)
