import { describe, expect, it } from 'vitest'
import { growthWithin, held, MIB } from '../memory/memory.js'
import { checkInput, MODES } from './check-input.js'
import { CORPUS_FOLDER, readSeeds } from './corpus.js'
import { fuzz } from './fuzzer.js'

// Enough to show that nothing is broken badly; the search itself is `npm run fuzz`, which CI runs for a minute.
const SEED = 1
const MUTATIONS = 1500
const MAX_LEFT_BYTES = 32 * MIB

describe('hostile input', () => {
  const seeds = readSeeds(CORPUS_FOLDER)

  it('has a corpus to begin with', () => {
    expect(seeds.length).toBeGreaterThan(20)
  })

  it('is read alike in all chunks, in every mode: the corpus itself', () => {
    for (const { bytes } of seeds) {
      for (const mode of MODES) {
        for (const sizes of [[1], [7], [1, 64]]) checkInput(bytes, mode, sizes)
      }
    }
  })

  it(`breaks no promise: ${MUTATIONS} mutations of the corpus`, () => {
    const before = held()
    const { finding, inputs, kinds } = fuzz(seeds, SEED, (done) => done === MUTATIONS)
    if (finding !== undefined) {
      const hex = Buffer.from(finding.input).toString('hex')
      throw new Error(
        `input ${hex}, read as ${finding.mode}, in chunks of ${finding.sizes.join(', ')} bytes`,
        {
          cause: finding.error,
        },
      )
    }
    expect(inputs).toBe(MUTATIONS)
    // Seeds kept for further mutation, and what the engine keeps; a parser that leaked would have left far more.
    expect(growthWithin(MAX_LEFT_BYTES, before)).toBeLessThan(MAX_LEFT_BYTES)
    // A run that sees only a few kinds has lost its corpus.
    expect(kinds).toBeGreaterThan(1000)
  }, 120_000)
})
