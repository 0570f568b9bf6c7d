/**
 * Just enough of H.264 to put an elementary stream into Matroska: Annex B of ITU-T H.264 cut into
 * access units, and the AVCDecoderConfigurationRecord of ISO/IEC 14496-15 for CodecPrivate.
 */
import { concatBytes } from '../src/simulator/ebml-writer.js'

/** One picture with its NAL units behind four-byte lengths, as V_MPEG4/ISO/AVC wants it. */
export interface AccessUnit {
  /** Length-prefixed NAL units; delimiters and parameter sets are left out. */
  readonly data: Uint8Array
  /** It holds an IDR picture. */
  readonly isKeyframe: boolean
}

/** What an elementary stream consists of. */
export interface ElementaryStream {
  /** The pictures in decoding order. */
  readonly accessUnits: readonly AccessUnit[]
  /** CodecPrivate. */
  readonly decoderConfiguration: Uint8Array
}

const IDR = 5
const SPS = 7
const PPS = 8
const DELIMITER = 9

/** Reads a stream whose pictures all begin with an access unit delimiter. */
export function readAnnexB(bytes: Uint8Array): ElementaryStream {
  const accessUnits: AccessUnit[] = []
  let sps: Uint8Array | undefined
  let pps: Uint8Array | undefined
  let picture: Uint8Array[] = []
  const finishPicture = (): void => {
    if (picture.length === 0) return
    accessUnits.push({
      data: lengthPrefixed(picture),
      isKeyframe: picture.some((unit) => nalType(unit) === IDR),
    })
    picture = []
  }
  for (const unit of nalUnits(bytes)) {
    const type = nalType(unit)
    if (type === DELIMITER) finishPicture()
    else if (type === SPS) sps ??= unit
    else if (type === PPS) pps ??= unit
    else picture.push(unit)
  }
  finishPicture()
  if (!sps || !pps) throw new Error('the stream has no sequence or picture parameter set')
  return { accessUnits, decoderConfiguration: decoderConfiguration(sps, pps) }
}

function* nalUnits(bytes: Uint8Array): Generator<Uint8Array> {
  let start = -1
  for (let i = 0; i + 2 < bytes.length; i++) {
    if (bytes[i] !== 0 || bytes[i + 1] !== 0 || bytes[i + 2] !== 1) continue
    // A four-byte start code's first zero belongs to no unit.
    const end = i > 0 && bytes[i - 1] === 0 ? i - 1 : i
    if (start >= 0) yield bytes.subarray(start, end)
    start = i + 3
    i += 2
  }
  if (start >= 0) yield bytes.subarray(start)
}

function nalType(unit: Uint8Array): number {
  return unit[0]! & 0x1f
}

function lengthPrefixed(units: readonly Uint8Array[]): Uint8Array {
  const length = units.reduce((sum, unit) => sum + 4 + unit.length, 0)
  const joined = new Uint8Array(length)
  const view = new DataView(joined.buffer)
  let position = 0
  for (const unit of units) {
    view.setUint32(position, unit.length)
    joined.set(unit, position + 4)
    position += 4 + unit.length
  }
  return joined
}

function decoderConfiguration(sps: Uint8Array, pps: Uint8Array): Uint8Array {
  const parts = [
    Uint8Array.of(1, sps[1]!, sps[2]!, sps[3]!, 0xff, 0xe1),
    Uint8Array.of(sps.length >> 8, sps.length),
    sps,
    Uint8Array.of(1, pps.length >> 8, pps.length),
    pps,
  ]
  // High profiles add chroma format 4:2:0 and eight bits (14496-15 §5.3.3.1.2).
  if (sps[1]! >= 100) parts.push(Uint8Array.of(0xfd, 0xf8, 0xf8, 0))
  return concatBytes(parts)
}
