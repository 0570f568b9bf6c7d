// The Matroska parser alone, without a word of AWS and without a dependency: it runs in a browser or a worker as well.
//
//   npx tsx samples/03-parser-alone.ts [FILE]
import { createReadStream } from 'node:fs'
import { FragmentParser, MATROSKA_RULE } from 'kvs-fragments/parser'
import type { Fragment } from 'kvs-fragments/parser'

const file = process.argv[2] ?? new URL('media/ordinary.mkv', import.meta.url)

// The synchronous parser: what push() answers became complete with that chunk. In ordinary Matroska each Cluster is a
// fragment. `parseFragments(source)` is the same as an async iterator.
const parser = new FragmentParser(MATROSKA_RULE)

for await (const chunk of createReadStream(file)) {
  parser.push(chunk as Uint8Array).forEach(print)
  // Set when the structure broke. What was read before has been answered; the next push() would throw it.
  if (parser.failure !== undefined) throw parser.failure
}
parser.end().forEach(print)

function print(fragment: Fragment<undefined>): void {
  console.log(
    `cluster at ${fragment.timestampMs} ms, bytes ${fragment.offset} to ${fragment.offset + fragment.byteLength}`,
  )
  for (const frame of fragment.frames) {
    const kind = frame.isKeyframe ? 'keyframe' : 'frame'
    const length = frame.durationMs === undefined ? '' : `, ${frame.durationMs} ms long`
    console.log(
      `  track ${frame.trackNumber} ${kind} at ${frame.timestampNs} ns: ${frame.byteLength} bytes${length}`,
    )
  }
}
