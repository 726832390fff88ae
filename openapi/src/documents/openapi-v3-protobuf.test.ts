import { messageField as field, messageFields as fields, textOf } from '../testing/message-fields.ts'
import { encodeOpenApiV3 } from './openapi-v3-protobuf.ts'

const text = (message: unknown, ...path: number[]): string => textOf(field(message, ...path))

describe('encodeOpenApiV3', () => {
  const ref = { $ref: '#/components/schemas/B' }
  const document = encodeOpenApiV3({
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: '1.36' },
    paths: {
      '/apis/': {
        post: {
          operationId: 'create',
          'x-kubernetes-action': 'list',
          requestBody: { content: { '*/*': { schema: ref } } },
          responses: { 200: { description: 'OK', content: { 'application/json': { schema: ref } } } },
        },
        parameters: [{ in: 'query', name: 'limit', schema: { type: 'integer', uniqueItems: true } }],
      },
    },
    components: {
      schemas: {
        A: {
          type: 'object',
          required: ['b'],
          properties: {
            b: { description: 'a b', allOf: [ref], default: {} },
            c: { type: 'array', items: { type: 'string', default: '' } },
            d: { additionalProperties: true },
            e: { type: 'string', enum: ['Always', 'on', 'a b'] },
          },
          'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', more: { a: { b: 1 } } }],
        },
      },
    },
  })
  const operation = [4, 1, 2, 6]
  const a = [5, 1, 1, 2, 1]
  const property = (index: number): unknown => field(fields(field(document, ...a, 31))[index]?.[1], 2, 1)

  it.each([
    { what: 'the version of the language', path: [1], is: '3.0.0' },
    { what: 'the version of the server', path: [2, 6], is: '1.36' },
    { what: 'the name of a path', path: [4, 1, 1], is: '/apis/' },
    { what: 'a parameter', path: [4, 1, 2, 13, 1, 1], is: 'limit' },
    { what: 'the schema of a parameter', path: [4, 1, 2, 13, 1, 10, 1, 25], is: 'integer' },
    { what: 'an operation', path: [...operation, 5], is: 'create' },
    { what: 'an extension that is a word', path: [...operation, 13, 2, 2], is: 'list\n' },
    { what: 'the body of a request', path: [...operation, 7, 1, 2, 1, 2, 1, 2, 1], is: ref.$ref },
    { what: 'the status of a response', path: [...operation, 8, 2, 1], is: '200' },
    { what: 'the body of a response', path: [...operation, 8, 2, 2, 1, 3, 1, 2, 1, 2, 1], is: ref.$ref },
    { what: 'the name of a schema', path: [5, 1, 1, 1], is: 'A' },
    { what: 'a required field', path: [...a, 23], is: 'b' },
    {
      what: 'an extension of several lines',
      path: [...a, 36, 2, 2],
      is: '- group: ""\n  version: v1\n  more:\n    a:\n        b: 1\n',
    },
  ])('writes $what', ({ path, is }) => {
    expect(text(document, ...path)).toBe(is)
  })

  it('writes references, defaults, items and values of properties', () => {
    expect(text(property(0), 26, 2, 1)).toBe(ref.$ref)
    expect(fields(field(property(0), 33))).toEqual([])
    expect(text(property(1), 30, 1, 1, 33, 3)).toBe('')
    expect(field(property(2), 32, 2)).toBe(1)
    const values = fields(property(3)).filter(([number]) => number === 24)
    expect(values.map(([, value]) => text(value, 2))).toEqual(['Always\n', '"on"\n', '"a b"\n'])
  })
})
