/** The source of the `iterator` level: chunks that are there already, one turn of the loop each. */
export async function* fromMemory(chunks: readonly Buffer[]): AsyncGenerator<Buffer, void> {
  for (const chunk of chunks) yield chunk
}
