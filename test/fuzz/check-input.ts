// What has to be true of any input whatsoever.
import { deepStrictEqual, ok } from 'node:assert/strict'
import { crc32 } from 'node:zlib'
import type {
  Fragment,
  FragmentParserOptions,
  Frame,
  ParserLimits,
  SkippedRange,
} from '../../src/parser/index.js'
import { EbmlReader, FragmentParser, MATROSKA_RULE, ParseError } from '../../src/parser/index.js'
import type { FragmentMetadata, PayloadSource } from '../../src/tags/index.js'
import { GetMediaParser } from '../../src/tags/index.js'
import { chunksBySizes } from '../helpers/drain.js'

type AnyMetadata = FragmentMetadata | undefined

/** One way to set up a parser. */
export interface Mode extends ParserLimits {
  readonly name: string
  readonly source: PayloadSource | 'Matroska'
  readonly onDamage: 'throw' | 'resync'
  readonly verifyCrc32: boolean
  readonly collectFrames: boolean
}

/** So low that ordinary input passes them. The slices are left out: how many there are depends on the chunks. */
const LOW_LIMITS: ParserLimits = {
  maxFragmentBytes: 600,
  maxStringBytes: 16,
  maxBinaryBytes: 12,
  maxDepth: 5,
  maxTagsPerFragment: 3,
  maxTracks: 1,
  maxElementsPerFragment: 40,
}

function mode(
  source: Mode['source'],
  onDamage: Mode['onDamage'],
  verifyCrc32: boolean,
  collectFrames: boolean,
  limits: ParserLimits = {},
): Mode {
  const name = [
    source,
    onDamage,
    verifyCrc32 ? 'verify' : '',
    collectFrames ? '' : 'frame level',
    limits === LOW_LIMITS ? 'low limits' : '',
  ]
  return {
    name: name.filter((word) => word !== '').join(', '),
    source,
    onDamage,
    verifyCrc32,
    collectFrames,
    ...limits,
  }
}

/** Every kind of option, not every combination of them. */
export const MODES: readonly Mode[] = [
  mode('GetMedia', 'throw', true, true),
  mode('GetMedia', 'resync', true, true),
  mode('GetMedia', 'resync', false, false),
  mode('GetMedia', 'resync', true, true, LOW_LIMITS),
  mode('GetMediaForFragmentList', 'throw', false, true),
  mode('Matroska', 'resync', false, true),
  mode('Matroska', 'throw', true, false),
  mode('Matroska', 'throw', false, true, LOW_LIMITS),
]

/** Everything a run said, as lines of text: two runs that say the same are the same. */
interface Report {
  readonly lines: readonly string[]
  /** What kind of run it was, for telling new ones from old ones. */
  readonly features: ReadonlySet<string>
}

/**
 * Runs an input in a mode, whole and cut into `sizes`, and throws an `AssertionError` when anything is wrong. Answers a
 * short text that is equal for inputs of the same kind.
 */
export function checkInput(input: Uint8Array, settings: Mode, sizes: readonly number[]): string {
  const parser = makeParser(settings)
  const whole = run(parser, input, [], settings)
  const cut = run(makeParser(settings), input, sizes, settings)
  deepStrictEqual(cut.lines, whole.lines, 'the same input in other chunks')
  // A parser that has read a stream, or failed on it, is as good as new. One input in four has to do.
  if (input.length % 4 === 0) {
    if (parser.parser.failure !== undefined) parser.parser.reset()
    const again = run(parser, input, sizes, settings)
    deepStrictEqual(again.lines, whole.lines, 'the same parser again')
  }
  checkElements(input, sizes)
  return [...whole.features].sort().join(' ')
}

interface Subject {
  readonly parser: FragmentParser<AnyMetadata>
  readonly frames: Frame<AnyMetadata>[]
  readonly skipped: SkippedRange[]
  readonly serviceErrors: string[]
}

