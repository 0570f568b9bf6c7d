import { describe, expect, it } from 'vitest'
import { eventLine, eventText } from '../../src/cli/event-text.js'
import type { ConsumerEvent } from '../../src/consumer/index.js'

// As the service quotes a request that it refuses.
const QUOTING = Object.assign(new Error('The Canonical String was x-amz-security-token:SECRET'), {
  name: 'InvalidSignatureException',
  $metadata: { token: 'SECRET' },
})
const FAILED: ConsumerEvent = {
  type: 'requestFailed',
  operation: 'GetMedia',
  kind: 'not-authorized',
  exception: 'InvalidSignature\u001B[2J\u202E',
  status: 403,
  requestId: undefined,
  action: 'fail',
  attempt: 2,
  error: QUOTING,
}

describe('an event as a JSON line', () => {
  it('has its own fields, null for what is absent, and of an error its name and code only', () => {
    expect(eventLine(FAILED)).toBe(
      '{"type":"event","event":"requestFailed","operation":"GetMedia","kind":"not-authorized",' +
        '"exception":"InvalidSignature\\u001b[2J\\u202e","status":403,"requestId":null,"action":"fail","attempt":2,' +
        '"error":{"name":"InvalidSignatureException","code":null}}',
    )
  })

  it('keeps the name of the event, whatever its fields are called', () => {
    const line = eventLine({ type: 'listenerError', event: 'gap', error: undefined })
    expect(line).toBe('{"type":"event","event":"listenerError","listener":"gap","error":null}')
  })

  it('is left out for the lag, which each fragment tells', () => {
    const lag: ConsumerEvent = {
      type: 'lag',
      fragmentNumber: '1',
      millisBehindNow: 5,
      isCaughtUp: true,
    }
    expect([eventLine(lag), eventText(lag)]).toEqual([undefined, undefined])
  })
})

describe('an event for people', () => {
  it('says what failed without what a terminal obeys, or a message that quotes a request', () => {
    expect(eventText(FAILED)).toEqual({
      tone: 'bad',
      text: '! GetMedia failed: InvalidSignature (status 403)',
    })
  })

  it('says where a gap is, and why', () => {
    const gap = { type: 'gap', reason: 'resume-point-lost', afterFragmentNumber: '12' } as const
    expect(eventText({ ...gap, beforeFragmentNumber: '15' })?.text).toBe(
      'gap between 12 and 15: what was to follow has expired',
    )
    expect(eventText({ ...gap, beforeFragmentNumber: undefined })?.text).toBe(
      'gap after 12: what was to follow has expired',
    )
  })
})
