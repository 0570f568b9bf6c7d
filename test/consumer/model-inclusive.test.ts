// The other half of the 10,000 scripts; see model-exclusive.test.ts.
import { describe, it } from 'vitest'
import { checkScripts } from '../helpers/consumer-model.js'

describe('5,000 scripts of faults, where a token starts at its fragment', () => {
  it('cost none of 200 fragments, repeat none, and drop what the model drops', async () => {
    await checkScripts(5000, true)
  }, 120_000)
})
