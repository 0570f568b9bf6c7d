import { describe, expect, it } from 'vitest'
import type { Track } from '../../src/parser/tracks.js'
import type { Part } from '../helpers/ebml-bytes.js'
import { element } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { hex } from '../helpers/hex.js'
import { parse, segmentOf } from './fragment-harness.js'

/** The tracks of a Tracks element with these parts, read in every cut. */
function tracksOf(...parts: readonly Part[]): readonly Track[] {
  const bytes = segmentOf(element('1654AE6B', ...parts), '1F43B675 80')
  const whole = parse(bytes).fragments[0]
  expect(whole.errors).toEqual([])
  everySplit(bytes, (chunks) => expect(parse(chunks).fragments[0].tracks).toEqual(whole.tracks))
  return whole.tracks
}

const trackOf = (...parts: readonly Part[]): Track => tracksOf(element('AE', ...parts))[0]

describe('a TrackEntry', () => {
  it('of a camera is read whole', () => {
    const track = trackOf(
      'D7 81 01',
      '73C5 88 123456789ABCDEF0',
      '83 81 01',
      "536E 8C 'kinesisvideo'",
      "86 8F 'V_MPEG4/ISO/AVC'",
      '63A2 88 014D4032FFE10010',
      '23E383 84 02625A00',
      "22B59C 83 'und'",
      element('E0', 'B0 82 0780', 'BA 82 0438', '9A 81 02', '54B0 82 0780', '54BA 82 0438'),
    )
    expect(track).toEqual({
      number: 1,
      uid: 0x123456789abcdef0n,
      type: 'video',
      typeCode: 1,
      name: 'kinesisvideo',
      language: 'und',
      languageBcp47: undefined,
      codecId: 'V_MPEG4/ISO/AVC',
      codecName: undefined,
      codecPrivate: hex('014D4032FFE10010'),
      video: {
        pixelWidth: 1920,
        pixelHeight: 1080,
        displayWidth: 1920,
        displayHeight: 1080,
        displayUnit: 0,
        crop: { top: 0, bottom: 0, left: 0, right: 0 },
        interlacing: 2,
        stereoMode: 0,
        alphaMode: 0,
        colour: undefined,
      },
      audio: undefined,
      defaultDurationNs: 40_000_000,
      codecDelayNs: 0n,
      seekPreRollNs: 0n,
      timestampScale: 1,
      isEnabled: true,
      isDefault: true,
      isForced: false,
      encodings: [],
      strippedHeader: undefined,
    })
  })

  it('of a telephone call is read whole', () => {
    const track = trackOf(
      'D7 81 02',
      '73C5 81 02',
      '83 81 02',
      "536E 93 'AUDIO_FROM_CUSTOMER'",
      "86 85 'A_AAC'",
      element('E1', 'B5 88 40BF400000000000', '9F 81 01', '6264 81 10'),
    )
    expect(track).toMatchObject({
      number: 2,
      type: 'audio',
      name: 'AUDIO_FROM_CUSTOMER',
      codecId: 'A_AAC',
      codecPrivate: undefined,
      video: undefined,
      audio: { samplingFrequency: 8000, outputSamplingFrequency: 8000, channels: 1, bitDepth: 16 },
      defaultDurationNs: undefined,
    })
  })

  it('has the defaults of the RFC when it is empty', () => {
    expect(trackOf()).toEqual({
      number: 0,
      uid: 0n,
      type: 'unknown',
      typeCode: 0,
      name: undefined,
      language: 'eng',
      languageBcp47: undefined,
      codecId: '',
      codecName: undefined,
      codecPrivate: undefined,
      video: undefined,
      audio: undefined,
      defaultDurationNs: undefined,
      codecDelayNs: 0n,
      seekPreRollNs: 0n,
      timestampScale: 1,
      isEnabled: true,
      isDefault: true,
      isForced: false,
      encodings: [],
      strippedHeader: undefined,
    })
  })

  it('has the defaults of the RFC for values of length 0', () => {
    const track = trackOf('B9 80', '88 80', '55AA 80', '22B59C 80', '23314F 80', '56AA 80')
    expect(track).toMatchObject({
      isEnabled: true,
      isDefault: true,
      isForced: false,
      language: 'eng',
      timestampScale: 1,
      codecDelayNs: 0n,
    })
  })

  it('has a UID of all 64 bits', () => {
    expect(trackOf('73C5 88 FFFFFFFFFFFFFFFF').uid).toBe(2n ** 64n - 1n)
    expect(trackOf('73C5 88 8000000000000001').uid).toBe(2n ** 63n + 1n)
    expect(trackOf('73C5 87 20000000000001').uid).toBe(2n ** 53n + 1n)
  })

  it('has texts that stop at the first NUL', () => {
    const track = trackOf(
      "536E 90 'camera' 00000000000000000000",
      "86 8A 'V_VP8' 00 'junk'",
      "22B59C 84 'fre' 00",
      "22B59D 86 'fr-CA' 00",
      "258688 85 'VP8' 00 FF",
    )
    expect(track).toMatchObject({
      name: 'camera',
      codecId: 'V_VP8',
      language: 'fre',
      languageBcp47: 'fr-CA',
      codecName: 'VP8',
    })
  })

  it.each([
    [1, 'video'],
    [2, 'audio'],
    [3, 'complex'],
    [16, 'logo'],
    [17, 'subtitle'],
    [18, 'buttons'],
    [32, 'control'],
    [33, 'metadata'],
    [0, 'unknown'],
    [4, 'unknown'],
    [255, 'unknown'],
  ])('of TrackType %d is %s', (typeCode, type) => {
    expect(trackOf(element('83', Uint8Array.of(typeCode)))).toMatchObject({ type, typeCode })
  })

  it('has its flags', () => {
    expect(trackOf('B9 81 00', '88 81 00', '55AA 81 01')).toMatchObject({
      isEnabled: false,
      isDefault: false,
      isForced: true,
    })
    expect(trackOf('B9 81 01', '88 81 01', '55AA 81 00')).toMatchObject({
      isEnabled: true,
      isDefault: true,
      isForced: false,
    })
  })

  it('has the times of its codec', () => {
    expect(trackOf('56AA 83 632EA0', '56BB 84 04C4B400', '23E383 84 01312D00')).toMatchObject({
      codecDelayNs: 6_500_000n,
      seekPreRollNs: 80_000_000n,
      defaultDurationNs: 20_000_000,
    })
  })

  it('has an empty CodecPrivate where that is empty, undefined where there is none', () => {
    expect(trackOf('63A2 80').codecPrivate).toEqual(hex(''))
    expect(trackOf().codecPrivate).toBeUndefined()
  })

  it('has a CodecPrivate of its own, which does not change with the chunk', () => {
    const chunk = segmentOf(
      element('1654AE6B', element('AE', '63A2 84 01020304')),
      '1F43B675 80',
      element('EC', '00'.repeat(300)),
    )
    const [fragment] = parse(chunk).fragments
    chunk.fill(0)
    expect(fragment.tracks[0].codecPrivate).toEqual(hex('01020304'))
    expect(fragment.tracks[0].codecPrivate?.buffer.byteLength).toBe(4)
  })
})

