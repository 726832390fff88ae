import { causeMessage, FieldPath } from '../../meta/field-errors.ts'
import { checkStructuralSchema } from './check.ts'
import type { JsonSchema } from './json-schema.ts'

const string: JsonSchema = { type: 'string' }
const root = (properties: Record<string, JsonSchema>): JsonSchema => ({ type: 'object', properties })
const keyed = (items: JsonSchema, ...keys: string[]): JsonSchema => ({
  type: 'array',
  items,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
})

function told(schema: JsonSchema): string[] {
  return checkStructuralSchema(schema, new FieldPath('s')).map((error) => `${error.field} ${causeMessage(error)}`)
}

test.each<[schema: JsonSchema, expected: string]>([
  [{}, 's.type Required value: must not be empty at the root'],
  [{ type: 'string' }, 's.type Invalid value: "string": must be object at the root'],
  [{ type: 'object', nullable: true }, 's.nullable Forbidden: nullable cannot be true at the root'],
  [
    root({ metadata: { type: 'object', properties: { labels: { type: 'object' } } } }),
    's.properties[metadata] Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
  ],
  [root({ kind: { type: 'integer' } }), 's.properties[kind].type Invalid value: "integer": must be string'],
])('the root: %j', (schema, expected) => {
  expect(told(schema)).toEqual([expected])
})

test.each<[schema: JsonSchema, expected: string]>([
  [{}, '.type Required value: must not be empty for specified object fields'],
  [
    { type: 'nope' },
    '.type Unsupported value: "nope": supported values: "array", "boolean", "integer", "number", "object", "string"',
  ],
  [{ type: 'array' }, '.items Required value: must be specified'],
  [{ type: 'array', items: {} }, '.items.type Required value: must not be empty for specified array items'],
  [{ type: 'array', items: [string] }, '.items Forbidden: items must be a schema object and not an array'],
  [{ $ref: '#/x' } as JsonSchema, '.$ref Forbidden: $ref is not supported'],
  [
    { type: 'array', items: string, uniqueItems: true },
    '.uniqueItems Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
  ],
  [
    { type: 'object', properties: { x: string }, additionalProperties: string },
    '.additionalProperties Forbidden: additionalProperties and properties are mutual exclusive',
  ],
  [
    { type: 'string', pattern: '(' },
    '.pattern Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`',
  ],
  [{ type: 'object', anyOf: [{ type: 'object' }] }, '.anyOf[0].type Forbidden: must be empty to be structural'],
  [{ type: 'string', not: { default: 'x' } }, '.not.default Forbidden: must be undefined to be structural'],
  [
    { type: 'string', 'x-kubernetes-list-type': 'set' },
    '.type Invalid value: "string": must be array if x-kubernetes-list-type is specified',
  ],
  [
    { type: 'array', items: string, 'x-kubernetes-list-type': 'nope' },
    '.x-kubernetes-list-type Unsupported value: "nope": supported values: "atomic", "set", "map"',
  ],
  [
    { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' },
    '.items.x-kubernetes-map-type Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set',
  ],
  [
    keyed({ type: 'object', properties: { k: string } }),
    '.x-kubernetes-list-map-keys Required value: must not be empty if x-kubernetes-list-type is map',
  ],
  [
    keyed({ type: 'object', properties: { k: string } }, 'k'),
    '.items.properties[k].default Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
  ],
  [
    keyed({ type: 'object', required: ['k'] }, 'k'),
    '.x-kubernetes-list-map-keys Invalid value: ["k"]: entries must all be names of item properties',
  ],
  [{ type: 'object', default: { zz: 1 } }, '.default Invalid value: {"zz":1}: must not have unknown fields'],
  [
    { type: 'integer', minimum: 3, default: 1 },
    '.default Invalid value: 1:  in body should be greater than or equal to 3',
  ],
])('a field: %j', (schema, expected) => {
  expect(told(root({ a: schema }))).toEqual([`s.properties[a]${expected}`])
})

test.each<[rule: string, schema: JsonSchema]>([
  ['unknown fields may be kept without a type', { 'x-kubernetes-preserve-unknown-fields': true }],
  ['int or string needs no type', { 'x-kubernetes-int-or-string': true }],
  ['and may say so again', { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }],
  ['maps', { type: 'object', additionalProperties: { type: 'array', items: string } }],
  ['a key with a default', keyed({ type: 'object', properties: { k: { type: 'string', default: 'x' } } }, 'k')],
])('%s', (_, schema) => {
  expect(told(root({ a: schema }))).toEqual([])
})

test('what nests too deep is refused', () => {
  let schema: JsonSchema = string
  for (let i = 0; i < 5000; i++) schema = { type: 'array', items: schema }
  expect(told(root({ a: schema }))).toEqual([expect.stringContaining('must not nest deeper')])
})
