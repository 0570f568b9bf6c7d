/** What the package promises to reach, as ratios of medians of one run. */
import { OURS } from './contenders/registry.js'
import type { Level } from './contenders/contender.js'
import type { Allocation } from './allocation.js'
import type { EndToEnd, StreamsAtOnce } from './end-to-end.js'
import type { ImportTime } from './import-time.js'
import type { MemoryUse } from './memory.js'
import type { Figures, Result } from './rounds.js'
import type { Scaling } from './scaling.js'

export interface Findings {
  readonly results: readonly Result[]
  readonly endToEnd: readonly EndToEnd[]
  readonly scaling: readonly Scaling[]
  readonly streamsBeside: readonly Scaling[]
  readonly streamsAtOnce: readonly StreamsAtOnce[]
  readonly memory: readonly MemoryUse[]
  readonly imports: readonly ImportTime[]
  readonly allocations: readonly Allocation[]
}

export interface Judgement {
  readonly goal: string
  /** What it must be, as text. */
  readonly asked: string
  readonly found: number
  readonly unit: string
  readonly isMet: boolean
}

interface RatioGoal {
  readonly level: Level
  /** Our own way to do the work of the level, where there is more than one. */
  readonly own?: Level
  readonly input: string
  readonly rival: string
  readonly atLeast: number
}

const CHUNK_BYTES = 65_536

const RATIO_GOALS: readonly RatioGoal[] = [
  { level: 'fragments', input: 'audio', rival: 'ts-ebml', atLeast: 6 },
  { level: 'fragments', input: 'audio', rival: 'ebml-stream', atLeast: 15 },
  { level: 'fragments', input: 'mid', rival: 'ts-ebml', atLeast: 6 },
  { level: 'fragments', input: 'mid', rival: 'ebml-stream', atLeast: 11 },
  { level: 'fragments', input: 'video', rival: 'ts-ebml', atLeast: 6 },
  { level: 'fragments', input: 'video', rival: 'ebml-stream', atLeast: 9 },
  { level: 'fragments', own: 'scratch', input: 'video', rival: 'ts-ebml', atLeast: 6 },
  { level: 'fragments', own: 'scratch', input: 'video', rival: 'ebml-stream', atLeast: 9 },
  { level: 'unread', input: 'audio', rival: 'ts-ebml', atLeast: 12 },
  { level: 'unread', input: 'mid', rival: 'ts-ebml', atLeast: 9 },
  { level: 'unread', input: 'video', rival: 'ts-ebml', atLeast: 14 },
  { level: 'elements', input: 'audio', rival: 'ts-ebml', atLeast: 30 },
]

const SPEED_GOALS = [
  { level: 'fragments', input: 'drip', chunks: 1, atLeast: 10 },
  { level: 'fragments', input: 'tiny', chunks: CHUNK_BYTES, atLeast: 250 },
] as const

/** CPU time of the client over HTTPS, against the bare drain. */
const MAX_CONSUMER_RATIO: Readonly<Record<string, number>> = { video: 1.3, audio: 1.5 }

const MAX_SCALING = 1.05
const MAX_IMPORT_MS = 20

/** Every goal whose measurement is among the findings. */
export function judge(findings: Findings): readonly Judgement[] {
  return [
    ...RATIO_GOALS.flatMap((goal) => judgeRatio(findings.results, goal)),
    ...SPEED_GOALS.flatMap((goal) => judgeSpeed(findings.results, goal)),
    ...findings.endToEnd
      .filter(({ protocol }) => protocol === 'https')
      .map(({ input, level, cpuRatio }) => ({
        goal: `consumer end to end, HTTPS, ${input}${asideOf(level)}: client CPU against the bare drain`,
        asked: `≤ ${MAX_CONSUMER_RATIO[input]} ×`,
        found: cpuRatio.median,
        unit: '×',
        isMet: cpuRatio.median <= MAX_CONSUMER_RATIO[input],
      })),
    ...findings.scaling
      .filter(({ name }) => isJudgedScaling(name))
      .map(({ name, ratio }) => ({
        goal: `time per byte, ${name}`,
        asked: `≤ ${MAX_SCALING} ×`,
        found: ratio.median,
        unit: '×',
        isMet: ratio.median <= MAX_SCALING,
      })),
    ...findings.memory
      .filter(({ contender }) => contender === OURS)
      .map(({ level, input, megabytes, aboveDrainBytes, allowedBytes }) => ({
        goal: `peak RSS above draining, ${input}${asideOf(level)}, ${megabytes} MB`,
        asked: `≤ ${(allowedBytes / 1e6).toFixed(1)} MB`,
        found: aboveDrainBytes.median / 1e6,
        unit: 'MB',
        isMet: aboveDrainBytes.median <= allowedBytes,
      })),
    ...findings.imports
      .filter(({ specifier }) => specifier === 'kvs-fragments/parser')
      .map(({ specifier, milliseconds }) => ({
        goal: `import of ${specifier}`,
        asked: `≤ ${MAX_IMPORT_MS} ms`,
        found: milliseconds.median,
        unit: 'ms',
        isMet: milliseconds.median <= MAX_IMPORT_MS,
      })),
  ]
}

