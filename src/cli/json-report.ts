import type { GetMediaFragment } from '../tags/get-media-parser.js'
import type { WalkedElement } from './element-walk.js'
import type { Fault, Report, Totals } from './inspection.js'
import { elementLine, errorLine, fragmentLine, frameLine, summaryLine } from './json-lines.js'
import type { Output } from './output.js'
import type { TrackCounts } from './track-counts.js'

/** Findings as JSON lines; `json-lines.ts` has their shapes. */
export class JsonReport implements Report {
  readonly #output: Output
  readonly #hasFrames: boolean

  constructor(output: Output, hasFrames: boolean) {
    this.#output = output
    this.#hasFrames = hasFrames
  }

  element(element: WalkedElement): void {
    this.#output.line(elementLine(element))
  }

  async fragment(fragment: GetMediaFragment, index: number, counts: TrackCounts): Promise<void> {
    this.#output.line(fragmentLine(fragment, index, counts))
    if (!this.#hasFrames) return
    for (const [frameIndex, frame] of fragment.frames.entries()) {
      this.#output.line(frameLine(frame, frameIndex, index))
      if (this.#output.isFull) await this.#output.flush()
    }
  }

  fault(fault: Fault): void {
    this.#output.line(errorLine(fault))
  }

  end(totals: Totals): void {
    if (totals.notEbml !== undefined) this.#output.line(errorLine(totals.notEbml))
    this.#output.line(summaryLine(totals))
  }

  flush(): Promise<void> {
    return this.#output.flush()
  }
}
