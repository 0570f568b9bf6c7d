import { describe, expect, it } from 'vitest'
import { cut } from '../../benchmarks/inputs/chunks.js'
import { expect as expectationsOf } from '../../benchmarks/inputs/expected.js'
import { RECIPE_NAMES } from '../../benchmarks/inputs/recipes.js'
import { readWholeInput } from '../../benchmarks/inputs/reference-reader.js'
import { generate, readPinned } from '../../benchmarks/inputs/store.js'

describe('benchmark inputs', () => {
  const pinned = readPinned()

  it.each(RECIPE_NAMES)('%s is generated as pinned, byte for byte', (name) => {
    expect(generate(name).expected).toStrictEqual(pinned[name])
  })

  it.each(RECIPE_NAMES)('a reader written apart finds in %s what the generator says', (name) => {
    const { bytes, expected } = generate(name)
    const { elements, fragments } = readWholeInput(bytes)
    expect(expectationsOf(bytes, elements, fragments)).toStrictEqual(expected)
  })

  it.each([
    ['video', 4, 240, 4, 2_352_258],
    ['mid', 8, 480, 8, 2_126_787],
    ['audio', 13, 6500, 6500, 2_080_000],
  ] as const)(
    '%s holds the frames it was designed with',
    (name, fragments, frames, keys, bytes) => {
      expect(pinned[name]).toMatchObject({ fragments, frames, keyframes: keys, frameBytes: bytes })
    },
  )

  it('has 500 blocks of 320 bytes to a fragment in the audio input', () => {
    const { frames, fragments, frameBytes } = pinned.audio
    expect(frames / fragments).toBe(500)
    expect(frameBytes / frames).toBe(320)
  })
})

describe('chunks', () => {
  const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251))

  it.each([1, 16, 1024, 4999, 5000, 65_536, 'drip'] as const)('of %s lose no byte', (plan) => {
    expect(Buffer.concat(cut(bytes, plan)).equals(bytes)).toBe(true)
  })

  it('of 1 KiB and more have memory of their own', () => {
    for (const chunk of cut(bytes, 1024)) expect(chunk.buffer.byteLength).toBe(chunk.length)
  })

  it('drip between 1 and 1,400 bytes, the same on every run', () => {
    const lengths = cut(bytes, 'drip').map((chunk) => chunk.length)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(1400)
    expect(cut(bytes, 'drip').map((chunk) => chunk.length)).toStrictEqual(lengths)
  })
})
