// Each sample in a process of its own, as a newcomer runs it: with no AWS account, against what it starts itself; but in fast
// time. They are compiled here in one go, as `tsx` would compile each.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseGetMedia } from '../../src/tags/index.js'
import { FAST_TIME } from '../helpers/fast-time.js'

const samples = fileURLToPath(new URL('../../samples/', import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'kvs-fragments-samples-'))
// Inside the repository, where the package goes by its public name.
const scratch = fileURLToPath(new URL('../../.tmp/', import.meta.url))
mkdirSync(scratch, { recursive: true })
const compiled = mkdtempSync(path.join(scratch, 'samples-'))
afterAll(() => {
  for (const made of [folder, compiled]) rmSync(made, { recursive: true })
})

beforeAll(async () => {
  const programs = readdirSync(samples).filter((name) => name.endsWith('.ts'))
  const entryPoints = programs.map((name) => path.join(samples, name))
  await build({ entryPoints, outdir: compiled, format: 'esm', platform: 'node', target: 'node20' })
  symlinkSync(path.join(samples, 'media'), path.join(compiled, 'media'), 'junction')
})

interface Run {
  readonly stdout: string
  readonly stderr: string
  readonly exitCode: number | null
  readonly signal: string | null
}

function runSample(
  name: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Run> {
  const file = path.join(compiled, name.replace(/\.ts$/, '.js'))
  const options = { env: { PATH: process.env['PATH'], HOME: '/nonexistent', ...env } }
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...FAST_TIME, file, ...args],
      options,
      (_, stdout, stderr) => {
        resolve({ stdout, stderr, exitCode: child.exitCode, signal: child.signalCode })
      },
    )
  })
}

async function endSample(name: string, args: readonly string[] = []): Promise<string> {
  const { stdout, stderr, exitCode } = await runSample(name, args)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return stdout
}

