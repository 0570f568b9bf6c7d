// npm run fuzz -- [--seconds 60] [--seed 1] [--input FILE] [--write-corpus]
// Mutates test/fuzz/corpus, and ../shared/media/fuzz-seeds where it is there, until something breaks or time is up.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { checkInput, MODES } from '../test/fuzz/check-input.js'
import { CORPUS_FOLDER, readSeeds, readSharedSeeds } from '../test/fuzz/corpus.js'
import type { Finding } from '../test/fuzz/fuzzer.js'
import { fuzz, minimise } from '../test/fuzz/fuzzer.js'
import {
  fragmentListStream,
  getMediaStream,
  matroskaStream,
} from '../test/property/arbitrary-streams.js'

const CORPUS_PER_KIND = 16
const LARGEST_CORPUS_FILE = 1500

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    input: { type: 'string' },
    'write-corpus': { type: 'boolean', default: false },
  },
})

/** Small streams of every kind, from the generator of the property tests. */
function writeCorpus(): void {
  mkdirSync(CORPUS_FOLDER, { recursive: true })
  for (const [kind, streams] of Object.entries({
    'get-media': getMediaStream,
    'fragment-list': fragmentListStream,
    matroska: matroskaStream,
  })) {
    const small = fc
      .sample(streams, { seed: 1, numRuns: 400 })
      .filter(({ bytes }) => bytes.length <= LARGEST_CORPUS_FILE)
    for (const [i, { bytes }] of small.slice(-CORPUS_PER_KIND).entries()) {
      const name = `${kind}-${String(i + 1).padStart(2, '0')}.mkv`
      writeFileSync(path.join(CORPUS_FOLDER, name), bytes)
    }
  }
  console.log(`wrote ${CORPUS_FOLDER}`)
}

function checkFile(file: string): void {
  for (const mode of MODES) {
    for (const sizes of [[1], [7], [64, 3], [1000]]) checkInput(readFileSync(file), mode, sizes)
  }
  console.log(`${file} breaks nothing`)
}

function report({ input, mode, sizes, error }: Finding): void {
  const settings = MODES.find(({ name }) => name === mode) ?? MODES[0]
  const small = minimise(input, (shorter) => {
    try {
      checkInput(shorter, settings, sizes)
      return false
    } catch {
      return true
    }
  })
  const file = path.join(tmpdir(), `kvs-fragments-finding-${Date.now()}.bin`)
  writeFileSync(file, small)
  console.error(`read as ${mode}, in chunks of ${sizes.join(', ')} bytes:`)
  console.error(Buffer.from(small).toString('hex'))
  console.error(`kept as ${file}; once mended, put it into test/fuzz/corpus`)
  console.error(error)
  process.exitCode = 1
}

if (values['write-corpus']) writeCorpus()
else if (values.input !== undefined) checkFile(values.input)
else {
  const end = Date.now() + Number(values.seconds) * 1000
  const seeds = [...readSeeds(CORPUS_FOLDER), ...readSharedSeeds()]
  console.log(`${seeds.length} seeds, seed ${values.seed}, ${values.seconds} s`)
  const result = fuzz(seeds, Number(values.seed), () => Date.now() >= end)
  console.log(`${result.inputs} inputs, ${result.kinds} kinds of runs`)
  if (result.finding !== undefined) report(result.finding)
}
