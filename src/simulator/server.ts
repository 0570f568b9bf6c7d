/**
 * The server: GetDataEndpoint and GetMedia over real HTTP on the loopback interface, for the real
 * SDK clients.
 */
import { type Server, type ServerResponse, createServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { type Clock, systemClock } from './clock.js'
import { parseFaults } from './fault-script.js'
import { type Fault, FaultScript, describeFault } from './faults.js'
import { type OpenRecord, RequestLog, type RequestRecord } from './request-log.js'
import {
  findApiNameProblem,
  findSignatureProblem,
  findStreamProblem,
  operationOf,
  readBody,
  readJson,
} from './request.js'
import { type ServiceException, errorTypeHeader, serviceException } from './service-exceptions.js'
import { Session } from './session.js'
import { cutSocket, isGone, onceGone } from './socket.js'
import {
  DEFAULT_START_RULES,
  type StartRules,
  type StartSelector,
  readStartSelector,
  resolveStart,
} from './start-selector.js'
import {
  DEFAULT_LIMITS,
  type ServiceLimits,
  type Simulator,
  type SimulatorOptions,
} from './simulator.js'
import { SimulatedStream, type StreamOptions } from './stream.js'
import { Throttle } from './throttle.js'

/**
 * Starts a simulator. Rejects when the port is taken (`EADDRINUSE`), a fault is wrong
 * (FaultScriptError) or a stream is (RangeError); nothing is left running then.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = new GetMediaServer(options)
  await simulator.listen(options.port ?? 0)
  return simulator
}

class GetMediaServer implements Simulator {
  readonly #options: SimulatorOptions
  readonly #limits: ServiceLimits
  readonly #rules: StartRules
  readonly #clock: Clock
  readonly #log: RequestLog
  readonly #script = new FaultScript()
  readonly #streams = new Map<string, SimulatedStream>()
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #connectionIds = new WeakMap<Socket, number>()
  readonly #sessions = new Map<Session, SimulatedStream>()
  /** Ends the wait of each request that a fault holds back. */
  readonly #pauses = new Set<() => void>()
  readonly #requestCounts = new Map<string, number>()
  readonly #mediaThrottle: Throttle
  readonly #endpointThrottle: Throttle
  #connectionCount = 0
  #port = 0
  #closing: Promise<void> | undefined

  constructor(options: SimulatorOptions) {
    this.#options = options
    this.#limits = limitsOf(options.limits)
    this.#rules = {
      tokenStart: options.tokenStart ?? DEFAULT_START_RULES.tokenStart,
      timestampStart: options.timestampStart ?? DEFAULT_START_RULES.timestampStart,
      nowStart: options.nowStart ?? DEFAULT_START_RULES.nowStart,
      lostStart: options.lostStart ?? DEFAULT_START_RULES.lostStart,
    }
    this.#clock = options.clock ?? systemClock
    this.#log = new RequestLog(this.#clock)
    this.#mediaThrottle = new Throttle(this.#limits.getMediaPerSecond)
    this.#endpointThrottle = new Throttle(this.#limits.getDataEndpointPerSecond)
    this.addFaults(options.faults ?? [])
    for (const stream of options.streams ?? []) this.addStream(stream)
    const onRequest = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#handle(request, response)
    // Node's own limits on requests and idle connections would close what a test holds open.
    const quiet = { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }
    this.#server = options.tls
      ? createTlsServer({ ...quiet, ...options.tls }, onRequest)
      : createServer(quiet, onRequest)
    this.#server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#connectionIds.set(socket, this.#connectionCount++)
      socket.on('error', () => undefined)
      // Each of the requests that a client sends ahead listens for its end.
      socket.setMaxListeners(0)
    })
    // Of TLS too: a connection that has not finished its handshake is no request's and no session's.
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
  }

  get endpoint(): string {
    return `${this.#options.tls ? 'https' : 'http'}://127.0.0.1:${this.#port}`
  }

  get port(): number {
    return this.#port
  }

  get streams(): ReadonlyMap<string, SimulatedStream> {
    return this.#streams
  }

  get requests(): readonly RequestRecord[] {
    return this.#log.records
  }

  get pendingFaults(): readonly Fault[] {
    return this.#script.pending
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject)
        this.#port = (this.#server.address() as AddressInfo).port
        resolve()
      })
    })
  }

  addStream(options: StreamOptions): SimulatedStream {
    if (this.#streams.has(options.name)) {
      throw new RangeError(`there is a stream '${options.name}' already`)
    }
    const stream = new SimulatedStream(options, this.#clock)
    this.#streams.set(stream.name, stream)
    return stream
  }

  removeStream(name: string): void {
    this.#streams.get(name)?.remove()
    this.#streams.delete(name)
  }

  addFaults(faults: readonly Fault[]): void {
    this.#script.add(parseFaults(faults))
  }

  clearFaults(): void {
    this.#script.clear()
  }

  whenRequests(predicate: (requests: readonly RequestRecord[]) => boolean): Promise<void> {
    return this.#log.when(predicate)
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      for (const stream of this.#streams.values()) stream.stopLive()
      for (const session of this.#sessions.keys()) session.close()
      for (const finish of this.#pauses) finish()
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
      for (const socket of this.#sockets) socket.destroy()
    })
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const operation = operationOf(request)
    const record = this.#log.open(operation, this.#connectionIds.get(request.socket) ?? -1)
    onceGone(response, () => this.#log.end(record, this.#closing ? 'closed' : 'client'))
    // Clients take the service's time from here, so it has to be this clock's and not the machine's.
    response.setHeader('date', new Date(this.#clock.now()).toUTCString())
    try {
      const body = await readBody(request)
      if (body === 'gone' || isGone(response)) {
        response.destroy()
        return
      }
      if (body === 'too-long') {
        this.#sendException(tooLong(), record, response)
        return
      }
      const json = readJson(body.toString())
      const stream = json && this.#findStream(json)
      record.streamName = stream?.name
      if (await this.#isHit(record, response)) return
      const problem =
        this.#refuse(request, operation === 'unknown', json) ??
        (operation === 'GetMedia'
          ? this.#getMedia(json!, stream, record, response)
          : this.#getDataEndpoint(json!, stream, record, response))
      if (problem) this.#sendException(problem, record, response)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      if (response.headersSent) response.destroy()
      else this.#sendException(serviceException('InternalFailure', message), record, response)
    }
  }

  /** Applies a fault that waits for this request; true when it has been dealt with thereby. */
  async #isHit(record: OpenRecord, response: ServerResponse): Promise<boolean> {
    const { operation, streamName } = record
    const countOfAll = this.#count(operation)
    const countOfStream = this.#count(`${operation} ${streamName ?? ''}`)
    const fault = this.#script.takeAtRequest(operation, streamName, countOfAll, countOfStream)
    if (!fault) return false
    record.faults.push(describeFault(fault))
    this.#log.changed()
    const action = fault.do
    if (typeof action === 'object') {
      if (!('http' in action)) return false
      const { type, message, status } = action.http
      this.#sendException(serviceException(type, message, status), record, response)
      return true
    }
    if (action === 'reset' || action === 'fin') {
      this.#log.end(record, action)
      cutSocket(response.req.socket, action)
      return true
    }
    await this.#pause(response, fault.delayMs ?? (action === 'stall' ? Infinity : 1000))
    return isGone(response) || this.#closing !== undefined
  }

  #refuse(
    request: IncomingMessage,
    isUnknown: boolean,
    json: Readonly<Record<string, unknown>> | undefined,
  ): ServiceException | undefined {
    if (isUnknown) return serviceException('UnknownOperationException')
    return (
      findSignatureProblem(request, this.#options.accessKeyIds) ??
      (json ? findStreamProblem(json) : serviceException('SerializationException'))
    )
  }

  #getDataEndpoint(
    json: Readonly<Record<string, unknown>>,
    stream: SimulatedStream | undefined,
    record: OpenRecord,
    response: ServerResponse,
  ): ServiceException | undefined {
    const problem = findApiNameProblem(json['APIName'])
    if (problem) return problem
    if (!stream) return serviceException('ResourceNotFoundException')
    if (!this.#endpointThrottle.admit(stream.name, this.#clock.monotonicMs())) {
      return serviceException('ClientLimitExceededException')
    }
    this.#sendJson(200, { DataEndpoint: this.endpoint }, {}, record, response)
    this.#log.end(record, 'answered')
    return undefined
  }

  #getMedia(
    json: Readonly<Record<string, unknown>>,
    stream: SimulatedStream | undefined,
    record: OpenRecord,
    response: ServerResponse,
  ): ServiceException | undefined {
    const selector = readStartSelector(json['StartSelector'])
    if ('status' in selector) return selector
    record.startSelector = selector
    if (!stream) return serviceException('ResourceNotFoundException')
    if (!this.#mediaThrottle.admit(stream.name, this.#clock.monotonicMs())) {
      return serviceException('ClientLimitExceededException')
    }
    let connections = 1
    for (const other of this.#sessions.values()) if (other === stream) connections++
    if (connections > this.#limits.connectionsPerStream) {
      return serviceException('ConnectionLimitExceededException')
    }
    const start = resolveStart(stream, selector, this.#rules)
    if (start === 'lost' && this.#rules.lostStart === 'InvalidArgumentException') {
      return serviceException('InvalidArgumentException', lostMessage(selector))
    }
    // A start that is lost is at no fragment.
    const fault = start === 'lost' ? undefined : this.#takeAtStart(stream, start)
    if (fault && typeof fault.do === 'object' && 'http' in fault.do) {
      record.faults.push(describeFault(fault))
      const { type, message, status } = fault.do.http
      return serviceException(type, message, status)
    }
    record.openConnections = connections
    void this.#stream(stream, start, record, response)
    return undefined
  }

  #takeAtStart(stream: SimulatedStream, index: number): Fault | undefined {
    const fragmentNumber = stream.at(index)?.fragmentNumber ?? stream.lastFragmentNumber
    return this.#script.takeAtStart(stream.name, index, fragmentNumber)
  }

  async #stream(
    stream: SimulatedStream,
    start: number | 'lost',
    record: OpenRecord,
    response: ServerResponse,
  ): Promise<void> {
    const isChunked = this.#options.framing !== 'close'
    // Node has said no already to a client of HTTP/1.0.
    response.useChunkedEncodingByDefault &&= isChunked
    response.shouldKeepAlive &&= isChunked
    record.status = 200
    response.writeHead(200, { 'content-type': 'video/webm', ...requestId(record) })
    response.flushHeaders()
    const { idleEndMs, sessionEndMs, bytesPerSecond } = this.#limits
    const session = new Session({
      stream,
      response,
      record,
      log: this.#log,
      clock: this.#clock,
      script: this.#script,
      start,
      idleEndMs,
      sessionEndMs,
      bytesPerSecond,
      endsAt: this.#options.sessionEndsAt ?? 'fragment',
    })
    this.#sessions.set(session, stream)
    this.#log.changed()
    try {
      await session.run()
    } catch {
      // A fragment that cannot be built: the client sees the connection break.
      response.destroy()
    } finally {
      this.#sessions.delete(session)
    }
  }

  #findStream(json: Readonly<Record<string, unknown>>): SimulatedStream | undefined {
    const { StreamName: name, StreamARN: arn } = json
    if (typeof name === 'string') return this.#streams.get(name)
    for (const stream of this.#streams.values()) if (stream.arn === arn) return stream
    return undefined
  }

  #count(key: string): number {
    const count = this.#requestCounts.get(key) ?? 0
    this.#requestCounts.set(key, count + 1)
    return count
  }

  #sendException(exception: ServiceException, record: OpenRecord, response: ServerResponse): void {
    record.errorType = exception.type
    const headers = { 'x-amzn-ErrorType': errorTypeHeader(exception) }
    this.#sendJson(exception.status, { Message: exception.message }, headers, record, response)
    this.#log.end(record, 'refused')
  }

  #sendJson(
    status: number,
    json: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    record: OpenRecord,
    response: ServerResponse,
  ): void {
    const body = JSON.stringify(json)
    record.status = status
    record.bytesSent = Buffer.byteLength(body)
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': record.bytesSent,
      ...requestId(record),
      ...headers,
    })
    response.end(body)
  }

  /** Waits, or not to the end when the connection closes before. */
  #pause(response: ServerResponse, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#pauses.delete(finish)
        forget()
        cancel?.()
        resolve()
      }
      const cancel = Number.isFinite(ms) ? this.#clock.setTimer(finish, ms) : undefined
      const forget = onceGone(response, finish)
      this.#pauses.add(finish)
    })
  }
}

function requestId(record: RequestRecord): Record<string, string> {
  const digits = String(record.id).padStart(12, '0')
  return { 'x-amzn-RequestId': `00000000-0000-4000-8000-${digits}` }
}

function tooLong(): ServiceException {
  return serviceException('RequestEntityTooLargeException', 'Request content is too large.', 413)
}

function lostMessage(selector: StartSelector): string {
  const place = selector.AfterFragmentNumber ?? selector.ContinuationToken
  return `The requested fragment ${place} is not found.`
}

/** The defaults, but for what is given; `undefined` is not. */
function limitsOf(given: SimulatorOptions['limits'] = {}): ServiceLimits {
  const limits = { ...DEFAULT_LIMITS }
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof ServiceLimits)[]) {
    const value = given[name]
    if (value === undefined) continue
    // Nothing would ever be sent.
    const isPaceless = name === 'bytesPerSecond' && value === 0
    if (!(value >= 0) || isPaceless) {
      throw new RangeError(
        `limits.${name} is ${value}: pass a number ${isPaceless ? 'above' : 'from'} 0`,
      )
    }
    limits[name] = value
  }
  return limits
}
