// The 44 bytes in front of the samples of a WAV file. Nothing to learn from here.

export const HEADER_BYTES = 44

/** For 16-bit PCM, described by a MIME type such as `audio/L16;rate=8000;channels=1;`. */
export function wavHeader(mimeType: string, dataBytes: number): Buffer {
  const number = (name: string, otherwise: number): number =>
    Number(new RegExp(`${name}=(\\d+)`).exec(mimeType)?.[1] ?? otherwise)
  const rate = number('rate', 8000)
  const channels = number('channels', 1)
  const header = Buffer.alloc(HEADER_BYTES)
  header.write('RIFF', 0)
  header.writeUInt32LE(HEADER_BYTES - 8 + dataBytes, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(channels, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE(rate * channels * 2, 28)
  header.writeUInt16LE(channels * 2, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(dataBytes, 40)
  return header
}
