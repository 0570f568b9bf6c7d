// Amazon Connect: one call from the stream, each of its two tracks as a WAV file. Connect hands out the variables with the
// contact, as StreamARN, StartFragmentNumber and, once streaming has ended, StopFragmentNumber of its customer audio.
//
//   npx tsx samples/10-connect-call-to-wav.ts [FOLDER]                           (simulated)
//   STREAM_ARN=arn:aws:… START_FRAGMENT=9134… [STOP_FRAGMENT=9134…] npx tsx samples/10-connect-call-to-wav.ts [FOLDER]
import { mkdtemp, open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { KinesisVideoConsumer, compareFragmentNumbers, tagValue } from 'kvs-fragments'
import { openSampleStream } from './sample-stream.js'
import { HEADER_BYTES, wavHeader } from './wav-header.js'

const folder = process.argv[2] ?? (await mkdtemp(path.join(tmpdir(), 'kvs-fragments-call-')))
const { START_FRAGMENT: first, STOP_FRAGMENT: last } = process.env
await using stream = await openSampleStream({ file: new URL('media/connect.mkv', import.meta.url) })

const consumer = new KinesisVideoConsumer({
  ...stream.options,
  // AT the fragment: AWS's own FRAGMENT_NUMBER starts after it, and the first second of the call is gone.
  startSelector: first
    ? { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: first }
    : { StartSelectorType: 'EARLIEST' },
})
stream.onEnd(() => void consumer.stop())
// After the last call of a stream there is silence.
const silence = setTimeout(() => void consumer.stop(), 60_000)

const files = new Map<string, { readonly handle: FileHandle; bytes: number }>()
let contactId: string | undefined
let format = 'audio/L16;rate=8000;channels=1;'
for await (const { metadata, tags, frames } of consumer) {
  silence.refresh()
  // One stream serves one call after another. Without STOP_FRAGMENT: the last fragment of a call may lack its tags.
  const id = tagValue(tags, 'ContactId')
  const isLast = last === undefined && id === undefined && contactId !== undefined
  contactId ??= id
  if (id !== undefined && id !== contactId) break
  // The codec ID says AAC. It is not: the tag is right.
  format = tagValue(tags, 'MimeType') ?? format
  for (const frame of frames) {
    // AUDIO_FROM_CUSTOMER and AUDIO_TO_CUSTOMER, in no fixed order: go by name, never by number.
    const name = frame.track?.name ?? `track-${frame.trackNumber}`
    const file = files.get(name) ?? {
      handle: await open(path.join(folder, `${name}.wav`), 'w'),
      bytes: 0,
    }
    files.set(name, file)
    await file.handle.write(frame.data, 0, frame.byteLength, HEADER_BYTES + file.bytes)
    file.bytes += frame.byteLength
  }
  const isStop = last !== undefined && compareFragmentNumbers(metadata.fragmentNumber, last) >= 0
  if (isLast || isStop) break
}
clearTimeout(silence)

console.log(`contact ${contactId}, ${format}`)
for (const [name, { handle, bytes }] of files) {
  await handle.write(wavHeader(format, bytes), 0, HEADER_BYTES, 0)
  await handle.close()
  console.log(`${path.join(folder, `${name}.wav`)}: ${bytes} bytes of PCM`)
}
