// Real captures and third-party files are not the project's to publish, so they stand beside the repository.
// The suites in test/corpus/ read them from here.
import { existsSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe } from 'vitest'

const repository = fileURLToPath(new URL('../../', import.meta.url))

/** Where the media are looked for: `KVS_FRAGMENTS_MEDIA`, or `../shared/media` beside the repository. */
export const MEDIA_FOLDER: string = path.resolve(
  repository,
  process.env['KVS_FRAGMENTS_MEDIA'] || '../shared/media',
)

/** Whether the media are there. */
export const hasMedia: boolean = existsSync(MEDIA_FOLDER)

/** The absolute path of a file of the media, such as `mediaFile('getmedia/expected.json')`. */
export function mediaFile(name: string): string {
  return path.join(MEDIA_FOLDER, name)
}

/**
 * A `describe` for suites that need the media: runs where they are, and is reported as skipped, with the reason in
 * its name, where they are not. The body is not called then, so it may read the folder at once.
 */
export function describeWithMedia(name: string, body: () => void): void {
  if (hasMedia) describe(name, body)
  else describe.skip(`${name} (skipped: there is no folder ${MEDIA_FOLDER})`, () => {})
}
