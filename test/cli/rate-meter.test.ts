import { expect, it } from 'vitest'
import { RateMeter } from '../../src/cli/rate-meter.js'

it('knows no rate before a second sample', () => {
  expect(new RateMeter().perSecond(1000, 5)).toBe(0)
})

it('is the growth over the last ten seconds', () => {
  const meter = new RateMeter()
  // A thousand a second for half a minute, then nothing.
  for (let second = 0; second <= 30; second += 1) {
    expect(meter.perSecond(second * 1000, second * 1000)).toBe(second === 0 ? 0 : 1000)
  }
  expect(meter.perSecond(30_000, 35_000)).toBeCloseTo(500, -2)
  expect(meter.perSecond(30_000, 41_000)).toBeCloseTo(0, -2)
})
