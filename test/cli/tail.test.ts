import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  type Fault,
  type Simulator,
  type SimulatorOptions,
  fragmentsFromFile,
  startSimulator,
  syntheticFragments,
} from '../../src/simulator/index.js'
import type { Clock } from '../../src/consumer/clock.js'
import { fastClock } from '../helpers/fast-time.js'
import {
  type Outcome,
  type Surroundings,
  jsonLines,
  runCommand,
  samplePath,
} from './run-command.js'
import {
  CANARY,
  COMMAND,
  CREDENTIALS,
  endCommand,
  startCommand,
  startShell,
} from './spawn-command.js'

const folder = mkdtempSync(path.join(tmpdir(), 'kvs-fragments-tail-'))
afterAll(() => rmSync(folder, { recursive: true }))

const clock = fastClock()
let simulator: Simulator | undefined
afterEach(() => simulator?.close())
// For commands that run in this process.
beforeEach(() => {
  for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value)
  vi.stubEnv('AWS_PROFILE', undefined)
  // The command sets it; stubbed, it is what it was again afterwards.
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', undefined)
})

/** A stream "camera" that holds camera.mkv, its five fragments two seconds apart. */
async function simulate(options: SimulatorOptions = {}): Promise<Simulator> {
  const fragments = fragmentsFromFile(readFileSync(samplePath('camera.mkv')))
  simulator = await startSimulator({
    streams: [{ name: 'camera', fragments }, { name: 'live' }],
    ...options,
    clock,
    limits: { idleEndMs: 1000, ...options.limits },
  })
  return simulator
}

/** Runs a command in this process, in the simulator's time. */
function runFast(args: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  return runCommand(args, { clock, ...surroundings })
}

/** The command line that reads a stream of the simulator. */
function tailOf(server: Simulator, ...flags: readonly string[]): readonly string[] {
  const hasStream = flags.includes('--stream-arn') || flags.includes('--stream-name')
  const name = hasStream ? [] : ['--stream-name', 'camera']
  return ['tail', '--endpoint', server.endpoint, '--json', ...name, ...flags]
}

function numbersOf(stdout: string): readonly string[] {
  const lines = jsonLines(stdout).filter(({ type }) => type === 'fragment')
  return lines.map((line) => line['fragmentNumber'] as string)
}

function eventsOf(stdout: string): readonly unknown[] {
  const lines = jsonLines(stdout)
  return lines.filter(({ type }) => type === 'event').map((line) => line['event'])
}

