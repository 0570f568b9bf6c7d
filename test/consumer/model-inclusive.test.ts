// The other half of the 10,000 scripts; see model-exclusive.test.ts.
import { describe, it } from 'vitest'
import { bundled } from '../helpers/bundle.js'
import type * as Model from '../helpers/consumer-model.js'

describe('5,000 scripts of faults, where a token starts at its fragment', () => {
  it('cost none of 200 fragments, repeat none, and drop what the model drops', async () => {
    const model = new URL('../helpers/consumer-model.ts', import.meta.url)
    const { checkScripts } = await bundled<typeof Model>(model)
    await checkScripts(5000, true)
  }, 300_000)
})
