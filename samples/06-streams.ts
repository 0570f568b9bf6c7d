// The parser as a stream among streams: a Node Transform, and a web TransformStream.
//
//   npx tsx samples/06-streams.ts [FILE]
import { createReadStream, openAsBlob } from 'node:fs'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { FragmentTransform, frameTransformStream } from 'kvs-fragments/streams'
import type { GetMediaFragment } from 'kvs-fragments/tags'

const file = process.argv[2] ?? fileURLToPath(new URL('media/camera.mkv', import.meta.url))

// Node: pipeline passes errors on and holds the source back while the sink is busy.
await pipeline(
  createReadStream(file),
  new FragmentTransform(),
  new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(fragment: GetMediaFragment, _encoding, done) {
      console.log(`${fragment.metadata.fragmentNumber}: ${fragment.frames.length} frames`)
      setTimeout(done, 50)
    },
  }),
)

// Web streams: the same of a Blob or a fetch() response; here frame by frame.
let keyframes = 0
const blob = await openAsBlob(file)
for await (const frame of blob.stream().pipeThrough(frameTransformStream())) {
  if (frame.isKeyframe) keyframes += 1
}
console.log(`${keyframes} keyframes`)
