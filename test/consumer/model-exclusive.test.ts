// One half of the 10,000 scripts, in a file of its own, so that the halves run side by side.
import { describe, it } from 'vitest'
import { checkScripts } from '../helpers/consumer-model.js'

describe('5,000 scripts of faults, where a token starts after its fragment', () => {
  it('cost none of 200 fragments, repeat none, and drop what the model drops', async () => {
    await checkScripts(5000, false)
  }, 120_000)
})