describe('tail --json', () => {
  it('writes the lines that inspect writes of the same fragments, events between them', async () => {
    const server = await simulate()
    const { stdout, stderr, exitCode } = await endCommand(
      tailOf(server, '--start', 'earliest', '--limit', '5'),
    )
    const inspected = await runFast(['inspect', '--json', samplePath('camera.mkv')])
    const own = stdout.split('\n').filter((line) => !line.startsWith('{"type":"event"'))
    expect(own.join('\n')).toBe(inspected.stdout)
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(eventsOf(stdout)).toEqual(['sessionOpened', 'sessionEnded', 'closed', 'position'])
    expect(stdout).toContain(
      '{"type":"event","event":"sessionOpened","session":1,"selector":{"StartSelectorType":"EARLIEST"},"requestId":"',
    )
  })

  describe('starts', () => {
    const forms: readonly (readonly [string, (held: readonly string[]) => string, number])[] = [
      ['at the earliest', () => 'earliest', 0],
      ['after a fragment', (held) => `after:${held[1]}`, 2],
      ['at a fragment', (held) => `at:${held[1]}`, 1],
      ['at a server time in seconds', () => 'server:1700000004.613', 2],
      ['at a server time with a zone', () => 'server:2023-11-14T23:13:26.613+01:00', 3],
      ['at a producer time in UTC', () => 'producer:2023-11-14 22:13:26', 3],
      ['after the fragment of a token', (held) => `token:${held[3]}`, 4],
    ]
    it.each(forms)('%s', async (_, start, first) => {
      const server = await simulate()
      const held = server.streams.get('camera')!.fragments.map((f) => f.fragmentNumber)
      const limit = String(held.length - first)
      const run = await runFast(tailOf(server, '--start', start(held), '--limit', limit))
      expect(numbersOf(run.stdout)).toEqual(held.slice(first))
      expect(run.exitCode).toBe(0)
    })

    it('with what comes next, which is the default, by the ARN of the stream', async () => {
      // Silent until this process comes to it: a session that ended before would be followed by one from a time.
      const server = await simulate({ limits: { idleEndMs: Infinity } })
      const live = server.streams.get('live')!
      const tail = startCommand(tailOf(server, '--stream-arn', live.arn, '--limit', '1'))
      await tail.whenLine(/sessionOpened/)
      const [next] = syntheticFragments()
      const stored = live.append(next!)
      expect(numbersOf((await tail.outcome).stdout)).toEqual([stored.fragmentNumber])
      expect(server.requests.at(-1)!.startSelector).toEqual({ StartSelectorType: 'NOW' })
    })
  })

  it('shows every fragment once, whatever goes wrong', async () => {
    const faults: readonly Fault[] = [
      { at: { fragment: 1, offset: 'middle' }, do: 'reset' },
      { at: { fragment: 2, offset: 'middle' }, do: 'cleanEnd' },
      { at: { fragment: 2 }, do: 'duplicate' },
      { at: { fragment: 3 }, do: { errorTag: 5000 } },
      { at: { fragment: 4, offset: 900 }, do: 'flip', bytes: 2000 },
    ]
    const server = await simulate({ faults, tokenStart: 'at' })
    const held = server.streams.get('camera')!.fragments.map((f) => f.fragmentNumber)
    const run = await runFast(tailOf(server, '--start', 'earliest', '--limit', '5'))
    expect(numbersOf(run.stdout)).toEqual(held)
    expect(server.pendingFaults).toEqual([])
    for (const name of [
      'serviceError',
      'duplicateDropped',
      'damagedFragment',
      'reconnectScheduled',
    ]) {
      expect(eventsOf(run.stdout)).toContain(name)
    }
    // An error of the service, and a fragment that came damaged.
    expect(jsonLines(run.stdout).at(-1)).toMatchObject({
      fragments: 5,
      truncated: false,
      errors: 2,
    })
    expect([run.exitCode, run.stderr]).toEqual([0, ''])
  })

  it('ends when no fragment came for the idle timeout', async () => {
    const server = await simulate()
    // Set at the start and anew for each fragment: the time of the sixth is over at once.
    let timers = 0
    const idling: Clock = {
      now: () => clock.now(),
      monotonicMs: () => clock.monotonicMs(),
      setTimer(callback, ms) {
        if (ms !== 7_777_000) return clock.setTimer(callback, ms)
        timers += 1
        return clock.setTimer(callback, timers === 6 ? 0 : ms)
      },
    }
    const flags = ['--start', 'earliest', '--idle-timeout', '7777']
    const run = await runFast(tailOf(server, ...flags), { clock: idling })
    expect(numbersOf(run.stdout)).toHaveLength(5)
    expect([run.exitCode, run.stderr]).toEqual([0, ''])
  })

  it('ends quietly when its reader has left', async () => {
    const server = await simulate()
    const source = syntheticFragments({ frameBytes: 100, keyframeBytes: 100 })
    server.streams.get('live')!.startLive({ source, intervalMs: 200 })
    const tail = startCommand(tailOf(server, '--stream-name', 'live'))
    await tail.whenLine(/"fragment"/)
    tail.child.stdout!.destroy()
    const { exitCode, stderr } = await tail.outcome
    expect([exitCode, stderr]).toEqual([0, ''])
  })
})

it.runIf(existsSync('/dev/full'))('tail says so when its output cannot be written', async () => {
  const server = await simulate()
  const words = [
    process.execPath,
    COMMAND,
    ...tailOf(server, '--start', 'earliest', '--limit', '1'),
  ]
  const credentials = Object.entries(CREDENTIALS).map(([name, value]) => `${name}=${value}`)
  const line = `${credentials.join(' ')} ${words.map((word) => `'${word}'`).join(' ')} > /dev/full`
  const { exitCode, stderr } = await startShell(line).outcome
  expect(stderr).toMatch(/^kvs-fragments: the output cannot be written: ENOSPC.*\n$/)
  expect(exitCode).toBe(1)
})

