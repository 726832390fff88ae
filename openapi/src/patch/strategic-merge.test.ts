import fc from 'fast-check'
import { schemaOf } from '../schema/registry.ts'
import type { StructSchema } from '../schema/schema.ts'
import type { JsonObject } from './json.ts'
import { applyStrategicPatch, parseStrategicPatch } from './strategic-merge.ts'

const kind = (group: string, version: string, name: string): StructSchema => {
  const schema = schemaOf({ group, version, kind: name })
  if (schema === undefined) throw new Error(`no schema of ${name}`)
  return schema
}
const pod = kind('', 'v1', 'Pod')
const deployment = kind('apps', 'v1', 'Deployment')
const configMap = kind('', 'v1', 'ConfigMap')
const service = kind('', 'v1', 'Service')

const containers = (...names: string[]): JsonObject => ({
  spec: { containers: names.map((n) => ({ name: n, image: `i${n}` })) },
})
const patched = (schema: StructSchema, live: JsonObject, spec: JsonObject): unknown =>
  (applyStrategicPatch(schema, live, { spec }) as { spec: unknown }).spec

describe('lists of containers', () => {
  it.each([
    [
      'items merge by name; new ones stand where the patch puts them',
      {
        containers: [
          { name: 'b', image: 'new' },
          { name: 'd', image: 'added' },
        ],
      },
      ['a:ia', 'b:new', 'd:added', 'c:ic'],
    ],
    ['$patch: delete removes an item', { containers: [{ name: 'b', $patch: 'delete' }] }, ['a:ia', 'c:ic']],
    ['$patch: replace drops all others', { containers: [{ name: 'z', image: 'z' }, { $patch: 'replace' }] }, ['z:z']],
    [
      '$setElementOrder orders',
      {
        '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }, { name: 'b' }],
        containers: [{ name: 'a', image: 'new' }],
      },
      ['c:ic', 'a:new', 'b:ib'],
    ],
    [
      'items the order does not name follow',
      { '$setElementOrder/containers': [{ name: 'n' }, { name: 'a' }], containers: [{ name: 'n', image: 'n' }] },
      ['n:n', 'a:ia', 'b:ib', 'c:ic'],
    ],
    [
      'an order alone orders',
      { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] },
      ['b:ib', 'a:ia', 'c:ic'],
    ],
    [
      'new items take the places of deleted ones at the end',
      {
        '$setElementOrder/containers': [{ name: 'n' }],
        containers: [
          { name: 'n', image: 'n' },
          { name: 'b', $patch: 'delete' },
          { name: 'c', $patch: 'delete' },
        ],
      },
      ['a:ia', 'n:n'],
    ],
    [
      'a directive to replace needs no place in the order',
      {
        '$setElementOrder/containers': [{ name: 'z' }, { name: 'y' }],
        containers: [{ $patch: 'replace' }, { name: 'z', image: 'z' }],
      },
      ['z:z'],
    ],
    ['null removes the list', { containers: null }, undefined],
  ])('%s', (_rule, spec, expected) => {
    const result = patched(pod, containers('a', 'b', 'c'), spec) as { containers?: { name: string; image: string }[] }
    expect(result.containers?.map((c) => `${c.name}:${c.image}`)).toEqual(expected)
  })
  it('drops directives and nulls of items that meet none', () => {
    expect(
      patched(
        pod,
        { spec: {} },
        {
          containers: [
            { name: 'a', env: null },
            { name: 'b', $patch: 'delete' },
          ],
        },
      ),
    ).toEqual({
      containers: [{ name: 'a' }],
    })
  })
  it('merges within items', () => {
    const live = { spec: { containers: [{ name: 'a', env: [{ name: 'X', value: '1' }], args: ['p'] }] } }
    expect(patched(pod, live, { containers: [{ name: 'a', env: [{ name: 'Y', value: '2' }], args: ['q'] }] })).toEqual({
      containers: [
        {
          name: 'a',
          env: [
            { name: 'Y', value: '2' },
            { name: 'X', value: '1' },
          ],
          args: ['q'],
        },
      ],
    })
  })
})

