import { describe, expect, it } from 'vitest'
import {
  type CheckpointStore,
  type ConsumedFragment,
  ConsumerError,
  type ConsumerSettings,
  MemoryCheckpointStore,
  StaleEpochError,
  type StreamPosition,
} from '../../src/consumer/index.js'
import { buildFragment } from '../../src/simulator/media.js'
import { failureOf, setUp, take } from '../helpers/consumer-harness.js'
import { createLog, exception } from '../helpers/consumer-service.js'
import { unhandledRejections } from '../helpers/unhandled-rejections.js'

const log = createLog(8)
const numbers = log.map(({ fragmentNumber }) => fragmentNumber)

/** A store whose saves wait until they are let through. */
class SlowStore extends MemoryCheckpointStore {
  readonly saves: string[] = []
  saving = 0
  peak = 0
  readonly #waiting: (() => void)[] = []

  override async save(id: string, epoch: number, checkpoint: StreamPosition): Promise<void> {
    this.saves.push(checkpoint.fragmentNumber)
    this.saving += 1
    this.peak = Math.max(this.peak, this.saving)
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
    })
    this.saving -= 1
    await super.save(id, epoch, checkpoint)
  }

  letThrough(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

async function saved(store: CheckpointStore, id = 'front-door'): Promise<string | undefined> {
  return (await store.claim(id, 'test')).checkpoint?.fragmentNumber
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

describe("commit: 'auto'", () => {
  it('commits a fragment when the loop asks for the next one, not before', async () => {
    const store = new MemoryCheckpointStore()
    expect(await take(setUp({ log }, { checkpoint: store }).consumer, 3)).toHaveLength(3)
    // The third was at hand at the break: it is repeated.
    expect(await saved(store)).toBe(numbers[1])
  })

  it('resumes behind it in the next consumer, whatever its start says', async () => {
    const store = new MemoryCheckpointStore()
    await take(setUp({ log }, { checkpoint: store }).consumer, 3)
    const { consumer, service, ofType } = setUp({ log }, { checkpoint: store })
    expect(await take(consumer, 2)).toEqual(numbers.slice(2, 4))
    expect(service.requests[0].selector).toEqual({
      StartSelectorType: 'CONTINUATION_TOKEN',
      ContinuationToken: numbers[1],
    })
    expect(ofType('checkpointClaimed')).toMatchObject([
      { epoch: 2, checkpoint: { fragmentNumber: numbers[1] }, damage: undefined },
    ])
  })

  it('commits the last one by hand before a break', async () => {
    const store = new MemoryCheckpointStore()
    const { consumer } = setUp({ log }, { checkpoint: store })
    for await (const fragment of consumer) {
      await fragment.commit()
      break
    }
    expect(await saved(store)).toBe(numbers[0])
  })
})

describe("commit: 'manual'", () => {
  it('commits what it is told, and with it everything before', async () => {
    const store = new MemoryCheckpointStore()
    const { consumer } = setUp({ log }, { checkpoint: store, commit: 'manual' })
    let count = 0
    for await (const fragment of consumer) {
      count += 1
      if (count === 2) await fragment.commit()
      if (count === 5) break
    }
    expect(await saved(store)).toBe(numbers[1])
  })

  it('never moves back', async () => {
    const store = new MemoryCheckpointStore()
    const { consumer } = setUp({ log }, { checkpoint: store, commit: 'manual' })
    const held = []
    for await (const fragment of consumer) {
      held.push(fragment)
      if (held.length < 3) continue
      await held[2].commit()
      await held[0].commit()
      await held[1].commit()
      break
    }
    expect(await saved(store)).toBe(numbers[2])
  })

  it('commits the fragment at hand through the consumer', async () => {
    const store = new MemoryCheckpointStore()
    const { consumer } = setUp({ log }, { checkpoint: store, commit: 'manual' })
    for await (const _ of consumer) {
      await consumer.commit()
      break
    }
    expect(await saved(store)).toBe(numbers[0])
  })

  it('resolves at once without a store', async () => {
    const { consumer } = setUp({ log })
    await consumer.commit()
    for await (const fragment of consumer) {
      await fragment.commit()
      break
    }
  })
})

describe('saving', () => {
  it('holds up no media: one save in flight, the latest wins, the end waits for it', async () => {
    const store = new SlowStore()
    const { consumer, clock } = setUp({ log }, { checkpoint: store })
    clock.freeze()
    const iterator = consumer[Symbol.asyncIterator]()
    for (let n = 0; n < 7; n += 1) await iterator.next()
    expect(store.saves).toEqual([numbers[0]])
    let isClosed = false
    const closing = iterator.return?.().then(() => {
      isClosed = true
    })
    await settle()
    expect(isClosed).toBe(false)
    store.letThrough()
    await settle()
    store.letThrough()
    await closing
    // Everything between the first and the newest was left out.
    expect(store.saves).toEqual([numbers[0], numbers[5]])
    expect(store.peak).toBe(1)
    expect(await saved(store)).toBe(numbers[5])
  })

  it('is not thrown back by an older commit that comes while it waits', async () => {
    const store = new SlowStore()
    const { consumer, clock } = setUp({ log }, { checkpoint: store, commit: 'manual' })
    clock.freeze()
    const iterator = consumer[Symbol.asyncIterator]()
    const held = []
    for (let n = 0; n < 3; n += 1) held.push((await iterator.next()).value)
    const commits = [held[0].commit()]
    await settle()
    commits.push(held[2].commit(), held[1].commit())
    for (let n = 0; n < 3; n += 1) {
      store.letThrough()
      await settle()
    }
    await Promise.all(commits)
    expect(store.saves).toEqual([numbers[0], numbers[2]])
    await iterator.return?.()
  })

  it('resolves a commit when it is saved, or something newer', async () => {
    const store = new SlowStore()
    const { consumer, clock } = setUp({ log }, { checkpoint: store, commit: 'manual' })
    clock.freeze()
    const iterator = consumer[Symbol.asyncIterator]()
    const done: number[] = []
    const commits: Promise<void>[] = []
    for (let n = 0; n < 3; n += 1) {
      const { value } = await iterator.next()
      commits.push(value.commit().then(() => void done.push(n)))
    }
    await settle()
    expect(done).toEqual([])
    store.letThrough()
    await settle()
    expect(done).toEqual([0])
    store.letThrough()
    await Promise.all(commits)
    expect(done).toEqual([0, 1, 2])
    expect(store.saves).toEqual([numbers[0], numbers[2]])
    await iterator.return?.()
  })

  it('is repeated with back-off when it fails, while the media goes on', async () => {
    let failures = 3
    const store = new MemoryCheckpointStore()
    const save = store.save.bind(store)
    store.save = async (...args) => {
      if (failures > 0) {
        failures -= 1
        throw new Error('disk full')
      }
      await save(...args)
    }
    const held = createLog(30)
    const { consumer, ofType } = setUp(
      {
        log: held,
        answer: ({ startIndex = 0 }) => ({ pieces: [{ waitMs: 1000 }, held[startIndex].bytes] }),
      },
      { checkpoint: store },
    )
    await take(consumer, 20)
    expect(ofType('checkpointFailed')).toHaveLength(3)
    expect(ofType('checkpointFailed')[0]).toMatchObject({ error: { message: 'disk full' } })
    expect(ofType('checkpointSaved').length).toBeGreaterThan(5)
    expect(await saved(store)).toBe(held[18].fragmentNumber)
  })

  it('lets the rest of the process run between two tries, even when the jitter is 0', async () => {
    let tries = 0
    let isUp = false
    const store = new MemoryCheckpointStore()
    const save = store.save.bind(store)
    store.save = async (...args) => {
      tries += 1
      // A loop of promises alone would never come to an end.
      if (!isUp && tries < 1000) throw new Error('disk full')
      await save(...args)
    }
    const { consumer } = setUp({ log }, { checkpoint: store, random: () => 0 })
    for await (const { metadata } of consumer) {
      await settle()
      isUp = metadata.fragmentNumber === numbers[2]
      if (isUp) break
    }
    expect(tries).toBeLessThan(50)
    expect(await saved(store)).toBe(numbers[1])
  })

  it('is tried once more at the end, and fails the end when that fails', async () => {
    const store = new MemoryCheckpointStore()
    store.save = async () => {
      throw new Error('disk full')
    }
    const { consumer, ofType } = setUp({ log }, { checkpoint: store })
    await expect(take(consumer, 3)).rejects.toMatchObject({
      code: 'checkpoint-failed',
      cause: { message: 'disk full' },
    })
    expect(ofType('closed')).toMatchObject([{ reason: 'failed' }])
  })

  it('does not keep the end waiting for a store that hangs', async () => {
    const store = new MemoryCheckpointStore()
    store.save = () => new Promise(() => undefined)
    const { consumer, clock } = setUp({ log }, { checkpoint: store, checkpointTimeoutMs: 4000 })
    await expect(take(consumer, 3)).rejects.toMatchObject({ code: 'checkpoint-failed' })
    expect(clock.monotonicMs()).toBe(4000)
  })

  it('is waited for at an abort as well, but the connection is not kept for it', async () => {
    const store = new SlowStore()
    const controller = new AbortController()
    const { consumer, service, clock } = setUp(
      { log, answer: () => ({ pieces: [log[0].bytes, log[1].bytes, 'stall'] }) },
      { checkpoint: store, signal: controller.signal },
    )
    clock.freeze()
    let error: unknown
    const ended = failureOf(consumer).then((caught) => {
      error = caught
    })
    await settle()
    const reason = new Error('enough')
    controller.abort(reason)
    await settle()
    expect([service.openBodies, error]).toEqual([0, undefined])
    while (error === undefined) {
      store.letThrough()
      await settle()
    }
    await ended
    expect(error).toBe(reason)
    expect(await saved(store)).toBe(numbers[1])
  })

  it('leaves no unhandled rejection when nobody looks at a commit', async () => {
    const store = new MemoryCheckpointStore()
    store.save = async () => {
      throw new Error('disk full')
    }
    const { consumer } = setUp({ log }, { checkpoint: store, commit: 'manual' })
    const read = async () => {
      for await (const fragment of consumer) {
        void fragment.commit()
        break
      }
    }
    const unhandled = await unhandledRejections(() =>
      expect(read()).rejects.toBeInstanceOf(ConsumerError),
    )
    expect(unhandled).toEqual([])
  })

  it('tells how old the last one is', async () => {
    const store = new MemoryCheckpointStore()
    const { consumer, clock } = setUp({ log }, { checkpoint: store, commit: 'manual' })
    expect(consumer.stats()).toMatchObject({ savedPosition: undefined, checkpointAgeMs: undefined })
    for await (const fragment of consumer) {
      await fragment.commit()
      clock.block(1234)
      break
    }
    expect(consumer.stats()).toMatchObject({
      savedPosition: { fragmentNumber: numbers[0] },
      checkpointAgeMs: 1234,
    })
  })
})

describe('a second consumer under the same checkpoint', () => {
  it('is found out: the first one stops with StaleEpochError, and loses nothing', async () => {
    const store = new MemoryCheckpointStore()
    const first = setUp({ log }, { checkpoint: store })
    const iterator = first.consumer[Symbol.asyncIterator]()
    await iterator.next()
    await iterator.next()
    await settle()
    const second = setUp({ log }, { checkpoint: store })
    expect(await take(second.consumer, 2)).toEqual(numbers.slice(1, 3))
    const error = await (async () => {
      try {
        for (;;) {
          const { done } = await iterator.next()
          await settle()
          if (done === true) break
        }
      } catch (caught) {
        return caught
      }
      return undefined
    })()
    expect(error).toBeInstanceOf(StaleEpochError)
    expect(error).toMatchObject({ code: 'stale-epoch', id: 'front-door', epoch: 1 })
    expect(first.service.openBodies).toBe(0)
    expect(await saved(store)).toBe(numbers[1])
  })

  it('rejects every commit after that', async () => {
    const store = new MemoryCheckpointStore()
    const { consumer } = setUp({ log }, { checkpoint: store, commit: 'manual' })
    const iterator = consumer[Symbol.asyncIterator]()
    const { value: fragment } = await iterator.next()
    await store.claim('front-door', 'another')
    for (let n = 0; n < 3; n += 1) {
      await expect(fragment.commit()).rejects.toBeInstanceOf(StaleEpochError)
    }
    await expect(iterator.next()).rejects.toBeInstanceOf(StaleEpochError)
  })

  it('has its own place under another ID', async () => {
    const store = new MemoryCheckpointStore()
    await take(setUp({ log }, { checkpoint: store, checkpointId: 'a' }).consumer, 3)
    expect(
      await take(setUp({ log }, { checkpoint: store, checkpointId: 'b' }).consumer, 1),
    ).toEqual([numbers[0]])
  })
})

describe('claiming', () => {
  const claiming = (claim: CheckpointStore['claim'], settings: ConsumerSettings = {}) =>
    setUp(
      { log },
      {
        checkpoint: { claim, save: async () => undefined, delete: async () => undefined },
        ...settings,
      },
    )

  it('fails the consumer before anything is read', async () => {
    const { consumer, service } = claiming(async () => {
      throw new Error('no such table')
    })
    expect(await failureOf(consumer)).toMatchObject({
      code: 'checkpoint-failed',
      cause: { message: 'no such table' },
    })
    expect(service.requests).toHaveLength(0)
  })

  it('does not wait for ever', async () => {
    const { consumer, clock } = claiming(() => new Promise(() => undefined), {
      checkpointTimeoutMs: 3000,
    })
    expect(await failureOf(consumer)).toMatchObject({ code: 'checkpoint-failed' })
    expect(clock.monotonicMs()).toBe(3000)
  })

  it('does not take a position that is none', async () => {
    const { consumer } = claiming(async () => ({
      epoch: 1,
      checkpoint: { fragmentNumber: 'abc' },
    }))
    expect(await failureOf(consumer)).toMatchObject({ code: 'checkpoint-damaged' })
  })

  it('names the owner and the stream by default', async () => {
    const claims: unknown[] = []
    const { consumer } = claiming(async (id, owner) => {
      claims.push([id, owner])
      return { epoch: 1, checkpoint: undefined }
    })
    await take(consumer, 1)
    expect(claims).toEqual([['front-door', expect.stringContaining(String(process.pid))]])
  })

  it.each([
    ['nothing', undefined, 0],
    ['the null of a database', null, 0],
    [
      'nulls beside a number',
      { fragmentNumber: numbers[1], continuationToken: null, serverTimestampMs: null },
      2,
    ],
  ])('takes %s for what it is', async (_, checkpoint, first) => {
    const { consumer } = claiming(async () => ({ epoch: 1, checkpoint: checkpoint as never }))
    expect(await take(consumer, 2)).toEqual(numbers.slice(first, first + 2))
  })

  it.each([
    ['an empty object', {}],
    ['a number', 17],
    ['false', false],
  ])('is refused with %s for a position, before anything is asked for', async (_, checkpoint) => {
    const { consumer, service } = claiming(async () => ({
      epoch: 1,
      checkpoint: checkpoint as never,
    }))
    expect(await failureOf(consumer)).toMatchObject({ code: 'checkpoint-damaged' })
    expect(service.requests).toEqual([])
  })
})

describe('a loop that awaits its commits', () => {
  const looping = async (save: () => Promise<void>, end: 'abort' | 'stop') => {
    const store = Object.assign(new MemoryCheckpointStore(), { save })
    const controller = new AbortController()
    const { signal } = controller
    const { consumer, clock } = setUp({ log }, { checkpoint: store, commit: 'manual', signal })
    const ended = (async () => {
      for await (const fragment of consumer) {
        const committed = fragment.commit()
        if (end === 'abort') controller.abort(new Error('enough'))
        else consumer.stop().catch(() => undefined)
        await committed
      }
    })()
    const outcome = await ended.then(
      () => 'ended',
      (error: unknown) => (error as Error).message,
    )
    return { outcome, ms: clock.monotonicMs() }
  }
  const hang = () => new Promise<void>(() => undefined)
  const fail = () => Promise.reject(new Error('no such table'))

  it.each([
    ['abort', hang, /did not answer within 10000 ms/, 10_000],
    ['stop', hang, /did not answer within 10000 ms/, 40_000],
    ['abort', fail, /no such table/, 1000],
    ['stop', fail, /no such table/, 1000],
  ] as const)(
    'ends after %s() although the store does not save',
    async (end, save, message, ms) => {
      const run = await looping(save, end)
      expect(run.outcome).toMatch(message)
      expect(run.ms).toBeLessThanOrEqual(ms)
    },
  )
})

describe('a stream that was numbered anew', () => {
  it('is committed after everything before, whatever is committed late', async () => {
    // The later log has the smaller numbers.
    const old = createLog(3, { firstSequence: 5000 })
    const anew = createLog(8).map((fragment) => ({ ...fragment }))
    const later = 86_400_000
    const rebuilt = anew.map((fragment) => {
      const spec = { ...fragment.spec, serverTimestampMs: fragment.serverTimestampMs + later }
      return { ...fragment, spec, bytes: buildFragment(spec) }
    })
    const store = new MemoryCheckpointStore()
    const { consumer } = setUp(
      {
        log: [...old, ...rebuilt],
        answer: (_, n) =>
          n === 0
            ? { pieces: old.map(({ bytes }) => bytes) }
            : n < 3
              ? { refuse: exception('InvalidArgumentException') }
              : { pieces: rebuilt.map(({ bytes }) => bytes) },
      },
      { checkpoint: store, commit: 'manual', onResumePointLost: 'earliest' },
    )
    const held = []
    for await (const fragment of consumer) {
      held.push(fragment)
      if (held.length === 4) {
        await fragment.commit()
        await held[2].commit()
      }
      if (held.length === 8) {
        await fragment.commit()
        break
      }
    }
    expect(await saved(store)).toBe(rebuilt[4].fragmentNumber)
  })
})

describe('a store that', () => {
  it('is built against another copy of the package fences all the same', async () => {
    const store = new MemoryCheckpointStore()
    store.save = () =>
      Promise.reject(Object.assign(new Error('overtaken'), { code: 'stale-epoch' }))
    const error = await failureOf(setUp({ log }, { checkpoint: store }).consumer)
    expect(error).toBeInstanceOf(StaleEpochError)
    expect(error).toMatchObject({ cause: { message: 'overtaken' } })
  })

  it('does not answer is told of while it does not, and waited for once at the end', async () => {
    const store = new SlowStore()
    const abort = new AbortController()
    const { consumer, clock, ofType } = setUp(
      { log: log.slice(0, 2), answer: () => ({ pieces: [log[0].bytes, log[1].bytes, 'stall'] }) },
      { checkpoint: store, checkpointTimeoutMs: 5000, signal: abort.signal },
    )
    let abortedAtMs = 0
    clock.setTimer(() => {
      abortedAtMs = clock.monotonicMs()
      abort.abort()
    }, 20_000)
    await failureOf(consumer)
    expect(ofType('checkpointFailed')).toMatchObject([
      { error: { message: 'The store has not answered for 5000 ms' } },
    ])
    expect(clock.monotonicMs() - abortedAtMs).toBe(5000)
  })
})

it('commit() with the metadata of a fragment from before a renumbering commits no more than that', async () => {
  const old = createLog(1, { firstSequence: 5000 })
  const store = new MemoryCheckpointStore()
  const { consumer } = setUp(
    {
      log,
      answer: (_, n) =>
        n === 0
          ? { pieces: [old[0].bytes] }
          : n < 3
            ? { refuse: exception('InvalidArgumentException') }
            : { pieces: log.slice(2).map(({ bytes }) => bytes) },
    },
    { checkpoint: store, commit: 'manual', onResumePointLost: 'earliest' },
  )
  const seen = []
  for await (const { metadata } of consumer.frames()) {
    seen.push(metadata)
    if (seen.length < 4) continue
    await consumer.commit(seen[0])
    break
  }
  expect(await saved(store)).toBe(old[0].fragmentNumber)
})

describe('a save that hangs at the end', () => {
  it('is told of before closed, and by no timer after it', async () => {
    const store = new SlowStore()
    const { consumer, clock, events } = setUp(
      { log },
      { checkpoint: store, checkpointTimeoutMs: 400 },
    )
    await expect(take(consumer, 3)).rejects.toMatchObject({ code: 'checkpoint-failed' })
    expect(events.at(-1)?.type).toBe('closed')
    expect(clock.pending).toBe(0)
  })

  it('and succeeds late lets later commits through', async () => {
    const store = new SlowStore()
    const { consumer } = setUp(
      { log },
      { checkpoint: store, checkpointTimeoutMs: 400, commit: 'manual' },
    )
    const held: ConsumedFragment[] = []
    const looping = (async () => {
      for await (const fragment of consumer) {
        held.push(fragment)
        void fragment.commit()
        if (held.length === 2) break
      }
    })()
    await expect(looping).rejects.toMatchObject({ code: 'checkpoint-failed' })
    store.letThrough()
    await settle()
    const late = held[1].commit()
    await settle()
    store.letThrough()
    await late
    expect(store.saves).toEqual(numbers.slice(0, 2))
  })
})

it('a commit that follows the save which stop() waits for is saved too', async () => {
  const store = new SlowStore()
  const { consumer } = setUp({ log }, { checkpoint: store, commit: 'manual' })
  const iterator = consumer[Symbol.asyncIterator]()
  const { value: first } = await iterator.next()
  const { value: second } = await iterator.next()
  const working = (async () => {
    await first.commit()
    await second.commit()
  })()
  const stopping = consumer.stop()
  const asking = iterator.next()
  for (let turn = 0; turn < 5; turn += 1) {
    await settle()
    store.letThrough()
  }
  await Promise.all([working, stopping, asking])
  expect(await saved(store)).toBe(numbers[1])
})
