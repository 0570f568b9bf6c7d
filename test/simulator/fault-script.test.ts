import { describe, expect, it } from 'vitest'
import { FaultScriptError, parseFaults, startSimulator } from '../../src/simulator/index.js'

const at = { fragment: 0 }

describe('parseFaults', () => {
  it('takes a script with everything in it, from code or from JSON text', () => {
    const script = [
      { at: { fragment: 3, offset: 1000 }, do: 'reset' },
      { at: { fragment: '9134385', offset: 'middle' }, do: 'fin', times: 2 },
      { at: { byte: 0 }, do: 'cleanEnd', times: 'always', stream: 'door' },
      { at: { fragment: 0, offset: 'end' }, do: 'stall', delayMs: 5000 },
      { at, do: 'delay', delayMs: 0 },
      { at, do: 'slice', bytes: 7 },
      { at, do: 'flip' },
      { at, do: 'duplicate', count: 2 },
      { at, do: 'skip' },
      { at: { byte: 5 }, do: { errorTag: 4000, code: 'X', position: 'alone', thenEnd: false } },
      { at: { request: 0 }, do: { http: { type: 'ThrottlingException' } } },
      { at: { request: 1, operation: 'GetDataEndpoint' }, do: 'stall' },
      { at, do: { http: { type: 'InternalFailure', status: 500, message: 'no' } } },
    ]
    expect(parseFaults(script)).toEqual(script)
    expect(parseFaults(JSON.parse(JSON.stringify({ faults: script })))).toEqual(script)
    expect(parseFaults([])).toEqual([])
  })

  it.each([
    [{}, 'faults', 'must be an array'],
    [null, 'faults', 'must be an array'],
    [{ fault: [] }, 'the script.fault', 'is unknown; known are faults'],
    [['reset'], 'faults[0]', 'must be an object'],
    [[{ do: 'reset' }], 'faults[0].at', 'is missing'],
    [[{ at: {}, do: 'reset' }], 'faults[0].at', "must have one of 'fragment', 'byte'"],
    [[{ at: { fragment: 0, byte: 0 }, do: 'fin' }], 'faults[0].at', 'must have one of'],
    [[{ at, do: 'fin' }, { at: { fragment: -1 } }], 'faults[1].at.fragment', 'whole number from 0'],
    [[{ at: { fragment: '1a' }, do: 'fin' }], 'faults[0].at.fragment', 'digits as text'],
    [[{ at: { byte: 1.5 }, do: 'fin' }], 'faults[0].at.byte', 'whole number'],
    [[{ at: { byte: 1, offset: 1 }, do: 'fin' }], 'faults[0].at.offset', 'is unknown'],
    [[{ at: { fragment: 1, offset: 'start' }, do: 'fin' }], 'faults[0].at.offset', "'middle'"],
    [
      [{ at: { request: 1, operation: 'PutMedia' }, do: 'fin' }],
      'faults[0].at.operation',
      'one of',
    ],
    [[{ at }], 'faults[0].do', 'is missing'],
    [[{ at, do: 'explode' }], 'faults[0].do', 'must be one of reset, fin'],
    [[{ at, do: {} }], 'faults[0].do.errorTag', 'whole number'],
    [[{ at, do: { errorTag: '4000' } }], 'faults[0].do.errorTag', 'whole number'],
    [
      [{ at, do: { errorTag: 1, position: 'in' } }],
      'faults[0].do.position',
      'must be one of alone',
    ],
    [[{ at, do: { errorTag: 1, thenEnd: 1 } }], 'faults[0].do.thenEnd', 'true or false'],
    [[{ at, do: { errorTag: 1, http: 1 } }], 'faults[0].do.errorTag', 'is unknown'],
    [[{ at, do: { http: {} } }], 'faults[0].do.http.type', 'is missing'],
    [[{ at, do: { http: { type: 'a b' } } }], 'faults[0].do.http.type', 'name of an exception'],
    [[{ at, do: { http: { type: 'A', status: 200 } } }], 'faults[0].do.http.status', '400 to 599'],
    [[{ at: { byte: 1 }, do: { http: { type: 'A' } } }], 'faults[0].do', 'cannot come at a byte'],
    [[{ at: { byte: 1 }, do: 'skip' }], 'faults[0].do', 'needs a fragment'],
    [[{ at: { request: 0 }, do: 'flip' }], 'faults[0].do', 'reset, fin, stall, delay at a request'],
    [[{ at: { request: 0 }, do: { errorTag: 1 } }], 'faults[0].do', 'needs a fragment or byte'],
    [[{ at, do: 'fin', times: 0 }], 'faults[0].times', "whole number from 1 or 'always'"],
    [[{ at, do: 'fin', stream: 1 }], 'faults[0].stream', 'must be text'],
    [[{ at, do: 'fin', delayMs: 1 }], 'faults[0].delayMs', 'is for delay and stall only'],
    [[{ at, do: 'slice', bytes: 0 }], 'faults[0].bytes', 'whole number from 1'],
    [
      [{ at: { fragment: 0, offset: 'end' }, do: 'slice' }],
      'faults[0].at.offset',
      'no rest of the fragment',
    ],
    [[{ at, do: 'flip', count: 2 }], 'faults[0].count', 'is for duplicate and skip only'],
    [[{ at, do: 'fin', when: 1 }], 'faults[0].when', 'is unknown'],
  ])('names the field in %j', (script, path, problem) => {
    let error: unknown
    try {
      parseFaults(script)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(FaultScriptError)
    expect(error).toMatchObject({ code: 'invalid-fault', path })
    expect((error as Error).message).toContain(problem)
  })

  it('is what startSimulator and addFaults check with', async () => {
    const wrong = [{ at, do: 'explode' as 'reset' }]
    await expect(startSimulator({ faults: wrong })).rejects.toBeInstanceOf(FaultScriptError)
    await using simulator = await startSimulator()
    expect(() => simulator.addFaults([{ at, do: 'fin' }, ...wrong])).toThrow(FaultScriptError)
    expect(simulator.pendingFaults).toEqual([])
  })
})