// A process with a compiler and the SDK in it takes its time on a busy machine.
describe('the samples', { timeout: 120_000 }, () => {
  // First, because it waits for a stall to be noticed while the others work.
  it.concurrent('demo.ts: loses nothing, repeats nothing, and shows what went wrong', async () => {
    const stdout = await endSample('demo.ts')
    for (const text of ['reset', 'stalled', 'ClientLimitExceeded', 'error 5000', ': ended']) {
      expect(stdout).toContain(text)
    }
    expect(stdout).toMatch(/\n {2}expected +100 {2}/)
    expect(stdout).toMatch(/\n {2}yielded +100 {2}in order\n {2}repeated +0 {2}/)
    expect(stdout).toMatch(/\n {2}lost +0\n {2}changed +0 {2}/)
    expect(stdout).toMatch(/\nNothing was lost, nothing was repeated\.\n$/)
  })

  it.concurrent.each([
    ['01-print-fragments.ts', /^fragment 9134\d+\n {2}server time/],
    ['02-frames-lowest-latency.ts', /AUDIO_FROM_CUSTOMER: 54272 bytes in all/],
    ['03-parser-alone.ts', /^cluster at \d+ ms/],
    ['04-elements.ts', /\nthe end is clean\n$/],
    ['05-errors-and-damage.ts', /4 complete fragments of 5\n$/],
    ['06-streams.ts', /\n5 keyframes\n$/],
    ['07-consume-a-stream.ts', /\nfragments: 10, bytes: \d+, sessions: \d\n$/],
    ['11-live-frames.ts', /\n300 frames, each once; reconnects: \{"reset":1,"ended":\d\}\n$/],
  ])('%s', async (name, expected) => {
    expect(await endSample(name)).toMatch(expected)
  })

  it.concurrent('09-typed-events.ts', async () => {
    const stdout = await endSample('09-typed-events.ts')
    for (const text of [
      'the service reports 3002',
      'is over: reset',
      'failed with ServiceUnavailable (503): retry',
      'duplicateDropped …',
      'damagedFragment …',
    ]) {
      expect(stdout).toContain(text)
    }
    expect(stdout).toMatch(/\n10 fragments, none lost, none repeated\n$/)
  })

  it.concurrent('08-resume-after-a-crash.ts: goes on with the fragment that a kill interrupted', async () => {
    const checkpoint = path.join(folder, 'checkpoint')
    const name = '08-resume-after-a-crash.ts'
    const crashed = await runSample(name, [checkpoint], { CRASH_AFTER: '2' })
    expect([crashed.signal, crashed.stderr]).toEqual(['SIGKILL', ''])
    const next = await endSample(name, [checkpoint])
    const work = (text: string): readonly string[] => text.match(/(?<=at work on )\d+/g) ?? []
    const numbers = await cameraNumbers()
    expect(work(crashed.stdout)).toEqual(numbers.slice(0, 3))
    expect(work(next)).toEqual(numbers.slice(2))
    expect(next).toContain(`going on after ${numbers[1]}\n`)
    expect(await endSample(name, [checkpoint])).toMatch(
      /\n0 fragments in this run\nall were done before: delete .+ to begin anew\n$/,
    )
  })

  it.concurrent('10-connect-call-to-wav.ts: each track is the PCM of the call, by name', async () => {
    const stdout = await endSample('10-connect-call-to-wav.ts', [folder])
    expect(stdout).toMatch(/^contact 5f0f3a1e-0000-4000-8000-00000000c0de, audio\/L16;rate=8000/)
    const pcm = await connectPcm()
    expect([...pcm.keys()].toSorted()).toEqual(['AUDIO_FROM_CUSTOMER', 'AUDIO_TO_CUSTOMER'])
    for (const [name, digest] of pcm) {
      const wav = readFileSync(path.join(folder, `${name}.wav`))
      expect(wav.toString('latin1', 0, 4) + wav.toString('latin1', 8, 16)).toBe('RIFFWAVEfmt ')
      // PCM, one channel, 8,000 samples of 2 bytes a second; the lengths fit the file.
      expect(wav.readUInt32LE(4)).toBe(wav.length - 8)
      expect([wav.readUInt16LE(20), wav.readUInt16LE(22), wav.readUInt32LE(24)]).toEqual([
        1, 1, 8000,
      ])
      expect([wav.readUInt32LE(28), wav.readUInt16LE(34)]).toEqual([16_000, 16])
      expect(wav.readUInt32LE(40)).toBe(wav.length - 44)
      expect(createHash('sha256').update(wav.subarray(44)).digest('hex')).toBe(digest)
    }
  })

  it.concurrent('10-connect-call-to-wav.ts: ends with the fragment that Connect says is the last', async () => {
    const sizes = new Map<string, number>()
    let last = ''
    const bytes = readFileSync(path.join(samples, 'media/connect.mkv'))
    for await (const { metadata, frames } of parseGetMedia([bytes])) {
      last = metadata.fragmentNumber!
      for (const frame of frames) {
        const name = frame.track!.name!
        sizes.set(name, (sizes.get(name) ?? 0) + frame.byteLength)
      }
      if (sizes.size === 2) break
    }
    const wavs = path.join(folder, 'part')
    mkdirSync(wavs)
    const name = '10-connect-call-to-wav.ts'
    const { stderr } = await runSample(name, [wavs], { STOP_FRAGMENT: last })
    expect(stderr).toBe('')
    for (const [track, size] of sizes) {
      expect(readFileSync(path.join(wavs, `${track}.wav`))).toHaveLength(44 + size)
    }
  })

  it.concurrent('10-connect-call-to-wav.ts: goes on to that fragment when one before it lacks its tags', async () => {
    const media = readFileSync(path.join(samples, 'media/connect.mkv'))
    const fragments: { readonly number: string; readonly bytes: number }[] = []
    for await (const { metadata, frames } of parseGetMedia([media])) {
      const bytes = frames.reduce((sum, frame) => sum + frame.byteLength, 0)
      fragments.push({ number: metadata.fragmentNumber!, bytes })
    }
    // The tag of the second fragment becomes another one.
    media.write('Contact-x', media.indexOf('ContactId', media.indexOf(fragments[1].number)))
    const place = path.join(compiled, 'untagged')
    mkdirSync(path.join(place, 'media'), { recursive: true })
    writeFileSync(path.join(place, 'media/connect.mkv'), media)
    for (const name of ['10-connect-call-to-wav.js', 'sample-stream.js', 'wav-header.js']) {
      copyFileSync(path.join(compiled, name), path.join(place, name))
    }
    const wavs = path.join(folder, 'untagged')
    mkdirSync(wavs)
    const env = { STOP_FRAGMENT: fragments[2].number }
    const { stderr } = await runSample('untagged/10-connect-call-to-wav.ts', [wavs], env)
    expect(stderr).toBe('')
    const written = readdirSync(wavs).map((name) => readFileSync(path.join(wavs, name)).length - 44)
    const expected = fragments.slice(0, 3).reduce((sum, { bytes }) => sum + bytes, 0)
    expect(written.reduce((sum, bytes) => sum + bytes, 0)).toBe(expected)
  })

  it.concurrent('12-archive.ts: the files in order are the capture, and nothing is written twice', async () => {
    const archive = path.join(folder, 'archive')
    expect(await endSample('12-archive.ts', [archive])).toMatch(/^5 fragments written to /)
    const files = readdirSync(archive).filter((name) => name.endsWith('.mkv'))
    const bytes = files.toSorted().map((name) => readFileSync(path.join(archive, name)))
    const fragments: unknown[] = []
    for await (const { metadata, isComplete, frames } of parseGetMedia(bytes)) {
      fragments.push([metadata.fragmentNumber, isComplete, frames.length])
    }
    const capture = readFileSync(path.join(samples, 'media/camera.mkv'))
    const expected: unknown[] = []
    for await (const { metadata, isComplete, frames } of parseGetMedia([capture])) {
      expected.push([metadata.fragmentNumber, isComplete, frames.length])
    }
    expect(fragments).toEqual(expected)
    expect(await endSample('12-archive.ts', [archive])).toMatch(/^0 fragments written to /)
  })

  it('are all run here, and named in the README', () => {
    const programs = readdirSync(samples).filter((name) => /^\d\d-.*\.ts$/.test(name))
    const numbers = programs.map((name) => Number(name.slice(0, 2)))
    expect(numbers).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    const readme = readFileSync(path.join(samples, 'README.md'), 'utf8')
    for (const name of programs) expect(readme).toContain(`| [${name}](${name}) |`)
  })
})

async function cameraNumbers(): Promise<readonly string[]> {
  const numbers: string[] = []
  const bytes = readFileSync(path.join(samples, 'media/camera.mkv'))
  for await (const { metadata } of parseGetMedia([bytes])) numbers.push(metadata.fragmentNumber!)
  return numbers
}

async function connectPcm(): Promise<ReadonlyMap<string, string>> {
  const hashes = new Map<string, ReturnType<typeof createHash>>()
  const bytes = readFileSync(path.join(samples, 'media/connect.mkv'))
  for await (const { frames } of parseGetMedia([bytes])) {
    for (const frame of frames) {
      const name = frame.track!.name!
      const hash = hashes.get(name) ?? createHash('sha256')
      hashes.set(name, hash.update(frame.data))
    }
  }
  return new Map(Array.from(hashes, ([name, hash]) => [name, hash.digest('hex')]))
}
