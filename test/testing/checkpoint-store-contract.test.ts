import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type CheckpointStore,
  FileCheckpointStore,
  MemoryCheckpointStore,
  StaleEpochError,
  type StreamPosition,
} from '../../src/consumer/index.js'
import { checkpointStoreContract } from '../../src/testing/index.js'
import { skipFlushes } from '../helpers/skip-flushes.js'

beforeAll(skipFlushes)
const folder = await mkdtemp(path.join(tmpdir(), 'kvs-fragments-'))
afterAll(() => rm(folder, { recursive: true }))

describe('MemoryCheckpointStore', () => {
  const store = new MemoryCheckpointStore()
  for (const { name, run } of checkpointStoreContract({ createStore: () => store })) it(name, run)
})

describe('FileCheckpointStore', () => {
  const createStore = () => new FileCheckpointStore(path.join(folder, 'new', 'folder'))
  for (const { name, run } of checkpointStoreContract({ createStore })) it(name, run)
})

describe('the contract', () => {
  // Each of these breaks one promise; the suite must notice every one of them.
  const breaches: { [name: string]: (store: CheckpointStore) => Partial<CheckpointStore> } = {
    'an epoch that stands still': (store) => ({
      claim: async (id, owner) => ({ ...(await store.claim(id, owner)), epoch: 1 }),
    }),
    'a save that is never refused': (store) => ({
      save: (id, epoch, checkpoint) => store.save(id, epoch, checkpoint).catch(() => undefined),
    }),
    'a save that checks the epoch first and writes later': (store) => {
      const epochs = new Map<string, number>()
      const kept = new Map<string, StreamPosition>()
      return {
        claim: async (id, owner) => {
          const { epoch } = await store.claim(id, owner)
          epochs.set(id, epoch)
          const checkpoint = kept.get(id)
          return { epoch, checkpoint: checkpoint && { ...checkpoint } }
        },
        save: async (id, epoch, checkpoint) => {
          if (epochs.get(id) !== epoch) throw new StaleEpochError(id, epoch)
          const copy = { ...checkpoint }
          for (let turn = 0; turn < 3; turn += 1) {
            await new Promise((resolve) => setImmediate(resolve))
          }
          kept.set(id, copy)
        },
        delete: async (id) => {
          await store.delete(id)
          epochs.delete(id)
          kept.delete(id)
        },
      }
    },
    'a save that is lost': () => ({ save: async () => undefined }),
    'a delete that does nothing': () => ({ delete: async () => undefined }),
    'IDs without case': (store) => ({
      claim: (id, owner) => store.claim(id.toLowerCase(), owner),
      save: (id, epoch, checkpoint) => store.save(id.toLowerCase(), epoch, checkpoint),
      delete: (id) => store.delete(id.toLowerCase()),
    }),
    'a number that passes through floating point': (store) => ({
      save: (id, epoch, checkpoint) =>
        store.save(id, epoch, {
          ...checkpoint,
          fragmentNumber: String(Number(checkpoint.fragmentNumber)),
        }),
    }),
  }
  for (const [name, breach] of Object.entries(breaches)) {
    it(`notices ${name}`, async () => {
      const store = new MemoryCheckpointStore()
      const broken: CheckpointStore = {
        claim: (id, owner) => store.claim(id, owner),
        save: (id, epoch, checkpoint) => store.save(id, epoch, checkpoint),
        delete: (id) => store.delete(id),
        ...breach(store),
      }
      const results = await Promise.allSettled(
        checkpointStoreContract({ createStore: () => broken }).map((test) => test.run()),
      )
      expect(results.map(({ status }) => status)).toContain('rejected')
    })
  }
})
