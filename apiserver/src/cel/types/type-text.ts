/** Types written as text, for the tables of functions: `list<A>`, `map<string, int>`, `optional<A>`, `net.IP`. */
import { types, type CelType } from './types.ts'

const simple: Readonly<Record<string, CelType>> = {
  dyn: types.dyn,
  null: types.null,
  bool: types.bool,
  int: types.int,
  uint: types.uint,
  double: types.double,
  string: types.string,
  bytes: types.bytes,
  timestamp: types.timestamp,
  duration: types.duration,
}

/** Parts at commas outside of angle brackets. */
export function splitTypes(text: string): string[] {
  const parts: string[] = []
  let [depth, from] = [0, 0]
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '<') depth++
    if (text[i] === '>') depth--
    if (i === text.length || (text[i] === ',' && depth === 0)) {
      const part = text.slice(from, i).trim()
      if (part) parts.push(part)
      from = i + 1
    }
  }
  return parts
}

export function parseType(text: string): CelType {
  const known = simple[text]
  if (known) return known
  if (/^[A-Z]$/.test(text)) return types.param(text)
  const generic = /^(\w+)<(.*)>$/.exec(text)
  const [first = types.dyn, second = types.dyn] = splitTypes(generic?.[2] ?? '').map(parseType)
  switch (generic?.[1]) {
    case undefined:
      return types.opaque(text)
    case 'list':
      return types.list(first)
    case 'map':
      return types.map(first, second)
    case 'optional':
      return types.optional(first)
    case 'type':
      return types.type(first)
    default:
      throw new Error(`no such generic type: ${text}`)
  }
}