describe('tail --checkpoint', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'saves its position at %s, and the next run goes on exactly after it',
    async (signal) => {
      const server = await simulate()
      const live = server.streams.get('live')!
      const source = syntheticFragments({ frameBytes: 100, keyframeBytes: 100 })
      live.startLive({ source, intervalMs: 200 })
      const checkpoint = path.join(folder, `at-${signal}`)
      const flags = ['--stream-name', 'live', '--start', 'earliest', '--checkpoint', checkpoint]
      const first = startCommand(tailOf(server, ...flags))
      await first.whenLine(/"type":"fragment","index":4/)
      first.child.kill(signal)
      const before = await first.outcome
      const seen = numbersOf(before.stdout)
      const position = jsonLines(before.stdout).at(-2)
      expect(position).toMatchObject({
        event: 'position',
        fragmentNumber: seen.at(-1),
        saved: true,
      })
      expect(before.stderr).toBe(
        `ended after fragment ${seen.at(-1)}; saved in "${checkpoint}", from where the same command goes on\n`,
      )
      const after = await endCommand(tailOf(server, ...flags, '--limit', '5'))
      expect([before.exitCode, after.exitCode]).toEqual([0, 0])
      const held = live.fragments.map((fragment) => fragment.fragmentNumber)
      expect([...seen, ...numbersOf(after.stdout)]).toEqual(held.slice(0, seen.length + 5))
    },
  )

  it('keeps the position in the file itself, to be copied, and starts afresh without it', async () => {
    const server = await simulate()
    const held = server.streams.get('camera')!.fragments.map((f) => f.fragmentNumber)
    const place = mkdtempSync(path.join(folder, 'file-'))
    const read = async (name: string, limit: number): Promise<readonly string[]> => {
      const file = path.join(place, name)
      const flags = ['--start', 'earliest', '--checkpoint', file, '--limit', `${limit}`]
      const { exitCode, stdout } = await runFast(tailOf(server, ...flags))
      expect(exitCode).toBe(0)
      return numbersOf(stdout)
    }
    expect(await read('a', 2)).toEqual(held.slice(0, 2))
    expect(readdirSync(place).sort()).toEqual(['a', 'a.d'])
    expect(JSON.parse(readFileSync(path.join(place, 'a'), 'utf8'))).toMatchObject({
      format: 'kvs-fragments-checkpoint',
      record: { id: 'camera', checkpoint: { fragmentNumber: held[1] } },
    })
    copyFileSync(path.join(place, 'a'), path.join(place, 'b'))
    expect(await read('a', 1)).toEqual(held.slice(2, 3))
    expect(await read('b', 3)).toEqual(held.slice(2))
    rmSync(path.join(place, 'a'))
    expect(await read('a', 1)).toEqual(held.slice(0, 1))
  })

  it('takes the position before when the file is torn, and says so; without one it says that', async () => {
    const server = await simulate()
    const held = server.streams.get('camera')!.fragments.map((f) => f.fragmentNumber)
    const file = path.join(mkdtempSync(path.join(folder, 'torn-')), 'a')
    const flags = ['--start', 'earliest', '--checkpoint', file, '--limit', '1']
    const args = ['tail', '--endpoint', server.endpoint, '--stream-name', 'camera', ...flags]
    await runFast(args)
    truncateSync(file, 100)
    const again = await runFast(args)
    expect(again.stdout).toContain('the newest save of the checkpoint is damaged: the one before')
    expect(again.stdout).toContain(`ended after fragment ${held[1]}; saved in "${file}"`)
    truncateSync(file, 100)
    rmSync(`${file}.d`, { recursive: true })
    const { exitCode, stderr } = await runFast(args)
    expect(stderr).toBe(
      `kvs-fragments: "${file}" is cut off or was changed: delete it to start afresh\n`,
    )
    expect(exitCode).toBe(1)
  })

  it('repeats at most the fragment in hand after a kill', async () => {
    const server = await simulate()
    const live = server.streams.get('live')!
    const source = syntheticFragments({ frameBytes: 100, keyframeBytes: 100 })
    live.startLive({ source, intervalMs: 200 })
    const checkpoint = path.join(folder, 'killed')
    const flags = ['--stream-name', 'live', '--start', 'earliest', '--checkpoint', checkpoint]
    const first = startCommand(tailOf(server, ...flags))
    await first.whenLine(/"event":"checkpointSaved"/)
    first.child.kill('SIGKILL')
    const seen = numbersOf((await first.outcome).stdout)
    const again = numbersOf((await endCommand(tailOf(server, ...flags, '--limit', '3'))).stdout)
    const held = live.fragments.map((fragment) => fragment.fragmentNumber)
    const at = held.indexOf(again[0]!)
    // Something was saved, and nothing lies between what was seen and what comes.
    expect(at).toBeGreaterThan(0)
    expect(at).toBeLessThanOrEqual(seen.length)
    expect(again).toEqual(held.slice(at, at + 3))
  })

  it('stops when another process takes it over', async () => {
    const server = await simulate()
    const source = syntheticFragments({ frameBytes: 100, keyframeBytes: 100 })
    server.streams.get('live')!.startLive({ source, intervalMs: 200 })
    const checkpoint = path.join(folder, 'two')
    const flags = ['--stream-name', 'live', '--start', 'earliest', '--checkpoint', checkpoint]
    const first = startCommand(tailOf(server, ...flags))
    await first.whenLine(/checkpointSaved/)
    const second = await endCommand(tailOf(server, ...flags, '--limit', '1'))
    const { exitCode, stderr } = await first.outcome
    expect([second.exitCode, exitCode]).toEqual([0, 1])
    expect(stderr).toBe(
      `kvs-fragments: another process reads with the checkpoint "${checkpoint}": give each its own\n`,
    )
  })

  it('says so when what it keeps beside the file is removed', async () => {
    const server = await simulate()
    const source = syntheticFragments({ frameBytes: 100, keyframeBytes: 100 })
    server.streams.get('live')!.startLive({ source, intervalMs: 200 })
    const checkpoint = path.join(mkdtempSync(path.join(folder, 'removed-')), 'a')
    const flags = ['--stream-name', 'live', '--start', 'earliest', '--checkpoint', checkpoint]
    const tail = startCommand(tailOf(server, ...flags))
    await tail.whenLine(/checkpointSaved/)
    // In one step, whatever is being saved.
    renameSync(`${checkpoint}.d`, `${checkpoint}.gone`)
    const { exitCode, stderr } = await tail.outcome
    expect(stderr).toBe(
      `kvs-fragments: what lay beside the checkpoint "${checkpoint}" was removed: start the same command again\n`,
    )
    expect(exitCode).toBe(1)
  })
})

