/** The source of the `iterator` level: chunks that are there already, one turn of the loop each. */
// oxlint-disable-next-line typescript/require-await -- async so that the reader meets an AsyncIterable
export async function* fromMemory(chunks: readonly Buffer[]): AsyncGenerator<Buffer, void> {
  for (const chunk of chunks) yield chunk
}
