import fc from 'fast-check'
import { countTextMembers, memberProblems } from './duplicates.ts'

function countParsed(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + countParsed(item), 0)
  return Object.values(value).reduce<number>((sum, inner) => sum + 1 + countParsed(inner), 0)
}

test('the members of a text without duplicates are those of the parsed value', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      // fc.json may write a key "__proto__", which JSON.parse keeps as an own member.
      expect(countTextMembers(text)).toBe(countParsed(JSON.parse(text)))
      expect(memberProblems(text)).toEqual([])
    }),
  )
})

test.each<[rule: string, text: string, expected: string[]]>([
  ['in a map', '{"data":{"a":1,"a":2}}', ['data.a']],
  ['at the top', '{"a":1, "a" :2}', ['a']],
  ['in items of a list, by index', '{"l":[{"a":1},{"b":1,"b":2}]}', ['l[1].b']],
  ['three times is told once', '{"a":1,"a":2,"a":3}', ['a']],
  ['the same name in another object is none', '{"a":{"b":1},"c":{"b":1}}', []],
  ['escapes are read', '{"a":1,"\\u0061":2}', ['a']],
  ['quotes and braces in strings are text', '{"a":"{\\"a\\":1,","b":"}\\\\"}', []],
  ['strings in lists are no members', '["a","a"]', []],
])('%s', (_, text, expected) => {
  expect(memberProblems(text)).toEqual(expected.map((path) => `duplicate field "${path}"`))
})
