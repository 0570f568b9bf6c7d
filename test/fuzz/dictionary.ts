// What blind mutation would hardly ever write: IDs, sizes at the edges, names with a meaning.
import { ELEMENTS } from '../../src/parser/index.js'

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

const sizes = [
  '80', // 0 bytes
  '81',
  '8f',
  'fe', // the largest size in one byte
  '4000',
  '407f',
  '7ffe',
  '01 00000000000000',
  '01 00000000000004',
  '01 fffffffffffffe', // 2^56 − 2
  '01 1fffffffffffff', // 2^53 − 1
  '01 20000000000000', // 2^53
  '08 0f424000',
  // Eight bytes, one of the upper ones set: a reader in a hurry looks at the lower ones only.
  '01 01000000000004',
  '01 00010000000004',
  '01 00000100000004',
  '00', // no size has this first byte
  // Unknown, in one to eight bytes
  'ff',
  '7fff',
  '3fffff',
  '1fffffff',
  '0fffffffff',
  '07ffffffffff',
  '03ffffffffffff',
  '01ffffffffffffff',
].map(fromHex)

const names = [
  'FRAGMENT_NUMBER',
  'SERVER_TIMESTAMP',
  'PRODUCER_TIMESTAMP',
  'SERVER_SIDE_TIMESTAMP',
  'PRODUCER_SIDE_TIMESTAMP',
  'MILLIS_BEHIND_NOW',
  'CONTINUATION_TOKEN',
  'ERROR_ID',
  'ERROR_CODE',
  'EXCEPTION_ERROR_CODE',
  'EXCEPTION_MESSAGE',
].map((name) => {
  const text = Buffer.from(`AWS_KINESISVIDEO_${name}`)
  // TagName, its size, the name.
  return Uint8Array.of(0x45, 0xa3, 0x80 | text.length, ...text)
})

const idBytes = ELEMENTS.map(({ id }) => {
  const hex = id.toString(16)
  return fromHex(hex.length % 2 === 0 ? hex : `0${hex}`)
})

const wholes = [
  '1a45dfa3 80',
  '1a45dfa3 8b 4282 88 6d6174726f736b61', // EBML{DocType matroska}
  '18538067 ff',
  '1f43b675 ff',
  '1f43b675 83 e78100', // Cluster{Timestamp 0}
  'e78100',
  'a3 85 81 0000 80 aa', // SimpleBlock
  'a3 86 81 0000 02 00 aa', // Xiph lacing, one frame
  'a3 88 81 0000 04 01 aabb 00',
  'a3 88 81 0000 06 01 81 aabb',
  'a0 87 a1 85 81 0000 00 aa', // BlockGroup{Block}
  'bf 84 00000000', // CRC-32
  'ec 80', // Void
  'ae 83 d7 81 01', // TrackEntry{TrackNumber 1}
  '23314f 84 7f800000', // TrackTimestampScale: infinity
  '2ad7b1 88 ffffffffffffffff', // TimestampScale
].map(fromHex)

/** Pieces to put into an input, or over a part of it. */
export const DICTIONARY: readonly Uint8Array[] = [
  ...sizes,
  ...sizes,
  ...names,
  ...idBytes,
  ...wholes,
  ...wholes,
]
