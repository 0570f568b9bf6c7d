import { mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { formatRecord } from '../../src/consumer/checkpoint-record.js'
import {
  CheckpointDamagedError,
  ConsumerError,
  FileCheckpointStore,
  StaleEpochError,
  systemClock,
} from '../../src/consumer/index.js'
import { setUp, take } from '../helpers/consumer-harness.js'
import { createLog } from '../helpers/consumer-service.js'
import { skipFlushes } from '../helpers/skip-flushes.js'

let directory: string
let store: FileCheckpointStore

beforeAll(skipFlushes)
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'kvs-fragments-'))
  store = new FileCheckpointStore(directory)
})
afterEach(() => rm(directory, { recursive: true, force: true }))

/** The files of the only ID, newest save last. */
async function files(): Promise<string[]> {
  const [folder] = await readdir(directory)
  const names = await readdir(path.join(directory, folder))
  return names.sort().map((name) => path.join(directory, folder, name))
}

async function saveFiles(): Promise<string[]> {
  return (await files()).filter((file) => path.basename(file).startsWith('save-'))
}

/** Claims and saves so many positions. */
async function write(count: number): Promise<number> {
  const { epoch } = await store.claim('x', 'test')
  for (let n = 1; n <= count; n += 1) await store.save('x', epoch, { fragmentNumber: `${n}` })
  return epoch
}

/** The save of a process that was stopped for a while between its look at the folder and its write. */
async function arriveLate(epoch: number, generation: number): Promise<void> {
  const record = { id: 'x', epoch, generation, checkpoint: { fragmentNumber: '99' } }
  const name = `save-${`${epoch}`.padStart(10, '0')}-${`${generation}`.padStart(12, '0')}.json`
  const [folder] = await readdir(directory)
  await writeFile(path.join(directory, folder, name), formatRecord(record))
}

