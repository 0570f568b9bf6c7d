// What can go wrong in a payload, and where it shows: an error that the service reports in the stream, a cut, damage.
//
//   npx tsx samples/05-errors-and-damage.ts
import { readFileSync } from 'node:fs'
import { ParseError, parseGetMedia } from 'kvs-fragments'

const read = (name: string): Uint8Array => readFileSync(new URL(`media/${name}`, import.meta.url))

// 1. The service reports errors as tags, with HTTP status 200. onServiceError tells at once; they are also in the metadata of
//    the fragment that they came with.
const failing = parseGetMedia([read('error-4501.mkv')], {
  onServiceError: ({ id, code, action, retryable }) =>
    console.log(`service error ${id} ${code}: ${action}, retryable: ${retryable}`),
})
for await (const fragment of failing) {
  console.log(`  came with a fragment, complete: ${fragment.isComplete}`)
}

// 2. A response that ends in the middle of a fragment is not an error. The fragment is yielded, with the reason.
for await (const fragment of parseGetMedia([read('truncated.mkv')])) {
  const reason = fragment.incompleteReason ?? 'complete'
  console.log(`${fragment.frames.length} frames: ${reason}`)
}

// 3. Damage throws a ParseError, by default after everything before it was yielded.
const whole = read('camera.mkv')
const damaged = Uint8Array.from(whole)
// Where a SimpleBlock of the second fragment begins. A hundred bytes inside a frame would go unnoticed: Matroska has no
// checksum that must be there (see verifyCrc32).
damaged.fill(0, 29_417, 29_517)
try {
  for await (const fragment of parseGetMedia([damaged])) {
    console.log(`fragment ${fragment.isComplete ? 'complete' : fragment.incompleteReason}`)
  }
} catch (error) {
  if (!(error instanceof ParseError)) throw error
  console.log(`${error.code} at byte ${error.offset} in ${error.path}`)
}

// 4. With onDamage: 'resync' reading goes on at the next EBML header, and onSkip tells what was passed over.
const resynced = parseGetMedia([damaged], {
  onDamage: 'resync',
  onSkip: ({ startOffset, endOffset }) => console.log(`skipped ${startOffset} to ${endOffset}`),
})
let complete = 0
for await (const fragment of resynced) if (fragment.isComplete) complete += 1
console.log(`${complete} complete fragments of 5`)
