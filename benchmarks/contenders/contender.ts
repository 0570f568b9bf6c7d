/** What it takes to be measured. */
import type { ChunkPlan } from '../inputs/chunks.js'
import type { Tally } from '../tally.js'

/**
 * The work, from least to most:
 * - `floor`: no parsing at all;
 * - `elements`: every element's ID and size, no payload touched;
 * - `frames`: each frame with its track, time, keyframe flag and a view of its bytes, as it arrives;
 * - `fragments`: whole fragments: tracks, tags, typed AWS metadata, all frames, every view taken;
 * - `unread`: the same, but nobody asks for a frame's bytes, only for its length;
 * - `scratch`: `fragments`, each frame's bytes used before the next frame's, so that all joining is done in one memory;
 * - `slices`: `fragments` with a list of parts instead of one view for a frame that two chunks share;
 * - `iterator`: `fragments` through `for await`.
 */
export type Level =
  | 'floor'
  | 'elements'
  | 'frames'
  | 'fragments'
  | 'unread'
  | 'scratch'
  | 'slices'
  | 'iterator'

/** One stream being read. */
export interface Feed {
  push(chunk: Buffer): void
  end(): void
}

/** Reads one stream and reports everything to the tally. */
export type Work =
  | { readonly kind: 'push'; open(tally: Tally): Feed }
  | { readonly kind: 'async'; read(chunks: readonly Buffer[], tally: Tally): Promise<void> }

export type Works = { readonly [Name in Level]?: Work }

export interface Contender {
  readonly name: string
  readonly levels: readonly Level[]
  /** Loaded in the measured process only, so that a process holds one library. */
  load(): Promise<Works>
  /** Why there is no figure for this contender; printed in the table. */
  cannot?(input: string, chunks: ChunkPlan, level: Level): string | undefined
}
