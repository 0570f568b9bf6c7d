import { describe, expect, it } from 'vitest'
import {
  EndpointCache,
  checkAnsweredEndpoint,
  checkOwnEndpoint,
  isLoopback,
} from '../../src/consumer/endpoint.js'
import { EndpointRefusedError } from '../../src/consumer/index.js'
import { VirtualClock } from '../helpers/consumer-clock.js'

const aws = { controlHost: undefined, isInsecureAllowed: false }

describe('the answer of GetDataEndpoint', () => {
  it.each([
    'https://s-1a2b3c4d.kinesisvideo.us-west-2.amazonaws.com',
    'https://s-1a2b3c4d.kinesisvideo.cn-north-1.amazonaws.com.cn',
    'https://s-1a2b3c4d.kinesisvideo.us-gov-west-1.amazonaws.com',
    'https://s-1a2b3c4d.kinesisvideo-fips.us-gov-west-1.amazonaws.com',
    'https://s-1a2b3c4d.kinesisvideo.eu-west-1.api.aws',
    'https://kinesisvideo.eusc-de-east-1.amazonaws.eu',
    'https://vpce-0a1b.kinesisvideo.eu-west-1.vpce.amazonaws.com',
  ])('may be %s', (endpoint) => {
    expect(checkAnsweredEndpoint(endpoint, aws).href).toBe(`${endpoint}/`)
  })

  it.each([
    [undefined, 'not a URL'],
    ['', 'not a URL'],
    ['kinesisvideo.us-west-2.amazonaws.com', 'not a URL'],
    ['https://evil.example', 'not a host of Kinesis Video Streams'],
    ['https://kinesisvideo.us-west-2.amazonaws.com.evil.example', 'not a host'],
    ['https://evilamazonaws.com', 'not a host'],
    ['https://kinesisvideo.evilamazonaws.com', 'not a host'],
    ['https://bucket.s3.us-west-2.amazonaws.com', 'not a host'],
    ['https://notkinesisvideo.us-west-2.amazonaws.com', 'not a host'],
    ['https://kinesisvideo.s3.amazonaws.com', 'not a host'],
    ['https://kinesisvideo-x.s3.eu-west-1.amazonaws.com', 'not a host'],
    ['https://169.254.169.254', 'not a host'],
    ['https://127.0.0.1:8443', 'not a host'],
    ['http://localhost:8080', 'not a host'],
    ['http://s-1.kinesisvideo.us-west-2.amazonaws.com', 'clear text'],
    ['ftp://s-1.kinesisvideo.us-west-2.amazonaws.com', 'clear text'],
    ['https://user:secret@s-1.kinesisvideo.us-west-2.amazonaws.com', 'user name'],
  ])('may not be %s', (endpoint, reason) => {
    expect(() => checkAnsweredEndpoint(endpoint, aws)).toThrow(EndpointRefusedError)
    expect(() => checkAnsweredEndpoint(endpoint, aws)).toThrow(reason)
    expect(() => checkAnsweredEndpoint(endpoint, aws)).not.toThrow(/secret@/)
  })

  it('may be the host of a control endpoint of the caller, or loopback where that is loopback', () => {
    const own = { controlHost: 'kvs.internal.example', isInsecureAllowed: false }
    expect(checkAnsweredEndpoint('https://kvs.internal.example', own).host).toBe(
      'kvs.internal.example',
    )
    expect(() => checkAnsweredEndpoint('https://other.example', own)).toThrow('not a host')
    expect(() => checkAnsweredEndpoint('http://kvs.internal.example', own)).toThrow('clear text')
    expect(() => checkAnsweredEndpoint('http://127.0.0.1:1234', own)).toThrow('not a host')
    const local = { controlHost: 'localhost', isInsecureAllowed: false }
    expect(checkAnsweredEndpoint('http://127.0.0.1:1234', local).port).toBe('1234')
  })
})

describe("the caller's own data endpoint", () => {
  it('may be any host over https, and http where that is loopback or allowed', () => {
    expect(checkOwnEndpoint('https://proxy.example', false).host).toBe('proxy.example')
    expect(checkOwnEndpoint('http://[::1]:8080', false).port).toBe('8080')
    expect(checkOwnEndpoint('http://proxy.example', true).protocol).toBe('http:')
    expect(() => checkOwnEndpoint('http://proxy.example', false)).toThrow('allowInsecureHttp')
    expect(() => checkOwnEndpoint('proxy.example', false)).toThrow('not a URL')
  })
})

describe('isLoopback', () => {
  it('goes by the address, not by how it looks', () => {
    for (const host of ['localhost', 'a.localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]']) {
      expect(isLoopback(host)).toBe(true)
    }
    for (const host of [
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '0.0.0.0',
      '10.0.0.1',
      '128.0.0.1',
    ]) {
      expect(isLoopback(host)).toBe(false)
    }
  })
})

describe('EndpointCache', () => {
  it('asks once in 39 minutes, and when it is told to', async () => {
    const clock = new VirtualClock()
    const cache = new EndpointCache(clock)
    let asked = 0
    const get = () =>
      cache.get(async () => {
        asked += 1
        return new URL(`https://s-${asked}.example`)
      })
    for (let n = 0; n < 5; n += 1) expect((await get()).host).toBe('s-1.example')
    clock.block(39 * 60_000 - 1)
    expect((await get()).host).toBe('s-1.example')
    clock.block(1)
    expect((await get()).host).toBe('s-2.example')
    cache.clear()
    expect((await get()).host).toBe('s-3.example')
  })

  it('remembers nothing of an answer that failed', async () => {
    const cache = new EndpointCache(new VirtualClock())
    await expect(cache.get(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect((await cache.get(async () => new URL('https://a.example'))).host).toBe('a.example')
  })
})
