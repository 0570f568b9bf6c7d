import type { IncompleteReason } from '../parser/completion.js'
import type { Track } from '../parser/tracks.js'
import type { GetMediaFragment, GetMediaFrame } from '../tags/get-media-parser.js'
import { elementText } from './element-text.js'
import type { WalkedElement } from './element-walk.js'
import type { Fault, Report, Totals } from './inspection.js'
import type { Output, Tone } from './output.js'
import { counted, dateTime, grouped } from './quantities.js'
import { SequenceWatch } from './sequence-watch.js'
import { TableColumns } from './table-columns.js'
import { fitted, printable } from './terminal-text.js'
import type { TrackCounts } from './track-counts.js'

const INDENT = ' '.repeat(8)
const MAX_NAME_COLUMNS = 40

const INCOMPLETE: Readonly<
  Record<IncompleteReason, { readonly tone: Tone; readonly text: string }>
> = {
  truncated: { tone: 'warning', text: 'incomplete: the input ended inside it' },
  damaged: { tone: 'bad', text: 'incomplete: it is damaged' },
  'missing-closing-tags': { tone: 'warning', text: 'incomplete: its closing tags never came' },
  'missing-cluster': { tone: 'quiet', text: 'no media in it: headers and tags only' },
}

/** What a {@link TableReport} shows besides a line per fragment. */
export interface TableOptions {
  readonly hasFrames: boolean
  /** The element tree takes the place of the table. */
  readonly hasElements: boolean
}

/** Findings for people: a line per fragment, what is odd where it comes up, and a summary. */
export class TableReport implements Report {
  readonly #output: Output
  readonly #options: TableOptions
  readonly #columns: TableColumns
  readonly #sequence = new SequenceWatch()
  #gaps = 0
  #notGreater = 0
  #withoutClosingTags = 0
  #lastTracks = ''
  #lastTags = ''
  #hasTitles = false

  constructor(output: Output, options: TableOptions) {
    this.#output = output
    this.#options = options
    this.#columns = new TableColumns(output.columns)
  }

  element(element: WalkedElement): void {
    this.#output.line(elementText(element, this.#output))
  }

  async fragment(fragment: GetMediaFragment, index: number, counts: TrackCounts): Promise<void> {
    this.#showSequence(fragment)
    if (this.#options.hasElements) {
      this.#say('heading', `-- fragment ${index}: ${outlineOf(fragment, counts)}`)
    } else {
      this.#showTracks(fragment.tracks)
      if (!this.#hasTitles) this.#output.line(this.#toned('heading', this.#columns.titles))
      this.#hasTitles = true
      this.#output.line(this.#columns.line({ fragment, index, counts }))
      this.#showTags(fragment)
    }
    this.#showState(fragment)
    if (this.#options.hasFrames) await this.#showFrames(fragment.frames)
  }

  fault(fault: Fault): void {
    this.#say('bad', `! ${fault.message}`)
  }

  end(totals: Totals): void {
    if (totals.notEbml !== undefined) return
    if (this.#hasTitles || this.#options.hasElements) this.#output.line('')
    const { frames, keyframes, bytes } = totals.counts.total
    this.#output.line(
      this.#toned(
        'heading',
        [
          `${counted(totals.fragments, 'fragment')}, ${grouped(totals.complete)} complete`,
          `${counted(frames, 'frame')} (${counted(keyframes, 'keyframe')})`,
          `${grouped(bytes)} frame bytes of ${counted(totals.bytes, 'byte')}`,
        ].join('; '),
      ),
    )
    const { entries } = totals.counts
    if (entries.length > 1) {
      for (const [track, counts] of entries) {
        this.#output.line(
          `  ${track === 'other' ? 'other tracks' : `track ${track}`}: ${counted(counts.frames, 'frame')} (${counted(counts.keyframes, 'keyframe')}), ${counted(counts.bytes, 'byte')}`,
        )
      }
    }
    this.#showVerdict(totals)
  }

  flush(): Promise<void> {
    return this.#output.flush()
  }

