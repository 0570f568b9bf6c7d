const TOKEN = /\s+|#[^\n]*|'([^']*)'|([0-9A-Fa-f]{2})|(.)/gsu

/**
 * Bytes written out: hex digits in pairs, text between single quotes (as UTF-8), and `#` begins a comment that ends with
 * the line. Blanks are for the reader. `hex("4282 84 'webm' # DocType")`
 */
export function hex(source: string): Uint8Array {
  const bytes: number[] = []
  for (const [, text, pair, wrong] of source.matchAll(TOKEN)) {
    if (wrong !== undefined) throw new Error(`not hex: ${JSON.stringify(wrong)} in ${source}`)
    if (pair !== undefined) bytes.push(Number.parseInt(pair, 16))
    if (text !== undefined) bytes.push(...new TextEncoder().encode(text))
  }
  return Uint8Array.from(bytes)
}

/** The opposite, as one run of capital digits. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex').toUpperCase()
}
