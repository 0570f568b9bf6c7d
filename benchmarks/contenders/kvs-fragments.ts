/** This package, by its public names. */
import { parseGetMedia, GetMediaParser } from 'kvs-fragments'
import { EbmlReader } from 'kvs-fragments/parser'
import { fromMemory } from './from-memory.js'
import type { GetMediaFragment } from 'kvs-fragments'
import type { EbmlHandler } from 'kvs-fragments/parser'
import type { Feed, Works } from './contender.js'
import type { Tally } from '../tally.js'

type Take = (tally: Tally, fragment: GetMediaFragment) => void

/** The reader alone: four calls, of which none touches a payload. */
class ElementCounter implements EbmlHandler {
  readonly #tally: Tally

  constructor(tally: Tally) {
    this.#tally = tally
  }

  onMasterStart(): boolean {
    this.#tally.masters += 1
    return true
  }

  onMasterEnd(): void {}

  onValue(_id: number, _bytes: Uint8Array, start: number, end: number): void {
    this.#tally.leaves += 1
    this.#tally.leafBytes += end - start
  }

  onBody(_id: number, _bytes: Uint8Array, start: number, end: number, bytesLeft: number): void {
    if (bytesLeft === 0) this.#tally.leaves += 1
    this.#tally.leafBytes += end - start
  }
}

function openElements(tally: Tally): Feed {
  const reader = new EbmlReader(new ElementCounter(tally))
  return {
    push(chunk) {
      reader.write(chunk)
    },
    end() {
      reader.end()
    },
  }
}

function openFrames(tally: Tally): Feed {
  const parser = new GetMediaParser({
    collectFrames: false,
    onFrame(frame) {
      tally.frame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, frame.data)
    },
  })
  return {
    push(chunk) {
      parser.push(chunk)
    },
    end() {
      parser.end()
    },
  }
}

function openFragments(take: Take): (tally: Tally) => Feed {
  return (tally) => {
    const parser = new GetMediaParser()
    return {
      push(chunk) {
        const fragments = parser.push(chunk)
        for (let i = 0; i < fragments.length; i += 1) take(tally, fragments[i])
      },
      end() {
        for (const fragment of parser.end()) take(tally, fragment)
      },
    }
  }
}

function takeViews(tally: Tally, fragment: GetMediaFragment): void {
  takeTracksAndTags(tally, fragment)
  takeFrames(tally, fragment)
  tally.fragment(fragment.metadata)
}

/** The loops over frames stand alone, so that all that V8 compiles into one function is theirs. */
function takeFrames(tally: Tally, fragment: GetMediaFragment): void {
  for (const frame of fragment.frames) {
    tally.frame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, frame.data)
  }
}

function takeLengths(tally: Tally, fragment: GetMediaFragment): void {
  takeTracksAndTags(tally, fragment)
  takeFrameLengths(tally, fragment)
  tally.fragment(fragment.metadata)
}

function takeFrameLengths(tally: Tally, fragment: GetMediaFragment): void {
  for (const frame of fragment.frames) {
    tally.unreadFrame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, frame.byteLength)
  }
}

/** What a decoder needs that is done with a frame before it takes the next: one memory for all that has to be joined. */
function takeUsing(scratch: Uint8Array): Take {
  return (tally, fragment) => {
    takeTracksAndTags(tally, fragment)
    takeFramesUsing(scratch, tally, fragment)
    tally.fragment(fragment.metadata)
  }
}

function takeFramesUsing(scratch: Uint8Array, tally: Tally, fragment: GetMediaFragment): void {
  for (const frame of fragment.frames) {
    const data = frame.dataUsing(scratch)
    tally.frame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, data)
  }
}

/** What a decoder that takes parts needs: nothing is joined. */
function takeSlices(tally: Tally, fragment: GetMediaFragment): void {
  takeTracksAndTags(tally, fragment)
  for (const frame of fragment.frames) {
    tally.slicedFrame(frame.trackNumber, frame.timestampMs, frame.isKeyframe, frame.slices)
  }
  tally.fragment(fragment.metadata)
}

function takeTracksAndTags(tally: Tally, fragment: GetMediaFragment): void {
  for (const track of fragment.tracks) tally.track(track.number, track.codecId)
  for (const tag of fragment.tags) tally.tag(tag.name, tag.value)
}

async function iterate(chunks: readonly Buffer[], tally: Tally): Promise<void> {
  for await (const fragment of parseGetMedia(fromMemory(chunks))) takeViews(tally, fragment)
}

export const kvsFragments: Works = {
  elements: { kind: 'push', open: openElements },
  frames: { kind: 'push', open: openFrames },
  fragments: { kind: 'push', open: openFragments(takeViews) },
  unread: { kind: 'push', open: openFragments(takeLengths) },
  // Larger than any keyframe of the inputs; of `huge` they have 2 MiB.
  scratch: { kind: 'push', open: openFragments(takeUsing(new Uint8Array(4 << 20))) },
  slices: { kind: 'push', open: openFragments(takeSlices) },
  iterator: { kind: 'async', read: iterate },
}
