import fc from 'fast-check'
import type { GroupVersionKind, KubeObject } from '../meta/object.ts'
import { ApiError } from '../meta/status.ts'
import { decodeObject } from '../schema/decode-object.ts'
import { schemaOf } from '../schema/registry.ts'
import type { StructSchema } from '../schema/schema.ts'
import { customResourceSchema } from '../schema/structural/custom-schema.ts'
import type { JsonSchema } from '../schema/structural/json-schema.ts'
import { applyPatch, parseApplyPatch, type ApplyResult } from './apply.ts'
import { updateManagedFields } from './managed-fields.ts'

const kinds: Record<string, GroupVersionKind> = {
  ConfigMap: { group: '', version: 'v1', kind: 'ConfigMap' },
  Service: { group: '', version: 'v1', kind: 'Service' },
  Pod: { group: '', version: 'v1', kind: 'Pod' },
  Deployment: { group: 'apps', version: 'v1', kind: 'Deployment' },
}
function kindOf(object: KubeObject): { gvk: GroupVersionKind; schema: StructSchema } {
  const gvk = kinds[object.kind ?? '']
  const schema = gvk === undefined ? undefined : schemaOf(gvk)
  if (gvk === undefined || schema === undefined) throw new Error('no such kind')
  return { gvk, schema }
}
type Body = KubeObject & Record<string, unknown>
const configMap = (data?: Record<string, string>, metadata: object = {}): Body => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  ...(data === undefined ? {} : { data }),
})
const deployment = (spec: object): Body => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec,
})
const pod = (...containers: object[]): Body => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec: { containers },
})

let second = 0
const clock = (): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second++)).toISOString().replace('.000', '')

interface By {
  manager?: string
  force?: boolean
  subresource?: string
  resetFields?: string[]
}
function apply(live: Body | undefined, applied: Body, by: By = {}): Body {
  return applied_(live, applied, by).object as Body
}
function applied_(live: Body | undefined, applied: Body, by: By): ApplyResult {
  const result = applyPatch({
    ...kindOf(applied),
    live,
    applied,
    manager: by.manager ?? 'm1',
    force: by.force ?? false,
    time: clock(),
    ...(by.subresource === undefined ? {} : { subresource: by.subresource }),
    ...(by.resetFields === undefined ? {} : { resetFields: by.resetFields }),
  })
  const { object } = decodeObject(kindOf(applied).gvk, result.object, { unknownFields: 'strict' })
  return { ...result, object }
}
function update(live: Body | undefined, next: Body, manager = 'editor'): Body {
  const { gvk, schema } = kindOf(next)
  const { object } = decodeObject<Body>(gvk, next, { unknownFields: 'strict' })
  const apiVersion = gvk.group === '' ? gvk.version : `${gvk.group}/${gvk.version}`
  const managedFields = updateManagedFields({ schema, live, next: object, manager, apiVersion, time: clock() })
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  return { ...object, metadata: { ...metadata, ...(managedFields === undefined ? {} : { managedFields }) } }
}
/** "Apply m1" -> its fields. */
const owners = (object: Body): Record<string, unknown> =>
  Object.fromEntries(
    (object.metadata?.managedFields ?? []).map((e) => [
      [e.operation, e.manager, e.subresource].filter(Boolean).join(' '),
      e.fieldsV1,
    ]),
  )

