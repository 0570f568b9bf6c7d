/** Reads fault scripts from JSON, and says which field is wrong when one is. */
import type { Fault, FaultName } from './faults.js'

/** A fault script with a mistake in it. Nothing of the script takes effect. */
export class FaultScriptError extends Error {
  /** Always 'invalid-fault'. */
  readonly code = 'invalid-fault'
  /** The field, `faults[2].at.fragment` for example. */
  readonly path: string

  constructor(path: string, problem: string) {
    super(`Invalid fault script: ${path} ${problem}`)
    this.name = 'FaultScriptError'
    this.path = path
  }
}

type Json = Readonly<Record<string, unknown>>

const NAMES: readonly FaultName[] = [
  'reset',
  'fin',
  'cleanEnd',
  'stall',
  'delay',
  'slice',
  'flip',
  'duplicate',
  'skip',
]
const AT_REQUEST: readonly string[] = ['reset', 'fin', 'stall', 'delay']
const OPERATIONS = ['GetMedia', 'GetDataEndpoint']
const POSITIONS = ['alone', 'before-cluster', 'after-cluster']

/**
 * Checks a script: an array of faults, or an object whose `faults` is one. Throws a
 * {@link FaultScriptError} at the first field that is missing, unknown or out of range.
 */
export function parseFaults(json: unknown): readonly Fault[] {
  const isWrapped = typeof json === 'object' && json !== null && !Array.isArray(json)
  if (isWrapped) allowOnly(json as Json, ['faults'], 'the script')
  const list = isWrapped ? (json as Json)['faults'] : json
  if (!Array.isArray(list)) throw new FaultScriptError('faults', 'must be an array')
  return list.map((fault, index) => parseFault(fault, `faults[${index}]`))
}

function parseFault(json: unknown, path: string): Fault {
  const fault = object(json, path)
  allowOnly(fault, ['at', 'do', 'times', 'stream', 'delayMs', 'bytes', 'count'], path)
  const at = object(fault['at'], `${path}.at`)
  const point = parsePoint(at, `${path}.at`)
  parseAction(fault['do'], point, `${path}.do`)
  const { times, stream } = fault
  if (times !== undefined && times !== 'always') whole(times, 1, `${path}.times`, " or 'always'")
  if (stream !== undefined) text(stream, `${path}.stream`)
  parseParameter(fault, 'delayMs', 0, ['delay', 'stall'], path)
  parseParameter(fault, 'bytes', 1, ['slice', 'flip'], path)
  parseParameter(fault, 'count', 1, ['duplicate', 'skip'], path)
  if (fault['do'] === 'slice' && at['offset'] === 'end') {
    throw new FaultScriptError(`${path}.at.offset`, "'end' leaves no rest of the fragment to slice")
  }
  return fault as unknown as Fault
}

type Point = 'fragment' | 'byte' | 'request'

function parsePoint(at: Json, path: string): Point {
  const points = (['fragment', 'byte', 'request'] as const).filter((name) => at[name] !== undefined)
  const [point] = points
  if (!point || points.length > 1) {
    throw new FaultScriptError(path, "must have one of 'fragment', 'byte' and 'request'")
  }
  const value = at[point]
  if (point === 'fragment' && typeof value === 'string') {
    if (!/^\d{1,128}$/.test(value)) {
      throw new FaultScriptError(`${path}.fragment`, 'must be an index or 1 to 128 digits as text')
    }
  } else whole(value, 0, `${path}.${point}`)
  const extra = { fragment: ['offset'], byte: [], request: ['operation'] }[point]
  allowOnly(at, [point, ...extra], path)
  const { offset, operation } = at
  if (offset !== undefined && offset !== 'middle' && offset !== 'end') {
    whole(offset, 0, `${path}.offset`, ", 'middle' or 'end'")
  }
  if (operation !== undefined) oneOf(operation, OPERATIONS, `${path}.operation`)
  return point
}

function parseAction(action: unknown, point: Point, path: string): void {
  if (typeof action === 'string') {
    oneOf(action, NAMES, path)
    if (point === 'request') oneOf(action, AT_REQUEST, path, ' at a request')
    if (point === 'byte' && (action === 'duplicate' || action === 'skip')) {
      throw new FaultScriptError(path, `'${action}' needs a fragment, not a byte`)
    }
    return
  }
  const fields = object(action, path)
  if (fields['http'] !== undefined) {
    allowOnly(fields, ['http'], path)
    if (point === 'byte') throw new FaultScriptError(path, 'an HTTP error cannot come at a byte')
    const http = object(fields['http'], `${path}.http`)
    allowOnly(http, ['type', 'status', 'message'], `${path}.http`)
    text(http['type'], `${path}.http.type`)
    if (!/^\w+$/.test(http['type'] as string)) {
      throw new FaultScriptError(`${path}.http.type`, 'must be the name of an exception')
    }
    if (http['status'] !== undefined) {
      whole(http['status'], 400, `${path}.http.status`, '', 599)
    }
    if (http['message'] !== undefined) text(http['message'], `${path}.http.message`)
    return
  }
  allowOnly(fields, ['errorTag', 'code', 'withFragmentNumber', 'position', 'thenEnd'], path)
  whole(fields['errorTag'], 0, `${path}.errorTag`)
  if (point === 'request') throw new FaultScriptError(path, 'an error tag needs a fragment or byte')
  if (fields['code'] !== undefined) text(fields['code'], `${path}.code`)
  if (fields['position'] !== undefined) oneOf(fields['position'], POSITIONS, `${path}.position`)
  for (const name of ['withFragmentNumber', 'thenEnd']) {
    if (fields[name] !== undefined && typeof fields[name] !== 'boolean') {
      throw new FaultScriptError(`${path}.${name}`, 'must be true or false')
    }
  }
}

function parseParameter(
  fault: Json,
  name: string,
  least: number,
  actions: readonly string[],
  path: string,
): void {
  if (fault[name] === undefined) return
  if (!actions.includes(String(fault['do']))) {
    throw new FaultScriptError(`${path}.${name}`, `is for ${actions.join(' and ')} only`)
  }
  whole(fault[name], least, `${path}.${name}`)
}

function object(value: unknown, path: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  throw new FaultScriptError(path, value === undefined ? 'is missing' : 'must be an object')
}

function allowOnly(value: Json, names: readonly string[], path: string): void {
  const other = Object.keys(value).find((name) => !names.includes(name))
  if (other === undefined) return
  throw new FaultScriptError(`${path}.${other}`, `is unknown; known are ${names.join(', ')}`)
}

function whole(value: unknown, least: number, path: string, or = '', most = Infinity): void {
  const isWhole = Number.isSafeInteger(value) && (value as number) >= least
  if (isWhole && (value as number) <= most) return
  const range = most === Infinity ? `from ${least}` : `from ${least} to ${most}`
  throw new FaultScriptError(path, `must be a whole number ${range}${or}`)
}

function text(value: unknown, path: string): void {
  if (typeof value === 'string' && value !== '') return
  throw new FaultScriptError(path, value === undefined ? 'is missing' : 'must be text')
}

function oneOf(value: unknown, names: readonly string[], path: string, where = ''): void {
  if (names.includes(value as string)) return
  throw new FaultScriptError(path, `must be one of ${names.join(', ')}${where}`)
}
