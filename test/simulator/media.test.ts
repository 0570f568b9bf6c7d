import { describe, expect, it } from 'vitest'
import {
  type FragmentSpec,
  type MediaStyle,
  buildErrorDocument,
  buildFragment,
  buildMerged,
} from '../../src/simulator/index.js'
import { contactTags, contactTracks, createTone } from '../../src/simulator/synthetic.js'
import { type GetMediaFragment, GetMediaParser } from '../../src/tags/index.js'
import { hex } from './sdk.js'

const spec: FragmentSpec = {
  fragmentNumber: '91343852333181432392682062607743920146159169392',
  serverTimestampMs: 1_511_852_109_126,
  producerTimestampMs: 1_511_852_108_513,
  millisBehindNow: 15_858,
  tracks: [
    {
      number: 1,
      uid: 0x8205f7d9cfe9b2f6n,
      name: 'camera',
      codecId: 'V_MPEG4/ISO/AVC',
      codecPrivate: Uint8Array.of(1, 2, 3),
      defaultDurationNs: 40_000_000,
      video: { width: 640, height: 360 },
    },
  ],
  clusterTimestamp: 5000,
  frames: [
    { trackNumber: 1, timestampMs: 0, isKeyframe: true, data: Uint8Array.of(1, 2, 3) },
    {
      trackNumber: 1,
      timestampMs: 40,
      data: [Uint8Array.of(4), Uint8Array.of(5, 6)],
      lacing: 'xiph',
    },
  ],
  tagsBefore: [{ name: 'PLACE', value: 'door' }],
  tagsAfter: [{ name: 'MOTION', value: 'yes' }],
}

function parse(bytes: Uint8Array): readonly GetMediaFragment[] {
  const parser = new GetMediaParser({ verifyCrc32: true })
  return [...parser.push(bytes), ...parser.end()]
}

describe('buildFragment', () => {
  it.each(['ffmpeg', 'producer-sdk', 'amazon-connect'] satisfies MediaStyle[])(
    'in the layout of %s is read back whole, checksums included',
    (style) => {
      for (const hasWideSizes of [false, true]) {
        for (const isClusterSizeKnown of [undefined, false, true]) {
          const bytes = buildFragment({ ...spec, style, hasWideSizes, isClusterSizeKnown })
          const [fragment, ...others] = parse(bytes)
          expect(others).toEqual([])
          expect(fragment).toMatchObject({
            isComplete: true,
            errors: [],
            byteLength: bytes.length,
            timestampMs: 5000,
            metadata: {
              fragmentNumber: spec.fragmentNumber,
              serverTimestamp: '1511852109.126',
              producerTimestamp: '1511852108.513',
              millisBehindNow: 15_858,
              continuationToken: spec.fragmentNumber,
            },
            tracks: [{ number: 1, uid: 0x8205f7d9cfe9b2f6n, name: 'camera', type: 'video' }],
          })
          expect(fragment!.frames.map((frame) => hex(frame.data))).toEqual(['010203', '04', '0506'])
          expect(
            fragment!.tags.map(({ name, value, position }) => [name, value, position]),
          ).toEqual([
            ['PLACE', 'door', 'before'],
            ['MOTION', 'yes', 'after'],
          ])
        }
      }
    },
  )

  it('writes the unknown sizes of the Producer SDK as it does', () => {
    const bytes = hex(buildFragment({ ...spec, style: 'producer-sdk' }))
    expect(bytes).toContain('1853806701ffffffffffffff')
    expect(bytes).toContain('1f43b675ffe788')
    const wide = hex(buildFragment({ ...spec, style: 'producer-sdk', hasWideSizes: true }))
    expect(wide).toContain('1f43b67501ffffffffffffffe70100000000000008')
  })

  it('writes the service’s tags with sizes of four bytes and without Targets', () => {
    const bytes = hex(buildFragment({ ...spec, tagsAfter: [], frames: [] }))
    expect(bytes).toContain('1254c367100000eb7373100000e567c81000005b45a310000020')
  })

  it('leaves out what is not there', () => {
    const [fragment] = parse(buildFragment({ hasTail: false }))
    expect(fragment).toMatchObject({ isComplete: false, hasCluster: false, tracks: [] })
  })
})

describe('buildMerged', () => {
  it('is one Segment with several runs', () => {
    const bytes = buildMerged([spec, { ...spec, fragmentNumber: '99' }])
    expect(hex(bytes).split('18538067')).toHaveLength(2)
    const fragments = parse(bytes)
    expect(fragments.map(({ metadata }) => metadata.fragmentNumber)).toEqual([
      spec.fragmentNumber,
      '99',
    ])
    expect(fragments.every((fragment) => fragment.isComplete)).toBe(true)
  })
})

describe('buildErrorDocument', () => {
  it.each(['alone', 'before-cluster', 'after-cluster'] as const)(
    'reports its error %s',
    (position) => {
      for (const spelling of ['GetMedia', 'GetMediaForFragmentList'] as const) {
        const errors: unknown[] = []
        const parser = new GetMediaParser({
          onServiceError: ({ id, code, fragmentNumber }) => errors.push([id, code, fragmentNumber]),
        })
        const fragment = { ...spec, hasHead: false, hasTail: false }
        parser.push(buildErrorDocument({ id: 4000, position, fragment, spelling }))
        parser.push(
          buildErrorDocument({
            id: 4999,
            code: 'NEW',
            fragmentNumber: '7',
            position,
            fragment,
            spelling,
          }),
        )
        parser.end()
        expect(errors).toEqual([
          [4000, 'REQUESTED_FRAGMENT_NOT_FOUND', undefined],
          [4999, 'NEW', '7'],
        ])
      }
    },
  )

  it('needs a fragment to stand in', () => {
    expect(() => buildErrorDocument({ id: 1, position: 'after-cluster' })).toThrow(RangeError)
  })
})

describe('a contact', () => {
  it('has tones that go on where they stopped, at the pitch asked for', () => {
    const inOne = createTone(440)(8000)
    const tone = createTone(440)
    const inTwo = Buffer.concat([tone(3000), tone(5000)])
    expect(Buffer.compare(inOne, inTwo)).toBe(0)
    const samples = new Int16Array(inOne.buffer)
    let crossings = 0
    for (let i = 1; i < samples.length; i++) {
      if (samples[i - 1]! < 0 && samples[i]! >= 0) crossings++
    }
    expect(crossings).toBeGreaterThanOrEqual(438)
    expect(crossings).toBeLessThanOrEqual(440)
    expect(Math.max(...samples)).toBeGreaterThan(7900)
    expect(Math.min(...samples)).toBeLessThan(-7900)
  })

  it('names its tracks and says what its payload really is after the Cluster', () => {
    const fragment = parse(
      buildFragment({
        style: 'amazon-connect',
        fragmentNumber: '1',
        tracks: contactTracks(),
        frames: [],
        tagsAfter: contactTags('abc'),
      }),
    )[0]!
    expect(fragment.tracks.map((track) => [track.name, track.codecId])).toEqual([
      ['AUDIO_FROM_CUSTOMER', 'A_AAC'],
      ['AUDIO_TO_CUSTOMER', 'A_AAC'],
    ])
    expect(fragment.tags.find((tag) => tag.name === 'MimeType')).toMatchObject({
      value: 'audio/L16;rate=8000;channels=1;',
      position: 'after',
    })
  })
})
