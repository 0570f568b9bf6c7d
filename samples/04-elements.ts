// Below the fragments: every EBML element, through a handler of four calls. Here it adds up what each kind of element
// costs in the stream. Answering false to onMasterStart steps over an element unread.
//
//   npx tsx samples/04-elements.ts [FILE]
import { createReadStream } from 'node:fs'
import type { EbmlHandler } from 'kvs-fragments/parser'
import { EbmlReader, findElement } from 'kvs-fragments/parser'

const file = process.argv[2] ?? new URL('media/camera.mkv', import.meta.url)
const counts = new Map<number, { count: number; bytes: number }>()

function count(id: number, isNew: boolean, bytes: number): void {
  const entry = counts.get(id) ?? { count: 0, bytes: 0 }
  counts.set(id, { count: entry.count + (isNew ? 1 : 0), bytes: entry.bytes + bytes })
}

const handler: EbmlHandler = {
  onMasterStart(id) {
    count(id, true, 0)
    return true
  },
  onMasterEnd() {},
  // Numbers, dates and texts come in one piece, whatever the chunks were.
  onValue: (id, _bytes, start, end) => count(id, true, end - start),
  // Everything else comes in slices as it arrives, nothing is copied; bytesLeft is 0 with the last slice.
  onBody: (id, _bytes, start, end, bytesLeft) => count(id, bytesLeft === 0, end - start),
}

const reader = new EbmlReader(handler)
for await (const chunk of createReadStream(file)) reader.write(chunk as Uint8Array)
const truncation = reader.end()

for (const [id, entry] of [...counts].sort(([, a], [, b]) => b.bytes - a.bytes).slice(0, 12)) {
  const name = findElement(id)?.name ?? `0x${id.toString(16)}`
  console.log(
    `${name.padEnd(20)} ${String(entry.count).padStart(6)} times ${String(entry.bytes).padStart(9)} bytes`,
  )
}
console.log(truncation === undefined ? 'the end is clean' : `cut inside ${truncation.path}`)
