/** Lists as sets, and base64. Source: the sets and encoders extensions' documents. */
import { CelError } from '../runtime/errors.ts'
import type { ListValue } from '../values/collections.ts'
import { equals } from '../values/compare.ts'
import { pairs, walk } from './costs.ts'
import { declare } from './declare.ts'

const has = (list: ListValue, value: Parameters<typeof equals>[0]): boolean => {
  for (const item of list) if (equals(item, value)) return true
  return false
}
const contains = (list: ListValue, other: ListValue): boolean => {
  for (const item of other) if (!has(list, item)) return false
  return true
}
const intersects = (list: ListValue, other: ListValue): boolean => {
  for (const item of other) if (has(list, item)) return true
  return false
}

export const sets = declare({
  'sets.contains(list<A>, list<A>): bool': { call: contains, cost: pairs },
  'sets.intersects(list<A>, list<A>): bool': { call: intersects, cost: pairs },
  'sets.equivalent(list<A>, list<A>): bool': {
    call: (a: ListValue, b: ListValue) => contains(a, b) && contains(b, a),
    cost: (sizes, result, walks) => 2 * pairs(sizes, result, walks),
  },
})

function decode(text: string): Uint8Array {
  const bare = text.replace(/=+$/, '')
  if (!/^[A-Za-z0-9+/]*$/.test(bare) || bare.length % 4 === 1) throw new CelError('illegal base64 data')
  return new Uint8Array(Buffer.from(bare, 'base64'))
}

export const encoders = declare({
  'base64.encode(bytes): string': {
    call: (bytes: Uint8Array) => Buffer.from(bytes).toString('base64'),
    cost: walk(),
    resultSize: ([size = 1]) => Math.ceil(size / 3) * 4,
  },
  'base64.decode(string): bytes': { call: decode, cost: walk(), resultSize: ([size = 1]) => size },
})
