// `npm run demo`: a consumer against a local GetMedia server that breaks on purpose, over real HTTP and through the real AWS
// SDK. Every fragment is compared with what the server holds. Ends with 1 unless all of them came once, in order and unchanged.
// Needs no AWS account.
import { createHash } from 'node:crypto'
import { KinesisVideoConsumer } from 'kvs-fragments'
import type { ConsumerEvent } from 'kvs-fragments'
import { startSimulator, syntheticFragments } from 'kvs-fragments/simulator'
import type { Fault } from 'kvs-fragments/simulator'
import { parseGetMedia } from 'kvs-fragments/tags'
import type { GetMediaFragment } from 'kvs-fragments/tags'

// The SDK warns of Node versions that later ones of it will not support. Not here.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

const STREAM = 'front-door'
const FRAGMENTS = 100
const INTERVAL_MS = 100
/** Behind this fragment a session ends, as each does after 45 minutes. */
const LAST_OF_SESSION = 60
/** By then it is over, or something is wrong. */
const DEADLINE_MS = 25_000

const faults: readonly Fault[] = [
  { at: { fragment: 12, offset: 'middle' }, do: 'reset' },
  { at: { fragment: 35, offset: 'middle' }, do: 'stall' },
  { at: { fragment: 50 }, do: { http: { type: 'ClientLimitExceededException' } } },
  { at: { fragment: 85 }, do: { errorTag: 5000 } },
]

// Whoever reads along may leave: `npm run demo | head`.
process.stdout.on('error', () => process.exit())

const startMs = performance.now()
const say = (text: string): void => {
  const seconds = ((performance.now() - startMs) / 1000).toFixed(2)
  console.log(`${seconds.padStart(6)} s  ${text}`)
}

await using simulator = await startSimulator({
  streams: [{ name: STREAM }],
  faults,
  // AWS's pages contradict each other on whether a token resumes after its fragment or at it. The harder one.
  tokenStart: 'at',
})
const camera = simulator.streams.get(STREAM)!
camera.startLive({ source: syntheticFragments(), intervalMs: INTERVAL_MS, count: FRAGMENTS })
void simulator
  .whenRequests((requests) => {
    const last = camera.fragments[LAST_OF_SESSION]?.fragmentNumber ?? 'none yet'
    return requests.some(({ lastFragmentNumber }) => lastFragmentNumber === last)
  })
  .then(() => camera.endSessions())
console.log(
  `A camera of ${FRAGMENTS} fragments, ten a second, on ${simulator.endpoint}. What will go wrong:`,
)
console.log(
  'a reset, a stall, a throttled call, an error of the service, and the end of a session after "45 minutes".\n',
)

const consumer = new KinesisVideoConsumer({
  streamName: STREAM,
  startSelector: { StartSelectorType: 'EARLIEST' },
  // A silent connection is given up after 30 s. Here everything is faster.
  readIdleTimeoutMs: 1000,
  signal: AbortSignal.timeout(DEADLINE_MS),
  clientConfig: {
    endpoint: simulator.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'any', secretAccessKey: 'any' },
  },
})
consumer.on('event', (event) => {
  const text = textOf(event)
  if (text !== undefined) say(text)
})

const yielded: string[] = []
const digests = new Map<string, string>()
try {
  for await (const fragment of consumer) {
    const number = fragment.metadata.fragmentNumber
    yielded.push(number)
    digests.set(number, digestOf(fragment))
    if (yielded.length % 10 === 0) say(`      ${yielded.length} fragments`)
    const isAllThere = camera.appendedCount === FRAGMENTS
    if (isAllThere && number === camera.fragments.at(-1)?.fragmentNumber) break
  }
} catch (error) {
  say(`ended by ${String(error)}`)
}

const seconds = (performance.now() - startMs) / 1000
const expected = camera.fragments.map((fragment) => fragment.fragmentNumber)
const lost = expected.filter((number) => !digests.has(number)).length
const repeated = yielded.length - digests.size
const isInOrder = yielded.every((number, index) => number === expected[index])
let changed = 0
for (const stored of camera.fragments) {
  for await (const fragment of parseGetMedia([stored.payload(0)])) {
    const digest = digests.get(stored.fragmentNumber)
    if (digest !== undefined && digest !== digestOf(fragment)) changed += 1
  }
}
const { bytes, reconnects, duplicatesDropped } = consumer.stats()
const reasons = Object.entries(reconnects).map(([reason, count]) => `${reason} ${count}`)
const row = (name: string, value: number | string, remark = ''): void =>
  console.log(`  ${name.padEnd(11)}${String(value).padStart(6)}  ${remark}`.trimEnd())

console.log('\nreport')
row('expected', expected.length, 'fragments on the server')
row('yielded', yielded.length, isInOrder ? 'in order' : 'NOT IN ORDER')
row('repeated', repeated, `${duplicatesDropped} came twice and were dropped`)
row('lost', lost)
row('changed', changed, 'every frame was compared with the server’s')
row(
  'reconnects',
  reasons.reduce((sum, text) => sum + Number(text.split(' ')[1]), 0),
  reasons.join(', '),
)
row(
  'rate',
  (yielded.length / seconds).toFixed(1),
  `fragments a second, ${((bytes * 8) / seconds / 1e6).toFixed(1)} Mbit/s`,
)

const sessionEnds = simulator.requests.filter((request) => request.ended === 'session').length
const isComplete =
  expected.length === FRAGMENTS && lost === 0 && repeated === 0 && changed === 0 && isInOrder
// A demo in which nothing breaks shows nothing.
const hasBroken = simulator.pendingFaults.length === 0 && sessionEnds > 0
if (!hasBroken) console.log('\nNot everything that was to go wrong did.')
console.log(isComplete ? '\nNothing was lost, nothing was repeated.' : '\nFAILED')
process.exitCode = isComplete && hasBroken ? 0 : 1

function digestOf(fragment: GetMediaFragment): string {
  const hash = createHash('sha256')
  for (const frame of fragment.frames) for (const slice of frame.slices) hash.update(slice)
  return hash.digest('hex')
}

function textOf(event: ConsumerEvent): string | undefined {
  switch (event.type) {
    case 'sessionOpened':
      return `session ${event.session} opened from ${event.selector.StartSelectorType}`
    case 'sessionEnded':
      return `session ${event.session} ended after ${event.fragments} fragments: ${event.reason}`
    case 'serviceError':
      return `  ! the service reports error ${event.id} ${event.code}: ${event.action}`
    case 'requestFailed':
      return `  ! ${event.operation} failed: ${event.exception}, status ${event.status}`
    case 'reconnectScheduled':
      return `  reconnecting in ${event.delayMs} ms, because: ${event.reason}`
    case 'duplicateDropped':
      return `  a repeated fragment was dropped`
    case 'damagedFragment':
      return `  ! a fragment came damaged: ${event.action}`
    case 'gap':
      return `  ! a gap: ${event.reason}`
    default:
      return undefined
  }
}
