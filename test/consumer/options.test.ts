import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  InvalidOptionError,
  KinesisVideoConsumer,
  type KinesisVideoConsumerOptions,
} from '../../src/consumer/index.js'
import { resolveOptions } from '../../src/consumer/options.js'
import { isContinuationToken, validateStart } from '../../src/consumer/start-selector.js'

const source = { open: () => Promise.reject(new Error('not called')) }
const ARN = 'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/front-door/1511852109126'
const GOV_ARN = 'arn:aws-us-gov:kinesisvideo:us-gov-west-1:123456789012:stream/a_b.c-d/1'
const NUMBER = '91343852333181432392682062607743920144264164'

describe('validateStart', () => {
  it.each([
    { StartSelectorType: 'NOW' },
    { StartSelectorType: 'EARLIEST' },
    { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '1' },
    { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '9'.repeat(128) },
    { StartSelectorType: 'SERVER_TIMESTAMP', StartTimestamp: new Date(0) },
    { StartSelectorType: 'PRODUCER_TIMESTAMP', StartTimestamp: new Date('2024-02-29') },
    { StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: 'aZ09_.-' },
    { StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: 'x'.repeat(128) },
    {
      StartSelectorType: 'AT_FRAGMENT_NUMBER',
      FragmentNumber: NUMBER,
      ServerTimestamp: new Date(5),
    },
    { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: '7', ServerTimestamp: new Date(5) },
  ] as const)('takes %o as it is', (start) => {
    expect(validateStart(start)).toEqual(start)
  })

  it.each([
    [null, 'startSelector'],
    ['NOW', 'startSelector'],
    [{}, 'StartSelectorType'],
    [{ StartSelectorType: undefined }, 'StartSelectorType'],
    [{ StartSelectorType: 'now' }, 'StartSelectorType'],
    [{ StartSelectorType: 'toString' }, 'StartSelectorType'],
    [{ StartSelectorType: 'FRAGMENT_NUMBER' }, 'AfterFragmentNumber'],
    [{ StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '' }, 'AfterFragmentNumber'],
    [{ StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '12a' }, 'AfterFragmentNumber'],
    [{ StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: 12 }, 'AfterFragmentNumber'],
    [
      { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '9'.repeat(129) },
      'AfterFragmentNumber',
    ],
    [{ StartSelectorType: 'SERVER_TIMESTAMP' }, 'StartTimestamp'],
    [{ StartSelectorType: 'SERVER_TIMESTAMP', StartTimestamp: 5 }, 'StartTimestamp'],
    [{ StartSelectorType: 'SERVER_TIMESTAMP', StartTimestamp: new Date('x') }, 'StartTimestamp'],
    [{ StartSelectorType: 'SERVER_TIMESTAMP', StartTimestamp: new Date(-1) }, 'StartTimestamp'],
    [{ StartSelectorType: 'CONTINUATION_TOKEN' }, 'ContinuationToken'],
    [{ StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: 'a b' }, 'ContinuationToken'],
    [
      { StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: 'x'.repeat(129) },
      'ContinuationToken',
    ],
    [{ StartSelectorType: 'NOW', AfterFragmentNumber: '1' }, 'AfterFragmentNumber'],
    [{ StartSelectorType: 'EARLIEST', StartTimestamp: new Date() }, 'StartTimestamp'],
    [{ StartSelectorType: 'AT_FRAGMENT_NUMBER' }, 'FragmentNumber'],
    [{ StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: '7' }, 'ServerTimestamp'],
    [
      { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: '7', ServerTimestamp: 1 },
      'ServerTimestamp',
    ],
  ])('refuses %o, naming %s', (start, field) => {
    expect(() => validateStart(start as never)).toThrow(InvalidOptionError)
    expect(() => validateStart(start as never)).toThrow(field)
  })

  it('reads the time of an inclusive start from a number of the known layout', () => {
    const start = { StartSelectorType: 'AT_FRAGMENT_NUMBER', FragmentNumber: NUMBER } as const
    // The public example of AWS's pages is too short for the layout; one of its captures is not.
    expect(() => validateStart(start)).toThrow('ServerTimestamp')
    const real = '91343852333181432392682062607743920146264164593'
    expect(validateStart({ ...start, FragmentNumber: real })).toEqual({
      ...start,
      FragmentNumber: real,
    })
  })

  it('knows which tokens can be sent back', () => {
    expect(isContinuationToken('a.b-c_9')).toBe(true)
    for (const value of ['', 'ä', 'a b', 'x'.repeat(129), undefined, 5]) {
      expect(isContinuationToken(value)).toBe(false)
    }
  })
})