describe('tail when it cannot go on', () => {
  interface Failure {
    readonly what: string
    readonly flags: readonly string[]
    readonly sentence: RegExp
    /** In the summary: the one that ends it, which is the default, and those that events told before. */
    readonly errors?: number
    readonly options?: SimulatorOptions
  }
  const failures: readonly Failure[] = [
    {
      what: 'there is no such stream',
      flags: ['--stream-name', 'none'],
      sentence: /there is no stream "none": check its name, the region and the account\n$/,
    },
    {
      what: 'the service’s key is denied',
      flags: ['--start', 'earliest'],
      errors: 2,
      sentence: /4500.*kms:Decrypt.*\n$/,
      options: { faults: [{ at: { fragment: 1 }, do: { errorTag: 4500 } }] },
    },
    {
      what: 'the start has expired',
      flags: ['--start', 'token:gone'],
      errors: 2,
      sentence: /the stream does not hold the fragment to start from .*--start earliest or .*\n$/,
    },
    {
      what: 'the credentials are refused',
      flags: [],
      sentence: / is not allowed \(UnrecognizedClient\): check the credentials.*\n$/,
      options: { accessKeyIds: ['another'] },
    },
    {
      what: 'a fragment is damaged each time',
      flags: ['--start', 'earliest'],
      errors: 5,
      sentence:
        /fragment 9134\d+ came damaged 4 times: go on behind it with --start after:9134\d+\n$/,
      options: {
        faults: [
          { at: { fragment: 1, offset: 'middle' }, do: 'flip', bytes: 4000, times: 'always' },
        ],
      },
    },
  ]
  it.each(failures)('says so in one sentence: $what', async (failure) => {
    const { flags, sentence, errors = 1, options } = failure
    const server = await simulate(options)
    const { exitCode, stdout, stderr } = await runFast(tailOf(server, ...flags))
    expect(stderr).toMatch(sentence)
    expect(stderr).toMatch(/^kvs-fragments: [^\n]+\n$/)
    const [error, last] = jsonLines(stdout).filter(
      ({ type }) => type === 'error' || type === 'summary',
    )
    expect(error).toMatchObject({ type: 'error', offset: null })
    expect(stderr).toBe(`kvs-fragments: ${String(error!['message'])}\n`)
    expect(last).toMatchObject({ type: 'summary', errors })
    expect(exitCode).toBe(1)
  })

  it('says that there are no credentials', async () => {
    const server = await simulate()
    const { exitCode, stderr } = await endCommand(tailOf(server), {})
    expect(stderr).toMatch(/^kvs-fragments: the AWS SDK found no credentials: set AWS_PROFILE.*\n$/)
    expect([exitCode, server.requests]).toEqual([1, []])
  })

  it('says that no region is set, which loopback does not need', async () => {
    const { exitCode, stderr } = await endCommand(['tail', '--stream-name', 'camera'])
    expect(stderr).toBe('kvs-fragments: no AWS region is set: give --region, or set AWS_REGION\n')
    expect(exitCode).toBe(2)
  })

  it('takes an empty AWS_REGION for none, and refuses one that is no region', async () => {
    const server = await simulate()
    const args = tailOf(server, '--start', 'earliest', '--limit', '1')
    vi.stubEnv('AWS_REGION', '')
    const empty = await runFast(args, { env: { AWS_REGION: '' } })
    expect([empty.exitCode, empty.stderr]).toEqual([0, ''])
    const { exitCode, stderr } = await runFast(args, { env: { AWS_REGION: 'x y' } })
    expect(stderr).toBe(
      'kvs-fragments: AWS_REGION: "x y" is no region: give one such as eu-west-1\n',
    )
    expect(exitCode).toBe(2)
  })

  it('says that it was another server that answered', async () => {
    const other = createServer((_, response) => response.writeHead(404).end('<h1>Not Found</h1>'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const args = ['tail', '--stream-name', 'camera', '--endpoint', `http://127.0.0.1:${port}`]
    const { exitCode, stderr } = await runFast(args)
    other.closeAllConnections()
    await new Promise((resolve) => other.close(resolve))
    expect(stderr).toBe(
      'kvs-fragments: GetDataEndpoint was answered with status 404, and not by Kinesis Video Streams: check --endpoint\n',
    )
    expect(exitCode).toBe(1)
  })

  it('gives up an address that never answered', async () => {
    // A port that was free a moment ago may be another test's by now; this one nobody is given.
    const endpoint = 'http://127.0.0.1:1'
    const { exitCode, stderr } = await runFast([
      'tail',
      '--stream-name',
      'camera',
      '--endpoint',
      endpoint,
    ])
    expect(stderr).toBe(
      'kvs-fragments: GetDataEndpoint does not reach the service (ECONNREFUSED): check --endpoint, the region and the network\n',
    )
    expect(exitCode).toBe(1)
  })
})

describe('tail --log-level', () => {
  it('writes JSON to stderr, and never a credential', async () => {
    const faults: readonly Fault[] = [{ at: { fragment: 1, offset: 'middle' }, do: 'reset' }]
    const server = await simulate({ faults })
    const flags = ['--start', 'earliest', '--limit', '3', '--log-level', 'trace']
    const { stdout, stderr } = await endCommand(tailOf(server, ...flags))
    const log = jsonLines(stderr)
    expect(log.map((line) => line['message'])).toContain('session opened')
    for (const line of log) expect(line).toHaveProperty('level')
    expect(numbersOf(stdout)).toHaveLength(3)
    expect(stdout + stderr).not.toContain(CANARY)
  })
})

describe('tail for people', () => {
  it('shows a table, and what happens in between', async () => {
    const faults: readonly Fault[] = [{ at: { fragment: 1, offset: 'middle' }, do: 'reset' }]
    const server = await simulate({ faults })
    const { stdout, exitCode } = await runFast(
      tailOf(server, '--start', 'earliest', '--limit', '3').filter((flag) => flag !== '--json'),
    )
    expect(stdout).toMatch(/^ {8}session 1 opened at the earliest fragment\ntrack 1: video/)
    expect(stdout).toMatch(
      /session 1 ended after 1 fragment and [\d.:]+(?: s)?: the connection broke/,
    )
    expect(stdout).toMatch(/session 2 opened after 9134\d+…\d+\n/)
    expect(stdout).toMatch(/^3 fragments, 3 complete; 90 frames \(3 keyframes\)/m)
    expect(stdout).toMatch(/\nended after fragment (\d+); go on with --start after:\1\n$/)
    expect(exitCode).toBe(0)
  })

  it('ends with what was wrong, and says that nothing was only when nothing was', async () => {
    const faults: readonly Fault[] = [
      { at: { fragment: 1 }, do: { errorTag: 3002 } },
      { at: { fragment: 2, offset: 900 }, do: 'flip', bytes: 2000, times: 2 },
    ]
    const server = await simulate({ faults })
    const args = tailOf(server, '--start', 'earliest', '--limit', '4')
    const table = args.filter((flag) => flag !== '--json')
    const before = await runFast(table)
    expect(before.stdout).toMatch(
      /\n4 fragments, .*\n1 error of the service\n2 times a fragment came damaged\nended after /,
    )
    expect(before.exitCode).toBe(0)
    expect((await runFast(table)).stdout).toMatch(/\nno gaps, no errors\nended after /)
  })
})

describe('tail in a terminal', () => {
  it('has a last line with rate, lag and reconnects, under the table', async () => {
    const server = await simulate()
    const args = tailOf(server, '--start', 'earliest', '--limit', '5')
    const { stdout } = await runFast(
      args.filter((flag) => flag !== '--json'),
      { terminalColumns: 100 },
    )
    const shown = stdout.replaceAll('\r\u001B[2K', '<erase>')
    expect(shown).toMatch(
      /<erase>[\d:]+(?: s)? {2}\| {2}5 fragments {2}\| {2}[\d,]+ kbit\/s {2}\| {2}lag \d+\.\d{3} s {2}\| {2}0 reconnects<erase>/,
    )
    // It is gone at the end.
    expect(shown).toMatch(/\nended after fragment \d+; go on with --start after:\d+\n$/)
  })
})

describe('tail with a wrong command line', () => {
  const wrong: readonly (readonly [string, readonly string[], string])[] = [
    ['no stream', [], 'name the stream with --stream-name NAME or --stream-arn ARN'],
    [
      'two streams',
      ['--stream-name', 'a', '--stream-arn', 'b'],
      '--stream-name and --stream-arn name the stream twice: give one of them',
    ],
    [
      'a bad name',
      ['--stream-name', 'front door'],
      '--stream-name: pass 1 to 256 characters of A-Z, a-z, 0-9, _, . and -',
    ],
    [
      'an ARN as the name',
      ['--stream-name', 'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/a/1'],
      '--stream-name: this is an ARN: give it as --stream-arn',
    ],
    ['a bad ARN', ['--stream-arn', 'arn:x'], '--stream-arn: pass arn:aws:kinesisvideo:<region>'],
    [
      'two regions',
      [
        '--stream-arn',
        'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/a/1',
        '--region',
        'us-east-1',
      ],
      '--region says us-east-1 and --stream-arn eu-west-1: leave --region out',
    ],
    ['a bad region', ['--region', 'eu west'], '--region: "eu west" is no region'],
    ['an unknown start', ['--start', 'later'], '--start: "later" is no start: give now, earliest,'],
    ['a start without its value', ['--start', 'after'], '--start: "after" is no start'],
    ['no number', ['--start', 'after:12x'], '--start: pass the 1 to 128 decimal digits'],
    ['a number without a time', ['--start', 'at:12'], '--start at: the time of this fragment'],
    ['no time', ['--start', 'server:yesterday'], '--start: "yesterday" is no time'],
    ['no such day', ['--start', 'server:2023-02-30'], '--start: "2023-02-30" is no time'],
    ['hour 24', ['--start', 'server:2023-02-27T24:00Z'], '"2023-02-27T24:00Z" is no time'],
    ['no date', ['--start', 'server:2024-02-28x'], '--start: "2024-02-28x" is no time'],
    [
      'milliseconds',
      ['--start', 'producer:1511852109126'],
      '--start: the time "1511852109126" is in seconds and far ahead: are these milliseconds?',
    ],
    ['a bad token', ['--start', 'token:a b'], '--start: pass 1 to 128 characters'],
    ['a limit of 0', ['--limit', '0'], '--limit: "0" is not a whole number from 1'],
    ['half a limit', ['--limit', '1.5'], '--limit: "1.5" is not a whole number'],
    ['a negative timeout', ['--idle-timeout', '-1'], '--idle-timeout: "-1" is not a number from'],
    ['no URL', ['--endpoint', 'localhost'], '--endpoint: "localhost" is no URL such as'],
    [
      'http to elsewhere',
      ['--endpoint', 'http://example.com'],
      '--endpoint: http is for this machine only: use https://example.com',
    ],
    ['a checkpoint without a name', ['--checkpoint', ''], '--checkpoint: the name of a file is m'],
    [
      'a checkpoint that is a folder',
      ['--checkpoint', '/usr'],
      '--checkpoint: "/usr" is a folder: give the name of a file, such as "/usr/position.json"\n',
    ],
    ['a checkpoint that would be a folder', ['--checkpoint', 'place/'], '"place/" is a folder: '],
    [
      'a checkpoint that is a device',
      ['--checkpoint', '/dev/null'],
      '"/dev/null" is not an ordinary file: give another name\n',
    ],
    [
      'a checkpoint in a folder that is not there',
      ['--checkpoint', '/usr/none/position.json'],
      '--checkpoint: there is no folder "/usr/none": make it first\n',
    ],
    [
      'a checkpoint that is another file',
      ['--checkpoint', samplePath('camera.mkv')],
      'camera.mkv" is there and no checkpoint of this stream: give another name\n',
    ],
    [
      'a checkpoint under a file',
      ['--checkpoint', `${samplePath('camera.mkv')}/position`],
      'cannot be written (ENOTDIR): give a file in a folder of yours\n',
    ],
    [
      'a checkpoint where nothing can be written',
      ['--checkpoint', '/proc/position.json'],
      '--checkpoint: "/proc/position.json" cannot be written (ENOENT): give a file in a folder of',
    ],
  ]
  it.each(wrong)('refuses %s in one sentence, before anything is sent', async (_, flags, text) => {
    const named = flags.some((flag) => flag.startsWith('--stream')) || flags.length === 0
    const args = named ? flags : ['--stream-name', 'camera', ...flags]
    const { exitCode, stdout, stderr } = await runFast(['tail', ...args])
    expect(stderr).toContain(text)
    expect(stderr).toMatch(/^kvs-fragments: [^\n]+\n$/)
    expect([exitCode, stdout]).toEqual([2, ''])
  })

  it('does not show a password in the endpoint', async () => {
    const url = `https://user:${CANARY}@example.com`
    const args = ['tail', '--stream-name', 'camera', '--endpoint', url]
    const { exitCode, stderr } = await runFast(args)
    expect(stderr).toContain('leave it out')
    expect(stderr).not.toContain(CANARY)
    expect(exitCode).toBe(2)
  })

  it('refuses an unknown log level, an unknown flag and an argument', async () => {
    for (const flags of [['--log-level', 'loud'], ['--follow'], ['camera']]) {
      const { exitCode, stderr } = await runFast(['tail', '--stream-name', 'a', ...flags])
      expect(stderr).toMatch(/^error: .*\n\(--help shows what there is\)\n$/)
      expect(exitCode).toBe(2)
    }
  })

  it('makes no checkpoint for a command line that is wrong elsewhere', async () => {
    const checkpoint = path.join(folder, 'never')
    await runFast(['tail', '--stream-name', 'a', '--checkpoint', checkpoint, '--limit', 'x'])
    expect(existsSync(checkpoint)).toBe(false)
  })
})
