import type { GetMediaFragment } from '../tags/get-media-parser.js'
import { isFragmentNumber } from '../tags/fragment-number.js'
import { dateTime, duration, grouped } from './quantities.js'
import { elided, fitted, padded } from './terminal-text.js'
import type { TrackCounts } from './track-counts.js'

/** One fragment and what was counted of it. */
export interface TableRow {
  readonly index: number
  readonly fragment: GetMediaFragment
  readonly counts: TrackCounts
}

interface Column {
  readonly title: string
  readonly width: number
  readonly align: 'left' | 'right'
  readonly text: (row: TableRow) => string
}

/** A PRODUCER_TIMESTAMP before 2001 counts from the producer's start. */
const EARLIEST_TIME_MS = 1_000_000_000_000
const TIME_COLUMNS = 23
/** GetMedia has at most three. */
const MAX_TRACKS = 4
const NUMBER_TITLE = 'fragment number'
const NUMBER_COLUMNS = 48
const GAP = '  '

const COLUMNS: readonly Column[] = [
  { title: '#', width: 6, align: 'right', text: ({ index }) => String(index) },
  { title: 'offset', width: 14, align: 'right', text: ({ fragment }) => grouped(fragment.offset) },
  {
    title: 'bytes',
    width: 11,
    align: 'right',
    text: ({ fragment }) => grouped(fragment.byteLength),
  },
  {
    title: 'server time (UTC)',
    width: TIME_COLUMNS,
    align: 'left',
    text: ({ fragment: { metadata } }) =>
      timeText(metadata.serverTimestamp, metadata.serverTimestampMs),
  },
  {
    title: 'producer time (UTC)',
    width: TIME_COLUMNS,
    align: 'left',
    text: ({ fragment: { metadata } }) =>
      timeText(metadata.producerTimestamp, metadata.producerTimestampMs),
  },
  {
    title: 'lag',
    width: 10,
    align: 'right',
    text: ({ fragment: { metadata } }) =>
      metadata.millisBehindNow === undefined ? '-' : duration(metadata.millisBehindNow),
  },
  {
    title: 'timestamp',
    width: 13,
    align: 'right',
    text: ({ fragment }) =>
      fragment.timestampMs === undefined ? '-' : millisecondsText(fragment.timestampMs),
  },
  { title: 'frames (key)', width: 16, align: 'left', text: ({ counts }) => framesText(counts) },
]

/** What a narrow terminal has to do without, in this order. */
const DISPENSABLE = ['timestamp', 'producer time (UTC)', 'server time (UTC)', 'offset']

/** The columns that fit into a width; the fragment number, as much of it as fits, comes last. */
export class TableColumns {
  readonly #columns: readonly Column[]
  readonly #numberColumns: number

  constructor(width: number) {
    let columns = COLUMNS
    for (const title of DISPENSABLE) {
      if (widthOf(columns) + NUMBER_TITLE.length <= width) break
      columns = columns.filter((column) => column.title !== title)
    }
    this.#columns = columns
    this.#numberColumns = Math.min(
      NUMBER_COLUMNS,
      Math.max(NUMBER_TITLE.length, width - widthOf(columns)),
    )
  }

  /** The line of titles. */
  get titles(): string {
    return this.#join((column) => column.title, NUMBER_TITLE)
  }

  /** The line of a fragment. */
  line(row: TableRow): string {
    const { fragmentNumber } = row.fragment.metadata
    return this.#join((column) => column.text(row), numberText(fragmentNumber, this.#numberColumns))
  }

  #join(textOf: (column: Column) => string, number: string): string {
    const cells = this.#columns.map((column) => padded(textOf(column), column.width, column.align))
    return [...cells, number].join(GAP)
  }
}

function widthOf(columns: readonly Column[]): number {
  return columns.reduce((sum, column) => sum + column.width + GAP.length, 0)
}

function timeText(text: string | undefined, ms: number | undefined): string {
  if (text === undefined) return '-'
  if (ms === undefined) return fitted(text, TIME_COLUMNS)
  return ms < EARLIEST_TIME_MS ? `${fitted(text, TIME_COLUMNS - 2)} s` : dateTime(ms)
}

function millisecondsText(ms: number): string {
  return Number.isInteger(ms) ? String(ms) : ms.toFixed(3)
}

function numberText(fragmentNumber: string | undefined, columns: number): string {
  if (fragmentNumber === undefined) return '-'
  return isFragmentNumber(fragmentNumber)
    ? elided(fragmentNumber, columns)
    : fitted(fragmentNumber, columns)
}

/** `60 (1)`, or with several tracks `1: 60 (1)  2: 47 (47)`. */
function framesText(counts: TrackCounts): string {
  const { entries } = counts
  if (entries.length === 0) return '0'
  const texts = entries.slice(0, MAX_TRACKS).map(([track, { frames, keyframes }]) => {
    const text = `${grouped(frames)} (${grouped(keyframes)})`
    return entries.length === 1 ? text : `${track}: ${text}`
  })
  if (entries.length > MAX_TRACKS) texts.push('…')
  return texts.join('  ')
}