describe('resolveOptions', () => {
  it('fills in every default', () => {
    expect(resolveOptions({ streamName: 'front-door' })).toMatchObject({
      stream: 'front-door',
      start: { StartSelectorType: 'NOW' },
      checkpointId: 'front-door',
      commit: 'auto',
      onResumePointLost: 'fail',
      onDamagedFragment: 'fail',
      gapDetection: 'off',
      waitForStream: false,
      firstByteTimeoutMs: 20_000,
      readIdleTimeoutMs: 30_000,
      sessionRotationMs: Number.POSITIVE_INFINITY,
      maxRetries: 50,
      maxDelayMs: 30_000,
      allowInsecureHttp: false,
    })
    expect(resolveOptions({ streamARN: ARN }).checkpointId).toBe(ARN)
    expect(resolveOptions({ streamARN: GOV_ARN }).streamARN).toBe(GOV_ARN)
  })

  it.each([
    [{}, 'streamName'],
    [{ streamName: 'a', streamARN: ARN }, 'streamName'],
    [{ streamName: '' }, 'streamName'],
    [{ streamName: 'front door' }, 'streamName'],
    [{ streamName: 'x'.repeat(257) }, 'streamName'],
    [{ streamName: 7 }, 'streamName'],
    [{ streamName: ARN }, 'streamName: this is an ARN: give it as streamARN'],
    [undefined, 'options: pass an object'],
    [null, 'options: pass an object'],
    [{ streamName: 'a', checkpoint: './folder' }, 'checkpoint: it has no method claim()'],
    [{ streamName: 'a', source: {} }, 'source: it has no method open()'],
    [{ streamName: 'a', checkpoint: null }, 'checkpoint: it has no method claim()'],
    [{ streamName: 'a', source: null }, 'source: it has no method open()'],
    [{ streamARN: 'arn:aws:s3:::bucket' }, 'streamARN'],
    [{ streamARN: `${ARN}${'9'.repeat(1024)}` }, 'streamARN'],
    [{ streamName: 'a', client: {}, clientConfig: {} }, 'client'],
    [{ streamName: 'a', source, clientConfig: {} }, 'clientConfig'],
    [{ streamName: 'a', commit: 'never' }, 'commit'],
    [{ streamName: 'a', onResumePointLost: 'latest' }, 'onResumePointLost'],
    [{ streamName: 'a', onDamagedFragment: 'ignore' }, 'onDamagedFragment'],
    [{ streamName: 'a', gapDetection: true }, 'gapDetection'],
    [{ streamName: 'a', readIdleTimeoutMs: 0 }, 'readIdleTimeoutMs'],
    [{ streamName: 'a', readIdleTimeoutMs: Number.NaN }, 'readIdleTimeoutMs'],
    [{ streamName: 'a', firstByteTimeoutMs: 2 ** 31 }, 'firstByteTimeoutMs'],
    [{ streamName: 'a', sessionRotationMs: -1 }, 'sessionRotationMs'],
    [{ streamName: 'a', retry: { maxRetries: 1.5 } }, 'retry.maxRetries'],
    [{ streamName: 'a', retry: { maxRetries: -1 } }, 'retry.maxRetries'],
    [{ streamName: 'a', retry: { maxDelayMs: 0 } }, 'retry.maxDelayMs'],
    [{ streamName: 'a', checkpointId: '' }, 'checkpointId'],
    [{ streamName: 'a', checkpointId: 5 }, 'checkpointId'],
    [{ streamName: 'a', readIdleTimeoutMs: '5000' }, 'readIdleTimeoutMs'],
    [{ streamName: 'a', allowInsecureHttp: 'false' }, 'allowInsecureHttp: pass true or false'],
    [{ streamName: 'a', waitForStream: 1 }, 'waitForStream: pass true or false'],
    [
      { streamName: 'a', parser: { verifyCrc32: 'false' } },
      'parser.verifyCrc32: pass true or false',
    ],
    [{ streamName: 'a', parser: { keepBytes: 1 } }, 'parser.keepBytes: pass true or false'],
    [{ streamName: 'a', random: 0.5 }, 'random: pass a function'],
    [{ streamName: 'a', clock: {} }, 'clock: it has no method now()'],
    [{ streamName: 'a', client: {} }, 'client: it has no method send()'],
    [{ streamName: 'a', retry: 3 }, 'retry: pass an object'],
    [{ streamName: 'a', retry: null }, 'retry: pass an object'],
    [{ streamName: 'a', parser: 'fast' }, 'parser: pass an object'],
    [{ streamName: 'a', logger: {} }, 'logger: it has no method debug()'],
    [{ streamName: 'a', signal: {} }, 'signal: it has no method addEventListener()'],
    [{ streamName: 'a', dataEndpoint: 'nonsense' }, 'dataEndpoint: pass a URL'],
    [
      { streamName: 'a', checkPoint: {} },
      'checkPoint: there is no such option: it is called checkpoint',
    ],
    [{ streamName: 'a', retry: { maxretries: 1 } }, 'it is called maxRetries'],
    [{ streamName: 'a', parser: { keepbytes: true } }, 'it is called keepBytes'],
    [{ streamName: 'a', parser: { maxFragmentbytes: 1 } }, 'it is called maxFragmentBytes'],
    [{ streamName: 'a', parser: { maxFragmentBytes: 0 } }, 'parser'],
    [{ streamName: 'a', startSelector: { StartSelectorType: 'LATEST' } }, 'startSelector'],
  ])('refuses %o, naming %s', (options, name) => {
    const create = () => new KinesisVideoConsumer(options as never)
    expect(create).toThrow(InvalidOptionError)
    expect(create).toThrow(name)
  })

  it('takes no offence at properties of others, such as those of a whole configuration', () => {
    expect(() => new KinesisVideoConsumer({ streamName: 'a', camera: 7 } as never)).not.toThrow()
  })

  it('allows one stream and one way to reach it, in its types too', () => {
    expectTypeOf<{ streamName: string }>().toExtend<KinesisVideoConsumerOptions>()
    expectTypeOf<{
      streamARN: string
      clientConfig: { region: string }
    }>().toExtend<KinesisVideoConsumerOptions>()
    expectTypeOf<{
      streamName: string
      streamARN: string
    }>().not.toExtend<KinesisVideoConsumerOptions>()
    expectTypeOf<{ region: string }>().not.toExtend<KinesisVideoConsumerOptions>()
    expectTypeOf<{
      streamName: string
      source: typeof source
      clientConfig: { region: string }
    }>().not.toExtend<KinesisVideoConsumerOptions>()
  })
})
