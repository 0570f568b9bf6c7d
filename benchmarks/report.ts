/** Writes what was found as Markdown: `RESULTS.md` whole, and the table in the README between its two markers. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OURS } from './contenders/registry.js'
import { AT_ONCE_ROUNDS } from './end-to-end.js'
import { asideOf, figuresOf, findResult, judge, ratioTo } from './goals.js'
import { describeChunks } from './inputs/chunks.js'
import { BENCHMARKS, ROOT } from './paths.js'
import { format, formatSpread } from './statistics.js'
import type { Level } from './contenders/contender.js'
import type { EndToEndReader } from './end-to-end.js'
import type { Findings } from './goals.js'
import type { Figures, Outcome, Result } from './rounds.js'
import type { Scaling } from './scaling.js'

export const README_START = '<!-- bench:start -->'
export const README_END = '<!-- bench:end -->'

const LEVEL_TITLES: Readonly<Record<Level, string>> = {
  floor: 'No parsing',
  elements: 'Elements only: IDs and sizes, no payload touched',
  frames: 'Frames as they arrive, with a view each',
  fragments: 'Whole fragments: typed tags, tracks, every view taken',
  unread: 'Whole fragments, payloads unread',
  scratch: 'Whole fragments, frames joined in one memory',
  slices: 'Whole fragments, frames as lists of parts',
  iterator: 'Whole fragments through `for await`',
}

const READER_TITLES: Readonly<Record<EndToEndReader, string>> = {
  drain: 'bare listener',
  hold: 'bare listener that holds the chunks of a fragment',
  fragments: 'consumer',
  scratch: 'consumer, with scratch memory',
  frames: 'consumer.frames()',
}

export interface RunFacts {
  readonly command: string
  readonly machine: string
  readonly rounds: number
  readonly date: string
}

export function writeReports(findings: Findings, facts: RunFacts): void {
  writeFileSync(join(BENCHMARKS, 'RESULTS.md'), resultsPage(findings, facts))
  const readme = join(ROOT, 'README.md')
  if (!existsSync(readme)) return
  const updated = replaceBetweenMarkers(readFileSync(readme, 'utf8'), readmeTable(findings, facts))
  if (updated !== undefined) writeFileSync(readme, updated)
}

/** Undefined when the text has no markers. */
export function replaceBetweenMarkers(text: string, replacement: string): string | undefined {
  const start = text.indexOf(README_START)
  const end = text.indexOf(README_END)
  if (start === -1 || end < start) return undefined
  const before = text.slice(0, start + README_START.length)
  return `${before}\n${replacement}\n${text.slice(end)}`
}

export function resultsPage(findings: Findings, facts: RunFacts): string {
  const levels = [...new Set(findings.results.map(({ comparison }) => comparison.level))]
  return [
    '# Results',
    `Written by \`${facts.command}\` on ${facts.date}; do not edit. How it measures: [README.md](README.md).`,
    facts.machine,
    `Medians (min–max) of ${facts.rounds} interleaved runs, each in a fresh process. Ratios are what carries over to other machines: "times ours" by the clock, "its CPU" by the CPU time of all threads.`,
    ...goalSection(findings),
    ...levels.flatMap((level) => levelSection(findings.results, level)),
    ...endToEndSection(findings),
    ...scalingSection(findings),
    ...streamsSection(findings),
    ...memorySection(findings),
    ...allocationSection(findings),
    ...importSection(findings),
    '',
  ].join('\n\n')
}

function goalSection(findings: Findings): readonly string[] {
  const judgements = judge(findings)
  if (judgements.length === 0) return []
  return [
    '## Goals',
    table(
      ['goal', 'asked', 'found', ''],
      judgements.map(({ goal, asked, found, unit, isMet }) => [
        goal,
        asked,
        `${format(found)} ${unit}`,
        isMet ? 'met' : '**missed**',
      ]),
    ),
  ]
}

