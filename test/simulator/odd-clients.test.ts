import { type Socket, connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  type Fault,
  type FragmentSpec,
  ManualClock,
  type Simulator,
  type SimulatorOptions,
  createCertificate,
  startSimulator,
  syntheticFragments,
} from '../../src/simulator/index.js'
import { type Sdk, createSdk, drain, fragmentNumbers, take } from './sdk.js'

const specs = take(syntheticFragments({ frameBytes: 50, keyframeBytes: 200 }), 3)
const numbers = specs.map((spec) => spec.fragmentNumber)
const huge: FragmentSpec = {
  frames: [{ trackNumber: 1, timestampMs: 0, data: new Uint8Array(30_000_000) }],
}

let clock: ManualClock
let simulator: Simulator
let sdk: Sdk
const sockets: Socket[] = []

async function start(options: SimulatorOptions = {}): Promise<void> {
  simulator = await startSimulator({
    clock,
    streams: ['door', 'yard'].map((name) => ({ name, fragments: specs })),
    ...options,
    limits: { idleEndMs: 0, ...options.limits },
  })
  sdk = createSdk(simulator)
}

/** GetMedia of all that a stream holds, as bytes. */
function getMedia(streamName: string, version = '1.1'): string {
  const body = JSON.stringify({
    StreamName: streamName,
    StartSelector: { StartSelectorType: 'EARLIEST' },
  })
  return [
    `POST /getMedia HTTP/${version}`,
    'Host: 127.0.0.1',
    'Authorization: AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/kinesisvideo/aws4_request',
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n')
}

/** Sends bytes on a connection of its own; `received` is all that comes back until it is closed. */
function send(bytes: string): { socket: Socket; received: Promise<Buffer> } {
  const socket = connect(simulator.port, '127.0.0.1')
  sockets.push(socket)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => undefined)
  const received = new Promise<Buffer>((resolve) =>
    socket.on('close', () => resolve(Buffer.concat(chunks))),
  )
  socket.write(bytes)
  return { socket, received }
}

function ends(): readonly (string | undefined)[] {
  return simulator.requests.map((request) => request.ended)
}

beforeEach(() => {
  clock = new ManualClock()
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  sdk.destroy()
  await simulator.close()
  expect(clock.pending).toBe(0)
})

describe('a client that sends its requests ahead', () => {
  it('loses all its responses with the connection', async () => {
    await start({ limits: { idleEndMs: Infinity, connectionsPerStream: 2 } })
    const { socket } = send(getMedia('door') + getMedia('door'))
    await simulator.whenRequests((requests) => requests[1]?.status === 200)
    socket.destroy()
    await simulator.whenRequests(() => ends().join() === 'client,client')
    // Both places are free again.
    const outputs = [0, 1].map(() => sdk.getMedia('door', { StartSelectorType: 'EARLIEST' }))
    for (const output of outputs) expect((await output).$metadata.httpStatusCode).toBe(200)
    await simulator.close()
    for (const output of outputs) await drain(await output)
  })

  it('loses the requests that a fault holds back with it', async () => {
    await start({
      faults: [{ at: { request: 1 }, do: 'stall' }],
      limits: { idleEndMs: Infinity },
    })
    const { socket } = send(getMedia('door') + getMedia('door'))
    await simulator.whenRequests((requests) => requests[1]?.faults.length === 1)
    socket.destroy()
    await simulator.whenRequests(() => ends().join() === 'client,client')
  })

  it.each(['reset', 'fin'] as const)('can be hit by a %s at each of them', async (action) => {
    const faults: Fault[] = [
      { at: { request: 1 }, do: action },
      { at: { fragment: 1 }, do: action, stream: 'yard' },
    ]
    await start({ faults, limits: { idleEndMs: 5 } })
    const first = send(getMedia('door') + getMedia('door'))
    await first.received
    expect(simulator.requests[1]).toMatchObject({ ended: action, status: undefined })
    const second = send(getMedia('door') + getMedia('yard'))
    await simulator.whenRequests((requests) => requests[3]?.faults.length === 1)
    clock.advance(5)
    const received = await second.received
    expect(simulator.requests[3]).toMatchObject({ ended: action, fragmentsSent: 1 })
    expect(received.includes('ERROR')).toBe(false)
  })
})

describe('a client of HTTP/1.0', () => {
  it('gets a body that is not chunked, and its end', async () => {
    await start()
    const text = (await send(getMedia('door', '1.0')).received).toString('latin1')
    const [head = '', ...rest] = text.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 200 OK/)
    expect(head).not.toMatch(/transfer-encoding/i)
    const body = Buffer.from(rest.join('\r\n\r\n'), 'latin1')
    expect(fragmentNumbers(body)).toEqual(numbers)
    expect(body.length).toBe(simulator.requests[0]!.bytesSent)
  })
})

describe('a client that does not read', () => {
  const limits = { idleEndMs: Infinity, sessionEndMs: 60_000 }

  it('loses its session 3 s after the limit', async () => {
    await start({ streams: [{ name: 'door', fragments: [huge] }], limits })
    const output = await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' })
    clock.advance(60_000)
    await clock.whenDueWithin(3000)
    clock.advance(2999)
    expect(ends()).toEqual([undefined])
    clock.advance(1)
    await simulator.whenRequests(() => ends().join() === 'session')
    await drain(output)
  })

  it('gets the rest of the fragment when it reads after all', async () => {
    await start({ streams: [{ name: 'door', fragments: [huge, huge] }], limits })
    const output = await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' })
    clock.advance(60_000)
    const { bytes, ended } = await drain(output)
    expect(ended).toBe('end')
    expect(bytes.length).toBe(simulator.requests[0]!.bytesSent)
    expect(simulator.requests[0]).toMatchObject({ ended: 'session', fragmentsSent: 1 })
  })

  it('loses it at once when the stream is removed, as one does whose response is stalled', async () => {
    await start({
      streams: [{ name: 'door', fragments: [...specs, huge] }],
      faults: [{ at: { fragment: 1 }, do: 'stall' }],
      limits,
    })
    const outputs = [
      await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' }),
      await sdk.getMedia('door', { StartSelectorType: 'EARLIEST' }),
    ]
    expect(simulator.requests[0]!.faults).toEqual(['stall'])
    simulator.removeStream('door')
    await simulator.whenRequests(() => ends().join() === 'session,session')
    for (const output of outputs) expect((await drain(output)).ended).toBe('end')
  })
})

describe('a client that has not finished its handshake', () => {
  it('does not keep a simulator from closing', async () => {
    const tls = createCertificate()
    await start({ tls })
    const { received } = send('')
    // Accepted after the other, so the other is accepted too.
    const secure = connectTls({ port: simulator.port, host: '127.0.0.1', ca: tls.cert })
    secure.on('error', () => undefined)
    sockets.push(secure)
    await new Promise((resolve) => secure.once('secureConnect', resolve))
    await simulator.close()
    expect(await received).toHaveLength(0)
  })
})
