// 81 files of other projects, written by many programs: frames per track as an independent scanner counted them.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { FragmentParser, MATROSKA_RULE } from '../../src/parser/index.js'
import { GetMediaParser } from '../../src/tags/index.js'
import { chunksOf, drain } from '../helpers/drain.js'
import { describeWithMedia, mediaFile } from '../helpers/shared-media.js'

interface CorpusFile {
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  readonly cls: 'VALID' | 'VALID(container)' | 'INVALID'
  readonly framesPerTrack: Readonly<Record<string, number>>
}

function readManifest(): readonly CorpusFile[] {
  return JSON.parse(readFileSync(mediaFile('corpus/manifest.json'), 'utf8')) as CorpusFile[]
}

// Edited by hand after it was written, and the checksum of its Cluster is still that of sample_with_srt.mkv.
const STALE_CHECKSUM = 'androidx/sample_with_null_terminated_srt.mkv'

const CHUNK_SIZES = [Number.MAX_SAFE_INTEGER, 65_536, 1009]

describeWithMedia('the third-party files', () => {
  const files = readManifest()

  it('are 81', () => {
    expect(files).toHaveLength(81)
    expect(files.filter(({ cls }) => cls === 'INVALID')).toHaveLength(9)
  })

  for (const { file, sha256, cls, framesPerTrack } of files) {
    it(`reads ${file} (${cls}): ${JSON.stringify(framesPerTrack)}`, () => {
      const bytes = readFileSync(mediaFile(`corpus/${file}`))
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256)
      for (const chunkSize of CHUNK_SIZES) {
        for (const makeParser of [
          () => new FragmentParser(MATROSKA_RULE, { verifyCrc32: true }),
          () => new GetMediaParser({ verifyCrc32: true }),
        ]) {
          const parser = makeParser()
          const { fragments, failure } = drain(
            parser as FragmentParser<unknown>,
            chunksOf(bytes, chunkSize),
          )
          const counts: Record<string, number> = {}
          for (const { frames } of fragments) {
            for (const { trackNumber } of frames) {
              counts[trackNumber] = (counts[trackNumber] ?? 0) + 1
            }
          }
          const errors = fragments.flatMap((fragment) => fragment.errors.map(({ code }) => code))
          const isSound = failure === undefined && errors.length === 0 && !parser.truncation
          expect(counts).toEqual(framesPerTrack)
          if (cls === 'INVALID') {
            expect(isSound).toBe(false)
          } else {
            expect({ failure, errors, truncation: parser.truncation }).toEqual({
              failure: undefined,
              errors: file === STALE_CHECKSUM ? ['crc-mismatch'] : [],
              truncation: undefined,
            })
          }
        }
      }
    })
  }
})
