import { describe, expect, it } from 'vitest'
import { ParseError } from '../../src/parser/errors.js'

describe('ParseError', () => {
  it('is an Error with a code, an offset and a path, which its message tells too', () => {
    const error = new ParseError('invalid-size', 'the cause; the remedy', {
      offset: 12,
      path: 'Segment/Cluster',
    })
    expect(error).toBeInstanceOf(Error)
    expect(error.name).toBe('ParseError')
    expect(error).toMatchObject({ code: 'invalid-size', offset: 12, path: 'Segment/Cluster' })
    expect(error.message).toBe('the cause; the remedy (invalid-size at byte 12, Segment/Cluster)')
  })

  it('leaves the path out of the message where there is none', () => {
    const error = new ParseError('not-ebml', 'not EBML', { offset: 0, path: '' })
    expect(error.message).toBe('not EBML (not-ebml at byte 0)')
  })
})
