import assert from 'node:assert/strict'
import type { CheckpointStore, StreamPosition } from '../consumer/index.js'

/** One promise of the {@link CheckpointStore} contract, as a test for any runner. */
export interface ContractTest {
  /** What is promised, as a sentence. */
  readonly name: string
  /** Resolves when the store keeps the promise; rejects with an AssertionError when not. */
  run(): Promise<void>
}

/** How the suite gets at the store. */
export interface CheckpointStoreContractOptions {
  /**
   * Makes a store for one test. Those of one test must share what they keep, as two processes would; the IDs that a test
   * uses are its own, so that tests may share it too.
   */
  createStore(): CheckpointStore | Promise<CheckpointStore>
  /** Called with each store when its test is over. Default: nothing. */
  closeStore?(store: CheckpointStore): void | Promise<void>
}

// A claim overtakes a save after none to so many turns of the event loop.
const OVERTAKING_TURNS = 12

const FIRST: StreamPosition = {
  fragmentNumber: '91343852333181432392682062607743920144264164',
  continuationToken: '91343852333181432392682062607743920144264164',
  serverTimestampMs: 1_511_852_109_126,
}
const SECOND: StreamPosition = { fragmentNumber: '91343852333181432392682062607743920144264165' }
const LONGEST: StreamPosition = {
  fragmentNumber: '9'.repeat(128),
  continuationToken: `${'aZ09_.-'.repeat(18)}ab`,
  serverTimestampMs: 8_640_000_000_000_000,
}
// What a path, a query or a key made of the ID would trip over.
const AWKWARD_IDS: readonly string[] = [
  '../../etc/passwd',
  '/',
  '.',
  '..',
  'a/b\\c:d*e?f"g<h>i|j',
  'con',
  "it's; DROP TABLE checkpoints; --",
  '__proto__',
  'constructor',
  'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/front-door/1511852109126',
  'Front-Door',
  'front-door',
  'front door',
  'ünïcödé 🎥',
  'line\nbreak\u0000nul',
  'x'.repeat(1024),
]

let testCount = 0

/**
 * Everything a {@link CheckpointStore} must do, as tests for any runner:
 *
 * ```ts
 * for (const test of checkpointStoreContract({ createStore: () => new MyStore() })) it(test.name, test.run)
 * ```
 *
 * The tests use the store's real time and wait for nothing else. They leave their IDs deleted, or in the store when they
 * fail.
 */
export function checkpointStoreContract(
  options: CheckpointStoreContractOptions,
): readonly ContractTest[] {
  return PROMISES.map(({ name, check }) => ({
    name,
    async run() {
      const opened: CheckpointStore[] = []
      const open = async (): Promise<CheckpointStore> => {
        const store = await options.createStore()
        opened.push(store)
        return store
      }
      testCount += 1
      // Of this test and run only, so that a store that outlives the process starts afresh.
      const id = `contract-${process.pid}-${Date.now()}-${testCount}`
      try {
        await check(await open(), id, open)
      } finally {
        for (const store of opened) await options.closeStore?.(store)
      }
    },
  }))
}

interface StorePromise {
  readonly name: string
  check(store: CheckpointStore, id: string, open: () => Promise<CheckpointStore>): Promise<void>
}

