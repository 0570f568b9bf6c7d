/** Decides whether a contender did all the work of its level. */
import type { Level } from './contenders/contender.js'
import type { Expected } from './inputs/expected.js'
import type { Tally } from './tally.js'

type Fact = readonly [name: string, found: number | string, expected: number | string]

/** Says what is wrong, or `undefined`. `payloadSha256` comes from the one pass that hashes every payload byte. */
export function findMismatch(
  level: Level,
  tally: Tally,
  expected: Expected,
  payloadSha256?: string,
): string | undefined {
  const wrong = factsOf(level, tally, expected, payloadSha256).filter(
    ([, found, right]) => found !== right,
  )
  if (wrong.length === 0) return undefined
  return wrong.map(([name, found, right]) => `${name} ${found} instead of ${right}`).join(', ')
}

function factsOf(
  level: Level,
  tally: Tally,
  expected: Expected,
  payloadSha256: string | undefined,
): readonly Fact[] {
  if (level === 'floor') return [['bytes', tally.bytes, expected.bytes]]
  if (level === 'elements') {
    return [
      ['masters', tally.masters, expected.masters],
      ['leaves', tally.leaves, expected.leaves],
      ['leaf bytes', tally.leafBytes, expected.leafBytes],
    ]
  }
  const facts: Fact[] = [
    ['frames', tally.frames, expected.frames],
    ['keyframes', tally.keyframes, expected.keyframes],
    ['frame bytes', tally.frameBytes, expected.frameBytes],
  ]
  if (level !== 'frames') {
    facts.push(['fragments', tally.fragments, expected.fragments])
    facts.push(['tracks', tally.tracks, expected.tracks])
    facts.push(['tags', tally.tags, expected.tags])
  }
  facts.push(['checksum', tally.checksum, checksumOf(level, expected)])
  if (payloadSha256 !== undefined && level !== 'unread') {
    facts.push(['payload hash', payloadSha256, expected.payloadSha256])
  }
  return facts
}

function checksumOf(level: Level, expected: Expected): number {
  if (level === 'frames') return expected.checksums.frames
  return level === 'unread' ? expected.checksums.unread : expected.checksums.fragments
}
