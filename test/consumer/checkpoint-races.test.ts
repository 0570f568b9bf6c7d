// What happens between two steps of the file store when another process takes its turn there: each step of one store is
// a place where the other can run.
import fs, { mkdtemp, rm } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type CheckpointClaim,
  FileCheckpointStore,
  StaleEpochError,
} from '../../src/consumer/index.js'
import { skipFlushes } from '../helpers/skip-flushes.js'

/** Called before each step of a store; what it does is done by another process. */
let onStep: ((step: string) => Promise<void>) | undefined
let isOther = false

const STEPS = ['open', 'readdir', 'readFile', 'unlink'] as const
const originals = STEPS.map((name) => [name, fs[name]] as const)

beforeAll(skipFlushes)
// The store's own imports change with the module: that is what syncBuiltinESMExports is for.
beforeAll(() => {
  for (const [name, original] of originals) {
    const hooked = async (...args: unknown[]): Promise<unknown> => {
      if (onStep !== undefined && !isOther) {
        isOther = true
        await onStep(`${name} ${path.basename(String(args[0]))}`)
        isOther = false
      }
      return Reflect.apply(original, undefined, args) as unknown
    }
    Object.assign(fs, { [name]: hooked })
  }
  syncBuiltinESMExports()
})
afterAll(() => {
  Object.assign(fs, Object.fromEntries(originals))
  syncBuiltinESMExports()
})

const folder = await mkdtemp(path.join(tmpdir(), 'kvs-fragments-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

let store: FileCheckpointStore
let other: FileCheckpointStore
let run = 0

function openStores(): void {
  onStep = undefined
  run += 1
  const directory = path.join(folder, `${run}`)
  store = new FileCheckpointStore(directory)
  other = new FileCheckpointStore(directory)
}
beforeEach(openStores)

/** Lets the other process act before the n-th step of `work`, for each n; answers how many steps there are. */
async function atEachStep<Result>(
  prepare: () => Promise<void>,
  work: () => Promise<Result>,
  act: () => Promise<void>,
  check: (result: Result) => Promise<void>,
): Promise<number> {
  for (let at = 0; ; at += 1) {
    openStores()
    await prepare()
    let step = 0
    let hasActed = false
    onStep = async () => {
      step += 1
      if (step !== at + 1) return
      hasActed = true
      await act()
    }
    const result = await work()
    onStep = undefined
    await check(result)
    if (!hasActed) return at
  }
}

describe('a save', () => {
  it('is either refused or seen by the claim that came between, at each of its steps', async () => {
    let epoch = 0
    let seen: string | undefined
    const steps = await atEachStep(
      async () => {
        epoch = (await store.claim('x', 'first')).epoch
        await store.save('x', epoch, { fragmentNumber: '1' })
        seen = undefined
      },
      () => store.save('x', epoch, { fragmentNumber: '2' }).catch((error: unknown) => error),
      async () => {
        seen = (await other.claim('x', 'second')).checkpoint?.fragmentNumber
      },
      async (result) => {
        if (result === undefined) {
          // It had succeeded: a claim that came before its end must have seen it.
          expect([undefined, '2']).toContain(seen)
        } else {
          expect(result).toBeInstanceOf(StaleEpochError)
          expect(['1', '2']).toContain(seen)
        }
        // Whatever it was, it never hides or takes back what another one saves afterwards.
        const last = await other.claim('x', 'third')
        await other.save('x', last.epoch, { fragmentNumber: '9' })
        expect((await other.claim('x', 'fourth')).checkpoint).toEqual({ fragmentNumber: '9' })
      },
    )
    expect(steps).toBeGreaterThanOrEqual(4)
  })
})

describe('a claim', () => {
  it('has an epoch of its own and a position that is not old, at each of its steps', async () => {
    let others: number[] = []
    const steps = await atEachStep(
      async () => {
        const { epoch } = await store.claim('x', 'before')
        for (let n = 1; n < 4; n += 1) await store.save('x', epoch, { fragmentNumber: `${n}` })
        others = []
      },
      () => store.claim('x', 'mine'),
      async () => {
        // Twice, so that the file of the epoch that is about to be taken was there and has been tidied away.
        for (let n = 0; n < 2; n += 1) {
          const { epoch } = await other.claim('x', 'other')
          others.push(epoch)
          if (n === 1) await other.save('x', epoch, { fragmentNumber: '5' })
        }
      },
      async ({ epoch, checkpoint }) => {
        expect(others).not.toContain(epoch)
        expect(['3', '5']).toContain(checkpoint?.fragmentNumber)
        // Who is overtaken finds out; who is not is not.
        const saving = store.save('x', epoch, { fragmentNumber: '7' })
        if (others.every((each) => each < epoch)) await saving
        else await expect(saving).rejects.toBeInstanceOf(StaleEpochError)
        const next = await other.claim('x', 'next')
        expect(next.epoch).toBeGreaterThan(Math.max(epoch, ...others))
      },
    )
    expect(steps).toBeGreaterThan(5)
  })

  it('flushes every folder in which it has made one', async () => {
    const flushed: string[] = []
    onStep = async (step) => void flushed.push(step)
    await new FileCheckpointStore(path.join(folder, `${run}`, 'a/b')).claim('x', 'mine')
    const parents = [path.basename(folder), `${run}`, 'a', 'b']
    expect(flushed).toEqual(expect.arrayContaining(parents.map((name) => `open ${name}`)))
  })

  it('is not put off by others that claim while it waits for the disk', async () => {
    let claims = 0
    onStep = async (step) => {
      // The folder, to be flushed.
      if (!step.startsWith('open x-') || claims === 9) return
      claims += 1
      await other.claim('x', 'other')
    }
    const { epoch } = await store.claim('x', 'mine')
    expect(epoch).toBe(1)
    expect(claims).toBeGreaterThan(0)
  })

  it('finds the position although its file is replaced while it looks', async () => {
    const { epoch } = await store.claim('x', 'before')
    await store.save('x', epoch, { fragmentNumber: '1' })
    let isDue = true
    onStep = async (step) => {
      if (!step.startsWith('readFile') || !isDue) return
      isDue = false
      const { epoch: newer } = await other.claim('x', 'other')
      for (let n = 2; n < 6; n += 1) await other.save('x', newer, { fragmentNumber: `${n}` })
    }
    expect((await store.claim('x', 'mine')).checkpoint).toEqual({ fragmentNumber: '5' })
    expect(isDue).toBe(false)
  })
})

describe('a delete', () => {
  it('leaves nothing to save for a claim that saw what was deleted, at each of its steps', async () => {
    let between: CheckpointClaim | undefined
    const steps = await atEachStep(
      async () => {
        const { epoch } = await store.claim('x', 'before')
        await store.save('x', epoch, { fragmentNumber: '1' })
        between = undefined
      },
      () => store.delete('x'),
      async () => {
        between = await other.claim('x', 'between')
      },
      async () => {
        if (between === undefined) return
        const { epoch, checkpoint } = between
        if (checkpoint !== undefined) {
          const saving = other.save('x', epoch, { fragmentNumber: '2' })
          await expect(saving).rejects.toBeInstanceOf(StaleEpochError)
        }
        expect((await store.claim('x', 'next')).checkpoint).toBeUndefined()
      },
    )
    expect(steps).toBeGreaterThan(5)
  })
})