function levelSection(results: readonly Result[], level: Level): readonly string[] {
  const ofLevel = results.filter(({ comparison }) => comparison.level === level)
  return [`## ${LEVEL_TITLES[level]}`, ...ofLevel.flatMap(comparisonSection)]
}

function comparisonSection(result: Result): readonly string[] {
  const { input, chunks, level } = result.comparison
  const own = figuresOf(result, OURS, level)
  const rows = result.outcomes.map((outcome) => row(outcome, level, own))
  return [
    `### ${input.name}, ${describeChunks(chunks)}`,
    `${sentence(input.summary)} ${input.expected.frames.toLocaleString('en')} frames in ` +
      `${input.expected.fragments.toLocaleString('en')} fragments, ` +
      `${input.expected.bytes.toLocaleString('en')} bytes.`,
    table(
      ['', 'ns per frame', 'MB/s', 'CPU s/GB', 'GC', 'peak RSS, MB', 'times ours', 'its CPU'],
      rows,
    ),
  ]
}

function row(outcome: Outcome, level: Level, own: Figures | undefined): readonly string[] {
  const { contender, level: entryLevel } = outcome.entry
  const name = entryLevel === level ? contender : `${contender}${asideOf(entryLevel)}`
  if ('without' in outcome) return [name, outcome.without, '', '', '', '', '', '']
  const { nsPerFrame, megabytesPerSecond, cpuSecondsPerGigabyte, gcShare, peakRssBytes } =
    outcome.figures
  return [
    contender === OURS && entryLevel === level ? `**${name}**` : name,
    formatSpread(nsPerFrame),
    format(megabytesPerSecond.median),
    format(cpuSecondsPerGigabyte.median),
    `${(gcShare.median * 100).toFixed(1)} %`,
    (peakRssBytes.median / 1e6).toFixed(0),
    own === undefined ? '' : format(nsPerFrame.median / own.nsPerFrame.median),
    own === undefined
      ? ''
      : format(cpuSecondsPerGigabyte.median / own.cpuSecondsPerGigabyte.median),
  ]
}

function endToEndSection({ endToEnd }: Findings): readonly string[] {
  if (endToEnd.length === 0) return []
  return [
    '## The consumer end to end',
    'The client of a loopback session through the AWS SDK, the simulator in a process of its own: the consumer with every view taken, beside the same body with a bare `data` listener.',
    table(
      [
        '',
        'drain, CPU s/GB',
        'consumer, CPU s/GB',
        'ratio',
        'consumer, MB/s',
        'RSS above drain, MB',
      ],
      endToEnd.map(({ input, level, protocol, drain, consumer, cpuRatio, aboveDrainBytes }) => [
        `${input}, ${protocol.toUpperCase()}${asideOf(level)}`,
        formatSpread(drain.cpuSecondsPerGigabyte),
        formatSpread(consumer.cpuSecondsPerGigabyte),
        formatSpread(cpuRatio),
        format(consumer.megabytesPerSecond.median),
        megabytesOf(aboveDrainBytes.median),
      ]),
    ),
  ]
}

function scalingSection({ scaling }: Findings): readonly string[] {
  if (scaling.length === 0) return []
  return [
    '## Scaling',
    'Time per byte of the larger over the smaller, in one process, alternating.',
    scalingTable(scaling),
  ]
}

function scalingTable(scaling: readonly Scaling[]): string {
  return table(
    ['', 'ratio', 'smaller, ns/kB', 'larger, ns/kB'],
    scaling.map(({ name, ratio, smallNsPerKilobyte, largeNsPerKilobyte }) => [
      name,
      formatSpread(ratio),
      format(smallNsPerKilobyte.median),
      format(largeNsPerKilobyte.median),
    ]),
  )
}

