import { expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../src/consumer/index.js'
import { setUp } from '../helpers/consumer-harness.js'
import { createLog } from '../helpers/consumer-service.js'

it('a store that does not answer costs no memory for each fragment', async () => {
  const store = new MemoryCheckpointStore()
  let answer: () => void = () => undefined
  const answered = new Promise<void>((resolve) => {
    answer = resolve
  })
  store.save = () => answered
  const long = createLog(3000, { isMinimal: true })
  const { consumer, clock } = setUp({ log: long }, { checkpoint: store })
  clock.freeze()
  const iterator = consumer[Symbol.asyncIterator]()
  const growth = async (count: number): Promise<number> => {
    for (let n = 0; n < count; n += 1) await iterator.next()
    globalThis.gc?.()
    return process.memoryUsage().heapUsed
  }
  // The bytes of the log are made as they are sent; they lie outside of the heap, their objects in it.
  await growth(500)
  const before = await growth(500)
  const perFragment = ((await growth(2000)) - before) / 2000
  answer()
  await iterator.return?.()
  // A waiter for each commit was 700 bytes more.
  expect(perFragment).toBeLessThan(500)
})
