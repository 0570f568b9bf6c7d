import fc from 'fast-check'
import type { AudioSettings, ColourSettings, VideoSettings } from '../../src/parser/index.js'
import type { Coded } from './arbitrary-elements.js'
import {
  binary,
  dressing,
  float,
  master,
  maybe,
  orderedDressing,
  present,
  someBytes,
  text,
  uint,
} from './arbitrary-elements.js'
import type { Element } from './ebml-tree.js'
import * as ids from './matroska-ids.js'
import type { ModelInfo, ModelTrack } from './model.js'
import { hex } from './model.js'

function upTo(max: number | bigint): fc.Arbitrary<bigint> {
  return fc.bigInt({ min: 0n, max: BigInt(max) })
}

const flag = (id: number, defaultValue: bigint): fc.Arbitrary<Coded<bigint>> =>
  uint(id, upTo(1), defaultValue)

type Parts = Readonly<Record<string, Coded<unknown> | undefined>>

function elementsOf(parts: Parts): Element[] {
  return present(parts).map(({ element }) => element)
}

const uint64 = upTo((1n << 64n) - 1n)

/** Info, stale values included. */
export const infoElement: fc.Arbitrary<Coded<ModelInfo>> = fc
  .record({
    parts: fc.record({
      timestampScale: maybe(
        uint(
          ids.TIMESTAMP_SCALE,
          fc.oneof(
            fc.constantFrom(1_000_000n, 1n, 22_676n),
            fc.bigInt({ min: 1n, max: 1n << 32n }),
          ),
          1_000_000n,
        ),
      ),
      duration: maybe(float(ids.DURATION, fc.constantFrom(0, 1.5, 9967))),
      title: maybe(text(ids.TITLE)),
      muxingApp: maybe(text(ids.MUXING_APP)),
      writingApp: maybe(text(ids.WRITING_APP)),
      segmentUuid: maybe(binary(ids.SEGMENT_UUID, fc.uint8Array({ minLength: 16, maxLength: 16 }))),
      // Whole milliseconds since 2001-01-01, stored in nanoseconds.
      date: maybe(uint(ids.DATE_UTC, upTo(10n ** 12n)).map(asDate)),
    }),
    dressing,
  })
  .map(({ parts, dressing: clothes }) => ({
    value: {
      timestampScale: Number(parts.timestampScale?.value ?? 1_000_000n),
      title: parts.title?.value,
      muxingApp: parts.muxingApp?.value,
      writingApp: parts.writingApp?.value,
      dateUtcMs: parts.date?.value,
      segmentUuid: parts.segmentUuid === undefined ? undefined : hex(parts.segmentUuid.value),
    },
    element: master(ids.INFO, elementsOf(parts), clothes),
  }))

function asDate({ value }: Coded<bigint>): Coded<number> {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigInt64(0, value * 1_000_000n)
  return {
    value: Date.UTC(2001, 0, 1) + Number(value),
    element: {
      id: ids.DATE_UTC,
      content: new Uint8Array(view.buffer),
      sizeWidth: 1,
      isUnknownSize: false,
    },
  }
}

const colourElement: fc.Arbitrary<Coded<ColourSettings>> = fc
  .record({
    parts: fc.record({
      matrixCoefficients: maybe(uint(ids.MATRIX_COEFFICIENTS, upTo(14), 2n)),
      transferCharacteristics: maybe(uint(ids.TRANSFER_CHARACTERISTICS, upTo(18), 2n)),
      primaries: maybe(uint(ids.PRIMARIES, upTo(22), 2n)),
      range: maybe(uint(ids.RANGE, upTo(3))),
      bitsPerChannel: maybe(uint(ids.BITS_PER_CHANNEL, upTo(16))),
    }),
    dressing,
  })
  .map(({ parts, dressing: clothes }) => ({
    value: {
      matrixCoefficients: Number(parts.matrixCoefficients?.value ?? 2n),
      transferCharacteristics: Number(parts.transferCharacteristics?.value ?? 2n),
      primaries: Number(parts.primaries?.value ?? 2n),
      range: Number(parts.range?.value ?? 0n),
      bitsPerChannel: Number(parts.bitsPerChannel?.value ?? 0n),
    },
    element: master(ids.COLOUR, elementsOf(parts), clothes),
  }))

const small = upTo(3)
const length = upTo(8192)

