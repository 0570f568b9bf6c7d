/**
 * The least that a reader of whole fragments has to do with memory: it looks at each block's header as its chunk arrives, and
 * at the payload's first and last byte when the fragment is complete. It is told where those stand: it parses nothing,
 * makes no objects and does nothing with what it sees.
 */
import { GetMediaParser } from 'kvs-fragments'
import type { Feed } from './contender.js'
import type { Tally } from '../tally.js'

/** Opens readers of that stream, whose chunks are all of `chunkBytes` but for the last. */
export function touchingFloor(
  chunks: readonly Buffer[],
  chunkBytes: number,
): (tally: Tally) => Feed {
  const { starts, ends, fragments } = positionsIn(Buffer.concat(chunks))
  return (tally) => {
    const held: Buffer[] = []
    let offset = 0
    let headers = 0
    let payloads = 0
    let complete = 0
    const byteAt = (position: number): number =>
      held[Math.trunc(position / chunkBytes)][position % chunkBytes]
    return {
      push(chunk) {
        held.push(chunk)
        offset += chunk.length
        let sum = tally.checksum
        for (; headers < starts.length && starts[headers] < offset; headers += 1) {
          sum ^= byteAt(starts[headers] - 1)
        }
        for (; complete < fragments.length && fragments[complete].end <= offset; complete += 1) {
          for (; payloads < fragments[complete].payloads; payloads += 1) {
            sum ^= byteAt(starts[payloads]) ^ byteAt(ends[payloads])
          }
        }
        tally.frames = payloads
        tally.checksum = sum
      },
      end() {},
    }
  }
}

/** Where payloads begin and where their last bytes are; where fragments end, and how many payloads have begun by then. */
function positionsIn(bytes: Buffer) {
  const starts: number[] = []
  const ends: number[] = []
  const fragments: { end: number; payloads: number }[] = []
  const parser = new GetMediaParser()
  for (const fragment of [...parser.push(bytes), ...parser.end()]) {
    for (const { data } of fragment.frames) {
      const start = data.byteOffset - bytes.byteOffset
      starts.push(start)
      ends.push(start + data.length - 1)
    }
    fragments.push({ end: fragment.offset + fragment.byteLength, payloads: starts.length })
  }
  return { starts: Int32Array.from(starts), ends: Int32Array.from(ends), fragments }
}
