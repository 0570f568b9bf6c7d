// What happens to the connection, as typed events. Nobody has to listen: data never depends on a listener.
//
//   npx tsx samples/09-typed-events.ts
import { KinesisVideoConsumer } from 'kvs-fragments'
import { openSampleStream } from './sample-stream.js'

await using stream = await openSampleStream({
  faults: [
    { at: { fragment: 2 }, do: { errorTag: 3002 } },
    { at: { fragment: 4, offset: 'middle' }, do: 'reset' },
    { at: { fragment: 5 }, do: 'duplicate' },
    { at: { fragment: 6, offset: 'middle' }, do: 'flip', bytes: 5000 },
    { at: { request: 2 }, do: { http: { type: 'ServiceUnavailableException', status: 503 } } },
  ],
})
const consumer = new KinesisVideoConsumer({
  ...stream.options,
  startSelector: { StartSelectorType: 'EARLIEST' },
})
stream.onEnd(() => void consumer.stop())

// One by one. Each field is typed; an editor lists the events.
consumer.once('sessionOpened', ({ requestId }) => console.log(`reading, request ${requestId}`))
consumer.on('serviceError', ({ id, code, action }) => {
  console.log(`the service reports ${id} ${code} in the stream: ${action}`)
})
consumer.on('requestFailed', ({ operation, exception, status, action }) => {
  console.log(`${operation} failed with ${exception} (${status}): ${action}`)
})
consumer.on('lag', ({ millisBehindNow, isCaughtUp }) => {
  if (!isCaughtUp) console.log(`${millisBehindNow} ms behind`)
})

// Or all of them in one place: a union, told apart by `type`.
consumer.on('event', (event) => {
  switch (event.type) {
    case 'sessionEnded':
      console.log(`session ${event.session} is over: ${event.reason}`)
      break
    case 'reconnectScheduled':
      console.log(`the next one in ${event.delayMs} ms (${event.reason})`)
      break
    case 'damagedFragment':
    case 'duplicateDropped':
      console.log(`${event.type} …${event.fragmentNumber?.slice(-8)}`)
      break
    case 'gap':
      // The one to wake somebody up for: fragments are missing for good.
      console.error(`GAP between ${event.afterFragmentNumber} and ${event.beforeFragmentNumber}`)
      break
  }
})

let count = 0
for await (const _ of consumer) count += 1
console.log(`${count} fragments, none lost, none repeated`)
