import { isIP } from 'node:net'
import type { Clock } from './clock.js'
import { EndpointRefusedError } from './errors.js'

// Endpoints are good for 40 minutes; a session that is opened in the last one of them should still find it so.
const MAX_AGE_MS = 39 * 60_000

/**
 * Remembers the data endpoint of a stream for as long as it may be used: until it is refreshed, and 39 minutes at most.
 *
 * @see https://docs.aws.amazon.com/kinesisvideostreams/latest/dg/API_GetDataEndpoint.html
 */
export class EndpointCache {
  readonly #clock: Clock
  #endpoint: URL | undefined
  #fetchedAtMs = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The endpoint; asks `fetchEndpoint` for it when none is known, or the known one is too old. */
  async get(fetchEndpoint: () => Promise<URL>): Promise<URL> {
    const ageMs = this.#clock.monotonicMs() - this.#fetchedAtMs
    if (this.#endpoint !== undefined && ageMs < MAX_AGE_MS) return this.#endpoint
    const askedAtMs = this.#clock.monotonicMs()
    const endpoint = await fetchEndpoint()
    this.#endpoint = endpoint
    this.#fetchedAtMs = askedAtMs
    return endpoint
  }

  /** Forgets the endpoint. */
  clear(): void {
    this.#endpoint = undefined
  }
}

/** What a data endpoint may be. */
export interface EndpointRules {
  /** The host that GetDataEndpoint was asked at; `undefined` when that is not known. One that is not AWS's is the caller's. */
  readonly controlHost: string | undefined
  /** Whether http is allowed to hosts that are not loopback. */
  readonly isInsecureAllowed: boolean
}

// The DNS suffixes of every AWS partition, IPv4 and dual-stack, as the SDK's endpoint rules have them.
const AWS_SUFFIXES: readonly string[] = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'amazonaws.eu',
  'api.aws',
  'api.amazonwebservices.com.cn',
  'api.amazonwebservices.eu',
  'c2s.ic.gov',
  'sc2s.sgov.gov',
  'csp.hci.ic.gov',
  'cloud.adc-e.uk',
  'api.aws.ic.gov',
  'api.aws.scloud',
  'api.aws.hci.ic.gov',
  'api.cloud-aws.adc-e.uk',
]

/**
 * Checks the endpoint that GetDataEndpoint answered, before a signed request goes there.
 *
 * It must be a Kinesis Video Streams host of AWS's. Where the caller has set the control endpoint themselves, it may be
 * the same host too, or both loopback. It must be https, except on loopback, or where the caller allows http.
 *
 * @throws EndpointRefusedError otherwise.
 */
export function checkAnsweredEndpoint(text: string | undefined, rules: EndpointRules): URL {
  const url = parseEndpoint(text)
  const { controlHost } = rules
  const isOwn =
    controlHost !== undefined &&
    !isAwsHost(controlHost) &&
    (controlHost === url.hostname || (isLoopback(controlHost) && isLoopback(url.hostname)))
  if (!isOwn && !isAwsHost(url.hostname)) {
    throw new EndpointRefusedError(
      url.host,
      'it is not a host of Kinesis Video Streams; if it is a proxy of yours, pass it as dataEndpoint',
    )
  }
  return checkScheme(url, rules.isInsecureAllowed)
}

/**
 * Checks an endpoint that the caller gave: any host, but https as above.
 *
 * @throws EndpointRefusedError otherwise.
 */
export function checkOwnEndpoint(text: string, isInsecureAllowed: boolean): URL {
  return checkScheme(parseEndpoint(text), isInsecureAllowed)
}

function parseEndpoint(text: string | undefined): URL {
  if (text === undefined || !URL.canParse(text)) {
    throw new EndpointRefusedError(JSON.stringify(text?.slice(0, 100)), 'it is not a URL')
  }
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    throw new EndpointRefusedError(url.host, 'it holds a user name or password')
  }
  return url
}

function checkScheme(url: URL, isInsecureAllowed: boolean): URL {
  const isHttpFine = isInsecureAllowed || isLoopback(url.hostname)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isHttpFine)) return url
  throw new EndpointRefusedError(
    url.host,
    `${url.protocol} would carry signed requests and media in clear text; set allowInsecureHttp if that is meant`,
  )
}

// A name such as s-1a2b3c4d.kinesisvideo.eu-west-1.amazonaws.com, or with a dash: -fips and the like.
function isAwsHost(hostname: string): boolean {
  return AWS_SUFFIXES.some((suffix) => {
    if (!hostname.endsWith(`.${suffix}`)) return false
    const name = hostname.slice(0, -suffix.length - 1)
    // Right before the region: names such as kinesisvideo.s3.amazonaws.com can be a customer's.
    return /(?:^|\.)kinesisvideo(?:-[a-z0-9-]+)?\.[a-z]{2,}(?:-[a-z]+)+-\d+(?:\.vpce)?$/.test(name)
  })
}

/** Whether a host is this machine: `localhost` and names under it, 127.0.0.0/8 and ::1. */
export function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) === 4) return host.startsWith('127.')
  return host === '::1' || host === 'localhost' || host.endsWith('.localhost')
}
