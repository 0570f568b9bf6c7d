/**
 * Damage to the structure itself: where the next element begins can no longer be known. Parsing stops, or, with
 * `onDamage: 'resync'`, goes on at the next plausible EBML header. Thrown, never listed in a fragment.
 */
export type StructureErrorCode =
  /** The stream does not begin with an EBML header, or garbage stands where one is due. */
  | 'not-ebml'
  /** An element ID that no width allows (first byte below `0x10`) or that RFC 8794 §5 reserves. */
  | 'invalid-id'
  /** An element size whose first byte is `0x00`: wider than the eight bytes RFC 8794 §6 allows. */
  | 'invalid-size'
  /** A declared size over 2^53 − 1 bytes. */
  | 'size-too-large'
  /** An unknown size on an element that may not have one (RFC 9559 allows it on Segment and Cluster). */
  | 'unknown-size-not-allowed'
  /** An element that ends after its known-size parent does. */
  | 'element-overrun'
  /** An element that is unregistered or misplaced and larger than `maxFragmentBytes`: a damaged size, not an element. */
  | 'element-too-large'
  /**
   * An EBML header or a Segment inside an element whose known size says that it has not ended. In an element that is no
   * master it is looked for with `onDamage: 'resync'` only; `offset` is then that of the element.
   */
  | 'unexpected-document'
  /** More nested master elements than `maxDepth`. */
  | 'depth-exceeded'
  /** More payload bytes in one fragment than `maxFragmentBytes`. */
  | 'fragment-too-large'
  /** More elements in one fragment than `maxElementsPerFragment`. */
  | 'too-many-elements'
  /** More slices of network chunks held by one fragment than `maxSlicesPerFragment`. */
  | 'too-many-slices'

/**
 * Damage to one element's content: the structure around it stands. The element is left out, parsing goes on, and
 * the error is listed in `fragment.errors`.
 */
export type ContentErrorCode =
  /** A number, float or date of a length its type does not have (RFC 8794 §7). */
  | 'invalid-value-size'
  /** A string longer than `maxStringBytes`. */
  | 'string-too-large'
  /** A binary header element (CodecPrivate, TagBinary, …) longer than `maxBinaryBytes`. */
  | 'binary-too-large'
  /** More tags in one fragment than `maxTagsPerFragment`. */
  | 'too-many-tags'
  /** More tracks in one Segment than `maxTracks`. */
  | 'too-many-tracks'
  /** A block too short for its own header, or with a track number that is no VINT up to 2^53 − 1. */
  | 'invalid-block'
  /** Lace sizes that do not add up to the block (RFC 9559 §10.3). */
  | 'invalid-lacing'
  /** An element that is known, in a place where it may not stand. */
  | 'misplaced-element'
  /** A CRC-32 element that does not match its parent's bytes (only with `verifyCrc32`). */
  | 'crc-mismatch'

/** Every code a {@link ParseError} can carry: {@link StructureErrorCode} or {@link ContentErrorCode}. */
export type ParseErrorCode = StructureErrorCode | ContentErrorCode

/**
 * Bytes that are not the Matroska they should be.
 *
 * The message names the cause first and the remedy second; it holds numbers and schema names only, never text from
 * the stream.
 */
export class ParseError extends Error {
  /** What is wrong; see {@link ParseErrorCode}. */
  readonly code: ParseErrorCode
  /** Absolute offset in bytes, from the first byte pushed, of the element concerned. */
  readonly offset: number
  /**
   * Where that element stands, e.g. `Segment/Cluster/SimpleBlock`; an unregistered one shows as `0x…`. In `fragment.errors` it is
   * where the schema has it.
   */
  readonly path: string

  /** Made by the parser; the constructor is public so that tests and handlers can make their own. */
  constructor(code: ParseErrorCode, message: string, facts: { offset: number; path: string }) {
    super(
      `${message} (${code} at byte ${facts.offset}${facts.path === '' ? '' : `, ${facts.path}`})`,
    )
    this.name = 'ParseError'
    this.code = code
    this.offset = facts.offset
    this.path = facts.path
  }
}
