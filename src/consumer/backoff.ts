/**
 * Exponential back-off with full jitter: anything between 0 and `baseMs` doubled for each failure before, at most
 * `limitMs`. Full jitter, because consumers that lost their connections together should not come back together.
 *
 * @param failures in a row, 1 for the first.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(
  failures: number,
  baseMs: number,
  limitMs: number,
  random: () => number,
): number {
  // 2^30 times any base is beyond any limit, and Infinity would make NaN of a random 0.
  const ceilingMs = Math.min(limitMs, baseMs * 2 ** Math.min(30, Math.max(0, failures - 1)))
  return Math.round(random() * ceilingMs)
}
