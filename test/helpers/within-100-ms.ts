/**
 * What `ending` settles with; rejects when ten timers of 10 ms have run before, one after the other. That is 100 ms for a
 * process that runs: where a busy machine gives it no time, the timers wait as well.
 */
export async function within100Ms<T>(ending: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    let left = 10
    const wait = (): void => {
      left -= 1
      if (left < 0) reject(new Error('It took longer than 100 ms'))
      else timer = setTimeout(wait, 10)
    }
    wait()
  })
  try {
    return await Promise.race([ending, late])
  } finally {
    clearTimeout(timer)
  }
}
