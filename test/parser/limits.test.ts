import { describe, expect, it } from 'vitest'
import type { ParserLimits } from '../../src/parser/limits.js'
import { DEFAULT_LIMITS, resolveLimits } from '../../src/parser/limits.js'

describe('resolveLimits', () => {
  it('has the documented defaults', () => {
    expect(resolveLimits({})).toEqual({
      maxFragmentBytes: 64 * 1024 * 1024,
      maxStringBytes: 64 * 1024,
      maxBinaryBytes: 1024 * 1024,
      maxDepth: 16,
      maxTagsPerFragment: 1024,
      maxTracks: 128,
      maxSlicesPerFragment: 65_536,
      maxElementsPerFragment: 131_072,
    })
  })

  it('takes what is given and leaves the rest', () => {
    expect(resolveLimits({ maxDepth: 3 })).toEqual({ ...DEFAULT_LIMITS, maxDepth: 3 })
  })

  it('is not confused by options that are no limits', () => {
    const options = { onDamage: 'throw', maxTracks: 1 } as ParserLimits
    expect(resolveLimits(options)).toEqual({ ...DEFAULT_LIMITS, maxTracks: 1 })
  })

  it('changes neither the defaults nor the options', () => {
    const options = Object.freeze({ maxDepth: 3 })
    resolveLimits(options)
    expect(DEFAULT_LIMITS.maxDepth).toBe(16)
  })

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'refuses %d in each of them with its name and the remedy',
    (value) => {
      for (const name of Object.keys(DEFAULT_LIMITS)) {
        expect(() => resolveLimits({ [name]: value })).toThrow(
          new RangeError(`${name} is ${value}; give a whole number of at least 1`),
        )
      }
    },
  )

  it.each(['12', null, true])('refuses %s, which is no number at all', (value) => {
    const options = { maxDepth: value } as unknown as ParserLimits
    expect(() => resolveLimits(options)).toThrow(RangeError)
  })
})
