/** Takes one chunk; true: enough for now. What it throws fails the read. */
export type ChunkSink = (chunk: Uint8Array) => boolean

/**
 * Pulls a body: between two calls of {@link BodyReader.read} at most one chunk is taken from it, so that a consumer that stops
 * asking holds the sender back through TCP.
 */
export interface BodyReader {
  /**
   * Gives chunks to the sink, in order, until the sink has enough (`'more'`) or the body ends (`'ended'`). Rejects with what
   * the body failed with. One call at a time.
   */
  read(sink: ChunkSink): Promise<'more' | 'ended'>
  /**
   * Lets go of the body. A pending read rejects with `reason` at once. Resolves when the body is closed: for a Node stream
   * its 'close', when the socket is gone; other iterables are told, but not waited for, as one may never answer.
   */
  close(reason: unknown): Promise<void>
}

/** The part of `stream.Readable` that reading takes; `http.IncomingMessage`, the SDK's payload in Node, has it. */
interface PausableStream {
  on(event: string, listener: (...values: never[]) => void): unknown
  off(event: string, listener: (...values: never[]) => void): unknown
  pause(): unknown
  resume(): unknown
  destroy(): unknown
  readonly closed: boolean
  readonly destroyed: boolean
  readonly readableEnded: boolean
}

/** The fitting reader: a 'data' listener for Node streams, the iterator for everything else. */
export function createBodyReader(body: AsyncIterable<Uint8Array>): BodyReader {
  return isPausable(body) ? new StreamReader(body) : new IterableReader(body)
}

function isPausable(body: unknown): body is PausableStream {
  const stream = body as Partial<PausableStream>
  return (
    typeof stream.on === 'function' &&
    typeof stream.off === 'function' &&
    typeof stream.pause === 'function' &&
    typeof stream.resume === 'function' &&
    typeof stream.destroy === 'function'
  )
}

interface PendingRead {
  readonly sink: ChunkSink
  readonly resolve: (outcome: 'more' | 'ended') => void
  readonly reject: (reason: unknown) => void
}

/**
 * Reads by a 'data' listener and pause(): 0.15 µs a chunk, where `for await` takes 1.2 µs. Chunks pass straight from the
 * socket into the sink; a promise is made once a read, not once a chunk.
 */
class StreamReader implements BodyReader {
  readonly #stream: PausableStream
  #pending: PendingRead | undefined
  /** What came while nobody was reading: one chunk, unless a stream goes on although it is paused. */
  readonly #held: Uint8Array[] = []
  #outcome: 'ended' | { readonly error: unknown } | undefined
  #onClosed: (() => void) | undefined

  constructor(stream: PausableStream) {
    this.#stream = stream
    // Paused first: a 'data' listener would set it flowing.
    stream.pause()
    stream.on('data', this.#onData)
    stream.on('end', this.#onEnd)
    stream.on('error', this.#onError)
    stream.on('close', this.#onClose)
    // Whatever happened before anyone listened is told by no event any more.
    if (stream.readableEnded) this.#outcome = 'ended'
    else if (stream.destroyed) this.#outcome = { error: new Error('The body was closed') }
  }

  read(sink: ChunkSink): Promise<'more' | 'ended'> {
    return new Promise((resolve, reject) => {
      this.#pending = { sink, resolve, reject }
      while (this.#held.length > 0 && this.#pending !== undefined) {
        const chunk = this.#held.shift()
        if (chunk !== undefined) this.#onData(chunk)
      }
      if (this.#pending === undefined) return
      if (this.#outcome === undefined) this.#stream.resume()
      else this.#finish(this.#outcome)
    })
  }

  close(reason: unknown): Promise<void> {
    this.#finish({ error: reason })
    this.#held.length = 0
    const stream = this.#stream
    return new Promise((resolve) => {
      this.#onClosed = () => {
        this.#detach()
        resolve()
      }
      stream.destroy()
      if (stream.closed) this.#onClosed()
    })
  }

  readonly #onData = (chunk: Uint8Array): void => {
    const pending = this.#pending
    if (pending === undefined) {
      this.#held.push(chunk)
      this.#stream.pause()
      return
    }
    try {
      if (!pending.sink(chunk)) return
    } catch (error) {
      // Thrown on from here it would end the process.
      this.#finish({ error })
      return
    }
    // Not paused yet: a loop that goes on at once reads again before the next chunk, and pausing costs as much as parsing.
    this.#pending = undefined
    pending.resolve('more')
  }

  readonly #onEnd = (): void => this.#finish('ended')

  readonly #onError = (error: unknown): void => this.#finish({ error })

  readonly #onClose = (): void => {
    this.#finish({ error: new Error('The body was closed before its end') })
    this.#onClosed?.()
  }

  #finish(outcome: 'ended' | { readonly error: unknown }): void {
    const pending = this.#pending
    this.#outcome ??= outcome
    if (pending === undefined) return
    this.#pending = undefined
    if (this.#outcome === 'ended') pending.resolve('ended')
    else pending.reject(this.#outcome.error)
  }

  #detach(): void {
    const stream = this.#stream
    stream.off('data', this.#onData)
    stream.off('end', this.#onEnd)
    stream.off('close', this.#onClose)
    // The 'error' listener stays: an error after the close would end the process. It goes with the stream.
  }
}

class IterableReader implements BodyReader {
  readonly #iterator: AsyncIterator<Uint8Array>
  #reject: ((reason: unknown) => void) | undefined
  #isOver = false

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#iterator = body[Symbol.asyncIterator]()
  }

  read(sink: ChunkSink): Promise<'more' | 'ended'> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      this.#pull(sink).then(resolve, reject)
    })
  }

  close(reason: unknown): Promise<void> {
    this.#reject?.(reason)
    if (!this.#isOver) {
      this.#isOver = true
      // A generator that waits inside next() would answer only when that has settled.
      this.#tell().catch(() => undefined)
    }
    return Promise.resolve()
  }

  async #tell(): Promise<void> {
    await this.#iterator.return?.()
  }

  async #pull(sink: ChunkSink): Promise<'more' | 'ended'> {
    while (!this.#isOver) {
      const result = await this.#iterator.next()
      if (result.done === true) {
        this.#isOver = true
        break
      }
      if (!this.#isOver && sink(result.value)) return 'more'
    }
    return 'ended'
  }
}