function makeParser(settings: Mode): Subject {
  const frames: Frame<AnyMetadata>[] = []
  const skipped: SkippedRange[] = []
  const serviceErrors: string[] = []
  const { source, name: _name, ...rest } = settings
  const options: FragmentParserOptions<AnyMetadata> = {
    ...rest,
    onFrame: (frame) => frames.push(frame),
    onSkip: (range) => skipped.push(range),
  }
  const parser =
    source === 'Matroska'
      ? new FragmentParser(MATROSKA_RULE, options as FragmentParserOptions<undefined>)
      : new GetMediaParser({
          ...(options as FragmentParserOptions<FragmentMetadata>),
          source,
          onServiceError: (error) => serviceErrors.push(error.message),
        })
  return { parser: parser as FragmentParser<AnyMetadata>, frames, skipped, serviceErrors }
}

function run(
  subject: Subject,
  input: Uint8Array,
  sizes: readonly number[],
  settings: Mode,
): Report {
  const { parser, frames, skipped, serviceErrors } = subject
  for (const list of [frames, skipped, serviceErrors]) list.length = 0
  const features = new Set<string>()
  const fragments: Fragment<AnyMetadata>[] = []
  let failure: Error | undefined
  for (const chunk of chunksBySizes(input, sizes)) {
    fragments.push(...parser.push(chunk))
    failure = parser.failure
    if (failure !== undefined) break
  }
  if (failure === undefined) fragments.push(...parser.end())
  else checkFailure(parser, failure, input.length)
  if (settings.onDamage === 'resync') deepStrictEqual(failure, undefined)

  const lines: string[] = []
  checkFragments(fragments, input.length)
  checkSkipped(skipped, input)
  for (const fragment of fragments) lines.push(...linesOf(fragment, features))
  for (const frame of frames) lines.push(`frame ${describeFrame(frame)}`)
  for (const range of skipped) {
    lines.push(`skipped ${range.startOffset}..${range.endOffset} ${range.error.message}`)
    features.add(`skip:${range.error.code}`)
  }
  if (parser.truncation !== undefined && failure === undefined) {
    lines.push(`truncated ${JSON.stringify(parser.truncation)}`)
    features.add(`cut:${parser.truncation.path.split('/').at(-1)}`)
  }
  if (failure instanceof ParseError) {
    lines.push(`failed ${failure.message}`)
    features.add(`failed:${failure.code}:${failure.path.split('/').at(-1)}`)
  }
  lines.push(...serviceErrors)
  features.add(`fragments:${Math.min(fragments.length, 8)}`)
  features.add(`frames:${Math.clz32(frames.length)}`)

  if (settings.collectFrames) {
    deepStrictEqual(
      fragments.flatMap((fragment) => [...fragment.frames]),
      frames,
      'frames of the fragments and frames told one by one',
    )
  }
  for (const fragment of fragments) checkDetached(fragment)
  // The shortest laced block has 7 bytes and 256 empty frames.
  ok(frames.length <= 37 * input.length, `${frames.length} frames of ${input.length} bytes`)
  return { lines, features }
}

/** Only a ParseError, the same one at each further call, and never lost. */
function checkFailure(
  parser: FragmentParser<AnyMetadata>,
  failure: Error,
  inputLength: number,
): void {
  if (!(failure instanceof ParseError)) throw failure
  ok(failure.offset >= 0 && failure.offset <= inputLength)
  for (const call of [() => parser.push(Uint8Array.of(0)), () => parser.end()]) {
    let thrown: unknown
    try {
      call()
    } catch (error) {
      thrown = error
    }
    deepStrictEqual(thrown === failure, true, 'the next call throws the same error')
  }
}

/** Fragments follow each other and lie in the input. */
function checkFragments(fragments: readonly Fragment<AnyMetadata>[], inputLength: number): void {
  let end = 0
  for (const { offset, byteLength, errors } of fragments) {
    ok(offset >= end, `a fragment at ${offset}, where another ends at ${end}`)
    ok(byteLength >= 0, `a fragment of ${byteLength} bytes`)
    end = offset + byteLength
    ok(end <= inputLength, `a fragment that ends at ${end} of ${inputLength}`)
    ok(errors.length <= 64, `${errors.length} errors in one fragment`)
  }
}

