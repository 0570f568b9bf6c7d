/** Who takes part, at which levels, and what each cannot do. */
import type { Contender } from './contender.js'

const READS_LACING_FLAGS_WRONGLY = 'cannot: reads the lacing flags from the wrong bits'
const IGNORES_LACING = 'cannot: hands a laced block over in one piece'
const BUFFERED_UNKNOWN =
  'cannot: takes the unknown size of a buffered Cluster for −1 and loses its place'
const FIRST_SEGMENT = 'cannot: reads the first Segment only, and only whole files'

/** The contender that all others are compared with. */
export const OURS = 'kvs-fragments'

export const CONTENDERS: readonly Contender[] = [
  {
    name: OURS,
    levels: ['elements', 'frames', 'fragments', 'unread', 'scratch', 'slices', 'iterator'],
    load: async () => (await import('./kvs-fragments.js')).kvsFragments,
  },
  {
    name: 'ebml-stream',
    levels: ['elements', 'frames', 'fragments', 'unread', 'iterator'],
    load: async () => (await import('./ebml-stream.js')).ebmlStream,
    cannot: (input, _chunks, level) =>
      input === 'laced' && level !== 'elements' ? READS_LACING_FLAGS_WRONGLY : undefined,
  },
  {
    name: 'ebml-stream, buffered',
    levels: ['fragments', 'unread'],
    load: async () => (await import('./ebml-stream.js')).ebmlStreamBuffered,
    cannot(input) {
      if (input === 'unknown') return BUFFERED_UNKNOWN
      return input === 'laced' ? READS_LACING_FLAGS_WRONGLY : undefined
    },
  },
  {
    name: 'ts-ebml',
    levels: ['elements', 'frames', 'fragments', 'unread', 'iterator'],
    load: async () => (await import('./ts-ebml.js')).tsEbml,
  },
  {
    name: 'ebml',
    levels: ['elements', 'frames', 'fragments', 'unread'],
    load: async () => (await import('./ebml.js')).ebml,
    cannot: (input, _chunks, level) =>
      input === 'laced' && level !== 'elements' ? IGNORES_LACING : undefined,
  },
  {
    name: 'mediabunny',
    levels: ['frames'],
    load: async () => (await import('./mediabunny.js')).mediabunny,
    cannot: (input) => (input === 'file' ? undefined : FIRST_SEGMENT),
  },
  {
    name: 'floor: count lengths',
    levels: ['floor'],
    load: async () => (await import('./floors.js')).countFloor,
  },
  {
    name: 'floor: copy once',
    levels: ['floor'],
    load: async () => (await import('./floors.js')).copyFloor,
  },
]

export function contenderNamed(name: string): Contender {
  const contender = CONTENDERS.find((each) => each.name === name)
  if (contender === undefined) throw new Error(`no contender is called "${name}"`)
  return contender
}
