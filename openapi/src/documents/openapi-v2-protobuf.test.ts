import { messageField, messageFields, textOf } from '../testing/message-fields.ts'
import { encodeOpenApiV2 } from './openapi-v2-protobuf.ts'

describe('encodeOpenApiV2', () => {
  const document = encodeOpenApiV2({
    swagger: '2.0',
    info: { title: 'Kubernetes', version: 'v1' },
    paths: {
      '/api/': {
        get: {
          operationId: 'list',
          parameters: [{ $ref: '#/parameters/p' }, { in: 'query', name: 'limit', type: 'integer', uniqueItems: true }],
          responses: { 200: { description: 'OK', schema: { $ref: '#/definitions/A' } } },
        },
      },
    },
    definitions: {
      A: {
        type: 'object',
        required: ['b', 'c'],
        properties: {
          b: { type: 'array', items: { type: 'string' } },
          c: { additionalProperties: { type: 'string' } },
        },
        'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'A' }],
      },
    },
  })

  it.each([
    { what: 'the version of the language', path: [1], is: '2.0' },
    { what: 'the title', path: [2, 1], is: 'Kubernetes' },
    { what: 'the name of a path', path: [8, 2, 1], is: '/api/' },
    { what: 'a reference to a parameter', path: [8, 2, 2, 2, 8, 2, 1], is: '#/parameters/p' },
    { what: 'the schema of a response', path: [8, 2, 2, 2, 9, 1, 2, 1, 2, 1, 1], is: '#/definitions/A' },
    { what: 'the name of a definition', path: [9, 1, 1], is: 'A' },
    { what: 'the type of a definition', path: [9, 1, 2, 22, 1], is: 'object' },
    { what: 'the first required field', path: [9, 1, 2, 19], is: 'b' },
    { what: 'the items of an array', path: [9, 1, 2, 25, 1, 2, 23, 1, 22, 1], is: 'string' },
    { what: 'the name of an extension', path: [9, 1, 2, 31, 1], is: 'x-kubernetes-group-version-kind' },
    { what: 'the value of an extension', path: [9, 1, 2, 31, 2, 2], is: '[{"group":"","version":"v1","kind":"A"}]\n' },
  ])('writes $what', ({ path, is }) => {
    expect(textOf(messageField(document, ...path))).toBe(is)
  })

  it('keeps the order of repeated fields', () => {
    const required = messageFields(messageField(document, 9, 1, 2)).filter(([number]) => number === 19)
    expect(required.map(([, value]) => textOf(value))).toEqual(['b', 'c'])
  })
})
