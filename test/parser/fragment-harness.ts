// Drives FragmentParser over chunks, and puts what it answers into a form that reads well in a test.
import { expect } from 'vitest'
import { MATROSKA_RULE } from '../../src/parser/completion.js'
import type { Fragment } from '../../src/parser/fragment.js'
import type { FragmentParserOptions } from '../../src/parser/fragment-parser.js'
import { FragmentParser } from '../../src/parser/fragment-parser.js'
import type { Frame } from '../../src/parser/frame.js'
import type { SkippedRange } from '../../src/parser/resyncing-reader.js'
import type { Part } from '../helpers/ebml-bytes.js'
import { concat, EBML_HEADER, element, openElement } from '../helpers/ebml-bytes.js'
import { everySplit } from '../helpers/every-split.js'
import { toHex } from '../helpers/hex.js'

/** What came of a stream. */
export interface Parsed<M> {
  readonly fragments: readonly Fragment<M>[]
  readonly failure: Error | undefined
}

/** Pushes all chunks and ends; a failure ends it early, as it must for a user. */
export function run<M>(parser: FragmentParser<M>, chunks: readonly Uint8Array[]): Parsed<M> {
  const fragments: Fragment<M>[] = []
  for (const chunk of chunks) {
    fragments.push(...parser.push(chunk))
    const { failure } = parser
    if (failure !== undefined) {
      expect(() => parser.push(new Uint8Array(0))).toThrow(failure)
      expect(() => parser.end()).toThrow(failure)
      return { fragments, failure }
    }
  }
  fragments.push(...parser.end())
  return { fragments, failure: undefined }
}

/** Reads chunks, or one, as ordinary Matroska. */
export function parse(
  chunks: readonly Uint8Array[] | Uint8Array,
  options: FragmentParserOptions<undefined> = {},
): Parsed<undefined> {
  const parser = new FragmentParser(MATROSKA_RULE, options)
  return run(parser, chunks instanceof Uint8Array ? [chunks] : chunks)
}

/** The same with `onDamage: 'resync'`; the skipped ranges as `start-end code`. */
export function parseResyncing(
  chunks: readonly Uint8Array[] | Uint8Array,
  options: FragmentParserOptions<undefined> = {},
): Parsed<undefined> & { readonly skips: readonly string[] } {
  const skips: string[] = []
  const onSkip = ({ startOffset, endOffset, error }: SkippedRange): void => {
    expect(error.offset).toBe(startOffset)
    skips.push(`${startOffset}-${endOffset} ${error.code}`)
  }
  return { ...parse(chunks, { ...options, onDamage: 'resync', onSkip }), skips }
}

/** `1@5000K 0A0B`: track, milliseconds, K for a keyframe, bytes. */
export function lineOf<M>(frame: Frame<M>): string {
  const flags = frame.isKeyframe ? 'K' : ''
  return `${frame.trackNumber}@${frame.timestampMs}${flags} ${toHex(frame.data)}`
}

/** `0+120 complete`, or the reason why not; then a line per frame and per error. */
export function linesOf<M>(fragment: Fragment<M>): readonly string[] {
  expect(fragment.isComplete).toBe(fragment.incompleteReason === undefined)
  const cut = fragment.truncatedFrame
  return [
    `${fragment.offset}+${fragment.byteLength} ${fragment.incompleteReason ?? 'complete'}`,
    ...fragment.frames.map((frame) => lineOf(frame)),
    ...(cut === undefined ? [] : [`cut: ${lineOf(cut)}`]),
    ...fragment.errors.map(({ code, offset, path }) => `${code} at ${offset} ${path}`),
  ]
}

/** The lines of all fragments. */
export function outline<M>(parsed: Parsed<M>): readonly (readonly string[])[] {
  return parsed.fragments.map((fragment) => linesOf(fragment))
}

/** Expects these fragments and skips with `onDamage: 'resync'`, however the bytes are cut. */
export function expectResync(
  parts: readonly Part[],
  fragments: readonly (readonly string[])[],
  skips: readonly string[],
): void {
  everySplit(concat(...parts), (chunks) => {
    const parsed = parseResyncing(chunks)
    expect(parsed.failure).toBeUndefined()
    expect({ fragments: outline(parsed), skips: parsed.skips }).toEqual({ fragments, skips })
  })
}

/** `EBML Segment(unknown size){ parts }`: the parts begin at byte 21. */
export function segmentOf(...parts: readonly Part[]): Uint8Array {
  return concat(EBML_HEADER, openElement('18538067', 1, ...parts))
}

/** `TrackEntry{ TrackNumber, TrackUID, TrackType 1, parts }` */
export function trackEntry(number: string, ...parts: readonly Part[]): Uint8Array {
  return element('AE', element('D7', number), element('73C5', number), '83 81 01', ...parts)
}

/** The frames of a document with these tracks (empty for none), one Cluster and this Info. */
export function framesOf(
  tracks: readonly Part[],
  cluster: readonly Part[],
  info: readonly Part[] = [],
): readonly Frame<undefined>[] {
  const { fragments, failure } = parse(
    segmentOf(
      element('1549A966', ...info),
      tracks.length === 0 ? '' : element('1654AE6B', ...tracks),
      element('1F43B675', ...cluster),
    ),
  )
  expect(failure).toBeUndefined()
  expect(fragments.flatMap(({ errors }) => errors)).toEqual([])
  return fragments.flatMap(({ frames }) => frames)
}
