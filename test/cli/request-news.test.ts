import { describe, expect, it } from 'vitest'
import { RequestNews } from '../../src/cli/request-news.js'
import { ManualClock } from '../../src/simulator/index.js'
import { RequestLog } from '../../src/simulator/request-log.js'

describe('RequestNews', () => {
  it('finds each request once, when it has ended', () => {
    const log = new RequestLog(new ManualClock(0))
    const news = new RequestNews()
    const idsOf = (): readonly number[] => news.next(log.records).map(({ id }) => id)
    const [first, second, third] = [1, 2, 3].map((connection) => log.open('GetMedia', connection))
    expect(idsOf()).toEqual([])
    log.end(second, 'idle')
    expect(idsOf()).toEqual([1])
    log.end(third, 'idle')
    log.end(first, 'client')
    log.end(log.open('GetDataEndpoint', 4), 'answered')
    expect(idsOf()).toEqual([0, 2, 3])
    expect(idsOf()).toEqual([])
  })

  it('does not look again at what had ended', () => {
    const log = new RequestLog(new ManualClock(0))
    const news = new RequestNews()
    let looks = 0
    for (let connection = 0; connection < 100; connection += 1) {
      const record = log.open('GetMedia', connection)
      // One goes on all the time.
      const ended = connection === 0 ? undefined : 'client'
      Object.defineProperty(record, 'ended', {
        get: () => {
          looks += 1
          return ended
        },
      })
      news.next(log.records)
    }
    expect(looks).toBeLessThan(500)
  })
})
