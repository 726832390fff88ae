import { openApiV2, openApiV2Protobuf } from '../documents.ts'
import type { JsonSchema } from '../schema/structural/json-schema.ts'
import { swaggerWith } from './custom-resources-v2.ts'

const a = (schema: JsonSchema): unknown => {
  const resource = {
    plural: 'tests',
    kind: 'Test',
    listKind: 'TestList',
    namespaced: true,
    schema: { type: 'object', properties: { a: schema } },
    status: true,
    scale: false,
  }
  const { json } = swaggerWith([{ group: 'q.example.com', version: 'v1', resources: [resource] }])
  const document = JSON.parse(Buffer.from(json).toString()) as {
    paths: Record<string, unknown>
    definitions: Record<string, { properties: Record<string, unknown> }>
  }
  expect(document.paths).toHaveProperty(['/apis/q.example.com/v1/namespaces/{namespace}/tests/{name}/status'])
  expect(document.definitions).toHaveProperty(['io.k8s.api.core.v1.Pod'])
  return document.definitions['com.example.q.v1.Test']?.properties['a']
}

test.each<[rule: string, schema: JsonSchema, shown: object]>([
  ['bounds stay', { type: 'string', maxLength: 4, pattern: '^x' }, { type: 'string', maxLength: 4, pattern: '^x' }],
  ['defaults go', { type: 'string', default: 'x' }, { type: 'string' }],
  ['alternatives go', { type: 'string', anyOf: [{ enum: ['a'] }], not: { enum: ['b'] } }, { type: 'string' }],
  ['what may be null has no type', { type: 'array', nullable: true, items: { type: 'string' } }, {}],
  ['what is of two types has none', { 'x-kubernetes-int-or-string': true }, { 'x-kubernetes-int-or-string': true }],
  [
    'what keeps everything has no fields',
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { b: { type: 'string' } } },
    { 'x-kubernetes-preserve-unknown-fields': true },
  ],
])('%s', (_, schema, shown) => {
  expect(a(schema)).toEqual(shown)
})

test('without custom resources the documents are the built-in ones', () => {
  const { json, protobuf } = swaggerWith([])
  expect(json).toBe(openApiV2())
  expect(protobuf()).toBe(openApiV2Protobuf())
})
