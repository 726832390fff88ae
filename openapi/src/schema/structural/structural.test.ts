import { causeMessage } from '../../meta/field-errors.ts'
import { customResourceSchema } from './custom-schema.ts'
import { hasFormat } from './formats.ts'
import type { JsonSchema } from './json-schema.ts'
import { defaultCustomResource, pruneCustomResource } from './prune.ts'
import { validateCustomResource } from './validate.ts'

const inSpec = (a: JsonSchema): JsonSchema => ({
  type: 'object',
  properties: { spec: { type: 'object', properties: { a } } },
})
const thing = (a: unknown): Record<string, unknown> => ({ apiVersion: 'x/v1', kind: 'Thing', spec: { a } })
const string: JsonSchema = { type: 'string' }
const pair: JsonSchema[] = [{ required: ['p'] }, { required: ['q'] }]

describe('validation', () => {
  it.each<[rule: string, schema: JsonSchema, value: unknown, expected: string[]]>([
    ['a right type is valid', { type: 'integer' }, 2, []],
    [
      'a wrong type stops the other checks',
      { type: 'integer', minimum: 5 },
      'x',
      ['spec.a FieldValueTypeInvalid Invalid value: "string": spec.a in body must be of type integer: "string"'],
    ],
    [
      'a fraction is no integer',
      { type: 'integer' },
      2.5,
      [
        'spec.a FieldValueTypeInvalid Invalid value: "number": spec.a in body must be of type integer: "number"',
        ' FieldValueInvalid Invalid value: "": Checked value must be of type integer (default format) in spec.a',
      ],
    ],
    ['an integer is a number', { type: 'number' }, 2, []],
    [
      'int32 has its bounds',
      { type: 'integer', format: 'int32' },
      2 ** 31,
      [' FieldValueInvalid Invalid value: "": Checked value must be of type integer with format int32 in spec.a'],
    ],
    ['int64 takes more', { type: 'integer', format: 'int64' }, 2 ** 31, []],
    [
      'an embedded object is a kind of a version',
      { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
      { apiVersion: 'a/b/c', kind: 'Pod' },
      ['spec.a.apiVersion FieldValueInvalid Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
    ],
    ['null where it is allowed', { type: 'string', nullable: true }, null, []],
    ['int or string takes both', { 'x-kubernetes-int-or-string': true }, 'x', []],
    [
      'minimum',
      { type: 'integer', minimum: 1 },
      0,
      ['spec.a FieldValueInvalid Invalid value: 0: spec.a in body should be greater than or equal to 1'],
    ],
    [
      'exclusive maximum',
      { type: 'integer', maximum: 5, exclusiveMaximum: true },
      5,
      ['spec.a FieldValueInvalid Invalid value: 5: spec.a in body should be less than 5'],
    ],
    ['multiples of a fraction', { type: 'number', multipleOf: 0.1 }, 0.3, []],
    [
      'multiples',
      { type: 'integer', multipleOf: 2 },
      3,
      ['spec.a FieldValueInvalid Invalid value: 3: spec.a in body should be a multiple of 2'],
    ],
    [
      'length counts characters, and the first complaint about a string is the only one',
      { type: 'string', minLength: 2, pattern: '^[a-z]+$' },
      'ä',
      ['spec.a FieldValueInvalid Invalid value: "ä": spec.a in body should be at least 2 chars long'],
    ],
    [
      'maximal length',
      { type: 'string', maxLength: 3 },
      'abcd',
      ['spec.a FieldValueTooLong Too long: may not be more than 3 bytes'],
    ],
    [
      'a pattern that would run for ever elsewhere',
      { type: 'string', pattern: '^(a+)+$' },
      `${'a'.repeat(40)}b`,
      [`spec.a FieldValueInvalid Invalid value: "${'a'.repeat(40)}b": spec.a in body should match '^(a+)+$'`],
    ],
    [
      'enum of numbers',
      { type: 'integer', enum: [1, 2] },
      3,
      ['spec.a FieldValueNotSupported Unsupported value: 3: supported values: "1", "2"'],
    ],
    [
      'too many items; their own errors are not told then',
      { type: 'array', maxItems: 1, items: string },
      [1, 2],
      ['spec.a FieldValueTooMany Too many: 2: must have at most 1 item'],
    ],
    [
      'items by their index',
      { type: 'array', items: string },
      ['x', 1],
      ['spec.a[1] FieldValueTypeInvalid Invalid value: "integer": spec.a[1] in body must be of type string: "integer"'],
    ],
    ['required', { type: 'object', required: ['r'] }, {}, ['spec.a.r FieldValueRequired Required value']],
    [
      'an embedded object names its kind',
      { type: 'object', 'x-kubernetes-embedded-resource': true },
      {},
      ['spec.a.apiVersion FieldValueRequired Required value', 'spec.a.kind FieldValueRequired Required value'],
    ],
    [
      'one of',
      { type: 'object', oneOf: pair },
      { p: 1, q: 2 },
      [
        ' FieldValueInvalid Invalid value: "": "spec.a" must validate one and only one schema (oneOf). Found 2 valid alternatives',
      ],
    ],
    [
      'any of',
      { type: 'object', anyOf: pair },
      {},
      [
        ' FieldValueInvalid Invalid value: "": "spec.a" must validate at least one schema (anyOf)',
        'spec.a.p FieldValueRequired Required value',
      ],
    ],
    [
      'not',
      { type: 'string', not: { enum: ['z'] } },
      'z',
      [' FieldValueInvalid Invalid value: "": "spec.a" must not validate the schema (not)'],
    ],
    [
      'a set holds each value once',
      { type: 'array', items: string, 'x-kubernetes-list-type': 'set' },
      ['x', 'y', 'x'],
      ['spec.a[2] FieldValueDuplicate Duplicate value: "x"'],
    ],
    [
      'a list of type map holds each key once',
      {
        type: 'array',
        items: { type: 'object', properties: { k: string } },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
      [{ k: 'a' }, { k: 'a', v: 1 }],
      ['spec.a[1] FieldValueDuplicate Duplicate value: {"k":"a"}'],
    ],
  ])('%s', (_, schema, value, expected) => {
    const errors = validateCustomResource(inSpec(schema), thing(value))
    expect(errors.map((error) => `${error.field} ${error.type} ${causeMessage(error)}`)).toEqual(expected)
  })

  it('stops after enough errors', () => {
    const schema = inSpec({ type: 'array', items: string })
    expect(validateCustomResource(schema, thing(new Array(100_000).fill(1)))).toHaveLength(200)
  })
})

describe('pruning and defaults', () => {
  function normal(schema: JsonSchema, value: unknown): { object: unknown; removed: string[] } {
    const { object, removed } = pruneCustomResource(inSpec(schema), thing(value))
    defaultCustomResource(inSpec(schema), object)
    return { object: (object['spec'] as Record<string, unknown>)['a'], removed }
  }
  const object = (properties: Record<string, JsonSchema>, more: JsonSchema = {}): JsonSchema => ({
    type: 'object',
    properties,
    ...more,
  })
  it.each<[rule: string, schema: JsonSchema, given: unknown, object: unknown, removed: string[]]>([
    ['unknown fields go', object({ x: string }), { x: 'a', y: 1 }, { x: 'a' }, ['spec.a.y']],
    ['in items of lists', { type: 'array', items: object({}) }, [{ y: 1 }], [{}], ['spec.a[0].y']],
    [
      'unless they are preserved, and what is known below is still pruned',
      object({ k: object({ x: string }) }, { 'x-kubernetes-preserve-unknown-fields': true }),
      { y: { z: null }, k: { x: 'a', y: 1 } },
      { y: { z: null }, k: { x: 'a' } },
      ['spec.a.k.y'],
    ],
    [
      'maps keep their keys',
      { type: 'object', additionalProperties: string },
      { __proto__x: 'a' },
      { __proto__x: 'a' },
      [],
    ],
    [
      'embedded objects keep what every object has',
      { type: 'object', 'x-kubernetes-embedded-resource': true },
      { apiVersion: 'v1', kind: 'X', metadata: { name: 'a', bogus: 1 }, y: 1 },
      { apiVersion: 'v1', kind: 'X', metadata: { name: 'a' } },
      ['spec.a.metadata.bogus', 'spec.a.y'],
    ],
    ['defaults fill what is absent', object({ d: { type: 'string', default: 'x' } }), {}, { d: 'x' }, []],
    [
      'defaults of defaults',
      object({ o: object({ d: { type: 'string', default: 'x' } }, { default: {} }) }),
      {},
      { o: { d: 'x' } },
      [],
    ],
    [
      'null is replaced where it is not allowed',
      object({ d: { type: 'string', default: 'x' } }),
      { d: null },
      { d: 'x' },
      [],
    ],
    ['or removed', object({ d: string }), { d: null }, {}, []],
    [
      'and kept where it is allowed',
      object({ d: { type: 'string', nullable: true, default: 'x' } }),
      { d: null },
      { d: null },
      [],
    ],
  ])('%s', (_, schema, given, expected, removed) => {
    expect(normal(schema, given)).toEqual({ object: expected, removed })
  })

  it('never touches a prototype', () => {
    const given: unknown = JSON.parse('{"__proto__":{"x":"a"},"constructor":{"x":"a"}}')
    const pruned = normal({ type: 'object', additionalProperties: object({ x: string }) }, given).object
    expect(Object.getPrototypeOf(pruned)).toBe(Object.prototype)
    expect(Object.keys(pruned as object)).toEqual(['__proto__', 'constructor'])
    expect(normal(object({}), given)).toEqual({ object: {}, removed: ['spec.a.__proto__', 'spec.a.constructor'] })
  })

  it('gives every object its own copy of a default', () => {
    const schema = object({ l: { type: 'array', items: string, default: ['x'] } })
    const [one, two] = [normal(schema, {}).object, normal(schema, {}).object] as [{ l: string[] }, { l: string[] }]
    one.l.push('y')
    expect(two.l).toEqual(['x'])
  })

  it('checks the metadata of an object as of any other', () => {
    expect(() => pruneCustomResource(inSpec(string), { metadata: { labels: 'x' } })).toThrow(
      'json: cannot unmarshal string into Go struct field ObjectMeta.labels of type map[string]string',
    )
  })
})

test('patches and apply see lists, maps and the metadata of a custom resource', () => {
  const schema = customResourceSchema(
    inSpec({
      type: 'array',
      items: { type: 'object', properties: { k: { type: 'string', default: 'd' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
    }),
    'Thing',
  )
  const spec = schema.fields.get('spec')?.schema
  const list = spec?.kind === 'struct' ? spec.fields.get('a')?.schema : undefined
  expect(list).toMatchObject({ kind: 'list', listType: 'map', mapKeys: ['k'] })
  const item = list?.kind === 'list' ? list.items : undefined
  expect(item?.kind === 'struct' ? item.fields.get('k') : undefined).toMatchObject({ default: 'd' })
  expect(schema.fields.get('metadata')?.schema).toMatchObject({
    name: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta',
  })
})

test.each<[format: string, right: string[], wrong: string[]]>([
  ['uri', ['http://a/b', '/x', 'mailto:a@b'], ['a', 'http://a b']],
  ['email', ['a@b', 'A <a@b.c>'], ['a']],
  ['hostname', ['a.bc', 'a-b', 'localhost', '9'], ['a.b', 'a.b1', '-a', 'a_b', 'a.', 'a..b']],
  ['ipv4', ['1.2.3.4', '1.2.3.04'], ['1.2.3', '::1', '1.2.3.256']],
  ['ipv6', ['::1', '::ffff:1.2.3.4'], ['1.2.3.4', 'g::']],
  ['cidr', ['1.2.3.0/24', '::/0'], ['1.2.3.4', '1.2.3.4/33']],
  ['mac', ['00:11:22:33:44:55', '0011.2233.4455'], ['00:11:22:33:44', '00:11-22:33:44:55']],
  ['uuid4', ['123e4567-e89b-42d3-a456-426614174000'], ['123e4567-e89b-42d3-1456-426614174000']],
  ['isbn', ['0321751043', '978-0321751041'], ['0321751044', 'x']],
  ['creditcard', ['4111111111111111', '4111-1111-1111-1111'], ['4111111111111112']],
  ['hexcolor', ['#fff', 'FFFFFF'], ['#ffff']],
  ['rgbcolor', ['rgb(1, 2, 3)'], ['rgb(256,1,1)']],
  ['byte', ['YQ=='], ['YQ', '']],
  ['date', ['2026-01-01'], ['2026-02-30', '2026-1-1']],
  ['duration', ['1s', '22 ns', '1h2m', '-1s', '2 weeks'], ['x', '1y']],
  ['date-time', ['2026-01-01T00:00:00.5+02:00'], ['2026-01-01', '2026-01-01T24:00:00Z']],
  ['something else', ['x'], []],
])('format %s', (format, right, wrong) => {
  expect(right.filter((text) => !hasFormat(format, text))).toEqual([])
  expect(wrong.filter((text) => hasFormat(format, text))).toEqual([])
})