/** Ranges follow each other, and at the end of each stands an EBML header, or the input ends. */
function checkSkipped(skipped: readonly SkippedRange[], input: Uint8Array): void {
  let end = 0
  for (const { startOffset, endOffset, error } of skipped) {
    ok(error instanceof ParseError)
    deepStrictEqual(error.offset, startOffset)
    ok(startOffset >= end, `skipped from ${startOffset}, again, after ${end}`)
    ok(endOffset >= startOffset, `skipped ${startOffset}..${endOffset}`)
    ok(endOffset <= input.length, `skipped to ${endOffset} of ${input.length}`)
    if (endOffset < input.length) {
      deepStrictEqual([...input.subarray(endOffset, endOffset + 4)], [0x1a, 0x45, 0xdf, 0xa3])
    }
    end = endOffset
  }
}

function* linesOf(
  fragment: Fragment<AnyMetadata>,
  features: Set<string>,
): Generator<string, void, undefined> {
  const { tracks, info, tags, metadata, errors, truncatedFrame } = fragment
  features.add(`end:${fragment.incompleteReason ?? 'complete'}`)
  for (const { code, path } of errors) features.add(`${code}:${path.split('/').at(-1)}`)
  yield JSON.stringify(
    {
      at: fragment.offset,
      bytes: fragment.byteLength,
      reason: fragment.incompleteReason,
      isComplete: fragment.isComplete,
      hasCluster: fragment.hasCluster,
      timestampMs: fragment.timestampMs,
      timestampNs: fragment.timestampNs,
      docType: fragment.docType,
      frames: fragment.frames.length,
      errors: errors.map((error) => error.message),
      tracks,
      info,
      tags,
      metadata,
    },
    (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value),
  )
  if (truncatedFrame !== undefined) {
    features.add('truncatedFrame')
    yield `truncated frame ${describeFrame(truncatedFrame)}`
  }
}

/** Moved into memory of its own, every frame is what it was. */
function checkDetached(fragment: Fragment<AnyMetadata>): void {
  const { frames, truncatedFrame } = fragment
  const all = truncatedFrame === undefined ? frames : [...frames, truncatedFrame]
  const hashes = all.map((frame) => crc32(frame.data))
  fragment.detach()
  deepStrictEqual(
    all.map((frame) => crc32(frame.data)),
    hashes,
    'frames after detach',
  )
}

/** Every property of a frame is read: none may throw, whatever numbers the stream holds. */
function describeFrame(frame: Frame<AnyMetadata>): string {
  const { data } = frame
  deepStrictEqual(data.length, frame.byteLength)
  deepStrictEqual(
    frame.slices.reduce((sum, slice) => sum + slice.length, 0),
    data.length,
  )
  return [
    frame.trackNumber,
    frame.track?.number,
    frame.timestampMs,
    frame.timestampNs,
    frame.wallClockMs,
    frame.durationMs,
    frame.isKeyframe,
    frame.isInvisible,
    frame.isDiscardable,
    frame.laceIndex,
    frame.references,
    frame.additions.map(({ id, data: added }) => `${id}:${crc32(added)}`),
    frame.discardPaddingNs,
    data.length,
    crc32(data),
  ].join(' ')
}

/** The reader alone, all masters entered: as many elements as bytes allow, each once, properly nested. */
function checkElements(input: Uint8Array, sizes: readonly number[]): void {
  const open: number[] = []
  let elements = 0
  let left = 0
  let position = 0
  const reader = new EbmlReader({
    onMasterStart(id, offset) {
      elements += 1
      ok(offset >= position, 'elements in the order of their bytes')
      position = offset
      open.push(id)
      return true
    },
    onMasterEnd(id, endOffset) {
      deepStrictEqual(open.pop(), id)
      ok(endOffset >= position)
      position = endOffset
    },
    onValue(_id, bytes, start, end, offset) {
      elements += 1
      ok(start >= 0 && start <= end && end <= bytes.length)
      ok(offset >= position)
      position = offset
    },
    onBody(_id, bytes, start, end, bytesLeft, offset) {
      ok(start >= 0 && start <= end && end <= bytes.length)
      if (left === 0) elements += 1
      else deepStrictEqual(left, end - start + bytesLeft)
      left = bytesLeft
      ok(offset >= position)
      position = offset
    },
  })
  try {
    for (const chunk of chunksBySizes(input, sizes)) reader.write(chunk)
    reader.end()
  } catch (error) {
    if (!(error instanceof ParseError)) throw error
  }
  // The shortest element is an ID and a size of one byte each.
  ok(elements <= input.length / 2 + 1, `${elements} elements in ${input.length} bytes`)
}
