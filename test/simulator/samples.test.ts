import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { generateSamples } from '../../scripts/generate-samples.js'
import { allSamples } from '../../scripts/sample-media.js'
import { GetMediaParser } from '../../src/tags/index.js'

const committed = fileURLToPath(new URL('../../samples/media', import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'kvs-samples-'))
const sums = generateSamples(folder)

afterAll(() => rmSync(folder, { recursive: true }))

describe('samples/media', () => {
  it('has the checksums that the generator writes today', () => {
    expect(readFileSync(path.join(committed, 'SHA256SUMS'), 'utf8')).toBe(sums)
  })

  it('has files of those checksums, and no others', () => {
    const names = readdirSync(committed).filter((name) => name.endsWith('.mkv'))
    const actual = names.map((name) => {
      const hash = createHash('sha256').update(readFileSync(path.join(committed, name)))
      return `${hash.digest('hex')}  ${name}`
    })
    expect(actual.sort()).toEqual(sums.trimEnd().split('\n').sort())
  })

  it('has the table that the generator writes today', () => {
    const read = (from: string): string => readFileSync(path.join(from, 'README.md'), 'utf8')
    expect(read(committed)).toBe(read(folder))
  })

  it('stays a few hundred kilobytes', () => {
    const bytes = readdirSync(folder).reduce(
      (sum, name) => sum + readFileSync(path.join(folder, name)).length,
      0,
    )
    expect(bytes).toBeLessThan(400_000)
  })
})

describe('each sample', () => {
  const samples = allSamples(readFileSync(path.join(committed, 'source', 'camera.h264')))

  it.each(samples)('$name holds what its row in the table says', ({ name, bytes, fragments }) => {
    const errorIds: (number | undefined)[] = []
    const parser = new GetMediaParser({
      verifyCrc32: true,
      ...(name === 'fragment-list.mkv' && { source: 'GetMediaForFragmentList' }),
      onServiceError: (error) => errorIds.push(error.id),
    })
    const read = [...parser.push(bytes), ...parser.end()]
    expect(read.filter((fragment) => fragment.isComplete && fragment.hasCluster)).toHaveLength(
      fragments,
    )
    expect(read.flatMap((fragment) => fragment.errors)).toEqual([])
    const id = /error-(\d+)/.exec(name)?.[1]
    expect(errorIds).toEqual(id === undefined ? [] : [Number(id)])
    expect(read.at(-1)?.truncatedFrame !== undefined).toBe(name === 'truncated.mkv')
  })
})
