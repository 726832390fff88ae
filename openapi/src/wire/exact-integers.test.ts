import { withExactIntegers } from './exact-integers.ts'

it.each([
  ['{"a":9007199254740993}', { a: 9007199254740993n }],
  ['{"a":9223372036854775807,"b":1}', { a: 9223372036854775807n, b: 1 }],
  ['[-9223372036854775808]', [-9223372036854775808]],
  ['[-9223372036854775807]', [-9223372036854775807n]],
  // Doubles hold these as they are.
  ['{"a":9007199254740992}', { a: 9007199254740992 }],
  ['{"a":"9007199254740993"}', { a: '9007199254740993' }],
])('%s', (text, value) => {
  expect(withExactIntegers(text)).toEqual(value)
  expect(JSON.parse(JSON.stringify(withExactIntegers(text)))).toEqual(JSON.parse(text))
})

it('is written as it was read', () => {
  const text = '{"spec":{"big":9223372036854775807,"list":[9007199254740993,1]}}'
  expect(JSON.stringify(withExactIntegers(text))).toBe(text)
  expect(JSON.stringify(structuredClone(withExactIntegers(text)))).toBe(text)
})

it('leaves what is no whole number of 64 bits to the doubles', () => {
  expect(withExactIntegers('[9223372036854775808, 1.5e300]')).toEqual([9223372036854775808, 1.5e300])
})
