/**
 * Writes samples/media: small GetMedia-like streams, their checksums and a table of what they are.
 *
 *     npm run samples [-- FOLDER]
 *
 * Deterministic: no clock, no randomness but a seed, no tool outside this repository. The test
 * test/simulator/samples.test.ts holds the committed files to what this program writes.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import { type Sample, allSamples } from './sample-media.js'

/** Where the committed elementary stream lies. */
const SOURCE = fileURLToPath(new URL('../samples/media/source/camera.h264', import.meta.url))
const DEFAULT_FOLDER = fileURLToPath(new URL('../samples/media', import.meta.url))

/** Writes everything into `folder`, which is made when it is missing. Returns the checksum list. */
export function generateSamples(folder: string): string {
  mkdirSync(folder, { recursive: true })
  const samples = allSamples(readFileSync(SOURCE))
  for (const sample of samples) writeFileSync(path.join(folder, sample.name), sample.bytes)
  const sums = samples.map((sample) => `${sha256(sample.bytes)}  ${sample.name}\n`).join('')
  writeFileSync(path.join(folder, 'SHA256SUMS'), sums)
  writeFileSync(path.join(folder, 'README.md'), describe(samples))
  return sums
}

function describe(samples: readonly Sample[]): string {
  const rows = samples.map(
    ({ name, bytes, fragments, description }) =>
      `| [${name}](${name}) | ${bytes.length.toLocaleString('en-US')} | ${fragments} | ${description} |`,
  )
  return `# Sample media

Small streams to try the parser, the simulator and the command line on. \`npm run samples\` writes
this folder; the same bytes come out on every machine, and \`sha256sum -c SHA256SUMS\` checks them.
The column "fragments" counts complete ones.

| file | bytes | fragments | what it is |
|---|---|---|---|
${rows.join('\n')}

\`source/camera.h264\` is the picture behind the camera streams: ten seconds of ffmpeg's moving test
pattern, 320 × 180 at 15 frames a second, committed so that nobody needs ffmpeg. It was made with

\`\`\`sh
ffmpeg -f lavfi -i testsrc2=size=320x180:rate=15:duration=10,format=yuv420p -c:v libx264 \\
  -preset veryslow -profile:v high -crf 33 -g 30 -keyint_min 30 -sc_threshold 0 -bf 0 \\
  -x264-params aud=1:threads=1:repeat-headers=1 -threads 1 -flags +bitexact -bitexact camera.h264
\`\`\`

Nobody's recording is in here: times, identifiers and fragment numbers are made up.
`
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  generateSamples(process.argv[2] ?? DEFAULT_FOLDER)
}
