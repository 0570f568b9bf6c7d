import { describe, expect, it } from 'vitest'
import { parseGetMedia } from '../../src/tags/index.js'
import { setUp } from '../helpers/consumer-harness.js'
import { createLog, cut } from '../helpers/consumer-service.js'

const log = createLog(6, { frames: 5 })
const payload = log.map(({ bytes }) => bytes)

describe('parser.keepBytes', () => {
  it('makes an archive of a stream, once and in order through disconnects, that can be read again', async () => {
    const { consumer, service } = setUp(
      {
        log,
        // Each connection dies in the middle of its third fragment.
        answer: ({ startIndex = 0 }) => {
          const rest = payload.slice(startIndex)
          return { pieces: cut(rest, 2 * payload[0].length + 150, 'reset') }
        },
      },
      { parser: { keepBytes: true } },
    )
    const archive: Uint8Array[] = []
    let count = 0
    for await (const { slices = [] } of consumer) {
      archive.push(...slices)
      count += 1
      if (count === log.length) break
    }
    expect(service.requests.length).toBeGreaterThan(2)
    expect(Buffer.concat(archive)).toEqual(Buffer.concat(payload))
    const numbers: unknown[] = []
    for await (const { metadata, isComplete } of parseGetMedia(archive)) {
      if (isComplete) numbers.push(metadata.fragmentNumber)
    }
    expect(numbers).toEqual(log.map(({ fragmentNumber }) => fragmentNumber))
  })

  it('is off by default', async () => {
    const { consumer } = setUp({ log })
    for await (const { slices } of consumer) {
      expect(slices).toBeUndefined()
      break
    }
  })
})
