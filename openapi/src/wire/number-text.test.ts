import { unheldNumber } from './number-text.ts'

it.each([
  ['{"a":9007199254740993}', { source: '9007199254740993', isTooLarge: false }],
  ['[-9007199254740993]', { source: '-9007199254740993', isTooLarge: false }],
  ['{"a":[{"b":1e400}]}', { source: '1e400', isTooLarge: true }],
  ['{"a":9007199254740992}', undefined],
  ['{"a":9223372036854775807}', { source: '9223372036854775807', isTooLarge: false }],
  ['{"a":-9223372036854775808}', undefined],
  // What does not fit into 64 bits is a double to everyone.
  ['{"a":100000000000000000001}', undefined],
  ['{"a":0.12345678901234567890}', undefined],
  ['{"a":"9007199254740993 1e400"}', undefined],
  ['{"a":1e300}', undefined],
  ['1e400', { source: '1e400', isTooLarge: true }],
  ['{\n  "a" : [ 1,\n -1.5E+999 ]}', { source: '-1.5E+999', isTooLarge: true }],
  ['{"uid":"1e123456-0000-4000-8000-1234567890123456"}', undefined],
])('%s', (text, expected) => {
  expect(unheldNumber(text)).toEqual(expected)
})
