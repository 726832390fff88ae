import fc from 'fast-check'
import { decodeText, encodeJson, parseJson, whyNotJson } from './json.ts'

it.each([
  ['', 'unexpected end of JSON input'],
  ['{"a":', 'unexpected end of JSON input'],
  ['{"a":1} x', "invalid character 'x' after top-level value"],
  ['apiVersion: v1', "invalid character 'a' looking for beginning of value"],
  ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['trux', "invalid character 'x' in literal true (expecting 'e')"],
  ['"\n"', "invalid character '\\n' in string literal"],
  ['"\\q"', "invalid character 'q' in string escape code"],
  ['"\\u12x"', "invalid character 'x' in \\u hexadecimal character escape"],
  ['-x', "invalid character 'x' in numeric literal"],
  ['1.x', "invalid character 'x' after decimal point in numeric literal"],
  ['1ex', "invalid character 'x' in exponent of numeric literal"],
  ['01', "invalid character '1' after top-level value"],
  ["'a'", "invalid character '\\'' looking for beginning of value"],
])('%j: %s', (text, message) => {
  expect(() => parseJson(text)).toThrow(message)
})

it('refuses what is too deep, at once', () => {
  expect(() => parseJson('['.repeat(200000))).toThrow('exceeded max depth')
  expect(parseJson(`{"${'['.repeat(3000)}":[{}]}`)).toBeDefined()
  expect(parseJson('[1]')).toEqual([1])
})

it('keeps __proto__ as data', () => {
  const value = parseJson('{"__proto__":{"x":1}}') as object
  expect(Object.keys(value)).toEqual(['__proto__'])
  expect((value as { x?: number }).x).toBeUndefined()
})

it('always finds a reason, and only for what is not JSON', () => {
  const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '1', 'true', 'nul', ' ', '"', '\\', '-', '.5', 'e')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('')
      try {
        JSON.parse(text)
      } catch {
        expect(whyNotJson(text)).toMatch(/^(unexpected end of JSON input|invalid character )/)
      }
    }),
    { seed: 2, numRuns: 1000 },
  )
})

it('round-trips', () => {
  expect(parseJson(decodeText(encodeJson({ a: 'é𝄞' })))).toEqual({ a: 'é𝄞' })
})
