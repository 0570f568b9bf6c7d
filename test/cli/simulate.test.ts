import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readSimulateSettings } from '../../src/cli/simulate-settings.js'
import { startSimulator } from '../../src/simulator/index.js'
import { FAST_TIME } from '../helpers/fast-time.js'
import { jsonLines, runCommand, samplePath, temporaryFiles } from './run-command.js'
import { COMMAND, type RunningCommand, startCommand, startShell } from './spawn-command.js'

const temporaryFile = temporaryFiles()
const textFile = (name: string, text: string): string => temporaryFile(name, Buffer.from(text))

/** Runs the line that the simulator shows for pasting, with more flags, as a shell with the command installed would. */
async function paste(
  simulator: RunningCommand,
  flags: string,
  stream = '',
): Promise<RunningCommand> {
  const line = await simulator.whenLine(new RegExp(`^ {2}AWS_.*--stream-name ${stream}`))
  const command = [process.execPath, ...FAST_TIME, COMMAND].map((word) => `'${word}'`).join(' ')
  return startShell(`${line.replace('kvs-fragments', command)} ${flags}`)
}

function fragmentsOf(stdout: string): readonly Record<string, unknown>[] {
  return jsonLines(stdout).filter(({ type }) => type === 'fragment')
}

async function sha256sOf(file: string): Promise<readonly unknown[]> {
  const { stdout } = await runCommand(['inspect', '--json', samplePath(file)])
  return fragmentsOf(stdout).map((line) => line['sha256'])
}

async function interrupt(command: RunningCommand): Promise<string> {
  command.child.kill('SIGINT')
  const { exitCode, stdout, stderr } = await command.outcome
  expect([exitCode, stderr]).toEqual([0, ''])
  return stdout
}

describe('simulate', () => {
  it('serves files, shows a line to paste, and tells at Ctrl-C what was served', async () => {
    const simulator = startCommand(
      ['simulate', samplePath('camera.mkv'), samplePath('ordinary.mkv')],
      {},
    )
    const camera = await paste(simulator, '--json --limit 5', 'camera')
    const ordinary = await paste(simulator, '--json --limit 3', 'ordinary')
    const read = [await camera.outcome, await ordinary.outcome]
    expect(read.map(({ exitCode }) => exitCode)).toEqual([0, 0])
    for (const [index, file] of ['camera.mkv', 'ordinary.mkv'].entries()) {
      const fragments = fragmentsOf(read[index]!.stdout)
      expect(fragments.map((line) => line['sha256'])).toEqual(await sha256sOf(file))
      expect(fragments.map((line) => line['complete'])).not.toContain(false)
    }
    const stdout = await interrupt(simulator)
    expect(stdout).toMatch(/^Kinesis Video Streams, simulated, on http:\/\/127\.0\.0\.1:\d+\n/)
    expect(stdout).toMatch(/\n {2}stream camera: 5 fragments from .*camera\.mkv\n/)
    expect(stdout).toMatch(
      /\nGetMedia of camera EARLIEST sent 5 fragments, 94,789 bytes; ended by /,
    )
    expect(stdout).toMatch(
      /\nServed 4 requests\.\n {2}stream camera: 1 session, 5 fragments, 94,789 bytes; 0 refusals, 0 faults\n {2}stream ordinary: 1 session, 3 fragments, .*\n$/,
    )
  })

  it('makes up a live camera, and breaks it by a script', async () => {
    const faults = textFile(
      'faults.json',
      JSON.stringify([
        { at: { fragment: 2, offset: 'middle' }, do: 'reset', stream: 'door' },
        { at: { fragment: 4 }, do: { errorTag: 5000 } },
      ]),
    )
    // Only the faults end a session, however long a busy machine lets the camera wait.
    const flags = ['--stream-name', 'door', '--rate', '20', '--idle-seconds', '3600']
    const simulator = startCommand(['simulate', ...flags, '--faults', faults], {})
    const tail = await (await paste(simulator, '--json --start earliest --limit 8')).outcome
    const fragments = fragmentsOf(tail.stdout)
    expect(fragments).toHaveLength(8)
    expect(fragments[0]!['tracks']).toMatchObject([{ codecId: 'V_MPEG4/ISO/AVC' }])
    const stdout = await interrupt(simulator)
    expect(stdout).toContain(
      '  stream door: live, one fragment every 0.050 s, from a made-up camera\n',
    )
    expect(stdout).toContain('  2 faults will happen\n')
    expect(stdout).toMatch(/ended by a reset \[reset\]\n/)
    expect(stdout).toMatch(/stream door: 3 sessions, .* 2 faults\n$/)
  })

  it('sends a file again and again, with rising numbers, and ends sessions when told to', async () => {
    const file = samplePath('camera.mkv')
    const flags = ['--loop', '--rate', '40', '--session-seconds', '0.1', '--inclusive-tokens']
    const simulator = startCommand(['simulate', file, ...flags], {})
    const tail = await paste(simulator, '--json')
    // On a busy machine the first session may end before it has brought a fragment, and nothing is repeated after it.
    await tail.whenLine(/"event":"duplicateDropped"/)
    const written = tail.stdout()
    tail.child.stdout!.destroy()
    expect((await tail.outcome).exitCode).toBe(0)
    const fragments = fragmentsOf(written.slice(0, written.lastIndexOf('\n') + 1))
    const once = await sha256sOf('camera.mkv')
    const first = once.indexOf(fragments[0]!['sha256'])
    const expected = fragments.map((_, index) => once[(first + index) % 5])
    expect(fragments.map((line) => line['sha256'])).toEqual(expected)
    expect(await interrupt(simulator)).toContain('ended by the session’s limit')
  })

  it('puts several files into one stream, at a pace in bytes', async () => {
    const files = [samplePath('camera.mkv'), samplePath('camera.mkv')]
    const simulator = startCommand(
      ['simulate', ...files, '--stream-name', 'both', '--rate', '2MB'],
      {},
    )
    const tail = await (await paste(simulator, '--json --start earliest --limit 10')).outcome
    const once = await sha256sOf('camera.mkv')
    expect(fragmentsOf(tail.stdout).map((line) => line['sha256'])).toEqual([...once, ...once])
    expect(await interrupt(simulator)).toContain('stream both: live, 2,000 kB a second, from ')
  })

  it('goes on when nobody reads its log any more', async () => {
    const simulator = startCommand(['simulate', samplePath('camera.mkv')], {})
    await simulator.whenLine(/Ctrl-C/)
    simulator.child.stdout!.destroy()
    for (const limit of [4, 5]) {
      const tail = await (await paste(simulator, `--json --limit ${limit}`)).outcome
      expect([tail.exitCode, fragmentsOf(tail.stdout).length]).toEqual([0, limit])
    }
    simulator.child.kill('SIGTERM')
    const { exitCode, stderr } = await simulator.outcome
    expect([exitCode, stderr]).toEqual([0, ''])
  })

  it('holds so many bytes of a live stream, and of a file all', async () => {
    const file = samplePath('camera.mkv')
    const live = [
      readSimulateSettings([], { rate: '25MB' }),
      readSimulateSettings([file], { loop: true }),
    ]
    for (const settings of live) expect((await settings).maxHeldBytes).toBe(256_000_000)
    expect((await readSimulateSettings([file], {})).maxHeldBytes).toBe(Infinity)
  })

  it('says that its port is in use', async () => {
    await using other = await startSimulator()
    const { exitCode, stderr } = await runCommand(['simulate', '--port', String(other.port)])
    expect(stderr).toBe(
      `kvs-fragments: port ${other.port} is in use: give another --port, or none for any that is free\n`,
    )
    expect(exitCode).toBe(1)
  })
})

