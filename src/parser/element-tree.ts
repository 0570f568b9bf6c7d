/**
 * Small element trees: Info and Tracks are read whole into one of these, and pure functions turn it into the typed
 * objects. They are a few hundred bytes per fragment; Clusters and Tags, which are many, do not go this way.
 */
import type { ElementKind } from './schema.js'
import { findElement } from './schema.js'
import { copyBytes, readDateMs, readFloat, readIntBig, readString, readUintBig } from './values.js'

type Value = bigint | number | string | Uint8Array

/** One master element with the values and masters in it, in order. Absent values read as the RFC's default. */
export class ElementNode {
  readonly id: number
  readonly children: ElementNode[] = []
  readonly #ids: number[] = []
  readonly #values: Value[] = []

  constructor(id: number) {
    this.id = id
  }

  /** Keeps a value; `bytes` are copied where they are kept as bytes. */
  add(id: number, kind: ElementKind, bytes: Uint8Array, start: number, end: number): void {
    this.#ids.push(id)
    this.#values.push(decode(id, kind, bytes, start, end))
  }

  /** The unsigned integer `id`; the schema's default, else `absent`, when there is none. */
  uint(id: number): number | undefined {
    const value = this.uintBig(id)
    return value === undefined ? undefined : Number(value)
  }

  /** The same, exact above 2^53 − 1. */
  uintBig(id: number): bigint | undefined {
    const value = this.#find(id)
    return typeof value === 'bigint' ? value : undefined
  }

  /** The float or date (in milliseconds since 1970) `id`. */
  float(id: number): number | undefined {
    const value = this.#find(id)
    return typeof value === 'number' ? value : undefined
  }

  /** The string `id`. */
  text(id: number): string | undefined {
    const value = this.#find(id)
    return typeof value === 'string' ? value : undefined
  }

  /** The binary `id`, a copy of its own. */
  binary(id: number): Uint8Array | undefined {
    const value = this.#find(id)
    return value instanceof Uint8Array ? value : undefined
  }

  /** The first child master `id`. */
  child(id: number): ElementNode | undefined {
    return this.children.find((child) => child.id === id)
  }

  /** Every child master `id`, in order. */
  childrenOf(id: number): ElementNode[] {
    return this.children.filter((child) => child.id === id)
  }

  #find(id: number): Value | undefined {
    const at = this.#ids.indexOf(id)
    if (at >= 0) return this.#values[at]
    const element = findElement(id)
    const value = element?.defaultValue
    if (element?.kind === 'uint' && typeof value === 'number') return BigInt(value)
    return value
  }
}

function decode(
  id: number,
  kind: ElementKind,
  bytes: Uint8Array,
  start: number,
  end: number,
): Value {
  switch (kind) {
    case 'uint':
    case 'int': {
      const fallback = findElement(id)?.defaultValue
      // RFC 8794 §6.1: an element of length 0 has its default value.
      if (start === end && typeof fallback === 'number') return BigInt(fallback)
      return kind === 'uint' ? readUintBig(bytes, start, end) : readIntBig(bytes, start, end)
    }
    case 'float': {
      const fallback = findElement(id)?.defaultValue
      return start === end && typeof fallback === 'number' ? fallback : readFloat(bytes, start, end)
    }
    case 'date':
      return readDateMs(bytes, start, end)
    case 'binary':
    case 'master':
      return copyBytes(bytes, start, end)
    default: {
      const fallback = findElement(id)?.defaultValue
      return start === end && typeof fallback === 'string'
        ? fallback
        : readString(bytes, start, end)
    }
  }
}
