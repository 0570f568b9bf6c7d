// Keeps a stream on disk as it came: one file for each fragment. Run again, it goes on behind the last; a fragment that a crash
// interrupted is written again, to the same name. The files in order are one capture, which everything here reads:
//
//   npx tsx samples/12-archive.ts [FOLDER]
//   cat FOLDER/*.mkv | npx kvs-fragments inspect -
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { FileCheckpointStore, KinesisVideoConsumer } from 'kvs-fragments'
import { openSampleStream } from './sample-stream.js'

const folder = process.argv[2] ?? path.join(tmpdir(), 'kvs-fragments-sample-12')
await mkdir(folder, { recursive: true })
await using stream = await openSampleStream({
  file: new URL('media/camera.mkv', import.meta.url),
  faults: [{ at: { fragment: 2, offset: 'middle' }, do: 'reset' }],
})

const consumer = new KinesisVideoConsumer({
  ...stream.options,
  startSelector: { StartSelectorType: 'EARLIEST' },
  checkpoint: new FileCheckpointStore(path.join(folder, 'checkpoint')),
  commit: 'manual',
  // Without it a fragment is frames and tags only, and `slices` is undefined.
  parser: { keepBytes: true },
})
stream.onEnd(() => void consumer.stop())

let count = 0
for await (const fragment of consumer) {
  // Digits only: the consumer yields no fragment without a number. Padded, so that the names sort as the numbers do.
  const file = path.join(folder, `${fragment.metadata.fragmentNumber.padStart(128, '0')}.mkv`)
  if (fragment.slices === undefined) throw new Error('the fragment is too large to be kept')
  await writeSafely(file, fragment.slices)
  await fragment.commit()
  count += 1
}
console.log(`${count} fragments written to ${folder}`)

/** Under its name the file is whole and on the disk, or not there. */
async function writeSafely(file: string, slices: readonly Uint8Array[]): Promise<void> {
  await writeFile(`${file}.part`, slices, { flush: true })
  await rename(`${file}.part`, file)
}
