import diagnostics from 'node:diagnostics_channel'
import { Console } from 'node:console'
import { PassThrough, type Writable } from 'node:stream'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import {
  type DiagnosticsMessage,
  MemoryCheckpointStore,
  diagnosticsChannelName,
} from '../../src/consumer/index.js'
import { setUp, take } from '../helpers/consumer-harness.js'
import { createLog, errorDocument, exception, networkError } from '../helpers/consumer-service.js'
import { unhandledRejections } from '../helpers/unhandled-rejections.js'

const log = createLog(4, { frames: 3 })
const numbers = log.map(({ fragmentNumber }) => fragmentNumber)
const payload = log.map(({ bytes }) => bytes)
const CANARY = 'AKIACANARY7777SECRET'

/** A service that fails in every way, with credentials in all of its errors. */
function failing() {
  const poison = (error: Error) =>
    Object.assign(error, {
      message: `signature ${CANARY} x-amz-security-token:${CANARY}`,
      stack: CANARY,
      $response: { headers: { authorization: CANARY } },
      config: { credentials: CANARY },
    })
  return {
    log,
    answer: ({ startIndex = 0 }: { startIndex: number | undefined }, n: number) => {
      const refusals = [
        exception('ClientLimitExceededException'),
        exception('ConnectionLimitExceededException'),
        exception('NotAuthorizedException', 403),
        networkError(),
        exception('BrandNewException', 418),
      ]
      if (n === 8) return { refuse: CANARY }
      if (n < refusals.length) return { refuse: poison(refusals[n]) }
      if (n === 5) return { pieces: [payload[0], { error: poison(networkError()) }] }
      if (n === 6) return { pieces: [errorDocument(5000)] }
      if (n === 7) return { pieces: [Uint8Array.of(9, 9, 9)] }
      return { pieces: payload.slice(startIndex) }
    },
  }
}

describe('stats()', () => {
  it('counts bytes, fragments, frames, sessions and reconnects by reason', async () => {
    const { consumer, clock } = setUp(failing())
    expect(consumer.stats()).toMatchObject({ bytes: 0, fragments: 0, position: undefined })
    await take(consumer, 4)
    expect(clock.pending).toBe(0)
    const errors = errorDocument(5000).length + 3
    expect(consumer.stats()).toEqual({
      bytes: payload.reduce((sum, { length }) => sum + length, 0) + errors,
      fragments: 4,
      frames: 12,
      duplicatesDropped: 0,
      droppedBeforeStart: 0,
      damagedFragments: 1,
      gaps: 0,
      sessions: 4,
      reconnects: {
        throttled: 1,
        'connection-limit': 1,
        'not-authorized': 1,
        network: 1,
        unknown: 2,
        reset: 1,
        'service-error': 1,
        damaged: 1,
      },
      millisBehindNow: 1000,
      position: {
        fragmentNumber: numbers[3],
        continuationToken: numbers[3],
        serverTimestampMs: log[3].serverTimestampMs,
      },
      savedPosition: undefined,
      checkpointAgeMs: undefined,
    })
  })
})

