import { describe, expect, it } from 'vitest'
import { ManualClock, systemClock } from '../../src/simulator/index.js'

describe('ManualClock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock(1000)
    expect([clock.now(), clock.monotonicMs()]).toEqual([1000, 1000])
    clock.advance(250)
    expect([clock.now(), clock.monotonicMs()]).toEqual([1250, 1250])
  })

  it('fires timers in the order of time, then of setting, at their own time', () => {
    const clock = new ManualClock(0)
    const fired: string[] = []
    const note = (name: string) => () => void fired.push(`${name}@${clock.now()}`)
    clock.setTimer(note('late'), 30)
    clock.setTimer(note('first'), 10)
    clock.setTimer(note('second'), 10)
    const cancel = clock.setTimer(note('never'), 10)
    cancel()
    cancel()
    clock.advance(9)
    expect(fired).toEqual([])
    clock.advance(100)
    expect(fired).toEqual(['first@10', 'second@10', 'late@30'])
    expect([clock.now(), clock.pending]).toEqual([109, 0])
  })

  it('fires what a timer sets within the span', () => {
    const clock = new ManualClock(0)
    const times: number[] = []
    const tick = (): void => {
      times.push(clock.now())
      clock.setTimer(tick, 10)
    }
    clock.setTimer(tick, 10)
    clock.advance(35)
    expect(times).toEqual([10, 20, 30])
    expect(clock.pending).toBe(1)
  })

  it('tells when a timer is due soon', async () => {
    const clock = new ManualClock(0)
    clock.setTimer(() => undefined, 5000)
    let isDue = false
    const due = clock.whenDueWithin(100).then(() => (isDue = true))
    await Promise.resolve()
    expect(isDue).toBe(false)
    clock.setTimer(() => undefined, 100)
    await due
    await clock.whenDueWithin(100)
  })
})

describe('systemClock', () => {
  it('is the machine’s time, and takes delays that Node would cut to nothing', async () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000)
    const beforeMs = performance.now()
    expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(beforeMs)
    await new Promise<void>((resolve) => systemClock.setTimer(resolve, 1))
    let hasFired = false
    const cancel = systemClock.setTimer(() => (hasFired = true), 2 ** 40)
    await new Promise((resolve) => setTimeout(resolve, 5))
    cancel()
    expect(hasFired).toBe(false)
  })
})
