import { Agent, request } from 'node:http'
import * as controlModel from '@aws-sdk/client-kinesis-video'
import * as mediaModel from '@aws-sdk/client-kinesis-video-media'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Simulator, startSimulator } from '../../src/simulator/index.js'
import { KNOWN_EXCEPTIONS } from '../../src/simulator/service-exceptions.js'
import { type Sdk, createSdk } from './sdk.js'

let simulator: Simulator
let sdk: Sdk

beforeEach(async () => {
  simulator = await startSimulator({
    streams: [{ name: 'door' }],
    limits: { getMediaPerSecond: Infinity, getDataEndpointPerSecond: Infinity },
  })
  sdk = createSdk(simulator)
})

afterEach(async () => {
  sdk.destroy()
  await simulator.close()
})

const now = { StartSelectorType: 'NOW' } as const

/** POSTs as the SDK would, and returns the answer unread by it. */
function post(
  path: string,
  body: string,
  authorization: string | undefined = signature('AKIDEXAMPLE', 'kinesisvideo'),
): Promise<{ status: number; errorType: unknown; contentType: unknown; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = authorization ? { authorization } : {}
    const agent = new Agent({ keepAlive: false })
    const options = { method: 'POST', path, port: simulator.port, headers, agent }
    const call = request(options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          errorType: response.headers['x-amzn-errortype'],
          contentType: response.headers['content-type'],
          body: text,
        }),
      )
    })
    call.on('error', reject)
    call.end(body)
  })
}

function signature(keyId: string, service: string): string {
  const scope = `20260101/us-east-1/${service}/aws4_request`
  return `AWS4-HMAC-SHA256 Credential=${keyId}/${scope}, SignedHeaders=host, Signature=00`
}

describe('the form of an error', () => {
  it('is the service’s: type and address in a header, the message in JSON', async () => {
    const answer = await post(
      '/getMedia',
      JSON.stringify({ StreamName: 'none', StartSelector: now }),
    )
    expect(answer).toEqual({
      status: 404,
      errorType: 'ResourceNotFoundException:https://kinesisvideo.amazonaws.com/doc/2017-09-30/',
      contentType: 'application/json',
      body: '{"Message":"The requested stream is not found or not active."}',
    })
  })

  it('refuses what no SDK sends', async () => {
    const types = async (...args: Parameters<typeof post>): Promise<unknown> => {
      const { status, errorType } = await post(...args)
      return `${status} ${String(errorType).split(':')[0]}`
    }
    expect(await types('/listStreams', '{}')).toBe('404 UnknownOperationException')
    expect(await types('/getMedia', '{')).toBe('400 SerializationException')
    expect(await types('/getMedia', '[]')).toBe('400 SerializationException')
    expect(await types('/getMedia', '{}', '')).toBe('403 MissingAuthenticationTokenException')
    expect(await types('/getMedia', '{}', signature('AKIDEXAMPLE', 's3'))).toBe(
      '403 InvalidSignatureException',
    )
    expect(await types('/getMedia', 'x'.repeat(70_000))).toBe('413 RequestEntityTooLargeException')
    expect(simulator.requests.at(-1)).toMatchObject({ ended: 'refused', status: 413 })
  })
})

describe('validation', () => {
  const invalid = (input: object, message: RegExp): Promise<void> =>
    expect(
      sdk.media.send(new mediaModel.GetMediaCommand(input as mediaModel.GetMediaCommandInput)),
    ).rejects.toSatisfy(
      (error) =>
        error instanceof mediaModel.InvalidArgumentException &&
        error.$metadata.httpStatusCode === 400 &&
        message.test(error.message),
    )

  it.each([
    [{ StartSelector: now }, /Either StreamName or StreamARN/],
    [{ StreamName: 'door', StreamARN: 'arn:x', StartSelector: now }, /Only one/],
    [{ StreamName: 'front door', StartSelector: now }, /'front door' at 'streamName'/],
    [{ StreamName: 'x'.repeat(257), StartSelector: now }, /at 'streamName'/],
    [{ StreamARN: 'arn:aws:kinesisvideo:door', StartSelector: now }, /at 'streamARN'/],
    [{ StreamName: 'door' }, /null at 'startSelector.startSelectorType'/],
    [{ StreamName: 'door', StartSelector: { StartSelectorType: 'LATER' } }, /'LATER' at .*enum/],
    [
      { StreamName: 'door', StartSelector: { StartSelectorType: 'FRAGMENT_NUMBER' } },
      /null at 'startSelector.afterFragmentNumber'/,
    ],
    [
      {
        StreamName: 'door',
        StartSelector: { StartSelectorType: 'FRAGMENT_NUMBER', AfterFragmentNumber: '1a' },
      },
      /'1a' at 'startSelector.afterFragmentNumber'/,
    ],
    [
      {
        StreamName: 'door',
        StartSelector: {
          StartSelectorType: 'FRAGMENT_NUMBER',
          AfterFragmentNumber: '1'.repeat(129),
        },
      },
      /between 1 and 128/,
    ],
    [
      {
        StreamName: 'door',
        StartSelector: { StartSelectorType: 'CONTINUATION_TOKEN', ContinuationToken: 'a b' },
      },
      /'a b' at 'startSelector.continuationToken'/,
    ],
    [
      { StreamName: 'door', StartSelector: { StartSelectorType: 'SERVER_TIMESTAMP' } },
      /null at 'startSelector.startTimestamp'/,
    ],
  ])('refuses %j', async (input, message) => {
    await invalid(input, message)
    expect(simulator.requests[0]).toMatchObject({
      status: 400,
      errorType: 'InvalidArgumentException',
      ended: 'refused',
    })
  })

  it('takes null for absent, as the service does', async () => {
    const { arn } = simulator.streams.get('door')!
    const input = { StreamName: null, StreamARN: arn, APIName: 'GET_MEDIA' }
    expect(await post('/getDataEndpoint', JSON.stringify(input))).toMatchObject({ status: 200 })
    const none = { StreamName: null, StreamARN: null }
    expect((await post('/getDataEndpoint', JSON.stringify(none))).body).toMatch(/Either StreamName/)
  })

  it('refuses an unknown APIName', async () => {
    const input = { StreamName: 'door', APIName: 'GET_ALL' as 'GET_MEDIA' }
    await expect(
      sdk.control.send(new controlModel.GetDataEndpointCommand(input)),
    ).rejects.toBeInstanceOf(controlModel.InvalidArgumentException)
  })

  it('does not know a stream that is not there, or no longer', async () => {
    await expect(sdk.getMedia('none', now)).rejects.toBeInstanceOf(
      mediaModel.ResourceNotFoundException,
    )
    await expect(sdk.getDataEndpoint('none')).rejects.toBeInstanceOf(
      controlModel.ResourceNotFoundException,
    )
    simulator.removeStream('door')
    await expect(sdk.getMedia('door', now)).rejects.toBeInstanceOf(
      mediaModel.ResourceNotFoundException,
    )
  })
})

