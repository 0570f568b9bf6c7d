import { describe, expect, it } from 'vitest'
import { ParseError } from '../../src/parser/errors.js'
import type { EbmlHandler } from '../../src/parser/index.js'
import { EbmlReader } from '../../src/parser/index.js'
import { concat, EBML_HEADER } from '../helpers/ebml-bytes.js'
import { hex } from '../helpers/hex.js'

// 16 bytes
const HEADER = "1A45DFA3 8B 4282 88 'matroska'"

const SILENT: EbmlHandler = {
  onMasterStart: () => true,
  onMasterEnd: () => {},
  onValue: () => {},
  onBody: () => {},
}

describe('the failed state', () => {
  const DAMAGED = hex(`${HEADER} 18538067 FF 00`)

  it('throws the same error from every call', () => {
    const reader = new EbmlReader(SILENT)
    expect(() => reader.write(DAMAGED)).toThrow(ParseError)
    const { failure } = reader
    for (let i = 0; i < 3; i += 1) {
      expect(() => reader.write(EBML_HEADER)).toThrow(failure)
      expect(() => reader.write(new Uint8Array(0))).toThrow(failure)
      expect(() => reader.end()).toThrow(failure)
    }
    expect(failure).toBeInstanceOf(ParseError)
  })

  it('calls no handler', () => {
    let calls = 0
    const count = (): boolean => {
      calls += 1
      return true
    }
    const reader = new EbmlReader({
      onMasterStart: count,
      onMasterEnd: count,
      onValue: count,
      onBody: count,
    })
    expect(() => reader.write(DAMAGED)).toThrow()
    const before = calls
    expect(() => reader.write(EBML_HEADER)).toThrow()
    expect(() => reader.end()).toThrow()
    expect(calls).toBe(before)
  })

  it('is left by reset, at any offset', () => {
    const offsets: number[] = []
    const reader = new EbmlReader({
      ...SILENT,
      onMasterStart: (_id, offset) => offsets.push(offset) > 0,
    })
    expect(() => reader.write(DAMAGED)).toThrow()
    reader.reset(500)
    expect(reader.failure).toBeUndefined()
    reader.write(concat(EBML_HEADER, '18538067 80'))
    expect(reader.end()).toBeUndefined()
    expect(offsets).toEqual([0, 16, 500, 516])
  })

  it('is entered when a handler throws, with what it threw', () => {
    const thrown = new TypeError('mine')
    for (const method of ['onMasterStart', 'onMasterEnd', 'onValue', 'onBody'] as const) {
      const reader = new EbmlReader({
        ...SILENT,
        [method]: () => {
          throw thrown
        },
      })
      const bytes = hex(`${HEADER} 18538067 FF EC 80 ${HEADER}`)
      expect(() => reader.write(bytes)).toThrow(thrown)
      expect(reader.failure).toBe(thrown)
      expect(() => reader.write(bytes)).toThrow(thrown)
      expect(() => reader.end()).toThrow(thrown)
    }
  })

  it('is entered when a handler throws at the end of input', () => {
    const thrown = new TypeError('mine')
    const isThrowing = { now: false }
    const reader = new EbmlReader({
      ...SILENT,
      onMasterEnd: () => {
        if (isThrowing.now) throw thrown
      },
    })
    reader.write(hex(`00000000 ${HEADER} 18538067 FF`), 4)
    isThrowing.now = true
    expect(() => reader.end()).toThrow(thrown)
    expect(reader.failure).toBe(thrown)
    expect(reader.offset).toBe(21)
    expect(() => reader.write(EBML_HEADER)).toThrow(thrown)
  })

  it('makes an Error of what is thrown and is none', () => {
    const reader = new EbmlReader({
      ...SILENT,
      onValue: () => {
        // oxlint-disable-next-line no-throw-literal -- a user's handler may throw anything
        throw 'text'
      },
    })
    expect(() => reader.write(EBML_HEADER)).toThrow(new Error('text'))
    expect(reader.failure).toBeInstanceOf(Error)
  })
})

describe('reset', () => {
  it('forgets a stream at every byte', () => {
    const bytes = hex(`${HEADER} 18538067 FF 1F43B675 8F E7 81 01 A3 84 81 0000 80 EC 84 00000000`)
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const reader = new EbmlReader(SILENT)
      reader.write(bytes.subarray(0, cut))
      reader.reset()
      reader.write(bytes)
      expect(reader.end()).toBeUndefined()
      expect(reader.offset).toBe(bytes.length)
    }
  })

  it('wants an EBML header first, again', () => {
    const reader = new EbmlReader(SILENT)
    reader.write(EBML_HEADER)
    reader.reset()
    expect(() => reader.write(hex('EC 80'))).toThrow(/not-ebml/)
  })
})