  #showVerdict(totals: Totals): void {
    const { errors, serviceErrors, isTruncated, truncation, complete, events } = totals
    const { damagedFragments = 0, gaps = 0 } = events ?? {}
    const findings: (readonly [Tone, string])[] = []
    if (gaps > 0) {
      const text = `${counted(gaps, 'gap')} in the stream, where fragments were left out`
      findings.push(['bad', text])
    }
    if (this.#gaps > 0) {
      const hint = 'a hint: the layout of fragment numbers is not documented'
      findings.push(['warning', `${counted(this.#gaps, 'gap')} in the numbering (${hint})`])
    }
    if (this.#notGreater > 0) {
      const text = `${counted(this.#notGreater, 'fragment number')} not greater than the one before`
      findings.push(['warning', text])
    }
    if (serviceErrors > 0) {
      const text = counted(serviceErrors, 'error of the service', 'errors of the service')
      findings.push(['bad', text])
    }
    if (damagedFragments > 0) {
      findings.push(['warning', `${counted(damagedFragments, 'time')} a fragment came damaged`])
    }
    if (errors > 0) findings.push(['bad', `${counted(errors, 'error')} in the bytes`])
    if (truncation !== undefined) {
      const { offset, path, elementOffset } = truncation
      const inside = path === '' ? 'an element header' : path
      const text = `truncated: the input ends at byte ${grouped(offset)}, inside ${inside}`
      findings.push(['bad', `${text}, which began at byte ${grouped(elementOffset)}`])
    } else if (isTruncated) {
      findings.push(['bad', 'truncated: a fragment lacks its end'])
    }
    if (this.#withoutClosingTags > 0 && complete === 0) {
      const text = 'no fragment has closing tags: for GetMediaForFragmentList add --fragment-list'
      findings.push(['quiet', text])
    }
    if (findings.length === 0) findings.push(['quiet', 'no gaps, no errors'])
    for (const [tone, text] of findings) this.#output.line(this.#toned(tone, text))
  }

  #showSequence(fragment: GetMediaFragment): void {
    const finding = this.#sequence.next(fragment.metadata.fragmentNumber)
    if (finding?.type === 'gap') {
      this.#gaps += 1
      const missing = `${finding.missing} ${finding.missing === 1n ? 'number' : 'numbers'}`
      this.#say('warning', `gap: ${missing} missing here by the sequence in the fragment number`)
    } else if (finding?.type === 'not-greater') {
      this.#notGreater += 1
      this.#say('warning', 'the next fragment number is not greater than the one before')
    }
  }

  #showTracks(tracks: readonly Track[]): void {
    const texts = tracks.map(trackText)
    const all = texts.join('\n')
    // A document without media names no tracks; the ones before still stand.
    if (all === '' || all === this.#lastTracks) return
    this.#lastTracks = all
    for (const text of texts) this.#output.line(fitted(text, this.#output.columns))
  }

  #showTags(fragment: GetMediaFragment): void {
    const text = fragment.tags
      .map(
        (tag) =>
          `${fitted(tag.name, MAX_NAME_COLUMNS)}=${fitted(tag.value ?? '', MAX_NAME_COLUMNS)}`,
      )
      .join(', ')
    if (text === this.#lastTags) return
    this.#lastTags = text
    this.#say('quiet', text === '' ? 'no tags' : `tags: ${text}`, true)
  }

  #showState(fragment: GetMediaFragment): void {
    const { incompleteReason, truncatedFrame, metadata } = fragment
    // An error of the service ends a response without them.
    const isUnexplained = metadata.serviceErrors.length === 0
    if (incompleteReason === 'missing-closing-tags' && isUnexplained) this.#withoutClosingTags += 1
    for (const error of metadata.serviceErrors) {
      this.#say('bad', `! ${printable(error.message)}`)
    }
    if (incompleteReason !== undefined) {
      const { tone, text } = INCOMPLETE[incompleteReason]
      this.#say(tone, text)
    }
    if (truncatedFrame !== undefined) {
      const { trackNumber, byteLength } = truncatedFrame
      this.#say(
        'warning',
        `${counted(byteLength, 'byte')} of a frame of track ${trackNumber} cut off`,
      )
    }
  }

  async #showFrames(frames: readonly GetMediaFrame[]): Promise<void> {
    for (const [index, frame] of frames.entries()) {
      this.#output.line(INDENT + frameText(frame, index))
      if (this.#output.isFull) await this.#output.flush()
    }
  }

  /** A remark below or between the lines of the table. */
  #say(tone: Tone, text: string, isCut = false): void {
    const room = this.#output.columns - INDENT.length
    this.#output.line(INDENT + this.#toned(tone, isCut ? fitted(text, room) : text))
  }

  #toned(tone: Tone, text: string): string {
    return this.#output.toned(tone, text)
  }
}

function outlineOf(fragment: GetMediaFragment, counts: TrackCounts): string {
  const { isComplete, byteLength, metadata } = fragment
  const facts = [
    isComplete ? 'complete' : 'incomplete',
    counted(byteLength, 'byte'),
    counted(counts.total.frames, 'frame'),
  ]
  if (metadata.fragmentNumber !== undefined) facts.push(fitted(metadata.fragmentNumber, 128))
  return facts.join(', ')
}

function trackText(track: Track): string {
  const { number, type, codecId, name, video, audio } = track
  const facts = [`track ${number}: ${type}`, fitted(codecId, MAX_NAME_COLUMNS)]
  if (video !== undefined) facts.push(`${video.pixelWidth} x ${video.pixelHeight}`)
  if (audio !== undefined) {
    facts.push(`${audio.samplingFrequency} Hz`, counted(audio.channels, 'channel'))
  }
  if (name !== undefined) facts.push(`"${fitted(name, MAX_NAME_COLUMNS)}"`)
  return facts.join(', ')
}

function frameText(frame: GetMediaFrame, index: number): string {
  const { timestampMs, wallClockMs, durationMs } = frame
  const facts = [
    `frame ${String(index).padStart(5)}`,
    `track ${frame.trackNumber}`,
    `${timestampMs.toFixed(3).padStart(17)} ms`,
  ]
  if (wallClockMs !== undefined) facts.push(dateTime(wallClockMs))
  facts.push(counted(frame.byteLength, 'byte').padStart(15))
  if (durationMs !== undefined) facts.push(`${durationMs.toFixed(3)} ms long`)
  if (frame.isKeyframe) facts.push('key')
  if (frame.isInvisible) facts.push('invisible')
  if (frame.isDiscardable) facts.push('discardable')
  return facts.join('  ')
}