describe('maps and scalars', () => {
  it.each<[string, StructSchema, JsonObject, JsonObject, JsonObject]>([
    [
      'null removes a key',
      pod,
      { nodeSelector: { x: '1', y: '2' } },
      { nodeSelector: { x: null } },
      { nodeSelector: { y: '2' } },
    ],
    [
      '$patch: replace replaces a map',
      pod,
      { nodeSelector: { x: '1' } },
      { nodeSelector: { $patch: 'replace', z: '3' } },
      { nodeSelector: { z: '3' } },
    ],
    [
      '$patch: delete empties a map',
      pod,
      { nodeSelector: { x: '1' } },
      { nodeSelector: { $patch: 'delete' } },
      { nodeSelector: {} },
    ],
    [
      '$retainKeys drops the rest',
      deployment,
      { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
      { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
      { strategy: { type: 'Recreate' } },
    ],
    [
      'a list without a strategy is replaced',
      pod,
      { tolerations: [{ key: 'a' }] },
      { tolerations: [{ key: 'b' }] },
      { tolerations: [{ key: 'b' }] },
    ],
    [
      'ports of a service merge by port',
      service,
      { ports: [{ port: 80 }, { port: 81, name: 'b' }] },
      { ports: [{ port: 81, targetPort: 9 }] },
      { ports: [{ port: 80 }, { port: 81, name: 'b', targetPort: 9 }] },
    ],
    ['another type replaces', pod, { nodeSelector: { a: 'b' } }, { nodeSelector: 'x' }, { nodeSelector: 'x' }],
  ])('%s', (_rule, schema, live, patch, expected) => {
    expect(patched(schema, { spec: live }, patch)).toEqual(expected)
  })

  it.each<[string, JsonObject, string[]]>([
    ['scalars merge, those of the patch first', { finalizers: ['c', 'a'] }, ['c', 'a', 'b']],
    ['$deleteFromPrimitiveList deletes', { '$deleteFromPrimitiveList/finalizers': ['b'] }, ['a']],
    ['deleting with a scalar does nothing', { '$deleteFromPrimitiveList/finalizers': 'a' }, ['a', 'b']],
    ['an order of scalars', { '$setElementOrder/finalizers': ['b', 'a'] }, ['b', 'a']],
  ])('%s', (_rule, metadata, finalizers) => {
    expect(applyStrategicPatch(configMap, { metadata: { finalizers: ['a', 'b'] } }, { metadata })).toEqual({
      metadata: { finalizers },
    })
  })
})

it.each<[string, JsonObject, string]>([
  ['an unknown directive', { $patch: 'nope' }, 'unknown patch type: nope in map: map[$patch:nope]'],
  [
    '$retainKeys that leave out a key',
    { affinity: { $retainKeys: ['a'], b: 1 } },
    'invalid patch format of retainKeys',
  ],
  [
    'an order that the patch breaks',
    { '$setElementOrder/containers': [{ name: 'zz' }], containers: [{ image: 'y', name: 'c' }] },
    "The order in patch list:\n[map[image:y name:c]]\n doesn't match $setElementOrder list:\n[map[name:zz]]\n",
  ],
  ['an order that is no list', { '$setElementOrder/containers': 'x' }, 'invalid patch format of setElementOrder list'],
  [
    'an item without its key',
    { containers: [{ image: 'y' }] },
    'map: map[image:y] does not contain declared merge key: name',
  ],
])('refuses %s', (_what, spec, message) => {
  expect(() => patched(pod, { spec: { containers: [{ name: 'c' }], affinity: { b: 2 } } }, spec)).toThrow(message)
})

it.each([
  ['[]', 'json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ['{', 'unexpected end of JSON input'],
])('refuses the text %s', (text, message) => {
  expect(() => parseStrategicPatch(text)).toThrow(message)
})

it('is idempotent for patches without directives', () => {
  const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 })
  const spec = fc.record({
    containers: names.map((all) => all.map((name) => ({ name, image: `i${name}` }))),
    nodeSelector: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
  })
  fc.assert(
    fc.property(spec, spec, (live, patch) => {
      const once = applyStrategicPatch(pod, { spec: live }, { spec: patch })
      expect(applyStrategicPatch(pod, once, { spec: patch })).toEqual(once)
    }),
    { seed: 8, numRuns: 200 },
  )
})