describe('a Video element', () => {
  const videoOf = (...parts: readonly Part[]): Track['video'] =>
    trackOf(element('E0', ...parts)).video

  it('has no sizes when it is empty', () => {
    expect(videoOf()).toMatchObject({ pixelWidth: 0, pixelHeight: 0, colour: undefined })
  })

  it('is shown as large as it is, less the crop', () => {
    expect(
      videoOf('B0 82 0780', 'BA 82 0440', '54AA 81 08', '54BB 81 04', '54CC 81 02', '54DD 81 01'),
    ).toMatchObject({
      displayWidth: 1917,
      displayHeight: 1076,
      crop: { bottom: 8, top: 4, left: 2, right: 1 },
    })
  })

  it('is shown as large as it says', () => {
    const video = videoOf('B0 82 0780', 'BA 82 0438', '54B0 81 10', '54BA 81 09', '54B2 81 03')
    expect(video).toMatchObject({
      pixelWidth: 1920,
      displayWidth: 16,
      displayHeight: 9,
      displayUnit: 3,
    })
  })

  it('has modes and colour', () => {
    expect(
      videoOf(
        '9A 81 01',
        '53B8 81 03',
        '53C0 81 01',
        element('55B0', '55B1 81 01', '55BA 81 10', '55BB 81 09', '55B9 81 02', '55B2 81 0A'),
      ),
    ).toMatchObject({
      interlacing: 1,
      stereoMode: 3,
      alphaMode: 1,
      colour: {
        matrixCoefficients: 1,
        transferCharacteristics: 16,
        primaries: 9,
        range: 2,
        bitsPerChannel: 10,
      },
    })
    expect(videoOf('55B0 80')?.colour).toEqual({
      matrixCoefficients: 2,
      transferCharacteristics: 2,
      primaries: 2,
      range: 0,
      bitsPerChannel: 0,
    })
  })
})

