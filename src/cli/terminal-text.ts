/**
 * Text from elsewhere, made fit for a terminal: a tag, a track's name or a file's name may hold anything, and a terminal obeys
 * what it is sent.
 */

// ECMA-48 §5. Each may begin with ESC or with the one C1 character for it.
const ESCAPE_SEQUENCES = new RegExp(
  [
    // Strings up to their terminator: window titles, links, device commands. Not across another opener, or a text of openers
    // would be looked through from each of them.
    String.raw`(?:\u001B[\]PX^_]|[\u0090\u0098\u009D-\u009F])[^\u0007\u001B\u0090\u0098\u009C-\u009F]*(?:\u0007|\u001B\\|\u009C)`,
    // Control sequences: colours, cursor movements
    String.raw`(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]`,
    // All others
    String.raw`\u001B[ -/]*[0-~]`,
  ].join('|'),
  'g',
)
// \p{C}: control characters (C0, DEL, C1), formatting ones (direction overrides, zero-width, tags), lone surrogates,
// private use and what is not assigned. Zl, Zp: line and paragraph separators.
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu
const COMBINING = /^\p{M}$/u
// East Asian wide and full-width blocks, and emoji: two columns.
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}\p{Emoji_Presentation}]$/u

/** Where text is cut before anything looks at it, in UTF-16 units: no text costs more time than this. */
const MAX_LENGTH = 4096
// Some letters carry two or three marks; a hundred on one letter are made to spill over the lines around.
const MAX_MARKS = 4

/** `text` without escape sequences, control, formatting and direction characters. At most 4,096 UTF-16 units of it. */
export function printable(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(ESCAPE_SEQUENCES, '').replace(UNPRINTABLE, '')
}

/** How many columns `text` takes, which has to be printable. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) columns += widthOf(character)
  return columns
}

/** {@link printable}, in at most `columns` columns; what was cut off shows as `…`. */
export function fitted(text: string, columns: number): string {
  const clean = printable(text)
  let width = 0
  let marks = 0
  let kept = ''
  /** What fits when a `…` has to follow. */
  let keptBeforeEllipsis = ''
  for (const character of clean) {
    const added = widthOf(character)
    marks = added === 0 ? marks + 1 : 0
    if (marks > MAX_MARKS) continue
    width += added
    if (width > columns) return `${keptBeforeEllipsis}…`
    kept += character
    if (width < columns) keptBeforeEllipsis = kept
  }
  return text.length > MAX_LENGTH ? `${keptBeforeEllipsis}…` : kept
}

/** `text` with blanks up to `columns`, on the left for `right` alignment. */
export function padded(text: string, columns: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(0, columns - columnsOf(text)))
  return align === 'left' ? text + blanks : blanks + text
}

/** A long identifier in at most `columns` columns: its beginning and its end, `…` between them. ASCII only. */
export function elided(text: string, columns: number): string {
  if (text.length <= columns) return text
  const tail = Math.ceil((columns - 1) / 2)
  return `${text.slice(0, columns - 1 - tail)}…${text.slice(text.length - tail)}`
}

function widthOf(character: string): number {
  // Nearly all text is ASCII.
  if (character < '\u0300') return 1
  if (COMBINING.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}
