import fc from 'fast-check'
import { applyMergePatch, parseMergePatch } from './merge-patch.ts'

it.each([
  ['members merge', { a: { b: 1 } }, { a: { c: 2 } }, { a: { b: 1, c: 2 } }],
  ['null removes', { a: 1, b: 2 }, { a: null }, { b: 2 }],
  ['null of what is missing does nothing', { a: 1 }, { z: null }, { a: 1 }],
  ['lists are replaced', { a: [1, 2] }, { a: [3] }, { a: [3] }],
  ['a scalar gives way to an object', { a: 1 }, { a: { b: 1, c: null } }, { a: { b: 1 } }],
  ['nulls do not arrive within new members', {}, { a: { b: null, c: [{ d: null }] } }, { a: { c: [{}] } }],
])('%s', (_rule, live, patch, result) => {
  expect(applyMergePatch(live, patch)).toEqual(result)
})

it.each([
  ['[]', 'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ['"x"', 'error decoding patch: json: cannot unmarshal string into Go value of type map[string]interface {}'],
  ['', 'error decoding patch: unexpected end of JSON input'],
  ['{', 'error decoding patch: unexpected end of JSON input'],
  ['null', 'Invalid JSON Patch'],
])('refuses %j', (text, message) => {
  expect(() => parseMergePatch(text)).toThrow(message)
})

it('is idempotent and does not touch its input', () => {
  const json = fc.dictionary(fc.constantFrom('a', 'b', 'c', '__proto__'), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 })
  fc.assert(
    fc.property(json, json, (live, patch) => {
      const before = JSON.stringify(live)
      const once = applyMergePatch(live, patch)
      expect(JSON.stringify(applyMergePatch(once, patch))).toBe(JSON.stringify(once))
      expect(JSON.stringify(live)).toBe(before)
      expect(Object.keys(Object.prototype)).toEqual([])
    }),
    { seed: 3, numRuns: 200 },
  )
})