function streamsSection({ streamsBeside, streamsAtOnce }: Findings): readonly string[] {
  if (streamsAtOnce.length === 0) return []
  return [
    '## Many streams in one process',
    'From memory: whole fragments, every view taken, unless said; the streams one after the other, and taking turns chunk by chunk.',
    scalingTable(streamsBeside),
    `End to end, over HTTPS: CPU time per byte, and how many times that of one stream it is; ${AT_ONCE_ROUNDS} interleaved runs.`,
    table(
      ['', 'reader', 'streams', 'CPU s/GB', 'ratio', 'peak RSS, MB'],
      streamsAtOnce.map(
        ({ input, reader, streams, cpuSecondsPerGigabyte, ratio, peakRssBytes }) => [
          input,
          READER_TITLES[reader],
          String(streams),
          formatSpread(cpuSecondsPerGigabyte),
          formatSpread(ratio),
          megabytesOf(peakRssBytes.median),
        ],
      ),
    ),
  ]
}

function memorySection({ memory }: Findings): readonly string[] {
  if (memory.length === 0) return []
  return [
    '## Memory',
    'Peak resident set above that of a process that drains the same fresh 64 KiB chunks; below zero when the collector ran earlier than there.',
    table(
      ['', 'input', 'above draining, MB', 'allowed, MB'],
      memory.map(({ contender, level, input, megabytes, aboveDrainBytes, allowedBytes }) => [
        `${contender}${asideOf(level)}`,
        `${input}, ${megabytes} MB`,
        `${megabytesOf(aboveDrainBytes.median)} (${megabytesOf(aboveDrainBytes.min)}–${megabytesOf(aboveDrainBytes.max)})`,
        contender === OURS ? megabytesOf(allowedBytes) : '',
      ]),
    ),
  ]
}

function allocationSection({ allocations }: Findings): readonly string[] {
  if (allocations.length === 0) return []
  return [
    '## Allocations',
    'Bytes of heap and array buffers per 320-byte frame, and per fragment apart from its frames; and the new memory for each byte of `video`, for frames that lie in two chunks.',
    table(
      ['level', 'per frame', 'per fragment', 'new memory'],
      allocations.map(({ level, bytesPerFrame, bytesPerFragment, newMemoryShare }) => [
        level,
        bytesPerFrame.toFixed(0),
        bytesPerFragment.toFixed(0),
        `${(newMemoryShare * 100).toFixed(1)} %`,
      ]),
    ),
  ]
}

function importSection({ imports }: Findings): readonly string[] {
  if (imports.length === 0) return []
  return [
    '## Import time',
    table(
      ['', 'ms'],
      imports.map(({ specifier, milliseconds }) => [
        `\`${specifier}\``,
        formatSpread(milliseconds),
      ]),
    ),
  ]
}

/** The few rows that belong on the front page. */
export function readmeTable(findings: Findings, facts: RunFacts): string {
  const ways: readonly (readonly [input: string, Level])[] = [
    ['audio', 'fragments'],
    ['mid', 'fragments'],
    ['video', 'fragments'],
    ['video', 'scratch'],
    ['tiny', 'fragments'],
  ]
  const rows = ways.flatMap(([input, level]) => {
    const result = findResult(findings.results, 'fragments', input, 65_536)
    const own = result === undefined ? undefined : figuresOf(result, OURS, level)
    if (result === undefined || own === undefined) return []
    return [
      [
        level === 'scratch'
          ? 'The same, joined in memory that is used again (`frame.dataUsing`).'
          : sentence(result.comparison.input.summary),
        format(own.nsPerFrame.median),
        format(own.megabytesPerSecond.median),
        ...['ts-ebml', 'ebml-stream'].map((rival) => {
          const ratio = ratioTo(result, rival, level)
          return ratio === undefined ? '' : `${format(ratio)} ×`
        }),
      ],
    ]
  })
  return [
    table(['input', 'ns per frame', 'MB/s', 'against ts-ebml', 'against ebml-stream'], rows),
    '',
    `Whole fragments with typed tags and every frame's bytes taken, 64 KiB chunks; medians of ${facts.rounds} interleaved runs. ${facts.machine}.`,
  ].join('\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map((cells) => line(cells))].join('\n')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function megabytesOf(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
