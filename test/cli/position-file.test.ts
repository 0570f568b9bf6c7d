import { copyFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  CheckpointRemovedError,
  PositionFile,
  tryPositionFile,
} from '../../src/cli/position-file.js'
import { CheckpointDamagedError, StaleEpochError } from '../../src/consumer/index.js'
import { checkpointStoreContract } from '../../src/testing/index.js'
import { skipFlushes } from '../helpers/skip-flushes.js'

let folder: string
let file: string
beforeAll(skipFlushes)
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'kvs-fragments-'))
  file = path.join(folder, 'position.json')
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** Claims, and saves the positions `1` to `count`. */
async function write(count: number, id = 'x'): Promise<PositionFile> {
  const store = new PositionFile(file)
  const { epoch } = await store.claim(id, 'test')
  for (let n = 1; n <= count; n += 1) await store.save(id, epoch, { fragmentNumber: `${n}` })
  return store
}

const claimed = async (id = 'x'): Promise<string | undefined> =>
  (await new PositionFile(file).claim(id, 'test')).checkpoint?.fragmentNumber

describe('PositionFile', () => {
  const contract = checkpointStoreContract({ createStore: () => new PositionFile(file) })
  // It is the file of one stream.
  const ofOneId = contract.filter(({ name }) => !name.startsWith('takes any text as an ID'))
  it(`keeps ${ofOneId.length} of the ${contract.length} promises of a checkpoint store`, () => {
    expect([ofOneId.length, contract.length]).toEqual([contract.length - 1, contract.length])
  })
  for (const { name, run } of ofOneId) it(name, run)

  it('leaves one file and one folder', async () => {
    await write(5)
    expect(await readdir(folder)).toEqual(['position.json', 'position.json.d'])
    expect(await claimed()).toBe('5')
  })

  it('needs nothing but the file', async () => {
    await write(3)
    await rm(`${file}.d`, { recursive: true })
    expect(await claimed()).toBe('3')
  })

  it('starts afresh without the file, and then refuses who had claimed before', async () => {
    const before = await write(3)
    await rm(file)
    expect(await claimed()).toBeUndefined()
    await expect(before.save('x', 1, { fragmentNumber: '4' })).rejects.toThrow(StaleEpochError)
    expect(await claimed()).toBeUndefined()
  })

  it('tells a folder that was removed from another process, and writes to neither', async () => {
    const position = { fragmentNumber: '4' }
    const before = await write(3)
    await rm(`${file}.d`, { recursive: true })
    await expect(before.save('x', 1, position)).rejects.toThrow(CheckpointRemovedError)
    expect(await readdir(folder)).toEqual(['position.json'])
    // The one that claims now has the checkpoint, with whichever epoch.
    const { epoch } = await new PositionFile(file).claim('x', 'another')
    await new PositionFile(file).claim('x', 'a third')
    const refused = before.save('x', epoch, position)
    await expect(refused).rejects.toThrow(StaleEpochError)
    await expect(refused).rejects.not.toThrow(CheckpointRemovedError)
    expect(await claimed()).toBe('3')
  })

  it.each([
    ['cut off', 40],
    ['empty, as a power cut may leave it', 0],
  ])(
    'takes the generation before for a file that is %s, and goes on from there',
    async (_, size) => {
      await write(3)
      await truncate(file, size)
      const store = new PositionFile(file)
      const { epoch, checkpoint, damage } = await store.claim('x', 'test')
      expect(checkpoint).toEqual({ fragmentNumber: '3' })
      expect(damage).toMatchObject({ damage: 'torn', location: file })
      await store.save('x', epoch, { fragmentNumber: '4' })
      await rm(`${file}.d`, { recursive: true })
      expect(await claimed()).toBe('4')
    },
  )

  it('does not start afresh behind a torn file without a generation before', async () => {
    await write(3)
    await rm(`${file}.d`, { recursive: true })
    await truncate(file, 100)
    await expect(claimed()).rejects.toMatchObject({ code: 'checkpoint-damaged', damage: 'torn' })
  })

  it('takes an empty file for a new one', async () => {
    await writeFile(file, '')
    expect(await claimed()).toBeUndefined()
    await write(1)
    expect(await claimed()).toBe('1')
  })

  it('goes by the file when all that lies beside it is torn', async () => {
    await write(3)
    const names = await readdir(`${file}.d`, { recursive: true })
    for (const name of names.filter((each) => each.endsWith('.json'))) {
      await truncate(path.join(`${file}.d`, name), 10)
    }
    expect(await claimed()).toBe('3')
  })

  it('never moves back, whichever of the two is older', async () => {
    await write(2)
    await copyFile(file, path.join(folder, 'old'))
    await write(5)
    await copyFile(path.join(folder, 'old'), file)
    expect(await claimed()).toBe('5')
    await write(7)
    const newest = await readFile(file)
    await rm(file)
    await write(3)
    await writeFile(file, newest)
    expect(await claimed()).toBe('7')
  })

  it.each([
    ['text', 'buy milk\n', 'foreign'],
    ['JSON', '{"fragmentNumber":"1"}', 'foreign'],
    ['a long file', `{"kvs":"${'x'.repeat(200_000)}"}`, 'foreign'],
    ['of a later version', '{"format":"kvs-fragments-checkpoint","version":2}', 'version'],
  ])('writes nothing over %s', async (_, text, damage) => {
    await writeFile(file, text)
    await expect(new PositionFile(file).check('x')).rejects.toMatchObject({ damage })
    await expect(claimed()).rejects.toMatchObject({ damage })
    await expect(new PositionFile(file).delete('x')).rejects.toThrow(CheckpointDamagedError)
    expect(await readFile(file, 'utf8')).toBe(text)
  })

  it('is not shared by two streams, even when both begin before it is there', async () => {
    const [one, two] = [new PositionFile(file), new PositionFile(file)]
    const first = await one.claim('x', 'test')
    const second = await two.claim('y', 'test')
    await one.save('x', first.epoch, { fragmentNumber: '1' })
    await expect(two.save('y', second.epoch, { fragmentNumber: '2' })).rejects.toMatchObject({
      damage: 'foreign',
    })
    expect(await claimed()).toBe('1')
    await expect(claimed('y')).rejects.toMatchObject({ damage: 'foreign' })
  })
})

describe('tryPositionFile', () => {
  it('takes a new file, an empty one and one of the stream, and leaves nothing behind', async () => {
    await tryPositionFile(file, 'x')
    expect(await readdir(folder)).toEqual([])
    await writeFile(file, '')
    await tryPositionFile(file, 'x')
    await write(1)
    await tryPositionFile(file, 'x')
    expect(await readdir(folder)).toEqual(['position.json', 'position.json.d'])
  })

  it('refuses that of another stream, and of a later version', async () => {
    await write(1)
    await expect(tryPositionFile(file, 'y')).rejects.toThrow(
      `--checkpoint: "${file}" is there and no checkpoint of this stream: give another name`,
    )
    await writeFile(file, '{"format":"kvs-fragments-checkpoint","version":2}')
    await expect(tryPositionFile(file, 'x')).rejects.toThrow(
      `--checkpoint: "${file}" was written by a later version: update kvs-fragments, or give another name`,
    )
  })
})
