import { describe, expect, it } from 'vitest'
import { concat } from '../helpers/ebml-bytes.js'
import { inspectBytes, runCommand, samplePath } from './run-command.js'
import { DAMAGE, errorDocument, fragmentOf, numberOf } from './streams.js'

const ESCAPE = '\u001B'
// Everything that a terminal could obey: C0 but the line break, DEL, C1, direction and other formatting characters
const OBEYED = /[^\n\P{C}]|[\p{Zl}\p{Zp}]/u

describe('the table of inspect', () => {
  it('has a line per fragment, with its times, its lag and its number', async () => {
    const bytes = concat(fragmentOf({ sequence: 1 }), fragmentOf({ sequence: 2 }))
    const { exitCode, stdout } = await inspectBytes(bytes)
    const half = String(bytes.length / 2)
    const row = (index: number, offset: string, number: string): string =>
      [
        `     ${index}  ${offset.padStart(14)}  ${half.padStart(11)}  2023-11-14 22:13:20.123`,
        `2023-11-14 22:13:20.000    15.858 s              5  2 (1)             ${number}`,
      ].join('  ')
    expect(stdout.split('\n')).toEqual([
      'track 1: video, V_MPEG4/ISO/AVC, "door"',
      '     #          offset        bytes  server time (UTC)        producer time (UTC)             lag      timestamp  frames (key)      fragment number',
      row(0, '0', numberOf(1)),
      row(1, half, numberOf(2)),
      '',
      `2 fragments, 2 complete; 4 frames (2 keyframes); 10 frame bytes of ${bytes.length} bytes`,
      'no gaps, no errors',
      '',
    ])
    expect(exitCode).toBe(0)
  })

  it('shows tags and tracks again only when they change', async () => {
    const { stdout } = await inspectBytes(
      concat(
        fragmentOf({ sequence: 1, producerTags: [['PLACE', 'hall']] }),
        fragmentOf({ sequence: 2, producerTags: [['PLACE', 'hall']] }),
        fragmentOf({ sequence: 3, trackName: 'garden' }),
      ),
    )
    expect(stdout.match(/tags: PLACE=hall/g)).toHaveLength(1)
    expect(stdout.match(/no tags/g)).toHaveLength(1)
    expect(stdout.match(/^track 1: .*"(?:door|garden)"$/gm)).toHaveLength(2)
  })

  it('marks gaps in the numbering as a hint, and numbers that are not greater', async () => {
    const numbers = [1, 2, 5, 4].map((sequence) => fragmentOf({ sequence }))
    const { exitCode, stdout } = await inspectBytes(concat(...numbers))
    expect(stdout).toContain('gap: 2 numbers missing here by the sequence in the fragment number')
    expect(stdout).toContain('the next fragment number is not greater than the one before')
    expect(stdout).toContain('1 gap in the numbering (a hint: the layout of fragment numbers')
    expect(stdout).toContain('1 fragment number not greater than the one before')
    expect(exitCode).toBe(0)
  })

  it('shows errors of the service, damage and what is incomplete where they come up', async () => {
    const { exitCode, stdout } = await inspectBytes(
      concat(
        fragmentOf(),
        errorDocument(4501, 'OFF'),
        DAMAGE,
        fragmentOf({ sequence: 2, hasTail: false }),
      ),
    )
    expect(stdout).toContain('! Kinesis Video Streams reported error 4501 OFF')
    expect(stdout).toContain('no media in it: headers and tags only')
    expect(stdout).toMatch(/! Tracks has an unknown size.* were passed over, reading goes on/)
    expect(stdout).toContain('incomplete: its closing tags never came')
    expect(stdout).toMatch(/^\d fragments, 1 complete; 4 frames \(2 keyframes\); 10 frame bytes/m)
    expect(stdout.match(/^track 1/gm)).toHaveLength(1)
    expect(stdout.trimEnd().split('\n').slice(-3)).toEqual([
      '1 error of the service',
      '1 error in the bytes',
      'truncated: a fragment lacks its end',
    ])
    expect(exitCode).toBe(1)
  })

  it('says where the input stopped, and what was cut off', async () => {
    const { stdout } = await runCommand(['inspect', samplePath('truncated.mkv')])
    expect(stdout).toContain('incomplete: the input ended inside it')
    expect(stdout).toContain('82 bytes of a frame of track 1 cut off')
    expect(stdout).toContain(
      'truncated: the input ends at byte 29,506, inside Segment/Cluster/SimpleBlock, which began at byte 29,417',
    )
  })

  it('sums up each track when there are several', async () => {
    const { stdout } = await runCommand(['inspect', samplePath('connect.mkv')])
    expect(stdout).toContain('1: 17 (17)  2: 17 (17)')
    expect(stdout).toContain('  track 2: 53 frames (53 keyframes), 54,272 bytes')
  })

  it('shows a line per frame with --frames', async () => {
    const { stdout } = await inspectBytes(fragmentOf(), ['--frames'])
    expect(stdout).toContain(
      '        frame     0  track 1              5.000 ms  2023-11-14 22:13:20.000          3 bytes  key\n' +
        '        frame     1  track 1             38.000 ms  2023-11-14 22:13:20.033          2 bytes\n',
    )
  })

  it('says that GetMediaForFragmentList has an option of its own', async () => {
    const file = samplePath('fragment-list.mkv')
    const plain = await runCommand(['inspect', file])
    expect(plain.stdout).toContain('for GetMediaForFragmentList add --fragment-list')
    const told = await runCommand(['inspect', '--fragment-list', file])
    expect(told.stdout).toContain('4 fragments, 4 complete')
    expect(told.exitCode).toBe(0)
  })

  it('shows relative producer times, and times that are none, as they were sent', async () => {
    const relative = await runCommand(['inspect', samplePath('producer-sdk.mkv')])
    expect(relative.stdout).toContain('1.000 s')
    const odd = fragmentOf({ extraHead: [['AWS_KINESISVIDEO_SERVER_TIMESTAMP', 'noon']] })
    expect((await inspectBytes(odd)).stdout).toMatch(/ {2}noon {2}/)
  })
})

