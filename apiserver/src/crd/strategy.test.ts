import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { crdWarnings, prepareCrdForUpdate } from './strategy.ts'
import type { Crd } from './types.ts'

const crd = (a: JsonSchema, storage = 'v1'): Crd => ({
  metadata: { name: 'things.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'things', kind: 'Thing' },
    versions: ['v1', 'v2'].map((name) => ({
      name,
      served: true,
      storage: name === storage,
      schema: { openAPIV3Schema: { type: 'object', properties: { a } } },
    })),
  },
  status: { storedVersions: ['v1'] },
})

it.each<[rule: string, schema: JsonSchema, warnings: string[]]>([
  ['a format that is checked', { type: 'string', format: 'date-time' }, []],
  ['a name', { type: 'string', format: 'k8s-short-name' }, []],
  ['a format that nobody knows', { type: 'string', format: 'zzz' }, ['unrecognized format "zzz"']],
  ['a format of another type', { type: 'string', format: 'int32' }, ['unrecognized format "int32"']],
  ['a format of integers', { type: 'integer', format: 'int64' }, []],
  ['a format of numbers', { type: 'number', format: 'int32' }, ['unrecognized format "int32"']],
])('warns of what is not checked: %s', (_, schema, warnings) => {
  expect(crdWarnings(crd(schema), undefined)).toEqual(warnings)
})

it('warns of a format once', () => {
  const odd = crd({ type: 'string', format: 'zzz' })
  expect(crdWarnings(odd, odd)).toEqual([])
})

it('keeps the status on update, and adds the version that is stored now', () => {
  const next = { ...crd({ type: 'string' }, 'v2'), status: { storedVersions: ['v9'] } }
  prepareCrdForUpdate(next, crd({ type: 'string' }))
  expect(next.status).toEqual({ storedVersions: ['v1', 'v2'] })
})