describe('applying', () => {
  it('owns what it sets, and takes away what it no longer sets', () => {
    let live = apply(undefined, configMap({ a: '1', b: '2' }))
    expect(owners(live)).toEqual({ 'Apply m1': { 'f:data': { 'f:a': {}, 'f:b': {} } } })
    live = apply(live, configMap({ a: '1' }))
    expect(live['data']).toEqual({ a: '1' })
    live = apply(live, configMap())
    expect(live['data']).toBeUndefined()
    expect(live.metadata?.managedFields).toBeUndefined()
  })
  it('changes nothing when nothing changes', () => {
    const live = apply(undefined, configMap({ a: '1' }))
    const again = applied_(live, configMap({ a: '1' }), {})
    expect(again.changed).toBe(false)
    expect(again.object).toEqual(live)
  })
  it('notes no time for owning what is there already', () => {
    const live = apply(apply(undefined, configMap({ a: '1' })), configMap({ a: '1' }), { manager: 'm2' })
    expect((live.metadata?.managedFields ?? []).map((e) => [e.manager, e.time !== undefined])).toEqual([
      ['m2', false],
      ['m1', true],
    ])
  })
  it('keeps what another applies as well', () => {
    let live = apply(undefined, configMap({ a: '1' }))
    live = apply(live, configMap({ a: '1', b: '2' }), { manager: 'm2' })
    live = apply(live, configMap())
    expect(live['data']).toEqual({ a: '1', b: '2' })
    expect(owners(live)).toEqual({ 'Apply m2': { 'f:data': { 'f:a': {}, 'f:b': {} } } })
  })
  it('takes over by force', () => {
    let live = apply(undefined, configMap({ a: '1', b: '1' }))
    live = apply(live, configMap({ a: '2' }), { manager: 'm2', force: true })
    expect(live['data']).toEqual({ a: '2', b: '1' })
    expect(owners(live)).toEqual({
      'Apply m1': { 'f:data': { 'f:b': {} } },
      'Apply m2': { 'f:data': { 'f:a': {} } },
    })
  })
  it('merges lists by their keys, with the default of a key that is left out', () => {
    const service = (ports: object[]): Body => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's' },
      spec: { ports, selector: { a: 'b' } },
    })
    let live = apply(undefined, service([{ port: 80 }]))
    expect(owners(live)).toEqual({
      'Apply m1': {
        'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } }, 'f:selector': {} },
      },
    })
    live = apply(live, service([{ port: 81, protocol: 'UDP' }]), { manager: 'm2' })
    expect((live as { spec?: { ports?: { port: number }[] } }).spec?.ports?.map((p) => p.port)).toEqual([80, 81])
  })
  it.each([
    ['applied items come in the applied order', ['a', 'b', 'c'], ['c', 'a'], ['b', 'c', 'a']],
    ['new items stand where they are applied', ['a', 'b'], ['x', 'b'], ['a', 'x', 'b']],
    ['others stay in place', ['x', 'a', 'y', 'b', 'z'], ['a', 'b'], ['x', 'a', 'y', 'b', 'z']],
    ['nothing in common: after what is there', ['a', 'b'], ['x'], ['a', 'b', 'x']],
  ])('%s', (_rule, live, applied, expected) => {
    const named = (names: string[]): Body => pod(...names.map((name) => ({ name, image: 'i' })))
    const result = apply(update(undefined, named(live)), named(applied), { force: true })
    expect((result as { spec?: { containers?: { name: string }[] } }).spec?.containers?.map((c) => c.name)).toEqual(
      expected,
    )
  })
  it('merges sets of scalars', () => {
    let live = apply(undefined, configMap(undefined, { finalizers: ['e.com/a'] }))
    live = apply(live, configMap(undefined, { finalizers: ['e.com/b'] }), { manager: 'm2' })
    expect(live.metadata?.finalizers).toEqual(['e.com/a', 'e.com/b'])
    live = apply(live, configMap())
    expect(live.metadata?.finalizers).toEqual(['e.com/b'])
    expect(owners(live)).toEqual({ 'Apply m2': { 'f:metadata': { 'f:finalizers': { 'v:"e.com/b"': {} } } } })
  })
  it('does not own what the endpoint cannot change', () => {
    const live = apply(undefined, deployment({ selector: { matchLabels: { a: 'b' } } }))
    const status = apply(
      live,
      { ...deployment({ replicas: 9 }), status: { replicas: 2 } },
      {
        manager: 'ctl',
        subresource: 'status',
        resetFields: ['spec'],
      },
    )
    expect(owners(status)['Apply ctl status']).toEqual({ 'f:status': { 'f:replicas': {} } })
  })
  it('takes an object without owners for one that was never applied', () => {
    const live = configMap({ a: '1' })
    expect(() => apply(live, configMap({ a: '2' }))).toThrow(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a',
    )
    expect(owners(apply(live, configMap({ b: '2' })))).toEqual({
      'Apply m1': { 'f:data': { 'f:b': {} } },
      'Update before-first-apply': { 'f:data': { '.': {}, 'f:a': {} } },
    })
  })
  it('lets kubectl move from client-side apply', () => {
    const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
    const before = update(
      undefined,
      configMap({ a: '1', b: '2' }, { annotations: { [annotation]: JSON.stringify(configMap({ a: '1', b: '2' })) } }),
      'kubectl-client-side-apply',
    )
    expect(() => apply(before, configMap({ a: '9' }), { manager: 'm2' })).toThrow(/^Apply failed with 1 conflict/)
    const live = apply(before, configMap({ a: '9' }), { manager: 'kubectl' })
    expect(live['data']).toEqual({ a: '9', b: '2' })
    expect(live.metadata?.annotations?.[annotation]).toBe(
      '{"apiVersion":"v1","data":{"a":"9"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
    )
  })
})

