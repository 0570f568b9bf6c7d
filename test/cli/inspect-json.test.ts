import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { concat, EBML_HEADER, element, openElement } from '../helpers/ebml-bytes.js'
import { hex } from '../helpers/hex.js'
import { inspectBytes, jsonLines, runCommand, samplePath } from './run-command.js'
import { DAMAGE, errorDocument, fragmentOf, numberOf, tracksNamed } from './streams.js'

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

const errorsOf = (text: string): readonly Record<string, unknown>[] =>
  jsonLines(text).filter((line) => line['type'] === 'error')

describe('inspect --json', () => {
  it('writes a line per fragment and a summary, to the letter', async () => {
    const bytes = fragmentOf({ producerTags: [['PLACE', 'hall']], lateTags: [['PLACE', 'door']] })
    const { exitCode, stdout, stderr } = await inspectBytes(bytes, ['--json'])
    const number = numberOf(1)
    expect(stdout).toBe(
      [
        `{"type":"fragment","index":0,"offset":0,"bytes":${bytes.length},"complete":true,`,
        `"fragmentNumber":"${number}","serverTimestamp":"1700000000.123",`,
        `"producerTimestamp":"1700000000.000","millisBehindNow":15858,`,
        `"continuationToken":"${number}","timestampMs":5,`,
        `"tracks":[{"number":1,"uid":"9223372036854775808","type":"video",`,
        `"codecId":"V_MPEG4/ISO/AVC","name":"door"}],`,
        `"frames":{"1":2},"keyframes":{"1":1},"frameBytes":{"1":5},`,
        `"sha256":"${sha256(hex('AABBCC DDEE'))}",`,
        `"tags":[["PLACE","hall","before"],["PLACE","door","after"]],"error":null}\n`,
        `{"type":"summary","fragments":1,"complete":1,"frames":{"1":2},"keyframes":{"1":1},`,
        `"frameBytes":{"1":5},"bytes":${bytes.length},"truncated":false,"errors":0}\n`,
      ].join(''),
    )
    expect([exitCode, stderr]).toEqual([0, ''])
  })

  it('writes null for what is absent, and an in-band error with its document', async () => {
    const { exitCode, stdout } = await inspectBytes(errorDocument(4000, 'NOT_THERE'), ['--json'])
    const [fragment, summary] = jsonLines(stdout)
    expect(fragment).toMatchObject({
      complete: false,
      fragmentNumber: null,
      serverTimestamp: null,
      producerTimestamp: null,
      millisBehindNow: null,
      continuationToken: null,
      timestampMs: null,
      tracks: [],
      frames: {},
      sha256: sha256(new Uint8Array(0)),
      tags: [],
      error: { id: 4000, code: 'NOT_THERE' },
    })
    expect(summary).toMatchObject({ fragments: 1, complete: 0, truncated: false, errors: 1 })
    expect(exitCode).toBe(1)
  })

  it('counts each track by itself, one without a keyframe too', async () => {
    const cluster = element('1F43B675', 'E7 81 00', 'A3 86 82 0000 00 0102', 'A3 85 81 0000 80 03')
    const { stdout } = await inspectBytes(
      concat(EBML_HEADER, openElement('18538067', 1, cluster)),
      ['--json'],
    )
    expect(stdout).toContain(
      '"frames":{"1":1,"2":1},"keyframes":{"1":1,"2":0},"frameBytes":{"1":1,"2":2}',
    )
  })

  it('shows each frame after its fragment with --frames', async () => {
    const { stdout } = await inspectBytes(fragmentOf(), ['--json', '--frames'])
    const lines = stdout.split('\n')
    expect(jsonLines(stdout).map((line) => line['type'])).toEqual([
      'fragment',
      'frame',
      'frame',
      'summary',
    ])
    expect(lines[2]).toBe(
      `{"type":"frame","fragment":0,"index":1,"track":1,"timestampMs":38,"timestampNs":"38000000",` +
        `"wallClockMs":1700000000033,"keyframe":false,"invisible":false,"discardable":false,` +
        `"durationMs":null,"bytes":2,"sha256":"${sha256(hex('DDEE'))}"}`,
    )
  })

  it('shows the text of control and direction characters as escapes only', async () => {
    const name = 'a\u001B[31m\u009B\u202E\u2028\u{E0041}\u007F日'
    const { stdout } = await inspectBytes(fragmentOf({ trackName: name }), ['--json'])
    expect(stdout).toContain(String.raw`"name":"a\u001b[31m\u009b\u202e\u2028\udb40\udc41\u007f日"`)
    expect(jsonLines(stdout)[0]['tracks']).toMatchObject([{ name }])
  })

  it.each([
    ['camera.mkv', 0, { fragments: 5, complete: 5, truncated: false }],
    ['connect.mkv', 0, { fragments: 4, complete: 4, frames: { 1: 53, 2: 53 } }],
    ['producer-sdk.mkv', 0, { fragments: 8, complete: 8, truncated: false }],
    ['merged.mkv', 0, { fragments: 3, complete: 3, truncated: false }],
    ['ordinary.mkv', 0, { fragments: 3, complete: 3, frames: { 1: 4, 2: 24 } }],
    ['truncated.mkv', 1, { fragments: 2, complete: 1, truncated: true, errors: 0 }],
    ['fragment-list.mkv', 1, { fragments: 4, complete: 0, truncated: true, errors: 0 }],
  ] as const)('reads the sample %s', async (name, code, expected) => {
    const file = samplePath(name)
    const { exitCode, stdout } = await runCommand(['inspect', '--json', file])
    const lines = jsonLines(stdout)
    expect(lines.at(-1)).toMatchObject({ ...expected, bytes: readFileSync(file).length })
    expect(exitCode).toBe(code)
    // Fragments lie one after the other, and leave nothing out.
    const fragments = lines.filter((line) => line['type'] === 'fragment')
    expect(fragments.map((line) => line['index'])).toEqual(fragments.map((_, index) => index))
  })

  it('takes GetMediaForFragmentList as complete with --fragment-list', async () => {
    const file = samplePath('fragment-list.mkv')
    const { exitCode, stdout } = await runCommand(['inspect', '--json', '--fragment-list', file])
    expect(jsonLines(stdout).at(-1)).toMatchObject({ fragments: 4, complete: 4, truncated: false })
    expect(exitCode).toBe(0)
  })
})

