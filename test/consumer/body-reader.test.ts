import { once } from 'node:events'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createBodyReader } from '../../src/consumer/body-reader.js'

const settle = () => new Promise((resolve) => setImmediate(resolve))

/** A sink that has enough after so many chunks. */
function sink(enough: number) {
  const chunks: string[] = []
  return {
    chunks,
    take: (chunk: Uint8Array) => {
      chunks.push(Buffer.from(chunk).toString())
      return chunks.length % enough === 0
    },
  }
}

async function* generate(...texts: readonly string[]) {
  for (const text of texts) yield Buffer.from(text)
}

const bodies = {
  'a Node stream': (...texts: readonly string[]) =>
    Readable.from(
      texts.map((text) => Buffer.from(text)),
      { objectMode: false },
    ),
  'an async iterable': generate,
}

describe.each(Object.keys(bodies) as (keyof typeof bodies)[])('the reader of %s', (name) => {
  const create = bodies[name]

  it('gives chunks in order until the sink has enough, then the next ones', async () => {
    const reader = createBodyReader(create('a', 'b', 'c', 'd', 'e'))
    const { chunks, take } = sink(2)
    expect(await reader.read(take)).toBe('more')
    expect(chunks).toEqual(['a', 'b'])
    await settle()
    await settle()
    expect(chunks).toEqual(['a', 'b'])
    expect(await reader.read(take)).toBe('more')
    expect(await reader.read(take)).toBe('ended')
    expect(await reader.read(take)).toBe('ended')
    expect(chunks).toEqual(['a', 'b', 'c', 'd', 'e'])
    await reader.close(undefined)
  })

  it('rejects with what the sink throws', async () => {
    const reader = createBodyReader(create('a'))
    const reading = reader.read(() => {
      throw new Error('in the sink')
    })
    await expect(reading).rejects.toThrow('in the sink')
    await reader.close(undefined)
  })

  it('rejects a pending read with the reason of its close', async () => {
    const body =
      name === 'a Node stream'
        ? new PassThrough()
        : { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) }
    const reader = createBodyReader(body)
    const reading = reader.read(() => false)
    const reason = new Error('enough')
    const closing = reader.close(reason)
    await expect(reading).rejects.toBe(reason)
    await closing
    await reader.close(reason)
  })
})

describe('the reader of a Node stream', () => {
  it('holds the sender back while nobody reads', async () => {
    let pushed = 0
    const body = new Readable({
      highWaterMark: 1000,
      read() {
        pushed += 1
        this.push(Buffer.alloc(1000))
      },
    })
    const reader = createBodyReader(body)
    await settle()
    expect(pushed).toBeLessThanOrEqual(1)
    await reader.read(() => true)
    await settle()
    await settle()
    const before = pushed
    await settle()
    expect(pushed).toBe(before)
    expect(pushed).toBeLessThan(5)
    await reader.close(undefined)
  })

  it('does not pause for a reader that comes back before the next chunk', async () => {
    const body = new PassThrough()
    const reader = createBodyReader(body)
    const { chunks, take } = sink(1)
    for (const text of ['a', 'b', 'c']) {
      const reading = reader.read(take)
      body.write(text)
      expect(await reading).toBe('more')
      expect(body.isPaused()).toBe(false)
    }
    body.write('d')
    await settle()
    expect(body.isPaused()).toBe(true)
    expect(chunks).toEqual(['a', 'b', 'c'])
    expect(await reader.read(take)).toBe('more')
    expect(chunks).toEqual(['a', 'b', 'c', 'd'])
    await reader.close(undefined)
  })

  it('gives what came while nobody read before it tells how the body ended', async () => {
    const body = new PassThrough()
    const reader = createBodyReader(body)
    const { chunks, take } = sink(1)
    const reading = reader.read(take)
    // The other two come whether the stream is paused or not.
    for (const text of ['a', 'b', 'c']) body.emit('data', Buffer.from(text))
    body.destroy(new Error('reset'))
    expect(await reading).toBe('more')
    await settle()
    expect(await reader.read(take)).toBe('more')
    expect(await reader.read(take)).toBe('more')
    await expect(reader.read(take)).rejects.toThrow('reset')
    expect(chunks).toEqual(['a', 'b', 'c'])
    await reader.close(undefined)
  })

  it('rejects with the error of the body, also when it came while nobody read', async () => {
    for (const isEarly of [true, false]) {
      const body = new PassThrough()
      const reader = createBodyReader(body)
      const reading = isEarly ? undefined : reader.read(() => false)
      body.destroy(Object.assign(new Error('aborted'), { code: 'ECONNRESET' }))
      // events.once() would reject with the error.
      if (isEarly) await new Promise((resolve) => body.on('close', resolve))
      await expect(reading ?? reader.read(() => false)).rejects.toMatchObject({
        code: 'ECONNRESET',
      })
      await reader.close(undefined)
    }
  })

  it('rejects when the body is closed without an end', async () => {
    const body = new PassThrough()
    const reader = createBodyReader(body)
    const reading = reader.read(() => false)
    body.destroy()
    await expect(reading).rejects.toThrow('closed before its end')
    await expect(createBodyReader(body).read(() => false)).rejects.toThrow('closed')
  })

  it('closes it, leaves no listener but the one that keeps late errors harmless', async () => {
    const body = new PassThrough()
    body.write('x')
    const reader = createBodyReader(body)
    await reader.read(() => true)
    await reader.close(undefined)
    expect(body.closed).toBe(true)
    for (const event of ['data', 'end', 'close']) expect(body.listenerCount(event)).toBe(0)
    body.emit('error', new Error('late'))
  })

  it('notices that the body had ended before', async () => {
    const body = Readable.from([])
    body.resume()
    await once(body, 'end')
    expect(await createBodyReader(body).read(() => false)).toBe('ended')
  })
})

describe('the reader of an async iterable', () => {
  it('tells it to return, once, and survives what that throws', async () => {
    let returns = 0
    const reader = createBodyReader({
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.resolve({ done: false as const, value: Buffer.from('x') }),
        return: () => {
          returns += 1
          throw new Error('in return')
        },
      }),
    })
    await reader.read(() => true)
    await reader.close(undefined)
    await reader.close(undefined)
    await settle()
    expect(returns).toBe(1)
  })

  it('rejects with what it throws', async () => {
    const reader = createBodyReader(
      (async function* broken() {
        yield Buffer.from('x')
        throw new Error('broken')
      })(),
    )
    await expect(reader.read(() => false)).rejects.toThrow('broken')
  })
})
