/** Numbers as people read them. */

/** `2503485` -> `2,503,485`. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** `1 frame`, `2,000 frames`. */
export function counted(count: number, singular: string, plural: string = `${singular}s`): string {
  return `${grouped(count)} ${count === 1 ? singular : plural}`
}

// ECMA-262: no Date goes further.
const LAST_DATE_MS = 8.64e15

/** Milliseconds since 1970 as `2017-11-24 06:55:09.126`, in UTC; what no date can be as `9e+30 ms since 1970`. */
export function dateTime(ms: number): string {
  if (!(Math.abs(ms) <= LAST_DATE_MS)) return `${ms} ms since 1970`
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
}

/** Milliseconds as `15.858 s`, or from a minute on as `2:02:16`. */
export function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(3)} s`
  const seconds = Math.floor(ms / 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${grouped(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}
