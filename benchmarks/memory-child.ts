/**
 * The measured process of `memory.ts`: `node … memory-child.js CONTENDER LEVEL INPUT MEGABYTES`. Feeds chunks that are made
 * as they are needed, as a socket makes them, and lets go of every fragment; prints its peak resident set in bytes.
 */
import { readFileSync } from 'node:fs'
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { contenderNamed } from './contenders/registry.js'
import { ownCopy } from './inputs/chunks.js'
import { inputNamed } from './inputs/store.js'
import { Tally } from './tally.js'
import type { Level } from './contenders/contender.js'
import type { RecipeName } from './inputs/recipes.js'

const [contender, level, input, megabytes] = process.argv.slice(2)
const bytes = readFileSync(inputNamed(input as RecipeName).path)
const work = (await contenderNamed(contender).load())[level as Level]
if (work?.kind !== 'push') throw new Error(`${contender} cannot be pushed`)

const CHUNK_BYTES = 65_536
const feed = work.open(new Tally())
for (let fed = 0; fed < Number(megabytes) * 1e6; fed += bytes.length) {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    feed.push(ownCopy(bytes.subarray(at, at + CHUNK_BYTES)))
    // A socket's chunks come in turns of the event loop; between two of them memory can be given back.
    await turnOfTheLoop()
  }
}
feed.end()
console.log(process.resourceUsage().maxRSS * 1024)