describe('custom resources', () => {
  const gvk = { group: 'example.com', version: 'v1', kind: 'Thing' }
  const thing = (spec: object): Body => ({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 't' }, spec })
  const run = (schema: StructSchema, live: KubeObject | undefined, spec: object, manager: string): Body =>
    applyPatch({ schema, gvk, live, applied: thing(spec), manager, force: false, time: clock() }).object as Body

  it('own what no schema describes member by member, and lists as a whole', () => {
    const schema = customResourceSchema({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, 'Thing')
    const live = run(schema, undefined, { l: ['a'], m: { x: 1 } }, 'm1')
    expect(owners(live)['Apply m1']).toEqual({ 'f:spec': { '.': {}, 'f:l': {}, 'f:m': { '.': {}, 'f:x': {} } } })
    expect(() => run(schema, live, { l: ['b'] }, 'm2')).toThrow('conflict with "m1": .spec.l')
    expect(run(schema, live, { m: { y: 2 } }, 'm2')['spec']).toEqual({ l: ['a'], m: { x: 1, y: 2 } })
  })
  it('merge lists by keys, with the defaults that they declare', () => {
    const port = {
      type: 'object',
      properties: { port: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' } },
    }
    const ports: JsonSchema = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
      items: port,
    }
    const schema = customResourceSchema(
      { type: 'object', properties: { spec: { type: 'object', properties: { ports } } } },
      'Thing',
    )
    const live = run(schema, undefined, { ports: [{ port: 80 }] }, 'm1')
    expect(owners(live)['Apply m1']).toEqual({
      'f:spec': { 'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } } },
    })
    expect(() => run(schema, live, { nope: 1 }, 'm2')).toThrow('.spec.nope: field not declared in schema')
  })
})

describe('conflicts', () => {
  const spec = {
    selector: { matchLabels: { a: 'b' } },
    template: { spec: { containers: [{ name: 'c', image: 'i' }] } },
  }
  it('name one field', () => {
    const live = apply(undefined, deployment(spec))
    const other = { ...spec, template: { spec: { containers: [{ name: 'c', image: 'other' }] } } }
    expect(() => apply(live, deployment(other), { manager: 'm2' })).toThrow(
      expect.objectContaining({
        code: 409,
        message: 'Apply failed with 1 conflict: conflict with "m1": .spec.template.spec.containers[name="c"].image',
        status: expect.objectContaining({
          details: {
            causes: [
              {
                reason: 'FieldManagerConflict',
                message: 'conflict with "m1"',
                field: '.spec.template.spec.containers[name="c"].image',
              },
            ],
          },
        }) as unknown,
      }) as Error,
    )
  })
  it('name every field by manager', () => {
    let live = apply(undefined, configMap({ a: '1', b: '1' }))
    live = apply(live, configMap({ a: '1' }), { manager: 'm3' })
    expect(() => apply(live, configMap({ a: '2', b: '2' }), { manager: 'm2' })).toThrow(
      'Apply failed with 3 conflicts: conflicts with "m1":\n- .data.a\n- .data.b\nconflicts with "m3":\n- .data.a',
    )
  })
  it('tell of updates by their version, even of the same manager', () => {
    const live = update(apply(undefined, configMap({ a: '1' })), configMap({ a: '2' }), 'm1')
    expect(owners(live)).toEqual({ 'Update m1': { 'f:data': { 'f:a': {} } } })
    expect(() => apply(live, configMap({ a: '3' }))).toThrow(
      'Apply failed with 1 conflict: conflict with "m1" using v1: .data.a',
    )
  })
})

describe('updating', () => {
  it('owns what a create sets, defaults and containers included', () => {
    expect(owners(update(undefined, configMap({ a: '1' }, { labels: { x: 'y' } })))).toEqual({
      'Update editor': { 'f:data': { '.': {}, 'f:a': {} }, 'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } } },
    })
  })
  it('owns every item of a list that a create sets', () => {
    expect(owners(update(undefined, pod({ name: 'c', image: 'i', env: [{ name: 'A' }] })))).toEqual({
      'Update editor': {
        'f:spec': {
          'f:containers': {
            'k:{"name":"c"}': {
              '.': {},
              'f:env': { '.': {}, 'k:{"name":"A"}': { '.': {}, 'f:name': {} } },
              'f:image': {},
              'f:name': {},
              'f:resources': {},
            },
          },
        },
      },
    })
  })
  it('takes what it changes, and leaves the rest', () => {
    const live = update(apply(undefined, configMap({ a: '1', b: '1' })), configMap({ a: '9', b: '1' }))
    expect(owners(live)).toEqual({
      'Apply m1': { 'f:data': { 'f:b': {} } },
      'Update editor': { 'f:data': { 'f:a': {} } },
    })
  })
  it('keeps the owners when the client leaves them out, and changes no time for nothing', () => {
    const live = update(undefined, configMap({ a: '1' }))
    expect(update(live, configMap({ a: '1' })).metadata?.managedFields).toEqual(live.metadata?.managedFields)
  })
  it('forgets all owners on request, and does not start again until someone applies', () => {
    const live = update(undefined, configMap({ a: '1' }))
    const cleared = update(live, configMap({ a: '1' }, { managedFields: [{}] }))
    expect(cleared.metadata?.managedFields).toBeUndefined()
    expect(update(cleared, configMap({ a: '2' })).metadata?.managedFields).toBeUndefined()
  })
  it('keeps ten updaters and merges the older ones', () => {
    const data: Record<string, string> = { a: '1' }
    let live = update(undefined, configMap({ ...data }))
    for (let i = 0; i < 15; i += 1) {
      data[`k${i}`] = '1'
      live = update(live, configMap({ ...data }), `u${i}`)
    }
    const managers = (live.metadata?.managedFields ?? []).map((e) => e.manager)
    expect(managers).toHaveLength(10)
    expect(managers[0]).toBe('ancient-changes')
    expect(managers.at(-1)).toBe('u14')
  })
  it('reads managed fields that are rubbish as none', () => {
    const rubbish = [
      { manager: 'x', operation: 'Update', fieldsV1: { nonsense: 1 } },
      { operation: 'Nope' },
      { manager: 'y', operation: 'Apply', fieldsV1: { 'k:{': {} } },
    ]
    const live = configMap({ a: '1' }, { managedFields: rubbish })
    expect(update(live, configMap({ a: '2' })).metadata?.managedFields).toBeUndefined()
  })
})

it.each<[string, unknown, string]>([
  ['another kind', { apiVersion: 'v1', kind: 'Secret', metadata: {} }, 'invalid object type: /v1, Kind=Secret'],
  ['another version', { apiVersion: 'apps/v9', kind: 'ConfigMap' }, 'invalid object type: apps/v9, Kind=ConfigMap'],
  ['no kind', { metadata: {} }, 'invalid object type: /, Kind='],
  ['no object', 'x', 'invalid object type: /, Kind='],
  ['managed fields', configMap(undefined, { managedFields: [] }), 'metadata.managedFields must be nil'],
  [
    'unknown fields',
    { ...configMap(), nope: 1 },
    'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .nope: field not declared in schema',
  ],
  [
    'wrong types',
    { ...configMap(), data: ['x'] },
    'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .data: expected map, got &{[x]}',
  ],
  [
    'several problems',
    { ...configMap(undefined, { finalizers: ['a', 'a'] }), data: { a: 1 } },
    'failed to create typed patch object (/a; /v1, Kind=ConfigMap): errors:\n  .metadata.finalizers: duplicate entries for key [="a"]\n  .data.a: expected string, got &value.valueUnstructured{Value:1}\n',
  ],
])('refuses %s', (_what, applied, message) => {
  const { gvk, schema } = kindOf(configMap())
  expect(() =>
    applyPatch({ schema, gvk, live: undefined, applied, manager: 'm', force: false, time: clock() }),
  ).toThrow(expect.objectContaining({ code: 400, message }) as Error)
})
it('refuses an item that stands twice', () => {
  expect(() => apply(undefined, pod({ name: 'c', image: 'i' }, { name: 'c', image: 'i' }))).toThrow(
    'failed to create typed patch object (/p; /v1, Kind=Pod): .spec.containers: duplicate entries for key [name="c"]',
  )
})

it.each([
  ['a: [', 'error decoding YAML: error converting YAML to JSON: yaml: line 1: did not find expected node content'],
  [
    '[]',
    'error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}',
  ],
])('refuses the text %j', async (text, message) => {
  await expect(parseApplyPatch(text)).rejects.toMatchObject({ code: 400, message })
})

it('applying twice is applying once, and what is applied is what is read', () => {
  const body = fc.record({
    data: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'constructor'), fc.constantFrom('1', '2'), { maxKeys: 3 }),
    labels: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
    finalizers: fc.uniqueArray(fc.constantFrom('e.com/a', 'e.com/b', 'e.com/c')),
  })
  const step = fc.record({ body, manager: fc.constantFrom('m1', 'm2'), force: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (steps) => {
      let live: Body | undefined
      for (const { body: given, manager, force } of steps) {
        const applied = configMap(given.data, { labels: given.labels, finalizers: given.finalizers })
        try {
          live = apply(live, applied, { manager, force })
        } catch (error) {
          if (!(error instanceof ApiError) || force) throw error
          continue
        }
        expect(live['data'] ?? {}).toMatchObject(given.data)
        expect(live.metadata?.labels ?? {}).toMatchObject(given.labels)
        expect(live.metadata?.finalizers ?? []).toEqual(expect.arrayContaining(given.finalizers))
        const again = applied_(live, applied, { manager, force })
        expect(again.changed).toBe(false)
      }
    }),
    { seed: 11, numRuns: 150 },
  )
})
