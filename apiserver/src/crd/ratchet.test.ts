import type { FieldError } from '@kapell/openapi/meta/field-errors'
import type { JsonSchema } from '@kapell/openapi/schema/structural/json-schema'
import { validateCustomResource } from '@kapell/openapi/schema/structural/validate'
import { ratchet } from './ratchet.ts'

const schema: JsonSchema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['a'],
      properties: {
        a: { type: 'string' },
        s: { type: 'string', maxLength: 2 },
        o: { type: 'object', required: ['z'], properties: { b: { type: 'string' }, z: { type: 'string' } } },
        l: { type: 'array', items: { type: 'string', maxLength: 2 } },
        m: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k'],
          items: { type: 'object', properties: { k: { type: 'string' }, v: { type: 'string', maxLength: 2 } } },
        },
        e: { type: 'object', oneOf: [{ required: ['x'] }, { required: ['y'] }] },
      },
    },
  },
}

const previous = {
  metadata: { labels: {} },
  spec: { a: '', s: 'long', o: { b: 'x' }, l: ['long', 's'], m: [{ k: '1', v: 'long' }], e: {} },
}
type Spec = typeof previous.spec

const left = (change: (spec: Spec & Record<string, unknown>) => void): string[] => {
  const next = structuredClone(previous)
  next.metadata.labels = { changed: 'yes' }
  change(next.spec)
  return ratchet(validateCustomResource(schema, next), { schema, next, previous }).map(
    ({ field, detail }: FieldError) => (field === '' ? detail : field),
  )
}

it.each<[rule: string, change: (spec: Spec & Record<string, unknown>) => void, left: string[]]>([
  ['what is as it was', () => {}, []],
  ['a changed value', (spec) => void (spec.s = 'longer'), ['spec.s']],
  ['a plain list that changed anywhere', (spec) => void (spec.l = ['long', 't']), ['spec.l[0]']],
  ['an item of a map that stays', (spec) => void spec.m.unshift({ k: '0', v: 'ok' }), []],
  ['an item of a map that changed', (spec) => void (spec.m = [{ k: '1', v: 'longer' }]), ['spec.m[0].v']],
  ['what is missing from an object that changed', (spec) => void (spec.o.b = 'y'), ['spec.o.z']],
  ['what is missing now', (spec) => void delete (spec as Partial<Spec>).a, ['spec.a']],
])('of an update counts %s', (_, change, wanted) => {
  expect(left(change)).toEqual(wanted)
})
