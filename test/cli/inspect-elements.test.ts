import { describe, expect, it } from 'vitest'
import { concat, EBML_HEADER, element, openElement } from '../helpers/ebml-bytes.js'
import { hex } from '../helpers/hex.js'
import { inspectBytes, jsonLines, runCommand } from './run-command.js'
import { DAMAGE, fragmentOf } from './streams.js'

const inSegment = (...parts: readonly Uint8Array[]): Uint8Array =>
  concat(EBML_HEADER, openElement('18538067', 1, ...parts))

describe('inspect --elements', () => {
  it('shows the tree with offsets, sizes and values', async () => {
    const stream = inSegment(
      element('1549A966', '4489 84 3F800000', '4461 88 0000000000000000', "7BA9 82 'hi'"),
      openElement('1F43B675', 1, hex('E7 81 05'), hex('A3 87 81 FFFF 86 01 AABB'), hex('EC 80')),
      element('4DBF', '0102030405060708090A0B0C0D0E0F101112'),
    )
    const { exitCode, stdout } = await inspectBytes(stream, ['--elements'])
    expect(stdout.split('\n').slice(0, 12)).toEqual([
      '             0  EBML                         11 bytes',
      '             5    DocType                    8 bytes  "matroska"',
      '            16  Segment                      unknown size',
      '            21    Info                       23 bytes',
      '            26      Duration                 4 bytes  1',
      '            33      DateUTC                  8 bytes  2001-01-01T00:00:00.000Z',
      '            44      Title                    2 bytes  "hi"',
      '            49    Cluster                    unknown size',
      '            54      Timestamp                1 byte  5',
      '            57      SimpleBlock              7 bytes  track 1, -1, key, ebml lacing: 01 aa bb',
      '            66      Void                     0 bytes',
      '            68      0x4dbf                   18 bytes  01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10…',
    ])
    expect(exitCode).toBe(1)
  })

  it('shows the same as JSON lines, before the fragment they belong to', async () => {
    const bytes = concat(fragmentOf({ sequence: 1 }), fragmentOf({ sequence: 2 }))
    const { stdout } = await inspectBytes(bytes, ['--json', '--elements'])
    const lines = jsonLines(stdout)
    expect(stdout.split('\n')[0]).toBe(
      '{"type":"element","offset":0,"depth":0,"id":"0x1a45dfa3","name":"EBML","kind":"master","size":11,"value":null,"block":null}',
    )
    expect(lines.find((line) => line['name'] === 'TrackUID')).toMatchObject({
      kind: 'uint',
      size: 8,
      value: '9223372036854775808',
    })
    expect(lines.find((line) => line['name'] === 'SimpleBlock')).toMatchObject({
      size: 7,
      depth: 2,
      value: 'aabbcc',
      block: { track: 1, relativeTimestamp: 0, keyframe: true, lacing: 'none' },
    })
    const first = lines.findIndex((line) => line['type'] === 'fragment')
    expect(lines.slice(0, first).every((line) => Number(line['offset']) < bytes.length / 2)).toBe(
      true,
    )
    expect(lines[first + 1]).toMatchObject({
      type: 'element',
      name: 'EBML',
      offset: bytes.length / 2,
    })
  })

  it('shows each element once, with its size and its first bytes, however the input is cut', async () => {
    const block = concat('81 0000 80', new Uint8Array(60).fill(0xab))
    const long = new Uint8Array(70_000).fill(0x61)
    const stream = inSegment(
      element('1549A966', element('7BA9', long)),
      element('1F43B675', 'E7 81 05', element('A3', block)),
    )
    const whole = await inspectBytes(stream, ['--elements'])
    expect(whole.stdout).toContain(
      'Title                    70,000 bytes  "aaaaaaaaaaaaaaaaaaaaaaaaaaa…"',
    )
    expect(whole.stdout).toContain(`64 bytes  track 1, +0, key: ${'ab '.repeat(15)}ab…`)
    const size = 13
    const chunks: Uint8Array[] = []
    for (let at = 0; at < stream.length; at += size) chunks.push(stream.slice(at, at + size))
    const cut = await runCommand(['inspect', '--elements', '-'], { stdin: chunks })
    expect(cut.stdout).toBe(whole.stdout)
  })

  it('marks what is wrong with one element', async () => {
    const stream = inSegment(
      element('1549A966', '4489 83 010203', 'A3 81 00'),
      element('1F43B675', 'E7 81 05', 'A3 82 8100'),
    )
    const { stdout } = await inspectBytes(stream, ['--elements'])
    expect(stdout).toContain('Duration                 3 bytes  (no float has this size)')
    expect(stdout).toContain('SimpleBlock              stepped over: it may not stand here')
    expect(stdout).toContain('2 bytes  without a whole header: 81 00')
    expect(stdout).toContain('3 errors in the bytes')
  })

  it('goes on after damage, and ends with what was wrong', async () => {
    const start = fragmentOf().length
    const bytes = concat(fragmentOf({ sequence: 1 }), DAMAGE, fragmentOf({ sequence: 2 }))
    const { exitCode, stdout } = await inspectBytes(bytes.subarray(0, -3), ['--elements'])
    const lines = stdout.split('\n')
    expect(
      lines.filter((line) => line.endsWith('11 bytes')).map((line) => Number.parseInt(line, 10)),
    ).toEqual([0, start, start + DAMAGE.length])
    expect(stdout).toMatch(/! Tracks has an unknown size/)
    expect(stdout).toMatch(/-- fragment 0: complete, 455 bytes, 2 frames, \d+\n/)
    expect(lines.at(-2)).toMatch(
      /^truncated: the input ends at byte .*inside .*SimpleTag\/TagString/,
    )
    expect(exitCode).toBe(1)
  })

  it('tells of damage in what the parser steps over, and which elements that hides', async () => {
    // A CueTime that is longer than its CuePoint.
    const cues = element('1C53BB6B', 'BB 85 B3 88 010203')
    const cluster = element('1F43B675', 'E7 81 05')
    const stream = concat(inSegment(cues, cluster), inSegment(cluster))
    const plain = await inspectBytes(stream, [])
    expect(plain.exitCode).toBe(0)
    for (const flags of [['--elements'], ['--elements', '--json']]) {
      const { exitCode, stdout } = await inspectBytes(stream, flags)
      expect(exitCode).toBe(1)
      // CueTime at 28; the second document begins 7 bytes behind the Cues.
      expect(stdout).toContain('element-overrun at byte 28, Segment/Cues/CuePoint/CueTime')
      expect(stdout).toContain('the elements in bytes 28 to 41 are not shown')
      expect(stdout.match(/DocType/g)).toHaveLength(2)
      expect(stdout.match(/Cluster/g)?.length).toBeGreaterThan(0)
    }
    const alone = await inspectBytes(inSegment(cues, cluster), ['--elements'])
    expect(alone.stdout).toContain('the elements in bytes 28 to the end are not shown')
  })

  it('goes on after a block of a size that cannot be, as the parser does', async () => {
    const cut = inSegment(openElement('1F43B675', 1, hex('E7 81 05 A3 01 01000000000000 81')))
    const stream = concat(cut, fragmentOf({ sequence: 1 }), fragmentOf({ sequence: 2 }))
    const { stdout } = await inspectBytes(stream, ['--elements'])
    expect(stdout.match(/DocType/g)).toHaveLength(3)
    expect(stdout.match(/-- fragment/g)).toHaveLength(3)
    expect(stdout.match(/fragment-too-large/g)).toHaveLength(1)
  })

  it('shows frames below their fragment with --frames', async () => {
    const { stdout } = await inspectBytes(fragmentOf(), ['--elements', '--frames'])
    expect(stdout).toMatch(/-- fragment 0: .*\n {8}frame {5}0 {2}track 1/)
  })
})
