/** The rejections that nobody handled while `work` ran, and in the turns of the event loop right behind it. */
export async function unhandledRejections(work: () => Promise<unknown>): Promise<unknown[]> {
  const unhandled: unknown[] = []
  const onUnhandled = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', onUnhandled)
  try {
    await work()
    await new Promise((resolve) => setTimeout(resolve, 5))
  } finally {
    process.off('unhandledRejection', onUnhandled)
  }
  return unhandled
}
