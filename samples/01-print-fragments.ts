// Reads the payload of a GetMedia response, fragment by fragment: number, times, tags, tracks and frames.
//
//   npx tsx samples/01-print-fragments.ts [FILE]
import { createReadStream } from 'node:fs'
import { parseGetMedia } from 'kvs-fragments'

const file = process.argv[2] ?? new URL('media/camera.mkv', import.meta.url)

// Any source of bytes does: a file here, `response.Payload` of the AWS SDK's GetMediaCommand in life.
for await (const fragment of parseGetMedia(createReadStream(file))) {
  const { metadata, tracks, tags, frames } = fragment
  console.log(`fragment ${metadata.fragmentNumber ?? '(without a number)'}`)
  console.log(
    `  server time ${metadata.serverTimestamp}, ${metadata.millisBehindNow} ms behind now`,
  )
  for (const track of tracks) console.log(`  track ${track.number}: ${track.type} ${track.codecId}`)
  // A list, not an object: names repeat. `position` tells whether a tag came before or after the media.
  for (const tag of tags) console.log(`  tag ${tag.name} = ${tag.value} (${tag.position})`)
  const bytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0)
  console.log(`  ${frames.length} frames, ${bytes} bytes`)

  // Only the closing tags prove that a fragment is whole: responses end in the middle of one every day.
  if (!fragment.isComplete) console.log(`  incomplete: ${fragment.incompleteReason}`)
}
