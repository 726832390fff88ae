import fc from 'fast-check'
import type { ApiError } from '../meta/status.ts'
import { decodeObject } from './decode-object.ts'
import { definitionSchema, isKnownKind, objectMetaSchema, schemaOf } from './registry.ts'
import type { Field, Schema, StructSchema } from './schema.ts'

const schema = (group: string, kind: string, version = 'v1'): StructSchema => {
  const found = schemaOf({ group, version, kind })
  if (found === undefined) throw new Error(`no schema of ${kind}`)
  return found
}

/** The field at a path, through lists and structs. */
function fieldAt(root: StructSchema, path: string): Field {
  let at: Schema = root
  let field: Field | undefined
  for (const step of path.split('.')) {
    if (at.kind === 'list') at = at.items
    field = at.kind === 'struct' ? at.fields.get(step) : undefined
    if (field === undefined) throw new Error(`no field ${step} in ${path}`)
    at = field.schema
  }
  if (field === undefined) throw new Error('empty path')
  return field
}

test('a kind is found by its group, version and name; unknown ones are not', () => {
  expect(schema('apps', 'Deployment').name).toBe('io.k8s.api.apps.v1.Deployment')
  expect(schema('events.k8s.io', 'Event').name).toBe('io.k8s.api.events.v1.Event')
  expect(objectMetaSchema().typeName).toBe('v1.ObjectMeta')
  for (const kind of ['constructor', '__proto__', 'toString', 'PodSpec']) {
    expect(schemaOf({ group: '', version: 'v1', kind })).toBeUndefined()
    expect(isKnownKind({ group: '', version: 'v1', kind })).toBe(false)
  }
  expect(() => definitionSchema('constructor')).toThrow('no definition')
})

test.each<[path: string, expected: Partial<Field>]>([
  ['spec.containers', { required: true, patchStrategies: ['merge'], patchMergeKey: 'name', atomic: false }],
  ['spec.volumes', { patchStrategies: ['merge', 'retainKeys'], patchMergeKey: 'name' }],
  ['spec.nodeSelector', { atomic: true }],
  ['spec.tolerations', { atomic: true, patchStrategies: [] }],
  ['spec.hostUsers', { keepsZero: true, whenAbsent: 'omit' }],
  ['spec.hostNetwork', { keepsZero: false, whenAbsent: 'omit' }],
  ['spec.containers.resources', { whenAbsent: 'zero' }],
  ['spec.containers.ports.protocol', { default: 'TCP', enum: ['SCTP', 'TCP', 'UDP'] }],
  ['metadata.finalizers', { patchStrategies: ['merge'], patchMergeKey: '' }],
  ['metadata.creationTimestamp', { whenAbsent: 'omit' }],
])('Pod %s', (path, expected) => {
  expect(fieldAt(schema('', 'Pod'), path)).toMatchObject(expected)
})

test.each<[path: string, listType: string, mapKeys: string[]]>([
  ['spec.containers.ports', 'map', ['containerPort', 'protocol']],
  ['spec.topologySpreadConstraints', 'map', ['topologyKey', 'whenUnsatisfiable']],
  ['metadata.finalizers', 'set', []],
  ['spec.containers.args', 'atomic', []],
])('list %s', (path, listType, mapKeys) => {
  expect(fieldAt(schema('', 'Pod'), path).schema).toMatchObject({ kind: 'list', listType, mapKeys })
})

test('whatever is sent, decoding ends in an object or a 400, and decoding the object again changes nothing', () => {
  const kinds = [
    { group: '', version: 'v1', kind: 'Pod' },
    { group: 'apps', version: 'v1', kind: 'Deployment' },
    { group: '', version: 'v1', kind: 'Service' },
  ]
  const key = fc.constantFrom(
    ...['metadata', 'name', 'labels', 'spec', 'status', 'containers', 'ports', 'template', 'selector', 'replicas'],
    ...['resources', 'limits', 'cpu', 'volumes', 'emptyDir', 'conditions', 'lastProbeTime', 'targetPort', '__proto__'],
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'medium' },
      fc.constantFrom<unknown>(null, true, false, 0, 1, 1.5, '', 'x', '1Gi', '2026-01-01T00:00:00Z', {}, []),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.dictionary(key, tree), (gvk, json) => {
      let object: unknown
      try {
        object = decodeObject(gvk, json, { unknownFields: 'ignore' }).object
      } catch (error) {
        expect((error as ApiError).code).toBe(400)
        return
      }
      expect(decodeObject(gvk, object, { unknownFields: 'strict' }).object).toEqual(object)
    }),
    { numRuns: 300 },
  )
})
