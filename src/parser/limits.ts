/**
 * What a stream may ask of memory and time. Bytes and counts are both bounded: a fragment of a million empty elements is
 * small and costly. Every limit has its own error code, and is a whole number of at least 1.
 */
export interface ParserLimits {
  /**
   * Payload bytes (frames, their additions, strings, binaries) of one fragment; in frame-level mode, of one frame. Default
   * 67,108,864 (64 MiB); GetMedia fragments have at most 50 MB. A block that would pass it fails at its header:
   * `fragment-too-large`. So do frames that lie further apart than twice as much and 1 MiB, as they pin the chunks between,
   * and with `element-too-large` an element larger than it (and than 1 MiB) which nobody needs, where no parent of known
   * size holds it.
   */
  readonly maxFragmentBytes?: number | undefined
  /** Bytes of one string. Default 65,536; a longer one is left out: `string-too-large` in `fragment.errors`. */
  readonly maxStringBytes?: number | undefined
  /** Bytes of one binary element outside of blocks. Default 1,048,576; a longer one is left out: `binary-too-large`. */
  readonly maxBinaryBytes?: number | undefined
  /** Master elements open at once. Default 16: `depth-exceeded`. */
  readonly maxDepth?: number | undefined
  /** Tags of one fragment, nested ones too. Default 1,024; more are left out: `too-many-tags`. */
  readonly maxTagsPerFragment?: number | undefined
  /** Tracks of one Segment. Default 128; more are left out: `too-many-tracks`. */
  readonly maxTracks?: number | undefined
  /** Slices held by frames that did not lie in one chunk, per fragment. Default 65,536: `too-many-slices`. */
  readonly maxSlicesPerFragment?: number | undefined
  /**
   * Elements of one fragment, Void and unregistered ones and the frames of a lace too; in frame-level mode, between two
   * frames. Default 131,072: `too-many-elements`.
   */
  readonly maxElementsPerFragment?: number | undefined
}

/** Every limit, resolved. */
export type Limits = { readonly [Name in keyof ParserLimits]-?: number }

/** The limits in force when an option is left out. */
export const DEFAULT_LIMITS: Limits = {
  maxFragmentBytes: 67_108_864,
  maxStringBytes: 65_536,
  maxBinaryBytes: 1_048_576,
  maxDepth: 16,
  maxTagsPerFragment: 1024,
  maxTracks: 128,
  maxSlicesPerFragment: 65_536,
  maxElementsPerFragment: 131_072,
}

/** The limits of `options` over the defaults. @throws RangeError when one is not a whole number of at least 1. */
export function resolveLimits(options: ParserLimits): Limits {
  const limits: { -readonly [Name in keyof Limits]: number } = { ...DEFAULT_LIMITS }
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