const videoElement: fc.Arbitrary<Coded<VideoSettings>> = fc
  .record({
    parts: fc.record({
      pixelWidth: uint(ids.PIXEL_WIDTH, length, -1n),
      pixelHeight: uint(ids.PIXEL_HEIGHT, length, -1n),
      top: maybe(uint(ids.PIXEL_CROP_TOP, small)),
      bottom: maybe(uint(ids.PIXEL_CROP_BOTTOM, small)),
      left: maybe(uint(ids.PIXEL_CROP_LEFT, small)),
      right: maybe(uint(ids.PIXEL_CROP_RIGHT, small)),
      interlacing: maybe(uint(ids.FLAG_INTERLACED, small)),
      stereoMode: maybe(uint(ids.STEREO_MODE, small)),
      alphaMode: maybe(uint(ids.ALPHA_MODE, upTo(1))),
      colour: maybe(colourElement),
    }),
    // The unit belongs to the sizes: without them there is nothing to measure.
    display: maybe(
      fc.record({
        width: uint(ids.DISPLAY_WIDTH, length, -1n),
        height: uint(ids.DISPLAY_HEIGHT, length, -1n),
        unit: uint(ids.DISPLAY_UNIT, upTo(4)),
      }),
    ),
    dressing,
  })
  .map(({ parts, display, dressing: clothes }) => {
    const number = (coded: Coded<bigint> | undefined): number => Number(coded?.value ?? 0n)
    const pixelWidth = number(parts.pixelWidth)
    const pixelHeight = number(parts.pixelHeight)
    const crop = {
      top: number(parts.top),
      bottom: number(parts.bottom),
      left: number(parts.left),
      right: number(parts.right),
    }
    return {
      value: {
        pixelWidth,
        pixelHeight,
        // RFC 9559 §5.1.4.1.28.12: the default is what is left after cropping.
        displayWidth: Number(display?.width.value ?? pixelWidth - crop.left - crop.right),
        displayHeight: Number(display?.height.value ?? pixelHeight - crop.top - crop.bottom),
        displayUnit: number(display?.unit),
        crop,
        interlacing: number(parts.interlacing),
        stereoMode: number(parts.stereoMode),
        alphaMode: number(parts.alphaMode),
        colour: parts.colour?.value,
      },
      element: master(ids.VIDEO, [...elementsOf(parts), ...elementsOf(display ?? {})], clothes),
    }
  })

const frequency = fc.constantFrom(8000, 16_000, 22_050, 44_100, 48_000)

const audioElement: fc.Arbitrary<Coded<AudioSettings>> = fc
  .record({
    parts: fc.record({
      samplingFrequency: maybe(float(ids.SAMPLING_FREQUENCY, frequency)),
      outputSamplingFrequency: maybe(float(ids.OUTPUT_SAMPLING_FREQUENCY, frequency)),
      channels: maybe(uint(ids.CHANNELS, fc.bigInt({ min: 1n, max: 8n }), 1n)),
      bitDepth: maybe(uint(ids.BIT_DEPTH, fc.bigInt({ min: 8n, max: 32n }))),
    }),
    dressing,
  })
  .map(({ parts, dressing: clothes }) => {
    const samplingFrequency = parts.samplingFrequency?.value ?? 8000
    return {
      value: {
        samplingFrequency,
        outputSamplingFrequency: parts.outputSamplingFrequency?.value ?? samplingFrequency,
        channels: Number(parts.channels?.value ?? 1n),
        bitDepth: parts.bitDepth === undefined ? undefined : Number(parts.bitDepth.value),
      },
      element: master(ids.AUDIO, elementsOf(parts), clothes),
    }
  })

interface Encoding {
  readonly stripped: string | undefined
  readonly encodings: readonly unknown[]
}

function plain(id: number, content: Uint8Array | readonly Element[]): Element {
  return { id, content, sizeWidth: 1, isUnknownSize: false }
}

/** Header stripping, which is undone; zlib and encryption, which are only told of. */
const encodingsElement: fc.Arbitrary<Coded<Encoding>> = fc
  .record({
    settings: someBytes(5),
    kind: fc.constantFrom('stripping', 'zlib', 'encryption', 'stripping, then encryption'),
    dressing,
  })
  .map(({ settings, kind, dressing: clothes }) => {
    const encodings: unknown[] = []
    const elements: Element[] = []
    if (kind.endsWith('encryption')) {
      const order = elements.length + 1
      encodings.push({
        order,
        scope: 1,
        type: 'encryption',
        algorithm: 5,
        settings: undefined,
        keyId: hex(settings),
      })
      elements.push(
        plain(ids.CONTENT_ENCODING, [
          plain(ids.CONTENT_ENCODING_ORDER, Uint8Array.of(order)),
          plain(ids.CONTENT_ENCODING_TYPE, Uint8Array.of(1)),
          plain(ids.CONTENT_ENCRYPTION, [
            plain(ids.CONTENT_ENC_ALGO, Uint8Array.of(5)),
            plain(ids.CONTENT_ENC_KEY_ID, settings),
          ]),
        ]),
      )
    }
    if (kind !== 'encryption') {
      const algorithm = kind === 'zlib' ? 0 : 3
      const isZlib = kind === 'zlib'
      encodings.push({
        order: 0,
        scope: 1,
        type: 'compression',
        algorithm,
        settings: isZlib ? undefined : hex(settings),
        keyId: undefined,
      })
      elements.push(
        plain(ids.CONTENT_ENCODING, [
          plain(
            ids.CONTENT_COMPRESSION,
            isZlib
              ? []
              : [
                  plain(ids.CONTENT_COMP_ALGO, Uint8Array.of(3)),
                  plain(ids.CONTENT_COMP_SETTINGS, settings),
                ],
          ),
          plain(ids.CONTENT_ENCODING_SCOPE, Uint8Array.of(1)),
        ]),
      )
    }
    return {
      // Two encodings cannot be undone by halves.
      value: { stripped: kind === 'stripping' ? hex(settings) : undefined, encodings },
      element: master(ids.CONTENT_ENCODINGS, elements, clothes),
    }
  })

