import { contentTypeOf } from './media.ts'

it.each([
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['Application/JSON; charset=utf-8', 'application/json'],
  ['rubbish', ''],
  ['a/b/c', ''],
])('content type %j', (header, type) => {
  expect(contentTypeOf(header)).toBe(type)
})