describe('the logger', () => {
  /** Everything that a logger of each kind writes. */
  const loggers = {
    pino: (out: Writable) => pino({ level: 'trace' }, out),
    console: (out: Writable) => new Console(out, out),
  }

  it.each(Object.keys(loggers) as (keyof typeof loggers)[])(
    'may be %s, and is told what happened without a credential at any level',
    async (kind) => {
      const out = new PassThrough()
      const lines: string[] = []
      out.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
      const store = new MemoryCheckpointStore()
      const { consumer } = setUp(failing(), { logger: loggers[kind](out), checkpoint: store })
      consumer.on('lag', () => {
        throw new Error(CANARY)
      })
      await take(consumer, 4)
      const text = lines.join('')
      for (const word of [
        'front-door',
        'session opened',
        'session ended',
        'a request failed',
        'the service reported an error',
        'reconnecting',
        'a fragment arrived damaged',
        'checkpoint claimed',
        'checkpoint saved',
        'an event listener threw',
        'consumer closed',
        'ClientLimitExceeded',
        'ECONNRESET',
        'errorCode',
        numbers[0],
      ]) {
        expect(text).toContain(word)
      }
      expect(text).not.toContain(CANARY)
      // console.trace() prints a stack.
      expect(text).not.toContain('Trace: ')
    },
  )

  it('gets levels that fit: routine is debug, trouble is warn, the end by an error is error', async () => {
    const levels = new Map<string, Set<string>>()
    const logger = Object.fromEntries(
      ['trace', 'debug', 'info', 'warn', 'error'].map((level) => [
        level,
        ({ message }: { message: string }) => {
          levels.set(level, (levels.get(level) ?? new Set()).add(message))
        },
      ]),
    ) as unknown as Console
    const { consumer } = setUp(failing(), { logger })
    await take(consumer, 4)
    expect(levels.get('debug')).toEqual(new Set(['session opened', 'session ended']))
    expect(levels.get('warn')).toContain('a request failed')
    expect(levels.get('info')).toEqual(new Set(['reconnecting', 'consumer closed']))
    expect(levels.has('error')).toBe(false)
    const failed = setUp(
      { log, answer: () => ({ refuse: exception('InvalidArgumentException') }) },
      { logger },
    )
    await expect(take(failed.consumer, 1)).rejects.toThrow('InvalidArgument')
    expect(levels.get('error')).toEqual(new Set(['a request failed', 'consumer closed']))
  })

  it('may throw, or lack trace: data goes on', async () => {
    const broken = () => {
      throw new Error('logger')
    }
    const logger = { debug: broken, info: broken, warn: broken, error: broken }
    expect(await take(setUp({ log }, { logger }).consumer, 4)).toEqual(numbers)
  })

  it('may be asynchronous and fail: no rejection is unhandled', async () => {
    const broken = () => Promise.reject(new Error('logger'))
    const logger = { debug: broken, info: broken, warn: broken, error: broken, trace: broken }
    const unhandled = await unhandledRejections(async () => {
      expect(await take(setUp({ log }, { logger }).consumer, 4)).toEqual(numbers)
    })
    expect(unhandled).toEqual([])
  })

  it('writes remote text without line breaks or terminal controls, and not without an end', async () => {
    const lines: Record<string, unknown>[] = []
    const push = (line: Record<string, unknown>) => lines.push(line)
    const logger = { debug: push, info: push, warn: push, error: push }
    const name = `Evil\u001b[31m\r\nname\u2028${'x'.repeat(500)}`
    const { consumer } = setUp(
      { log, answer: (_, n) => (n === 0 ? { refuse: exception(name, 500) } : { pieces: payload }) },
      { logger },
    )
    await take(consumer, 1)
    const line = lines.find(({ message }) => message === 'a request failed')
    expect(String(line?.['exception']).length).toBeLessThanOrEqual(160)
    expect(line?.['exception']).toMatch(/^Evil\[31mnamex+$/)
  })
})

describe('diagnostics channels', () => {
  it('carry every event, with the stream', async () => {
    const messages: DiagnosticsMessage[] = []
    const types = ['sessionOpened', 'sessionEnded', 'lag', 'requestFailed', 'closed'] as const
    const listener = (message: unknown) => messages.push(message as DiagnosticsMessage)
    for (const type of types) diagnostics.subscribe(diagnosticsChannelName(type), listener)
    const { consumer } = setUp(failing())
    await take(consumer, 4)
    for (const type of types) diagnostics.unsubscribe(diagnosticsChannelName(type), listener)
    for (const type of types) {
      expect(messages.map(({ event }) => event.type)).toContain(type)
    }
    expect(new Set(messages.map(({ stream }) => stream))).toEqual(new Set(['front-door']))
    expect(diagnosticsChannelName('gap')).toBe('kvs-fragments.consumer.gap')
  })
})

it('bytes are counted as they arrive, not when their fragment is whole', async () => {
  const [{ bytes }] = createLog(1)
  const { consumer, clock } = setUp({
    log: [],
    answer: () => ({ pieces: [bytes.subarray(0, 100), { waitMs: 5000 }, bytes.subarray(100)] }),
  })
  let seen = 0
  clock.setTimer(() => {
    seen = consumer.stats().bytes
  }, 1000)
  await take(consumer, 1)
  expect(seen).toBe(100)
})
