/**
 * `npm run bench`: compiles the harness with tsc and runs it. The measured processes must be plain JavaScript:
 * a loader that compiles on import would add its own code, its own garbage and its source maps to every figure.
 */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc')
const here = fileURLToPath(new URL('.', import.meta.url))
const compiled = spawnSync(process.execPath, [compiler, '-p', here], { stdio: 'inherit' })
if (compiled.status !== 0) process.exit(compiled.status ?? 1)

const { main } = await import('./.cache/build/main.js')
process.exitCode = await main(process.argv.slice(2))