describe('FileCheckpointStore', () => {
  it('keeps the newest two generations, the epoch, and nothing else', async () => {
    await write(20)
    await store.claim('x', 'test')
    await write(5)
    expect((await files()).map((file) => path.basename(file))).toEqual([
      'claim-0000000003',
      'save-0000000003-000000000004.json',
      'save-0000000003-000000000005.json',
    ])
    expect(((await stat((await saveFiles())[0])).mode & 0o777).toString(8)).toBe('600')
  })

  it('writes text that people can read', async () => {
    const { epoch } = await store.claim('a stream', 'me')
    await store.save('a stream', epoch, { fragmentNumber: '7', continuationToken: 't' })
    const [, save] = await saveFiles()
    expect(path.basename(path.dirname(save))).toMatch(/^a-stream-[0-9a-f]{32}$/)
    expect(JSON.parse(await readFile(save, 'utf8'))).toMatchObject({
      format: 'kvs-fragments-checkpoint',
      version: 1,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      record: { id: 'a stream', epoch: 1, generation: 1, checkpoint: { fragmentNumber: '7' } },
    })
  })

  it.each([
    ['cut off', (file: string) => truncate(file, 50), 'torn'],
    ['empty', (file: string) => truncate(file, 0), 'torn'],
    [
      'changed',
      async (file: string) => writeFile(file, (await readFile(file, 'utf8')).replace('"3"', '"4"')),
      'torn',
    ],
    ['something else', (file: string) => writeFile(file, '{"hello":1}'), 'foreign'],
    [
      'of another ID',
      (file: string) =>
        writeFile(
          file,
          formatRecord({ id: 'y', epoch: 1, generation: 3, checkpoint: { fragmentNumber: '3' } }),
        ),
      'foreign',
    ],
    ['no object', (file: string) => writeFile(file, 'null'), 'foreign'],
  ] as const)(
    'uses the generation before when the newest is %s, and says so',
    async (_, harm, damage) => {
      await write(3)
      const newest = (await saveFiles())[1]
      await harm(newest)
      const claim = await store.claim('x', 'test')
      expect(claim.checkpoint).toEqual({ fragmentNumber: '2' })
      expect(claim.damage).toBeInstanceOf(CheckpointDamagedError)
      expect(claim.damage).toMatchObject({ damage, location: newest, code: 'checkpoint-damaged' })
      // And goes on from there.
      await store.save('x', claim.epoch, { fragmentNumber: '9' })
      expect(await store.claim('x', 'test')).toEqual({
        epoch: 3,
        checkpoint: { fragmentNumber: '9' },
      })
    },
  )

  it('fails rather than start afresh when nothing can be read', async () => {
    await write(3)
    for (const file of await saveFiles()) await truncate(file, 10)
    await expect(store.claim('x', 'test')).rejects.toMatchObject({ damage: 'torn' })
    await store.delete('x')
    expect((await store.claim('x', 'test')).checkpoint).toBeUndefined()
  })

  it('does not start afresh when the first save of all is torn', async () => {
    await write(1)
    await truncate((await saveFiles())[1], 10)
    await expect(store.claim('x', 'test')).rejects.toMatchObject({ damage: 'torn' })
  })

  it.each([
    ['a claim that saw nothing', 0, () => store.claim('x', 'test'), undefined],
    ['a claim', 2, () => store.claim('x', 'test'), { fragmentNumber: '2' }],
    ['a delete', 2, () => store.delete('x'), undefined],
  ] as const)('keeps nothing of a save that arrives behind %s', async (_, count, end, seen) => {
    const epoch = await write(count)
    await end()
    await arriveLate(epoch, count + 1)
    for (let claims = 0; claims < 3; claims += 1) {
      expect((await store.claim('x', 'test')).checkpoint).toEqual(seen)
    }
  })

  it('does not guess behind a file of a later version', async () => {
    await write(3)
    const newest = (await saveFiles())[1]
    await writeFile(newest, (await readFile(newest, 'utf8')).replace('"version":1', '"version":2'))
    await expect(store.claim('x', 'test')).rejects.toMatchObject({ damage: 'version' })
  })

  it('steps over what a crash left half written, and tidies it away', async () => {
    await write(2)
    const [save] = await saveFiles()
    await writeFile(`${path.dirname(save)}/save-0000000001-000000000003.json.1234567`, 'half')
    expect((await store.claim('x', 'test')).checkpoint).toEqual({ fragmentNumber: '2' })
    expect((await files()).some((file) => file.endsWith('1234567'))).toBe(false)
  })

  it('leaves the files of others alone', async () => {
    await write(1)
    const [save] = await saveFiles()
    const note = path.join(path.dirname(save), 'note.txt')
    await writeFile(note, 'mine')
    await write(3)
    await store.delete('x')
    expect(await readFile(note, 'utf8')).toBe('mine')
  })

  it.each([
    ['under a file', 'file', /^(ENOTDIR|EEXIST)$/],
    ['in a file', 'file/folder', /^ENOTDIR$/],
    // Linux says of whatever is made in it that it is not there.
    ['in a file system that makes no folders', '/proc/kvs-fragments/a/b', /^(ENOENT|EROFS|EPERM)$/],
  ])('fails at once, and typed, when its folder is %s', async (_, name, code) => {
    await writeFile(path.join(directory, 'file'), '')
    const error = await new FileCheckpointStore(path.resolve(directory, name))
      .claim('x', 'test')
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ConsumerError)
    expect(error).toMatchObject({
      code: 'checkpoint-failed',
      message: expect.stringContaining(path.resolve(directory, name)),
      cause: { code: expect.stringMatching(code) },
    })
  })

  it('makes its folder with those above it, also when two do so at the same time', async () => {
    const deep = path.join(directory, 'a/b/c')
    const claims = await Promise.all(
      [1, 2, 3, 4].map((n) => new FileCheckpointStore(deep).claim(`${n}`, 'test')),
    )
    expect(claims.map(({ epoch }) => epoch)).toEqual([1, 1, 1, 1])
  })

  it('refuses the save of a process that another one has overtaken, at every moment of it', async () => {
    // Two stores on one folder, each claiming and saving as fast as it can: a save that succeeded is never unseen.
    const other = new FileCheckpointStore(directory)
    let newestSaved = 0
    let next = 1
    const race = async (own: FileCheckpointStore) => {
      for (let round = 0; round < 25; round += 1) {
        const seenBefore = newestSaved
        const { epoch, checkpoint } = await own.claim('x', 'test')
        expect(Number(checkpoint?.fragmentNumber ?? 0)).toBeGreaterThanOrEqual(seenBefore)
        try {
          for (let n = 0; n < 3; n += 1) {
            const number = next
            next += 1
            await own.save('x', epoch, { fragmentNumber: `${number}` })
            newestSaved = Math.max(newestSaved, number)
          }
        } catch (error) {
          expect(error).toBeInstanceOf(StaleEpochError)
        }
      }
    }
    await Promise.all([race(store), race(other)])
  })

  it('serves a consumer that is started again', async () => {
    const log = createLog(6)
    const numbers = log.map(({ fragmentNumber }) => fragmentNumber)
    // Files need real time.
    const clock = systemClock
    expect(await take(setUp({ log }, { checkpoint: store, clock }).consumer, 3)).toEqual(
      numbers.slice(0, 3),
    )
    const again = new FileCheckpointStore(directory)
    expect(await take(setUp({ log }, { checkpoint: again, clock }).consumer, 4)).toEqual(
      numbers.slice(2),
    )
  })
})
