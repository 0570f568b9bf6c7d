import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ServiceErrorAction } from '../../src/tags/service-error.js'
import { createServiceError, SERVICE_ERRORS, ServiceError } from '../../src/tags/service-error.js'

describe('createServiceError', () => {
  it.each<[number, ServiceErrorAction]>([
    [3000, 'resume-point-lost'],
    [3002, 'resume'],
    [4000, 'resume-point-lost'],
    [4500, 'fail'],
    [4501, 'fail'],
    [4502, 'fail'],
    [4503, 'resume'],
    [4504, 'fail'],
    [4505, 'fail'],
    [4506, 'fail'],
    [5000, 'resume'],
    [5001, 'resume'],
    [5999, 'resume'],
    [1, 'resume'],
    [4507, 'resume'],
    [999_999_999, 'resume'],
  ])('classifies %d as %s', (id, action) => {
    const error = createServiceError(String(id), 'SOME_CODE', undefined)
    expect(error).toMatchObject({ id, code: 'SOME_CODE', action, retryable: action !== 'fail' })
  })

  it('is an Error with a name, the facts, and a message that says cause, then remedy', () => {
    const error = createServiceError('3000', 'FRAGMENT_NOT_FOUND', '91343852333181432')
    expect(error).toBeInstanceOf(Error)
    expect(error).toBeInstanceOf(ServiceError)
    expect(error.name).toBe('ServiceError')
    expect(error.fragmentNumber).toBe('91343852333181432')
    expect(error.message).toBe(
      'Kinesis Video Streams reported error 3000 FRAGMENT_NOT_FOUND at fragment 91343852333181432: Fragment not found. ' +
        'The fragment has expired or was never stored: start from EARLIEST or NOW and expect a gap.',
    )
  })

  it('takes the code from the table when only the ID was sent', () => {
    for (const [id, definition] of SERVICE_ERRORS) {
      expect(createServiceError(String(id), undefined, undefined).code).toBe(definition.code)
      expect(createServiceError(String(id), '', undefined).code).toBe(definition.code)
    }
    expect(createServiceError('7', undefined, undefined).code).toBe('UNKNOWN')
  })

  it('makes an error of a code without an ID, and knows it by its text', () => {
    expect(createServiceError(undefined, 'SOMETHING_NEW', undefined)).toMatchObject({
      id: undefined,
      code: 'SOMETHING_NEW',
      action: 'resume',
    })
    expect(createServiceError(undefined, 'KMS_KEY_DISABLED', undefined)).toMatchObject({
      id: undefined,
      code: 'KMS_KEY_DISABLED',
      action: 'fail',
    })
    expect(createServiceError(undefined, 'FRAGMENT_NOT_FOUND', undefined).action).toBe(
      'resume-point-lost',
    )
  })

  it('makes an error of an ID that is no number', () => {
    expect(createServiceError('four thousand', 'A_CODE', undefined)).toMatchObject({
      id: undefined,
      code: 'A_CODE',
    })
    expect(createServiceError('four-thousand', undefined, undefined)).toMatchObject({
      id: undefined,
      code: 'four-thousand',
    })
    for (const idText of ['', '-1', '4000.5', '0x10', '1e3', '9'.repeat(40), 'NaN']) {
      expect(createServiceError(idText, 'A_CODE', undefined), idText).toMatchObject({
        id: undefined,
        code: 'A_CODE',
        retryable: true,
      })
    }
  })

  it('reads the number as the ID when it stands in the code', () => {
    expect(createServiceError(undefined, '4500', undefined)).toMatchObject({
      id: 4500,
      code: 'KMS_KEY_ACCESS_DENIED',
      action: 'fail',
    })
    expect(createServiceError('KMS_KEY_ACCESS_DENIED', ' 4500 ', undefined)).toMatchObject({
      id: 4500,
      code: 'KMS_KEY_ACCESS_DENIED',
    })
  })

  it('puts a sentence into the message, not into the code', () => {
    const sentence = 'The requested fragment was \u202enot found.'
    const error = createServiceError('4000', sentence, undefined)
    expect(error.code).toBe('REQUESTED_FRAGMENT_NOT_FOUND')
    expect(error.message).toContain('is not found ("The requested fragment was not found."). The')
    expect(createServiceError('7', sentence, undefined).code).toBe('UNKNOWN')
    expect(createServiceError('KMS_KEY_DISABLED', sentence, undefined)).toMatchObject({
      code: 'KMS_KEY_DISABLED',
      action: 'fail',
      message: expect.stringContaining('("The requested fragment was not found.")') as string,
    })
  })

  it('makes an error of nothing at all', () => {
    expect(createServiceError(undefined, undefined, undefined)).toMatchObject({
      id: undefined,
      code: 'UNKNOWN',
      fragmentNumber: undefined,
      action: 'resume',
    })
  })

  it('does not take a name of Object.prototype for a known code', () => {
    expect(createServiceError(undefined, '__proto__', undefined)).toMatchObject({
      code: '__proto__',
      action: 'resume',
    })
  })

  it('strips control and formatting characters from remote text and cuts it to 128', () => {
    const error = createServiceError(
      '5000',
      `\u001b[31mA\u0000\n\u202e${'x'.repeat(100_000)}`,
      '1\u0007',
    )
    expect(error.code).toBe(`[31mA${'x'.repeat(119)}`)
    expect(error.fragmentNumber).toBe('1')
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(error.message.length).toBeLessThan(512)
  })

  it('leaves no half of a character where it cuts', () => {
    const error = createServiceError('5000', `${'x'.repeat(127)}😀`, undefined)
    expect(error.code).toBe('x'.repeat(127))
  })

  it('never throws, and is printable and bounded for any texts', () => {
    const text = fc.option(
      fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[0-9]{0,12}$/)),
      {
        nil: undefined,
      },
    )
    fc.assert(
      fc.property(text, text, text, (idText, codeText, fragmentNumber) => {
        const error = createServiceError(idText, codeText, fragmentNumber)
        expect(['resume', 'resume-point-lost', 'fail']).toContain(error.action)
        expect(error.retryable).toBe(error.action !== 'fail')
        expect(error.code).not.toBe('')
        expect(error.code.length).toBeLessThanOrEqual(128)
        expect(error.message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u)
        expect(error.id === undefined || Number.isSafeInteger(error.id)).toBe(true)
      }),
    )
  })
})

describe('SERVICE_ERRORS', () => {
  it('holds the ten documented IDs and 3000, each with a code of its own', () => {
    const ids = [...SERVICE_ERRORS.keys()]
    expect(ids).toEqual([3000, 3002, 4000, 4500, 4501, 4502, 4503, 4504, 4505, 4506, 5000])
    expect(new Set([...SERVICE_ERRORS.values()].map(({ code }) => code)).size).toBe(ids.length)
  })
})