describe('an Audio element', () => {
  const audioOf = (...parts: readonly Part[]): Track['audio'] =>
    trackOf(element('E1', ...parts)).audio

  it('has the defaults of the RFC when it is empty', () => {
    expect(audioOf()).toEqual({
      samplingFrequency: 8000,
      outputSamplingFrequency: 8000,
      channels: 1,
      bitDepth: undefined,
    })
  })

  it('has a frequency of four or eight bytes, and one of the output', () => {
    expect(audioOf('B5 84 46BB8000', '78B5 88 40E7700000000000', '9F 81 02')).toMatchObject({
      samplingFrequency: 24_000,
      outputSamplingFrequency: 48_000,
      channels: 2,
    })
  })

  it('has the same frequency of the output when that is empty or none', () => {
    for (const output of ['78B5 80', '78B5 84 00000000', '78B5 84 7FC00000']) {
      expect(audioOf('B5 84 46BB8000', output)).toMatchObject({ outputSamplingFrequency: 24_000 })
    }
  })
})

describe('ContentEncodings', () => {
  const encodingsOf = (...parts: readonly Part[]): Track['encodings'] =>
    trackOf(element('6D80', ...parts)).encodings
  const zlib = {
    order: 0,
    scope: 1,
    type: 'compression',
    algorithm: 0,
    settings: undefined,
    keyId: undefined,
  }

  it('are listed in the order they are to be undone: the highest first', () => {
    const encodings = encodingsOf(
      element('6240', '5031 81 00', element('5034', '4254 81 00')),
      element('6240', '5031 81 02', '5033 81 01', element('5035', '47E1 81 05', '47E2 82 0A0B')),
      element('6240', '5031 81 01', '5032 81 03', element('5034', '4254 81 03', '4255 81 09')),
    )
    expect(encodings).toEqual([
      { ...zlib, order: 2, type: 'encryption', algorithm: 5, keyId: hex('0A0B') },
      { ...zlib, order: 1, scope: 3, algorithm: 3, settings: hex('09') },
      zlib,
    ])
  })

  it('have the defaults of the RFC: zlib on blocks', () => {
    expect(encodingsOf(element('6240', '5034 80'))).toEqual([zlib])
  })

  it('of a type that is not known are listed, and undo nothing', () => {
    const track = trackOf(
      element('6D80', element('6240', '5033 81 02', element('5034', '4254 81 03', '4255 81 00'))),
    )
    expect(track.encodings[0].type).toBe('unknown')
    expect(track.strippedHeader).toBeUndefined()
  })

  it('name the bytes that header stripping took off', () => {
    const track = trackOf(
      element('6D80', element('6240', element('5034', '4254 81 03', '4255 83 000001'))),
    )
    expect(track.strippedHeader).toEqual(hex('000001'))
  })

  it('name no more than 256 of them, or small frames would grow without end', () => {
    const trackWith = (length: number): Track => {
      const settings = element('4255', '00'.repeat(length))
      const compression = element('5034', '4254 81 03', settings)
      const entry = element('AE', element('6D80', element('6240', compression)))
      return parse(segmentOf(element('1654AE6B', entry), '1F43B675 80')).fragments[0].tracks[0]
    }
    expect(trackWith(256).strippedHeader).toHaveLength(256)
    expect(trackWith(257).strippedHeader).toBeUndefined()
    expect(trackWith(257).encodings[0].settings).toHaveLength(257)
  })
})

describe('a Tracks element', () => {
  it('lists its entries in order, past what else is in it', () => {
    const tracks = tracksOf(
      'EC 82 0000',
      element('AE', 'D7 81 02'),
      '4100 81 00',
      element('AE', 'D7 81 01', 'EC 80', element('4101', '00'), '83 81 11'),
      element('AE', 'D7 82 0100'),
    )
    expect(tracks.map(({ number }) => number)).toEqual([2, 1, 256])
    expect(tracks[1].type).toBe('subtitle')
  })

  it('may be empty', () => {
    expect(tracksOf()).toEqual([])
  })

  it('is read for every fragment, and read anew when it changes', () => {
    const documentOf = (number: string): Uint8Array =>
      segmentOf(element('1654AE6B', element('AE', 'D7 81', number)), '1F43B675 80')
    const { fragments } = parse(['01', '01', '02', '01', '01'].map(documentOf))
    expect(fragments.map(({ tracks }) => tracks[0].number)).toEqual([1, 1, 2, 1, 1])
  })

  it('belongs to its Segment: the next one does not inherit it', () => {
    const { fragments } = parse([
      segmentOf(element('1654AE6B', element('AE', 'D7 81 01')), '1F43B675 80'),
      segmentOf('1F43B675 80'),
      hex('18538067 FF 1F43B675 80'),
    ])
    expect(fragments.map(({ tracks }) => tracks.length)).toEqual([1, 0, 0])
  })
})
