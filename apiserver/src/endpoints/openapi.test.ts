import { documentType, isKnownTag } from './openapi.ts'

const json = 'application/json'
const protobuf = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

it.each([
  ['', json],
  ['*/*', json],
  ['application/*', json],
  ['application/json;as=Table', json],
  ['application/json;q=0', json],
  ['text/html,application/json', json],
  [protobuf, protobuf],
  ['application/com.github.proto-openapi.spec.v2@v1.0+protobuf', protobuf],
  [`${json}, ${protobuf};q=0.5`, json],
  [`${protobuf}, ${json}`, protobuf],
  ['application/yaml', undefined],
  ['application/com.github.proto-openapi.spec.v3@v1.0+protobuf', undefined],
])('a document is answered to %j as %s', (accept, type) => {
  expect(documentType(accept, [json, protobuf])).toBe(type)
})

it.each([
  ['"a"', true],
  ['*', true],
  ['"x", "a"', true],
  ['a', false],
  [undefined, false],
])('If-None-Match %j', (header, known) => {
  expect(isKnownTag(header, '"a"')).toBe(known)
})