const PROMISES: readonly StorePromise[] = [
  {
    name: 'answers no checkpoint and an epoch of at least 1 to the first claim',
    async check(store, id) {
      const { epoch, checkpoint } = await store.claim(id, 'owner')
      assert.equal(checkpoint, undefined)
      assert.ok(Number.isSafeInteger(epoch) && epoch >= 1, `epoch is ${epoch}`)
      await store.delete(id)
    },
  },
  {
    name: 'answers to a claim what was saved last, field by field',
    async check(store, id) {
      for (const position of [FIRST, SECOND, LONGEST]) {
        const { epoch } = await store.claim(id, 'owner')
        await store.save(id, epoch, position)
        assertPosition((await store.claim(id, 'owner')).checkpoint, position)
      }
      await store.delete(id)
    },
  },
  {
    name: 'keeps the newest of many saves of one epoch',
    async check(store, id) {
      const { epoch } = await store.claim(id, 'owner')
      for (let n = 10; n < 40; n += 1) await store.save(id, epoch, { fragmentNumber: `${n}` })
      assertPosition((await store.claim(id, 'owner')).checkpoint, { fragmentNumber: '39' })
      await store.delete(id)
    },
  },
  {
    name: 'raises the epoch with each claim',
    async check(store, id) {
      const epochs: number[] = []
      for (let n = 0; n < 5; n += 1) epochs.push((await store.claim(id, `owner ${n}`)).epoch)
      assertRising(epochs)
      await store.delete(id)
    },
  },
  {
    name: 'gives every one of several simultaneous claims an epoch of its own',
    async check(store, id, open) {
      const stores = [store, await open(), await open(), await open()]
      const claims = await Promise.all(
        Array.from({ length: 12 }, (_, n) => stores[n % stores.length].claim(id, `owner ${n}`)),
      )
      assertRising(claims.map(({ epoch }) => epoch).sort((a, b) => a - b))
      await store.delete(id)
    },
  },
  {
    name: 'refuses a save with an epoch that another claim has raised, and keeps nothing of it',
    async check(store, id, open) {
      const first = await store.claim(id, 'first')
      await store.save(id, first.epoch, FIRST)
      const other = await open()
      const second = await other.claim(id, 'second')
      assertPosition(second.checkpoint, FIRST)
      await assertStale(store.save(id, first.epoch, SECOND))
      await other.save(id, second.epoch, LONGEST)
      await assertStale(store.save(id, first.epoch, SECOND))
      assertPosition((await store.claim(id, 'third')).checkpoint, LONGEST)
      await store.delete(id)
    },
  },
  {
    name: 'refuses a save with an epoch that no claim ever answered',
    async check(store, id) {
      await assertStale(store.save(id, 1, FIRST))
      const { epoch } = await store.claim(id, 'owner')
      await assertStale(store.save(id, epoch + 1, FIRST))
      assert.equal((await store.claim(id, 'owner')).checkpoint, undefined)
      await store.delete(id)
    },
  },
  {
    name: 'shows every save that succeeded to a claim that began later',
    async check(store, id, open) {
      const { epoch } = await store.claim(id, 'writer')
      const other = await open()
      let savedLast = 0
      const writing = (async () => {
        for (let n = 1; n <= 50; n += 1) {
          await store.save(id, epoch, { fragmentNumber: `${n}` })
          savedLast = n
        }
      })().catch((error: unknown) => assertIsStale(error))
      await turnOfTheLoop()
      const savedBefore = savedLast
      const claim = await other.claim(id, 'reader')
      await writing
      const seen = Number(claim.checkpoint?.fragmentNumber ?? 0)
      assert.ok(seen >= savedBefore, `saved up to ${savedBefore}, but the claim saw ${seen}`)
      await store.delete(id)
    },
  },
  {
    name: 'keeps nothing of a save that a claim has overtaken, at whatever moment of it',
    async check(store, id, open) {
      const other = await open()
      for (let turns = 0; turns < OVERTAKING_TURNS; turns += 1) {
        const { epoch } = await store.claim(id, 'writer')
        const fragmentNumber = `${turns + 1}`
        const saving = store.save(id, epoch, { fragmentNumber }).then(
          () => true,
          (error: unknown) => {
            assertIsStale(error)
            return false
          },
        )
        for (let turn = 0; turn < turns; turn += 1) await turnOfTheLoop()
        const seen = (await other.claim(id, 'reader')).checkpoint?.fragmentNumber
        const isSaved = await saving
        if (seen === fragmentNumber) continue
        assert.equal(
          isSaved,
          false,
          'a save was accepted after a claim that did not see it: check the epoch in the same atomic step that writes',
        )
        const kept = (await other.claim(id, 'reader')).checkpoint?.fragmentNumber
        assert.equal(kept, seen, 'a save that was refused was kept all the same')
      }
      await store.delete(id)
    },
  },
  {
    name: 'forgets a deleted checkpoint, but not its epochs: who claimed before cannot save',
    async check(store, id, open) {
      const first = await store.claim(id, 'first')
      await store.save(id, first.epoch, FIRST)
      await (await open()).delete(id)
      await assertStale(store.save(id, first.epoch, SECOND))
      const second = await store.claim(id, 'second')
      assert.equal(second.checkpoint, undefined)
      assert.ok(second.epoch > first.epoch, `epoch went from ${first.epoch} to ${second.epoch}`)
      await store.delete(id)
    },
  },
  {
    name: 'deletes a checkpoint that was never there without an error',
    async check(store, id) {
      await store.delete(id)
      await store.delete(id)
    },
  },
  {
    name: 'takes any text as an ID, and keeps different ones apart',
    async check(store, id) {
      const ids = AWKWARD_IDS.map((awkward) => `${awkward}${id}`)
      for (const [n, each] of ids.entries()) {
        const { epoch, checkpoint } = await store.claim(each, 'owner')
        assert.equal(checkpoint, undefined, `${JSON.stringify(each)} is taken for another ID`)
        await store.save(each, epoch, { fragmentNumber: `${n}` })
      }
      for (const [n, each] of ids.entries()) {
        assertPosition((await store.claim(each, 'owner')).checkpoint, { fragmentNumber: `${n}` })
        await store.delete(each)
      }
    },
  },
  {
    name: 'copies what it is given and what it answers',
    async check(store, id) {
      const { epoch } = await store.claim(id, 'owner')
      const position = { fragmentNumber: '1' }
      await store.save(id, epoch, position)
      position.fragmentNumber = '2'
      const answered = (await store.claim(id, 'owner')).checkpoint as { fragmentNumber: string }
      assertPosition(answered, { fragmentNumber: '1' })
      Reflect.set(answered, 'fragmentNumber', '3')
      assertPosition((await store.claim(id, 'owner')).checkpoint, { fragmentNumber: '1' })
      await store.delete(id)
    },
  },
]

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Compares what a position says: whether an absent field is undefined or not there is the store's choice. */
function assertPosition(actual: StreamPosition | undefined, expected: StreamPosition): void {
  assert.deepEqual(plain(actual), plain(expected))
}

function plain(position: StreamPosition | undefined): unknown {
  return position === undefined
    ? undefined
    : {
        fragmentNumber: position.fragmentNumber,
        continuationToken: position.continuationToken,
        serverTimestampMs: position.serverTimestampMs,
      }
}

function assertRising(epochs: readonly number[]): void {
  for (let n = 1; n < epochs.length; n += 1) {
    assert.ok(epochs[n] > epochs[n - 1], `epochs do not rise: ${epochs.join(', ')}`)
  }
}

async function assertStale(saving: Promise<void>): Promise<void> {
  const error = await saving.then(
    () =>
      assert.fail(
        'the save was accepted: claim() and delete() raise the epoch, and save() with an older one throws a StaleEpochError',
      ),
    (thrown: unknown) => thrown,
  )
  assertIsStale(error)
}

// By its code: the store may have been built against another copy of the package.
function assertIsStale(error: unknown): void {
  assert.equal((error as { code?: unknown }).code, 'stale-epoch', String(error))
}
