/**
 * What a stream may ask of memory and time. Bytes and counts are both bounded: a fragment of a million empty elements is
 * small and costly. Every limit has its own error code.
 */
export interface ParserLimits {
  /**
   * Payload bytes (frames, their additions, strings, binaries) of one fragment. Default 67,108,864 (64 MiB); GetMedia
   * fragments have at most 50 MB. A block that would pass it fails at its header: `fragment-too-large`.
   */
  readonly maxFragmentBytes?: number
  /** Bytes of one string. Default 65,536; a longer one is left out: `string-too-large` in `fragment.errors`. */
  readonly maxStringBytes?: number
  /** Bytes of one binary element outside of blocks. Default 1,048,576; a longer one is left out: `binary-too-large`. */
  readonly maxBinaryBytes?: number
  /** Master elements open at once. Default 16: `depth-exceeded`. */
  readonly maxDepth?: number
  /** Tags of one fragment, nested ones too. Default 1,024; more are left out: `too-many-tags`. */
  readonly maxTagsPerFragment?: number
  /** Tracks of one Segment. Default 128; more are left out: `too-many-tracks`. */
  readonly maxTracks?: number
  /** Slices held by frames that did not lie in one chunk, per fragment. Default 65,536: `too-many-slices`. */
  readonly maxSlicesPerFragment?: number
  /** Elements of one fragment, Void and unregistered ones too. Default 1,048,576: `too-many-elements`. */
  readonly maxElementsPerFragment?: number
}

/** The limits in force when an option is left out. */
export const DEFAULT_LIMITS: Required<ParserLimits> = {
  maxFragmentBytes: 67_108_864,
  maxStringBytes: 65_536,
  maxBinaryBytes: 1_048_576,
  maxDepth: 16,
  maxTagsPerFragment: 1024,
  maxTracks: 128,
  maxSlicesPerFragment: 65_536,
  maxElementsPerFragment: 1_048_576,
}

/** The limits of `options` over the defaults. @throws RangeError when one is not a whole number of at least 1. */
export function resolveLimits(options: ParserLimits): Required<ParserLimits> {
  const limits = { ...DEFAULT_LIMITS }
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof ParserLimits)[]) {
    const value = options[name]
    if (value === undefined) continue
    if (!(Number.isSafeInteger(value) && value >= 1)) {
      throw new RangeError(`${name} is ${String(value)}; give a whole number of at least 1`)
    }
    limits[name] = value
  }
  return limits
}
