import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../src/consumer/backoff.js'
import { ConsumerError } from '../../src/consumer/index.js'
import {
  FAILURE_RULES,
  FirstByteTimeout,
  classifyFailure,
  describeError,
} from '../../src/consumer/failure.js'
import { exception, networkError } from '../helpers/consumer-service.js'

describe('classifyFailure', () => {
  it.each([
    ['ClientLimitExceededException', 400, 'throttled'],
    ['LimitExceededException', 400, 'throttled'],
    ['ThrottlingException', 400, 'throttled'],
    ['Throttling', 400, 'throttled'],
    ['Anything', 429, 'throttled'],
    ['ConnectionLimitExceededException', 400, 'connection-limit'],
    ['InvalidEndpointException', 400, 'invalid-endpoint'],
    ['NotAuthorizedException', 403, 'not-authorized'],
    ['NotAuthorizedException', 401, 'not-authorized'],
    ['ExpiredTokenException', 403, 'not-authorized'],
    ['ExpiredTokenException', 400, 'not-authorized'],
    ['AccessDeniedException', 400, 'not-authorized'],
    ['UnrecognizedClientException', 403, 'not-authorized'],
    ['InvalidSignatureException', 403, 'not-authorized'],
    ['SomethingNew', 403, 'not-authorized'],
    ['ResourceNotFoundException', 404, 'not-found'],
    ['SomethingNew', 404, 'unknown'],
    ['InvalidArgumentException', 400, 'invalid-argument'],
    ['InternalFailure', 500, 'server-error'],
    ['ServiceUnavailable', 503, 'server-error'],
    ['SyntaxError', 502, 'server-error'],
    ['SyntaxError', 200, 'unknown'],
    ['SomethingNew', 400, 'unknown'],
    ['CredentialsProviderError', undefined, 'credentials'],
    ['TimeoutError', undefined, 'network'],
    ['ResourceNotFoundException:http://internal.amazon.com/coral/', 400, 'not-found'],
  ] as const)('takes %s with status %s for %s', (name, status, kind) => {
    expect(classifyFailure(exception(name, status as number)).kind).toBe(kind)
  })

  it.each([
    'ECONNRESET',
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EPIPE',
    'ETIMEDOUT',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'EPROTO',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'ERR_STREAM_PREMATURE_CLOSE',
    'CERT_HAS_EXPIRED',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'HPE_INVALID_CONSTANT',
    'UND_ERR_SOCKET',
  ])('takes the code %s for network', (code) => {
    expect(classifyFailure(networkError(code))).toMatchObject({ kind: 'network', exception: code })
  })

  it.each(['ERR_INVALID_ARG_TYPE', 'MODULE_NOT_FOUND', 'InvalidOption'])(
    'does not take the code %s for network',
    (code) => {
      expect(classifyFailure(networkError(code)).kind).toBe('unknown')
    },
  )

  it('finds the facts of an exception of AWS', () => {
    expect(classifyFailure(exception('ClientLimitExceededException', 400))).toMatchObject({
      kind: 'throttled',
      operation: 'GetMedia',
      exception: 'ClientLimitExceeded',
      status: 400,
      requestId: 'test-request',
    })
    const error = Object.assign(exception('AccessDeniedException'), {
      operation: 'GetDataEndpoint',
    })
    expect(classifyFailure(error).operation).toBe('GetDataEndpoint')
  })

  it('finds the status of a response whose body the SDK could not read', () => {
    const error = Object.defineProperty(new SyntaxError('Unexpected token <'), '$response', {
      value: { statusCode: 502 },
    })
    expect(classifyFailure(error)).toMatchObject({ kind: 'server-error', status: 502 })
  })

  it('takes a ConsumerError of the source for final, and a late header for what it is', () => {
    expect(classifyFailure(new ConsumerError('endpoint-refused', 'no')).kind).toBe('refused')
    expect(classifyFailure(new FirstByteTimeout(1)).kind).toBe('first-byte-timeout')
  })

  it('has an answer to anything that can be thrown, and a rule for the answer', () => {
    const hostile = [
      undefined,
      null,
      Symbol('x'),
      () => undefined,
      Object.create(null),
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no')
          },
          getPrototypeOf: () => {
            throw new Error('no')
          },
        },
      ),
      {
        get name() {
          throw new Error('no')
        },
      },
      { name: 'ToString', toString: 1 },
      { $metadata: null },
      {
        name: {
          toString: () => {
            throw new Error('no')
          },
        },
      },
    ]
    const check = (value: unknown) => {
      const { kind, exception: name } = classifyFailure(value)
      expect(FAILURE_RULES[kind]).toBeDefined()
      expect(typeof name).toBe('string')
      expect(typeof describeError(value).name).toBe('string')
    }
    for (const value of hostile) check(value)
    fc.assert(fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), check))
  })
})

describe('backoffMs', () => {
  it('is anything from 0 to a ceiling that doubles up to the limit', () => {
    const ceilings = [1, 2, 3, 4, 5, 6, 7].map((failures) =>
      backoffMs(failures, 500, 10_000, () => 1),
    )
    expect(ceilings).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000])
    expect(backoffMs(9, 500, 10_000, () => 0)).toBe(0)
    expect(backoffMs(5000, 500, 10_000, () => 0.5)).toBe(5000)
    expect(backoffMs(5000, 500, Number.POSITIVE_INFINITY, () => 0)).toBe(0)
  })
})