/** How many times faster than `rival`: the ratio of the medians of time per frame. */
export function ratioTo(
  result: Result,
  rival: string,
  ownLevel: Level = result.comparison.level,
): number | undefined {
  const own = figuresOf(result, OURS, ownLevel)
  const other = figuresOf(result, rival, result.comparison.level)
  if (own === undefined || other === undefined) return undefined
  return other.nsPerFrame.median / own.nsPerFrame.median
}

/** The same by CPU time of all threads, of the best run of each: what a busy machine disturbs least. For the guard alone. */
export function bestCpuRatioTo(result: Result, rival: string, ownLevel: Level): number | undefined {
  const own = figuresOf(result, OURS, ownLevel)
  const other = figuresOf(result, rival, result.comparison.level)
  if (own === undefined || other === undefined) return undefined
  return other.cpuSecondsPerGigabyte.min / own.cpuSecondsPerGigabyte.min
}

/** What tells our other ways to a frame's bytes from the first, where they stand beside it. */
export function asideOf(level: Level | undefined): string {
  if (level === 'scratch') return ', with scratch memory'
  return level === 'slices' ? ', as parts' : ''
}

export function figuresOf(result: Result, contender: string, level: Level): Figures | undefined {
  const outcome = result.outcomes.find(
    ({ entry }) => entry.contender === contender && entry.level === level,
  )
  return outcome !== undefined && 'figures' in outcome ? outcome.figures : undefined
}

export function findResult(
  results: readonly Result[],
  level: Level,
  input: string,
  chunks: number,
): Result | undefined {
  return results.find(
    ({ comparison }) =>
      comparison.level === level && comparison.input.name === input && comparison.chunks === chunks,
  )
}

function judgeRatio(results: readonly Result[], goal: RatioGoal): readonly Judgement[] {
  const result = findResult(results, goal.level, goal.input, CHUNK_BYTES)
  const ratio = result === undefined ? undefined : ratioTo(result, goal.rival, goal.own)
  if (ratio === undefined) return []
  return [
    {
      goal: `${goal.level}, ${goal.input}${asideOf(goal.own)}: times as fast as ${goal.rival}`,
      asked: `≥ ${goal.atLeast} ×`,
      found: ratio,
      unit: '×',
      isMet: ratio >= goal.atLeast,
    },
  ]
}

function judgeSpeed(
  results: readonly Result[],
  goal: (typeof SPEED_GOALS)[number],
): readonly Judgement[] {
  const result = findResult(results, goal.level, goal.input, goal.chunks)
  const own = result === undefined ? undefined : figuresOf(result, OURS, goal.level)
  if (own === undefined) return []
  const speed = own.megabytesPerSecond.median
  return [
    {
      goal: `${goal.level}, ${goal.input}${goal.chunks === 1 ? ', 1-byte chunks' : ''}`,
      asked: `≥ ${goal.atLeast} MB/s`,
      found: speed,
      unit: 'MB/s',
      isMet: speed >= goal.atLeast,
    },
  ]
}

/** What the cache or the allocator adds is shown, not judged, and so is what is left where that is taken away. */
function isJudgedScaling(name: string): boolean {
  return !['of memory', 'joined', 'unread'].some((aside) => name.includes(aside))
}
