import fc from 'fast-check'
import { FieldSet, keyElement, parseFieldsV1, printPath } from './field-set.ts'

const a = { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {} } }
const b = { 'f:data': { 'f:b': {}, 'f:c': {} } }

it.each<[string, (x: FieldSet, y: FieldSet) => FieldSet, object]>([
  ['union', (x, y) => x.union(y), { 'f:data': { '.': {}, 'f:a': {}, 'f:b': {}, 'f:c': {} } }],
  ['intersection', (x, y) => x.intersection(y), { 'f:data': { 'f:b': {} } }],
  ['difference', (x, y) => x.difference(y), { 'f:data': { '.': {}, 'f:a': {} } }],
])('%s', (_name, of, expected) => {
  expect(of(parseFieldsV1(a), parseFieldsV1(b)).toFieldsV1()).toEqual(expected)
})

it('takes what lies below with recursiveDifference', () => {
  const gone = new FieldSet()
  gone.insert(['f:data'])
  expect(parseFieldsV1(a).recursiveDifference(gone).isEmpty).toBe(true)
  expect(parseFieldsV1(a).difference(gone).toFieldsV1()).toEqual({ 'f:data': { 'f:a': {}, 'f:b': {} } })
})

it('writes keys sorted and prints paths', () => {
  const element = keyElement([
    ['protocol', 'TCP'],
    ['port', 80],
  ])
  expect(element).toBe('k:{"port":80,"protocol":"TCP"}')
  expect(printPath(['f:spec', 'f:ports', element, 'f:port'])).toBe('.spec.ports[port=80,protocol="TCP"].port')
  expect(printPath(['f:l', 'v:"x"'])).toBe('.l[="x"]')
  expect(printPath(['f:l', 'i:0'])).toBe('.l[0]')
})

it.each([
  ['no object', []],
  ['an unknown element', { x: {} }],
  ['a broken key', { 'k:{': {} }],
  ['a value for a set', { 'f:a': 1 }],
])('refuses %s', (_what, json) => {
  expect(() => parseFieldsV1(json)).toThrow()
})

it('obeys the laws of sets', () => {
  const path = fc.array(fc.constantFrom('f:a', 'f:b', 'k:{"n":"x"}', 'v:1'), { minLength: 1, maxLength: 3 })
  const set = fc.array(path, { maxLength: 8 }).map((paths) => {
    const made = new FieldSet()
    for (const p of paths) made.insert(p)
    return made
  })
  fc.assert(
    fc.property(set, set, (x, y) => {
      expect(x.difference(y).union(x.intersection(y)).equals(x)).toBe(true)
      expect(x.union(y).difference(y).intersection(y).isEmpty).toBe(true)
      expect(parseFieldsV1(x.toFieldsV1()).equals(x)).toBe(true)
      for (const p of x.paths()) expect(x.union(y).has(p)).toBe(true)
    }),
    { seed: 1, numRuns: 200 },
  )
})
