import {
  GetDataEndpointCommand,
  type GetDataEndpointCommandOutput,
  KinesisVideoClient,
  type KinesisVideoClientConfig,
} from '@aws-sdk/client-kinesis-video'
import {
  GetMediaCommand,
  KinesisVideoMediaClient,
  type KinesisVideoMediaClientConfig,
} from '@aws-sdk/client-kinesis-video-media'
import { CallPacer } from './call-pacer.js'
import type { Clock } from './clock.js'
import { EndpointCache, checkAnsweredEndpoint, checkOwnEndpoint } from './endpoint.js'
import { InvalidOptionError } from './errors.js'
import type { StartSelector } from './start-selector.js'

export type { KinesisVideoClient, KinesisVideoClientConfig, KinesisVideoMediaClientConfig }

/** One GetMedia response, from its headers on. */
export interface MediaResponse {
  /**
   * The payload. A Node stream, such as the SDK's, is read by its events and closed with `destroy()`; any other iterable by
   * its iterator, closed with `return()`.
   */
  readonly body: AsyncIterable<Uint8Array>
  /** The service's ID of the request. */
  readonly requestId?: string | undefined
  /** The service's clock when it answered, in milliseconds since 1970. */
  readonly serverTimeMs?: number | undefined
}

/**
 * Where media comes from: the port that the consumer reads through. The package has one implementation, with the SDK;
 * pass your own as `source` for tests, recordings or a proxy.
 */
export interface MediaSource {
  /**
   * Opens one response and resolves at its headers. Called again only after the body before is closed. Rejects as the SDK
   * does: by the error's `name` and `$metadata` the consumer tells what to do, and a `ConsumerError` ends it.
   *
   * @param signal is aborted when no headers came in time, and when the response is not wanted any more: at the end of its session,
   *   whichever way that came, and of the consumer.
   */
  open(selector: StartSelector, signal: AbortSignal): Promise<MediaResponse>
  /** Makes the next `open` ask anew for the endpoint, or for that and for credentials. */
  refresh?(what: 'endpoint' | 'endpoint-and-credentials'): void
  /** Lets go of everything; called once, when the consumer is over. */
  close?(): void | Promise<void>
}

/** What the SDK's source is made of. */
export interface SdkSourceOptions {
  readonly streamName: string | undefined
  readonly streamARN: string | undefined
  readonly client: KinesisVideoClient | undefined
  readonly clientConfig: KinesisVideoClientConfig | undefined
  readonly mediaClientConfig: KinesisVideoMediaClientConfig | undefined
  readonly dataEndpoint: string | undefined
  readonly allowInsecureHttp: boolean
  readonly clock: Clock
}

/** Adds which call it was that failed, for the consumer's classification. The SDK's errors are passed on as they are. */
function mark(error: unknown, operation: string): unknown {
  if (typeof error === 'object' && error !== null && Object.isExtensible(error)) {
    Object.defineProperty(error, 'operation', { value: operation, configurable: true })
  }
  return error
}

// The SDK's own, of the class that all its clients extend: a test that replaces send() of a client, or of its class even
// before this is loaded, means its own to be called.
const SDK_SEND = (Object.getPrototypeOf(KinesisVideoClient.prototype) as KinesisVideoClient).send

/**
 * The source that calls GetDataEndpoint and GetMedia through the SDK.
 *
 * The media client is the consumer's own, one per endpoint, with the region and credentials of the control client. It
 * retries nothing, has no socket limit and no socket timeout: the consumer watches by itself.
 */
export class SdkMediaSource implements MediaSource {
  readonly #options: SdkSourceOptions
  readonly #stream: { readonly StreamName?: string; readonly StreamARN?: string }
  readonly #endpoints: EndpointCache
  readonly #pacer: CallPacer
  readonly #control: KinesisVideoClient
  #media: { readonly endpoint: string; readonly client: KinesisVideoMediaClient } | undefined
  #isCredentialRefreshDue = false

