// Frames one by one, each as soon as its last byte has arrived: for live transcription, which cannot wait for the end of a
// fragment. The input is an Amazon Connect call, dripped here as a network would bring it.
//
//   npx tsx samples/02-frames-lowest-latency.ts [FILE]
import { createReadStream } from 'node:fs'
import { parseGetMediaFrames } from 'kvs-fragments'

const file = process.argv[2] ?? new URL('media/connect.mkv', import.meta.url)
const source = createReadStream(file, { highWaterMark: 1400 })

let count = 0
const bytesByTrack = new Map<string, number>()
for await (const frame of parseGetMediaFrames(source)) {
  // Tracks of a call have no fixed numbers: go by name.
  const name = frame.track?.name ?? `track ${frame.trackNumber}`
  bytesByTrack.set(name, (bytesByTrack.get(name) ?? 0) + frame.byteLength)

  count += 1
  if (count <= 5) {
    // The opening tags are known by now. The closing ones are not: they come when the fragment ends.
    const { fragmentNumber, continuationToken } = frame.metadata
    const time = frame.wallClockMs === undefined ? '?' : new Date(frame.wallClockMs).toISOString()
    console.log(
      `${time} ${name}: ${frame.byteLength} bytes of fragment …${fragmentNumber?.slice(-8)}`,
    )
    console.log(`  its closing tags: ${continuationToken === undefined ? 'not yet' : 'read'}`)
  }
  // `frame.data` are the bytes. They are a view of the network's chunk: keep `frame.copy()` if you keep few of them for long.
}
for (const [name, bytes] of bytesByTrack) console.log(`${name}: ${bytes} bytes in all`)
