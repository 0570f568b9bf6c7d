// Says once, at the start of every run, whether the suites over real captures run or not.
import { hasMedia, MEDIA_FOLDER } from './shared-media.js'

export default function announceMedia(): void {
  if (!hasMedia && process.env['KVS_FRAGMENTS_MEDIA']) {
    throw new Error(`KVS_FRAGMENTS_MEDIA names a folder that is not there: ${MEDIA_FOLDER}`)
  }
  process.stderr.write(
    hasMedia
      ? `test/corpus reads the media in ${MEDIA_FOLDER}\n`
      : `test/corpus is SKIPPED: there is no ${MEDIA_FOLDER}; set KVS_FRAGMENTS_MEDIA to read real captures\n`,
  )
}
