import { describe, expect, it } from 'vitest'
import { columnsOf, elided, fitted, padded, printable } from '../../src/cli/terminal-text.js'

describe('printable', () => {
  it.each([
    ['plain text, ümläuts and 日本', 'plain text, ümläuts and 日本'],
    ['\u001B[1;31mred\u001B[0m', 'red'],
    ['\u009B31mred', 'red'],
    ['\u001B]0;a title\u0007after', 'after'],
    ['\u001B]8;;http://x\u001B\\\u001B[4mlink\u001B]8;;\u009C', 'link'],
    ['\u001BPdevice\u001B\\\u009Dtitle\u009C\u001B(Bafter', 'after'],
    ['\u001B]0;without an end', '0;without an end'],
    ['\u001B', ''],
    ['a\u0000b\r\nc\td\u007Fe\u0085f', 'abcdef'],
    ['\u202Egnp.exe\u2066\u2069\u200F', 'gnp.exe'],
    ['zero\u200Bwidth\uFEFF\u00AD', 'zerowidth'],
    ['line\u2028paragraph\u2029', 'lineparagraph'],
    ['lone \uD800 surrogate, tag \u{E0041}', 'lone  surrogate, tag '],
  ])('makes %j %j', (text, expected) => {
    expect(printable(text)).toBe(expected)
  })

  it('looks at the first 4,096 units only', () => {
    expect(printable('x'.repeat(10_000_000))).toHaveLength(4096)
  })
})

describe('fitted', () => {
  it.each([
    ['short', 5, 'short'],
    ['longer', 5, 'long…'],
    ['日本語', 6, '日本語'],
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['e\u0301e\u0301e\u0301', 3, 'e\u0301e\u0301e\u0301'],
    ['e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
    ['\u001B[31mlonger', 5, 'long…'],
    ['anything', 0, '…'],
  ])('makes %j in %i columns %j', (text, columns, expected) => {
    expect(fitted(text, columns)).toBe(expected)
  })

  it('keeps no more than a few marks on one letter', () => {
    expect(fitted(`a${'\u0301'.repeat(1000)}b`, 10)).toBe(`a${'\u0301'.repeat(4)}b`)
  })

  it('says that a text of more than 4,096 units was cut even where the rest has no width', () => {
    expect(fitted(`a${'\u200B'.repeat(5000)}b`, 10)).toBe('a…')
  })
})

it('columnsOf counts columns, not units', () => {
  expect(['abc', '日本', 'e\u0301', '👍', ''].map(columnsOf)).toEqual([3, 4, 1, 2, 0])
})

it('padded fills up to columns on either side', () => {
  expect([padded('日', 4, 'left'), padded('日', 4, 'right'), padded('long', 2, 'left')]).toEqual([
    '日  ',
    '  日',
    'long',
  ])
})

it('elided keeps both ends of an identifier', () => {
  expect([elided('0123456789', 10), elided('0123456789', 7), elided('0123456789', 4)]).toEqual([
    '0123456789',
    '012…789',
    '0…89',
  ])
})

it('printable takes a string of a terminal off as far as the next one begins', () => {
  expect(printable('\u009Dtitle\u0090device\u0007text')).toBe('titletext')
  expect(printable('\u009D'.repeat(4000))).toBe('')
})