const TYPES = [
  [1, 'video'],
  [2, 'audio'],
  [3, 'complex'],
  [16, 'logo'],
  [17, 'subtitle'],
  [18, 'buttons'],
  [32, 'control'],
  [33, 'metadata'],
] as const

function trackEntry(number: number): fc.Arbitrary<Coded<ModelTrack>> {
  return fc
    .record({
      type: fc.constantFrom(...TYPES),
      parts: fc.record({
        number: uint(ids.TRACK_NUMBER, fc.constant(BigInt(number))),
        uid: uint(ids.TRACK_UID, uint64),
        name: maybe(text(ids.NAME)),
        language: maybe(text(ids.LANGUAGE, fc.constantFrom('eng', 'und', 'jpn'))),
        languageBcp47: maybe(text(ids.LANGUAGE_BCP47, fc.constantFrom('de-CH', 'en'))),
        codecId: text(ids.CODEC_ID, fc.constantFrom('V_MPEG4/ISO/AVC', 'A_AAC', 'X_OTHER')),
        codecName: maybe(text(ids.CODEC_NAME)),
        codecPrivate: maybe(binary(ids.CODEC_PRIVATE, someBytes(30))),
        defaultDuration: maybe(uint(ids.DEFAULT_DURATION, fc.bigInt({ min: 1n, max: 1n << 32n }))),
        codecDelay: maybe(uint(ids.CODEC_DELAY, upTo(1n << 32n))),
        seekPreRoll: maybe(uint(ids.SEEK_PRE_ROLL, uint64)),
        timestampScale: fc.option(float(ids.TRACK_TIMESTAMP_SCALE, fc.constantFrom(1, 2, 3)), {
          nil: undefined,
          freq: 5,
        }),
        enabled: maybe(flag(ids.FLAG_ENABLED, 1n)),
        default: maybe(flag(ids.FLAG_DEFAULT, 1n)),
        forced: maybe(flag(ids.FLAG_FORCED, 0n)),
        lacing: maybe(flag(ids.FLAG_LACING, 1n)),
        video: maybe(videoElement),
        audio: maybe(audioElement),
        encodings: fc.option(encodingsElement, { nil: undefined, freq: 4 }),
      }),
      dressing,
    })
    .map(({ type: [typeCode, type], parts, dressing: clothes }) => ({
      value: {
        number,
        uid: parts.uid.value,
        type,
        typeCode,
        name: parts.name?.value,
        language: parts.language?.value ?? 'eng',
        languageBcp47: parts.languageBcp47?.value,
        codecId: parts.codecId.value,
        codecName: parts.codecName?.value,
        codecPrivate: parts.codecPrivate === undefined ? undefined : hex(parts.codecPrivate.value),
        video: parts.video?.value,
        audio: parts.audio?.value,
        defaultDurationNs:
          parts.defaultDuration === undefined ? undefined : Number(parts.defaultDuration.value),
        codecDelayNs: parts.codecDelay?.value ?? 0n,
        seekPreRollNs: parts.seekPreRoll?.value ?? 0n,
        timestampScale: parts.timestampScale?.value ?? 1,
        isEnabled: parts.enabled?.value !== 0n,
        isDefault: parts.default?.value !== 0n,
        isForced: parts.forced?.value === 1n,
        encodings: parts.encodings?.value.encodings ?? [],
        strippedHeader: parts.encodings?.value.stripped,
      },
      element: master(
        ids.TRACK_ENTRY,
        [plain(ids.TRACK_TYPE, Uint8Array.of(typeCode)), ...elementsOf(parts)],
        clothes,
      ),
    }))
}

/** Track numbers that tracks may have; blocks refer to these and to one more. */
export const TRACK_NUMBERS: readonly number[] = [1, 2, 127, 300]

/** A Tracks element with none to three of them. */
export const tracksElement: fc.Arbitrary<Coded<readonly ModelTrack[]>> = fc
  .subarray([...TRACK_NUMBERS], { maxLength: 3 })
  .chain((numbers) => fc.tuple(fc.tuple(...numbers.map(trackEntry)), orderedDressing))
  .map(([entries, clothes]) => ({
    value: entries.map(({ value }) => value),
    element: master(
      ids.TRACKS,
      entries.map(({ element }) => element),
      clothes,
    ),
  }))
