/** The part of `ebml` 3.0.0 that the benchmarks use; the package ships no types. */
declare module 'ebml' {
  import type { Transform } from 'node:stream'

  export interface EbmlTag {
    readonly name: string
    readonly type: 'm' | 'u' | 'i' | 'f' | 's' | '8' | 'b' | 'd'
    readonly dataSize: number
    readonly value: number | string
    readonly track: number
    readonly keyframe: boolean
    readonly data: Buffer
    /** Of blocks only. */
    readonly payload: Buffer
  }

  export type EbmlEvent = readonly ['start' | 'tag' | 'end', EbmlTag]

  export class Decoder extends Transform {}
}
