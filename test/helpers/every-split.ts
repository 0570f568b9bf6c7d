/** One way of cutting bytes into chunks. */
export interface Split {
  /** For the message of a test that fails. */
  readonly name: string
  /** Every chunk has an ArrayBuffer of its own, as it does when it comes from a socket. */
  readonly chunks: readonly Uint8Array[]
}

/**
 * Every way of cutting that has found bugs: not at all, in two at each place (the ends too, which gives an empty chunk), one
 * byte at a time, and one byte at a time with an empty chunk before each.
 */
export function* splitsOf(bytes: Uint8Array): Generator<Split, void, undefined> {
  yield { name: 'in one chunk', chunks: [bytes.slice()] }
  for (let at = 0; at <= bytes.length; at += 1) {
    yield { name: `split at byte ${at}`, chunks: [bytes.slice(0, at), bytes.slice(at)] }
  }
  const single = Array.from(bytes, (byte) => Uint8Array.of(byte))
  yield { name: 'one byte at a time', chunks: single }
  yield {
    name: 'one byte at a time between empty chunks',
    chunks: single.flatMap((chunk) => [new Uint8Array(0), chunk]),
  }
}

/** Calls `check` with each of {@link splitsOf}; what it throws is told together with the split. */
export function everySplit(
  bytes: Uint8Array,
  check: (chunks: readonly Uint8Array[]) => void,
): void {
  for (const { name, chunks } of splitsOf(bytes)) {
    try {
      check(chunks)
    } catch (error) {
      if (error instanceof Error) error.message = `${name}: ${error.message}`
      throw error
    }
  }
}

/** Calls `check` with the bytes cut off after 0, 1, 2, … bytes, up to one less than all. */
export function everyCut(bytes: Uint8Array, check: (head: Uint8Array) => void): void {
  for (let length = 0; length < bytes.length; length += 1) {
    try {
      check(bytes.slice(0, length))
    } catch (error) {
      if (error instanceof Error) error.message = `cut after ${length} bytes: ${error.message}`
      throw error
    }
  }
}
