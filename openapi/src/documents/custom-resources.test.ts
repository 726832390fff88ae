import { customResourcesDocument } from './custom-resources.ts'
import type { Schema3 } from './openapi3.ts'

interface Document {
  paths: Record<string, Record<string, { operationId: string; requestBody?: { content: object } }>>
  components: { schemas: Record<string, Schema3> }
}

const document = JSON.parse(
  new TextDecoder().decode(
    customResourcesDocument({
      group: 'q.example.com',
      version: 'v1',
      resources: [
        {
          plural: 'tests',
          kind: 'Test',
          listKind: 'TestList',
          namespaced: true,
          schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  size: { 'x-kubernetes-int-or-string': true },
                  template: { type: 'object', 'x-kubernetes-embedded-resource': true },
                },
              },
            },
          },
          status: true,
          scale: true,
        },
      ],
    }),
  ),
) as Document

test('a custom resource has the paths of any other, without the deprecated watches', () => {
  expect(Object.keys(document.paths)).toEqual([
    '/apis/q.example.com/v1/namespaces/{namespace}/tests',
    '/apis/q.example.com/v1/namespaces/{namespace}/tests/{name}',
    '/apis/q.example.com/v1/namespaces/{namespace}/tests/{name}/scale',
    '/apis/q.example.com/v1/namespaces/{namespace}/tests/{name}/status',
    '/apis/q.example.com/v1/tests',
  ])
})

test('it is not patched strategically', () => {
  const patch = document.paths['/apis/q.example.com/v1/namespaces/{namespace}/tests/{name}']?.['patch']
  expect(patch?.operationId).toBe('patchQExampleComV1NamespacedTest')
  expect(Object.keys(patch?.requestBody?.content ?? {})).toEqual([
    'application/apply-patch+yaml',
    'application/json-patch+json',
    'application/merge-patch+json',
  ])
})

test('its schema says what every object has, embedded ones included', () => {
  const schema = document.components.schemas['com.example.q.v1.Test']
  expect(Object.keys(schema?.properties ?? {}).sort()).toEqual(['apiVersion', 'kind', 'metadata', 'spec'])
  expect(schema?.['x-kubernetes-group-version-kind']).toEqual([{ group: 'q.example.com', kind: 'Test', version: 'v1' }])
  const spec = schema?.properties?.['spec']?.properties
  expect(spec?.['size']).toMatchObject({ anyOf: [{ type: 'integer' }, { type: 'string' }] })
  expect(spec?.['template']).toMatchObject({ required: ['kind', 'apiVersion'] })
})

test('it refers only to what it holds', () => {
  const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(
    ([, name]) => name,
  )
  expect(references.filter((name) => !Object.hasOwn(document.components.schemas, name ?? ''))).toEqual([])
  expect(Object.keys(document.components.schemas)).toContain('com.example.q.v1.TestList')
})
