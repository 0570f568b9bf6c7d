/** `mediabunny` 1.61.0: a reader of media files. It pulls, at random, from a whole file; it reads the first Segment. */
import { BufferSource, EncodedPacketSink, Input, MATROSKA } from 'mediabunny'
import type { Works } from './contender.js'
import type { Tally } from '../tally.js'

/** Its times are in seconds. The whole file is in memory before the clock starts, which is its best case. */
async function readPackets(chunks: readonly Buffer[], tally: Tally): Promise<void> {
  const [file] = chunks
  using input = new Input({ formats: [MATROSKA], source: new BufferSource(file) })
  for (const track of await input.getTracks()) {
    const number = track.id
    for await (const packet of new EncodedPacketSink(track).packets()) {
      tally.frame(number, Math.round(packet.timestamp * 1000), packet.type === 'key', packet.data)
    }
  }
}

export const mediabunny: Works = {
  frames: { kind: 'async', read: readPackets },
}
