import { readFileSync } from 'node:fs'
import { buildFragment } from '../../src/simulator/media.js'
import { syntheticFragments } from '../../src/simulator/synthetic.js'

/** Samples of every kind: by tags, by layout, cut, with an in-band error, plain. */
export const SAMPLES = [
  'camera.mkv',
  'connect.mkv',
  'producer-sdk.mkv',
  'truncated.mkv',
  'merged.mkv',
  'error-4502.mkv',
  'ordinary.mkv',
] as const

/** A file of samples/media. */
export function sample(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`../../samples/media/${name}`, import.meta.url)))
}

/** `count` whole fragments of a small camera, six frames each. */
export function payload(count: number): Uint8Array {
  const source = syntheticFragments({
    fragmentDurationMs: 400,
    frameRate: 15,
    frameBytes: 100,
    keyframeBytes: 300,
  })
  const parts: Uint8Array[] = []
  for (let i = 0; i < count; i += 1) parts.push(buildFragment(source.next().value))
  return Buffer.concat(parts)
}

/** `count` whole fragments, and the beginning of one more with a size that no element may have. */
export function damagedAfter(count: number): Uint8Array {
  // [EBML][size 0]: a document begins. [Tracks][unknown size]: only Segment and Cluster may.
  const damage = Buffer.from('1a45dfa380 18538067ff 1654ae6bff'.replaceAll(' ', ''), 'hex')
  return Buffer.concat([payload(count), damage])
}

/** Views of `bytes`, each of at most `size` bytes. */
export function* splitAt(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