describe('a terminal', () => {
  const nasty = `${ESCAPE}[31mred${ESCAPE}]0;title\u0007\u009B2J\u202Eevil\u2066\r\n\t\u{E0041}`

  it('is sent colours, and no colours where NO_COLOR is set or there is no terminal', async () => {
    const bytes = fragmentOf({ hasTail: false })
    const terminal = await inspectBytes(bytes, [], { terminalColumns: 100 })
    expect(terminal.stdout).toContain(`${ESCAPE}[33mincomplete`)
    const quiet = { terminalColumns: 100, env: { NO_COLOR: '1' } }
    expect((await inspectBytes(bytes, [], quiet)).stdout).not.toContain(ESCAPE)
    expect((await inspectBytes(bytes)).stdout).not.toContain(ESCAPE)
  })

  it.each([[], ['--elements'], ['--frames'], ['--json', '--frames', '--elements']])(
    'is sent nothing of the stream that it would obey, with %j',
    async (...args) => {
      const bytes = fragmentOf({
        trackName: nasty,
        producerTags: [[nasty, nasty]],
        extraHead: [
          ['AWS_KINESISVIDEO_ERROR_ID', nasty],
          ['AWS_KINESISVIDEO_ERROR_CODE', nasty],
          ['AWS_KINESISVIDEO_FRAGMENT_NUMBER', nasty],
          ['AWS_KINESISVIDEO_SERVER_TIMESTAMP', nasty],
          ['AWS_KINESISVIDEO_PRODUCER_TIMESTAMP', nasty],
        ],
      })
      const { stdout, stderr } = await inspectBytes(bytes, args)
      expect(stdout).toContain('evil')
      expect(stdout + stderr).not.toMatch(OBEYED)
    },
  )

  it.each([40, 60, 80, 120, 160])('of %i columns gets rows and texts that fit', async (columns) => {
    const text = `${'日本語'.repeat(40)}${'e\u0301'.repeat(100)}`
    const bytes = fragmentOf({
      trackName: text,
      producerTags: [
        ['A', text],
        ['B', text],
        ['C', text],
      ],
    })
    const surroundings = { terminalColumns: columns, env: { NO_COLOR: '1' } }
    const table = await inspectBytes(bytes, [], surroundings)
    for (const line of table.stdout.split('\n').slice(0, 4)) {
      // Two columns for each of the wide letters
      const letters = Array.from(line.replace(/\p{M}/gu, ''))
      const wide = letters.filter((letter) => /[\u3000-\u9FFF]/.test(letter))
      const width = letters.length + wide.length
      // Below 73 columns the least that a row needs does not fit any more
      expect(width).toBeLessThanOrEqual(Math.max(columns, 73))
    }
    expect(table.stdout).toContain(columns > 140 ? 'producer time' : 'frames (key)')
  })
})
