/** Rewrites `inputs/pinned.json` after a recipe was changed on purpose: `node benchmarks/run.mjs --pin`. */
import { writeFileSync } from 'node:fs'
import { RECIPE_NAMES } from './recipes.js'
import { generate, PINNED } from './store.js'

export function pinInputs(): void {
  const pinned = Object.fromEntries(RECIPE_NAMES.map((name) => [name, generate(name).expected]))
  writeFileSync(PINNED, `${JSON.stringify(pinned, undefined, 2)}\n`)
}
