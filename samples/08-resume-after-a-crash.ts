// Goes on where it stopped, after a crash too. The position is kept in files; a fragment that was done with is not seen again.
//
//   CRASH_AFTER=2 npx tsx samples/08-resume-after-a-crash.ts [FOLDER]      (dies with the third fragment in hand)
//   npx tsx samples/08-resume-after-a-crash.ts [FOLDER]                    (goes on with the third)
import { tmpdir } from 'node:os'
import path from 'node:path'
import { FileCheckpointStore, KinesisVideoConsumer } from 'kvs-fragments'
import { openSampleStream } from './sample-stream.js'

const folder = process.argv[2] ?? path.join(tmpdir(), 'kvs-fragments-sample-08')
const crashAfter = Number(process.env['CRASH_AFTER'] ?? Infinity)
await using stream = await openSampleStream({ file: new URL('media/camera.mkv', import.meta.url) })

const consumer = new KinesisVideoConsumer({
  ...stream.options,
  // Where to begin when there is no checkpoint yet.
  startSelector: { StartSelectorType: 'EARLIEST' },
  checkpoint: new FileCheckpointStore(folder),
  // A fragment counts as done when we say so. 'auto', the default: when the loop asks for the next one.
  commit: 'manual',
})
consumer.once('checkpointClaimed', ({ checkpoint }) => {
  const after = checkpoint?.fragmentNumber
  console.log(after === undefined ? `a new checkpoint in ${folder}` : `going on after ${after}`)
})
stream.onEnd(() => void consumer.stop())

let done = 0
for await (const fragment of consumer) {
  console.log(`at work on ${fragment.metadata.fragmentNumber}`)
  // No handler, no finally: what is not in the files by now is lost with the process.
  if (done === crashAfter) process.kill(process.pid, 'SIGKILL')

  await storeSafely(fragment.frames.map((frame) => frame.data))
  // Waits until the position is on the disk. Without `await` the next fragment comes meanwhile, and a crash may repeat some.
  await fragment.commit()
  done += 1
}
console.log(`${done} fragments in this run`)
if (done === 0) console.log(`all were done before: delete ${folder} to begin anew`)

/** Your work. It may be called again for the fragment that a crash interrupted. */
async function storeSafely(_media: readonly Uint8Array[]): Promise<void> {}