describe('simulate with a wrong command line', () => {
  const camera = samplePath('camera.mkv')
  const damaged = readFileSync(camera).fill(0, 29_417, 29_517)
  const wrong: readonly (readonly [string, readonly string[], string])[] = [
    ['no such file', ['/nowhere.mkv'], '"/nowhere.mkv" does not exist: check the name'],
    ['a directory', [samplePath('source')], 'is a directory: name a file'],
    ['a text', [textFile('a.txt', 'hello')], 'cannot be served: this is not an EBML stream'],
    ['an empty file', [textFile('empty', '')], 'holds no media: there is no whole Cluster in it'],
    ['a damaged file', [temporaryFile('damaged.mkv', damaged)], 'cannot be served: '],
    ['a file without media', [samplePath('error-4503.mkv')], 'holds no media'],
    [
      'two streams of one name',
      [camera, camera],
      'two files would both be the stream "camera": rename one, or put them into one stream with --stream-name',
    ],
    ['a bad name', ['--stream-name', 'a b'], '--stream-name: pass 1 to 256 characters'],
    ['a bad port', ['--port', '65536'], '--port: "65536" is not a whole number from 0 to 65535'],
    ['a bad rate', ['--rate', 'fast'], '--rate: "fast" is no rate: give fragments a second'],
    ['a rate of 0', ['--rate', '0'], '--rate: "0" is no rate'],
    ['a loop of nothing', ['--loop'], '--loop needs a file: the made-up camera never ends'],
    ['no time', ['--session-seconds', '0'], '--session-seconds: "0" is not a number from 0.001'],
    ['no silence', ['--idle-seconds', 'x'], '--idle-seconds: "x" is not a number'],
    ['no retention', ['--retention-seconds', '-1'], '--retention-seconds: "-1" is not a number'],
    [
      'a retention of what has its own times',
      [camera, '--retention-seconds', '3600'],
      '--retention-seconds needs --rate or --loop: a file keeps its own times, and would be forgotten at once',
    ],
    ['no fault script', ['--faults', '/nowhere.json'], '--faults: "/nowhere.json" does not exist'],
    ['a script that is no JSON', ['--faults', textFile('no.json', '{')], 'is no JSON: '],
    [
      'an unknown fault',
      ['--faults', textFile('bad.json', '[{"at":{"fragment":1},"do":"explode"}]')],
      'faults[0].do must be one of reset, fin, cleanEnd',
    ],
    [
      'one behind a byte order mark, which is none of its mistakes',
      ['--faults', textFile('bom.json', '\uFEFF[{"at":{"fragment":1},"do":"explode"}]')],
      'faults[0].do must be one of reset, fin, cleanEnd',
    ],
    [
      'a fault nowhere',
      ['--faults', textFile('at.json', '[{"at":{"fragment":"x"},"do":"reset"}]')],
      'faults[0].at.fragment must be an index or 1 to 128 digits as text',
    ],
  ]
  it.each(wrong)('refuses %s in one sentence', async (_, args, text) => {
    const { exitCode, stdout, stderr } = await runCommand(['simulate', ...args])
    expect(stderr).toContain(text)
    expect(stderr).toMatch(/^kvs-fragments: [^\n]+\n$/)
    expect([exitCode, stdout]).toEqual([2, ''])
  })
})
