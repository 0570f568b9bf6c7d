/** The measured process of `allocation.ts`: `node … allocation-child.js CONTENDER LEVEL`. */
import { measureAllocation } from './allocation.js'
import type { Level } from './contenders/contender.js'

const [contender = 'kvs-fragments', level = 'fragments'] = process.argv.slice(2)
console.log(JSON.stringify(await measureAllocation(contender, level as Level)))