describe('credentials', () => {
  it('can be limited to some access keys', async () => {
    await simulator.close()
    simulator = await startSimulator({ streams: [{ name: 'door' }], accessKeyIds: ['AKIDOTHER'] })
    sdk = createSdk(simulator)
    await expect(sdk.getDataEndpoint('door')).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
      $metadata: { httpStatusCode: 403 },
    })
  })
})

describe('every exception, as the SDK surfaces it', () => {
  it.each([...KNOWN_EXCEPTIONS])('%s from GetMedia', async (type, { status }) => {
    simulator.addFaults([{ at: { request: 0 }, do: { http: { type, message: 'So it is.' } } }])
    const error: unknown = await sdk.getMedia('door', now).catch((caught: unknown) => caught)
    expect(error).toMatchObject({
      name: type,
      message: 'So it is.',
      $metadata: { httpStatusCode: status, requestId: '00000000-0000-4000-8000-000000000000' },
    })
    const model = (mediaModel as Record<string, unknown>)[type] as (new () => Error) | undefined
    expect(error).toBeInstanceOf(model ?? mediaModel.KinesisVideoMediaServiceException)
    expect(simulator.requests[0]).toMatchObject({ status, errorType: type, ended: 'refused' })
    expect(simulator.pendingFaults).toEqual([])
  })

  it.each([...KNOWN_EXCEPTIONS])('%s from GetDataEndpoint', async (type, { status }) => {
    simulator.addFaults([
      { at: { request: 0, operation: 'GetDataEndpoint' }, do: { http: { type } } },
    ])
    const error: unknown = await sdk.getDataEndpoint('door').catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: type, $metadata: { httpStatusCode: status } })
    const model = (controlModel as Record<string, unknown>)[type] as (new () => Error) | undefined
    expect(error).toBeInstanceOf(model ?? controlModel.KinesisVideoServiceException)
  })

  it('takes any name and status from a script', async () => {
    const http = { type: 'SomethingNewException', status: 418 }
    simulator.addFaults([{ at: { request: 0 }, do: { http } }])
    await expect(sdk.getMedia('door', now)).rejects.toMatchObject({
      name: 'SomethingNewException',
      $metadata: { httpStatusCode: 418 },
    })
  })
})

describe('the server', () => {
  it('listens on the loopback interface only, on a port that can be chosen', async () => {
    expect(simulator.endpoint).toBe(`http://127.0.0.1:${simulator.port}`)
    await expect(startSimulator({ port: simulator.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })

  it('refuses two streams of one name, and names and ARNs that the service would refuse', () => {
    expect(() => simulator.addStream({ name: 'door' })).toThrow(/'door' already/)
    expect(() => simulator.addStream({ name: 'front door' })).toThrow(RangeError)
    expect(() => simulator.addStream({ name: 'yard', arn: 'not an arn' })).toThrow(/no stream ARN/)
    expect([...simulator.streams.keys()]).toEqual(['door'])
  })

  it('numbers connections, so that a shared one is seen', async () => {
    await sdk.getDataEndpoint('door')
    await sdk.getDataEndpoint('door')
    await post('/getDataEndpoint', '{}')
    expect(simulator.requests.map((record) => record.connectionId)).toEqual([0, 0, 1])
  })
})
