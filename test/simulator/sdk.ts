/** The real SDK clients against a simulator, and small helpers to read what they return. */
import { Agent } from 'node:http'
import { GetDataEndpointCommand, KinesisVideoClient } from '@aws-sdk/client-kinesis-video'
import {
  GetMediaCommand,
  type GetMediaCommandOutput,
  KinesisVideoMediaClient,
  type StartSelector,
} from '@aws-sdk/client-kinesis-video-media'
import type { Simulator } from '../../src/simulator/index.js'

const settings = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
  maxAttempts: 1,
}

/** Both clients, and how to use them in one line. */
export interface Sdk {
  readonly control: KinesisVideoClient
  readonly media: KinesisVideoMediaClient
  getDataEndpoint(streamName: string): Promise<string | undefined>
  getMedia(
    streamName: string,
    selector: StartSelector,
    abortSignal?: AbortSignal,
  ): Promise<GetMediaCommandOutput>
  getMediaByArn(streamArn: string, selector: StartSelector): Promise<GetMediaCommandOutput>
  destroy(): void
}

/** Clients for a simulator. */
export function createSdk(simulator: Simulator): Sdk {
  const control = new KinesisVideoClient({ ...settings, endpoint: simulator.endpoint })
  const media = new KinesisVideoMediaClient({
    ...settings,
    endpoint: simulator.endpoint,
    requestHandler: { httpAgent: new Agent({ keepAlive: true }) },
  })
  return {
    control,
    media,
    async getDataEndpoint(StreamName) {
      const command = new GetDataEndpointCommand({ StreamName, APIName: 'GET_MEDIA' })
      return (await control.send(command)).DataEndpoint
    },
    getMedia(StreamName, StartSelector, abortSignal) {
      const command = new GetMediaCommand({ StreamName, StartSelector })
      return media.send(command, abortSignal ? { abortSignal } : {})
    },
    getMediaByArn(StreamARN, StartSelector) {
      return media.send(new GetMediaCommand({ StreamARN, StartSelector }))
    },
    destroy() {
      control.destroy()
      media.destroy()
    },
  }
}

/** What a payload held and how it ended. */
export interface Drained {
  readonly bytes: Uint8Array
  /** Sizes of the chunks in which it came. */
  readonly chunkSizes: readonly number[]
  /** 'end', or the code of the error. */
  readonly ended: string
}

/** Reads a payload to its end or error. */
export async function drain(output: GetMediaCommandOutput): Promise<Drained> {
  const chunks: Buffer[] = []
  let ended = 'end'
  try {
    for await (const chunk of output.Payload as unknown as AsyncIterable<Buffer>) chunks.push(chunk)
  } catch (error) {
    ended = String((error as { code?: unknown }).code)
  }
  const bytes = new Uint8Array(Buffer.concat(chunks))
  return { bytes, chunkSizes: chunks.map((chunk) => chunk.length), ended }
}

/** The fragment numbers in a payload, in order, found in its text: no parser to trust. */
export function fragmentNumbers(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes).toString('latin1')
  return [...text.matchAll(/AWS_KINESISVIDEO_FRAGMENT_NUMBER\x44\x87....(\d+)/gs)].map(
    (match) => match[1]!,
  )
}

/** Bytes as hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The next so many values of a generator. */
export function take<T>(source: Iterator<T, unknown>, count: number): T[] {
  return Array.from({ length: count }, () => source.next().value as T)
}