describe('truncation', () => {
  it('is told at every cut of a stream, and nowhere at its whole', async () => {
    const bytes = concat(fragmentOf({ sequence: 1 }), fragmentOf({ sequence: 2 }))
    const first = fragmentOf().length
    const segment = first + EBML_HEADER.length + 5
    // Ends of elements before the service has said that a fragment follows: documents without media end like that.
    const clean = [first, segment - 5, segment, segment + tracksNamed('door').length, bytes.length]
    const told: number[] = []
    for (let length = first; length <= bytes.length; length += 1) {
      const { exitCode, stdout } = await inspectBytes(bytes.subarray(0, length), ['--json'])
      const summary = jsonLines(stdout).at(-1)
      expect(summary).toMatchObject({ bytes: length, errors: 0, truncated: exitCode === 1 })
      if (exitCode === 0) told.push(length)
    }
    expect(told).toEqual(clean)
  })

  it('is told where only the closing tags are missing', async () => {
    const { exitCode, stdout } = await inspectBytes(fragmentOf({ hasTail: false }), ['--json'])
    expect(jsonLines(stdout).at(-1)).toMatchObject({ complete: 0, truncated: true, errors: 0 })
    expect(exitCode).toBe(1)
  })
})

describe('damage', () => {
  const bytes = concat(fragmentOf({ sequence: 1 }), DAMAGE, fragmentOf({ sequence: 2 }))
  const start = fragmentOf().length

  it('is one line with the range that was passed over, and reading goes on', async () => {
    const { exitCode, stdout } = await inspectBytes(bytes, ['--json'])
    const lines = jsonLines(stdout)
    expect(lines.filter((line) => line['complete'] === true)).toHaveLength(2)
    const errors = errorsOf(stdout)
    expect(errors).toHaveLength(1)
    expect(errors[0]).toMatchObject({ code: 'unknown-size-not-allowed', offset: start + 21 })
    expect(errors[0]['message']).toContain(`bytes ${start + 21} to ${start + 26} were passed over`)
    expect(Object.keys(errors[0])).toEqual(['type', 'code', 'offset', 'message'])
    expect(lines.at(-1)).toMatchObject({ errors: 1, truncated: false })
    expect(exitCode).toBe(1)
  })

  it('comes out the same however the input is cut', async () => {
    const whole = await inspectBytes(bytes, ['--json', '--elements'])
    for (const size of [1, 2, 3, 7, 19]) {
      const chunks: Uint8Array[] = []
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size))
      const cut = await runCommand(['inspect', '--json', '--elements', '-'], { stdin: chunks })
      expect(jsonLines(cut.stdout).toSorted(byText)).toEqual(
        jsonLines(whole.stdout).toSorted(byText),
      )
    }
  })

  it('of one element is a line, and the frames around it are there', async () => {
    // A fixed-size lace of two frames in three bytes.
    const cluster = element(
      '1F43B675',
      'E7 81 00',
      'A3 88 81 0000 84 01 AABBCC',
      'A3 85 81 0000 80 DD',
    )
    const { exitCode, stdout } = await inspectBytes(
      concat(EBML_HEADER, openElement('18538067', 1, cluster)),
      ['--json'],
    )
    expect(errorsOf(stdout)).toMatchObject([{ code: 'invalid-lacing' }])
    expect(jsonLines(stdout).at(-1)).toMatchObject({ frames: { 1: 1 }, errors: 1 })
    expect(exitCode).toBe(1)
  })

  it('is looked for in checksums with --verify-crc', async () => {
    const tags = element('1254C367', 'BF 84 00000000', element('7373'))
    const stream = concat(EBML_HEADER, openElement('18538067', 1, tags))
    expect((await inspectBytes(stream, ['--json'])).exitCode).toBe(0)
    const { exitCode, stdout } = await inspectBytes(stream, ['--json', '--verify-crc'])
    expect(errorsOf(stdout)).toMatchObject([{ code: 'crc-mismatch' }])
    expect(exitCode).toBe(1)
  })

  it('before the first EBML header is passed over when a header follows', async () => {
    const { stdout } = await inspectBytes(concat("'HTTP/1.1 200 OK'", fragmentOf()), ['--json'])
    expect(jsonLines(stdout)).toMatchObject([
      { type: 'error', code: 'not-ebml', offset: 0 },
      { type: 'fragment', offset: 15, complete: true },
      { type: 'summary', errors: 1, truncated: false },
    ])
  })
})

function byText(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}