  constructor(options: SdkSourceOptions) {
    const { streamName, streamARN, client, clientConfig, clock } = options
    this.#options = options
    this.#stream = {
      ...(streamName === undefined ? {} : { StreamName: streamName }),
      ...(streamARN === undefined ? {} : { StreamARN: streamARN }),
    }
    this.#endpoints = new EndpointCache(clock)
    this.#pacer = new CallPacer(clock)
    // A strategy of the caller's would be a second layer of retries.
    const { retryStrategy: _, ...config } = clientConfig ?? {}
    this.#control = client ?? new KinesisVideoClient({ ...config, ...ONE_ATTEMPT })
  }

  async open(selector: StartSelector, signal: AbortSignal): Promise<MediaResponse> {
    await this.#checkRegion()
    await this.#prepareCredentials()
    const endpoint = await this.#endpoint(signal)
    const client = this.#mediaClient(endpoint)
    const command = new GetMediaCommand({ ...this.#stream, StartSelector: selector })
    let date: string | undefined
    // Not in the SDK's output: the clock that NOW is measured by.
    command.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args)
        date = (result.response as { headers?: Record<string, string> }).headers?.['date']
        return result
      },
      { step: 'deserialize', name: 'readServerDate', priority: 'low' },
    )
    try {
      const output = await client.send(command, { abortSignal: signal })
      if (output.Payload === undefined) throw new Error('The response has no payload')
      const serverTimeMs = date === undefined ? Number.NaN : Date.parse(date)
      return {
        body: output.Payload as unknown as AsyncIterable<Uint8Array>,
        requestId: output.$metadata.requestId,
        serverTimeMs: Number.isNaN(serverTimeMs) ? undefined : serverTimeMs,
      }
    } catch (error) {
      throw mark(error, 'GetMedia')
    }
  }

  refresh(what: 'endpoint' | 'endpoint-and-credentials'): void {
    this.#endpoints.clear()
    if (what === 'endpoint-and-credentials') this.#isCredentialRefreshDue = true
  }

  close(): void {
    this.#destroyMedia()
    const { client, clientConfig } = this.#options
    if (client === undefined && !isShared(clientConfig?.requestHandler)) this.#control.destroy()
  }

  // Destroying a client destroys the sockets of its agents, and those may be the caller's.
  #destroyMedia(): void {
    const { clientConfig, mediaClientConfig } = this.#options
    const handler = mediaClientConfig?.requestHandler ?? clientConfig?.requestHandler
    if (!isShared(handler)) this.#media?.client.destroy()
    this.#media = undefined
  }

  async #prepareCredentials(): Promise<void> {
    if (!this.#isCredentialRefreshDue) return
    this.#isCredentialRefreshDue = false
    // The media client signs with the same memory of them.
    const provider = this.#control.config.credentials as (options: {
      readonly forceRefresh: boolean
    }) => Promise<unknown>
    try {
      await provider({ forceRefresh: true })
    } catch (error) {
      throw mark(error, 'GetDataEndpoint')
    }
  }

  #endpoint(signal: AbortSignal): Promise<URL> {
    const { dataEndpoint, allowInsecureHttp } = this.#options
    if (dataEndpoint !== undefined) {
      return Promise.resolve(checkOwnEndpoint(dataEndpoint, allowInsecureHttp))
    }
    return this.#endpoints.get(async () => {
      await this.#pacer.wait(signal)
      try {
        const { DataEndpoint, controlHost } = await this.#getDataEndpoint(signal)
        return checkAnsweredEndpoint(DataEndpoint, {
          controlHost: controlHost ?? (await this.#configuredHost()),
          isInsecureAllowed: allowInsecureHttp,
        })
      } catch (error) {
        throw mark(error, 'GetDataEndpoint')
      }
    })
  }

  async #getDataEndpoint(
    signal: AbortSignal,
  ): Promise<{ readonly DataEndpoint: string | undefined; readonly controlHost?: string }> {
    const command = new GetDataEndpointCommand({ ...this.#stream, APIName: 'GET_MEDIA' })
    let host: string | undefined
    // Read off the request: an endpoint of the caller's may stand in the client, the environment or a config file.
    command.middlewareStack.add(
      (next) => (args) => {
        host = (args.request as { readonly hostname?: string }).hostname
        return next(args)
      },
      { step: 'finalizeRequest', name: 'readControlHost', priority: 'low' },
    )
    const { DataEndpoint } = await this.#sendToControl(command, signal)
    return { DataEndpoint, ...(host === undefined ? {} : { controlHost: host }) }
  }

  async #sendToControl(
    command: GetDataEndpointCommand,
    signal: AbortSignal,
  ): Promise<GetDataEndpointCommandOutput> {
    const control = this.#control
    if (this.#options.client === undefined || control.send !== SDK_SEND) {
      return control.send(command, { abortSignal: signal })
    }
    // The caller's client retries by its own settings. With the consumer's retries that would be two layers, so the call
    // is made as send() makes it, without that one step and without changing the client.
    const stack = control.middlewareStack.clone()
    stack.add((next) => next, {
      name: 'retryMiddleware',
      step: 'finalizeRequest',
      priority: 'high',
      override: true,
    })
    const handler = command.resolveMiddleware(stack, control.config, { abortSignal: signal })
    return (await handler(command)).output
  }

  /** Before anything is sent, and before the SDK fails with an error that reads like one of the service's. */
  async #checkRegion(): Promise<void> {
    const { client, dataEndpoint, mediaClientConfig } = this.#options
    if (dataEndpoint !== undefined && mediaClientConfig?.region !== undefined) return
    try {
      await this.#control.config.region()
    } catch (cause) {
      const error = new InvalidOptionError(
        client === undefined ? 'clientConfig' : 'client',
        "no AWS region is set: give it one, such as { region: 'eu-west-1' }, or set AWS_REGION or the region of the shared config file",
      )
      throw Object.assign(error, { cause })
    }
  }

  /** The host of an endpoint in the client's settings: all there is to go by when a test answers in the place of send(). */
  async #configuredHost(): Promise<string | undefined> {
    const { config } = this.#control
    if (config.isCustomEndpoint !== true || config.endpoint === undefined) return undefined
    return (await config.endpoint()).hostname
  }

  #mediaClient(endpoint: URL): KinesisVideoMediaClient {
    const { href } = endpoint
    if (this.#media?.endpoint === href) return this.#media.client
    this.#destroyMedia()
    const { clientConfig, mediaClientConfig } = this.#options
    const { region, credentials } = this.#control.config
    const handler = mediaClientConfig?.requestHandler ?? clientConfig?.requestHandler
    const client = new KinesisVideoMediaClient({
      region,
      credentials,
      ...mediaClientConfig,
      requestHandler: isHandler(handler)
        ? handler
        : { httpAgent: AGENT, httpsAgent: AGENT, ...handler, ...NO_TIMEOUTS },
      endpoint: href,
      ...ONE_ATTEMPT,
      // Both contradict an endpoint, and the environment can set them: they are for the control client.
      useFipsEndpoint: false,
      useDualstackEndpoint: false,
    })
    this.#media = { endpoint: href, client }
    return client
  }
}

const ONE_ATTEMPT = { maxAttempts: 1, retryMode: 'standard' }
// Live streams hold their sockets for 45 minutes: with the SDK's 50 the 51st consumer would wait in silence. keepAlive also
// makes a peer that has gone without a word be noticed after about 11 s, instead of never.
const AGENT = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY }
// The SDK's socket timeout kills a healthy stream whose consumer is slow.
const NO_TIMEOUTS = { socketTimeout: 0, requestTimeout: 0 }

type HandlerOption = NonNullable<KinesisVideoMediaClientConfig['requestHandler']>
type Handler = Extract<HandlerOption, { handle: unknown }>

function isHandler(option: HandlerOption | undefined): option is Handler {
  return typeof (option as Partial<Handler> | undefined)?.handle === 'function'
}

/** Whether a handler, or an agent among its options, is the caller's own object. */
function isShared(option: HandlerOption | undefined): boolean {
  if (option === undefined) return false
  return (
    isHandler(option) ||
    Object.values(option).some(
      (value) => typeof (value as { destroy?: unknown } | null)?.destroy === 'function',
    )
  )
}
