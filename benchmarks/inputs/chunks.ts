/** Cuts an input into the chunks that a contender is fed. */
import { Random } from './random.js'

/** A number of bytes, or `'drip'`: 1 to 1,400 bytes each, 1,400 being about one packet's payload. */
export type ChunkPlan = number | 'drip'

const OWN_MEMORY_FROM_BYTES = 1024

/**
 * Each chunk has its own ArrayBuffer, as sockets deliver them; below 1 KiB chunks are views of one copy, because half a
 * million ArrayBuffers would measure the collector.
 */
export function cut(bytes: Buffer, plan: ChunkPlan): readonly Buffer[] {
  const random = new Random(1)
  const chunks: Buffer[] = []
  let at = 0
  while (at < bytes.length) {
    const length = plan === 'drip' ? random.between(1, 1400) : plan
    const part = bytes.subarray(at, at + length)
    chunks.push(length < OWN_MEMORY_FROM_BYTES ? part : ownCopy(part))
    at += part.length
  }
  return chunks
}

export function ownCopy(part: Uint8Array): Buffer {
  // `allocUnsafe` would cut small chunks out of the shared pool.
  const copy = Buffer.allocUnsafeSlow(part.length)
  copy.set(part)
  return copy
}

export function describeChunks(plan: ChunkPlan): string {
  if (plan === 'drip') return 'chunks of 1 to 1,400 bytes'
  if (plan === 1) return '1-byte chunks'
  return `${plan / 1024} KiB chunks`
}
