import fc from 'fast-check'
import type { GroupVersionKind } from '../meta/object.ts'
import { decodeObject } from '../schema/decode-object.ts'
import { schemaOf } from '../schema/registry.ts'
import type { Schema } from '../schema/schema.ts'
import { messageNamed, messageNames, messageOf } from './protobuf-schema.ts'
import {
  decodeProtobuf,
  decodeWatchEvent,
  encodeContent,
  encodeProtobuf,
  enveloped,
  envelopedList,
  encodeWatchFrame,
  hasProtobuf,
  ProtobufError,
} from './protobuf.ts'

const kind = (group: string, version: string, name: string): GroupVersionKind => ({ group, version, kind: name })
const configMap = kind('', 'v1', 'ConfigMap')
const hex = (bytes: Uint8Array): string => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')
const unhex = (text: string): Uint8Array =>
  Uint8Array.from(text.replace(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))

/** Decoded, and put in normal form: what a request's body becomes. */
function read(bytes: Uint8Array): object {
  const { gvk, object } = decodeProtobuf(bytes)
  return decodeObject(gvk, object, { unknownFields: 'strict' }).object
}

describe('the envelope', () => {
  // k8s\0, typeMeta{apiVersion v1, kind ConfigMap}, raw{metadata{name a}, data{k: v}}, empty encoding and content type.
  const bytes = `6b387300
    0a0f 0a027631 1209 436f6e6669674d6170
    120d 0a03 0a0161 1206 0a016b 120176
    1a00 2200`
  it('is written byte for byte', () => {
    expect(hex(encodeProtobuf(configMap, { metadata: { name: 'a' }, data: { k: 'v' } }))).toBe(bytes.replace(/\s/g, ''))
  })
  it('is read', () => {
    expect(decodeProtobuf(unhex(bytes))).toEqual({
      gvk: configMap,
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: 'v' } },
    })
  })
  it('frames an event of a watch behind its length', () => {
    const frame = encodeWatchFrame('ADDED', configMap, { metadata: { name: 'a' } })
    expect(hex(frame.subarray(0, 13))).toBe('0000002b 0a05 4144444544 1222'.replaceAll(' ', ''))
    expect(frame).toHaveLength(4 + 0x2b)
    expect(decodeWatchEvent(frame.subarray(4))).toEqual({
      type: 'ADDED',
      object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
    })
  })
})

it.each<[string, GroupVersionKind, object]>([
  [
    'quantities, times and inlined sources',
    kind('', 'v1', 'Pod'),
    {
      metadata: {
        name: 'p',
        creationTimestamp: '2026-01-02T03:04:05Z',
        labels: { a: 'b', __proto__x: 'y' },
        managedFields: [
          { manager: 'm', operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {} } }, time: '2026-01-02T03:04:05Z' },
        ],
      },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            resources: { limits: { cpu: '1500m', memory: '1Gi' } },
            livenessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 5 },
            readinessProbe: { tcpSocket: { port: 'http' } },
            env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: false } } }],
          },
        ],
        ephemeralContainers: [{ name: 'e', image: 'i', targetContainerName: 'c', resources: {} }],
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'w', configMap: { name: 'x', defaultMode: 420 } },
        ],
        terminationGracePeriodSeconds: 0,
      },
    },
  ],
  [
    'an explicit zero and numbers of every size',
    kind('apps', 'v1', 'Deployment'),
    { metadata: { name: 'd', generation: 9007199254740991 }, spec: { replicas: 0, progressDeadlineSeconds: -1 } },
  ],
  [
    'bytes',
    kind('', 'v1', 'Secret'),
    { metadata: { name: 's' }, data: { a: 'aGVsbG8=', empty: '' }, stringData: { x: 'é𝄞' } },
  ],
  [
    'micro times',
    kind('coordination.k8s.io', 'v1', 'Lease'),
    { metadata: { name: 'l' }, spec: { renewTime: '2026-01-02T03:04:05.123456Z', leaseDurationSeconds: 40 } },
  ],
  [
    'raw objects',
    kind('apps', 'v1', 'ControllerRevision'),
    { metadata: { name: 'r' }, data: { spec: { x: [1, null, 'y'] } }, revision: 3 },
  ],
  [
    'the unions of JSON schema',
    kind('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition'),
    {
      metadata: { name: 'things.example.com' },
      spec: {
        group: 'example.com',
        names: { kind: 'Thing', plural: 'things' },
        scope: 'Namespaced',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                type: 'object',
                properties: {
                  a: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
                  b: { type: 'object', additionalProperties: { type: 'number', minimum: 0.5 } },
                  c: { type: 'object', additionalProperties: true, 'x-kubernetes-preserve-unknown-fields': true },
                  d: { type: 'string', enum: ['x', 'y'], default: 'x' },
                },
                required: ['a'],
              },
            },
          },
        ],
      },
    },
  ],
  [
    'inlined rules',
    kind('networking.k8s.io', 'v1', 'Ingress'),
    {
      metadata: { name: 'i' },
      spec: {
        rules: [
          {
            host: 'h',
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }],
            },
          },
        ],
      },
    },
  ],
  [
    'lists of strings as messages',
    kind('authorization.k8s.io', 'v1', 'SubjectAccessReview'),
    { metadata: {}, spec: { user: 'u', extra: { scopes: ['a', 'b'] }, groups: ['g'] } },
  ],
])('%s survive the way', (_what, gvk, object) => {
  const { object: normal } = decodeObject(gvk, object, { unknownFields: 'strict' })
  expect(read(encodeProtobuf(gvk, object))).toEqual(normal)
  // And in the normal form itself, with the nulls that some fields show.
  expect(read(encodeProtobuf(gvk, normal))).toEqual(normal)
})

it('takes options of every group', () => {
  expect(hasProtobuf(kind('apps', 'v1', 'DeleteOptions'))).toBe(true)
  const options = { gracePeriodSeconds: 0, preconditions: { uid: 'x' } }
  expect(decodeProtobuf(encodeProtobuf(kind('', 'v1', 'DeleteOptions'), options)).object).toMatchObject(options)
})

it('has a message for every field of every kind it knows', () => {
  const missing: string[] = []
  const seen = new Set<Schema>()
  const walk = (schema: Schema, message: string, path: string): void => {
    if (schema.kind === 'list') return walk(schema.items, message, path)
    if (schema.kind === 'map') return walk(schema.values, message, path)
    if (schema.kind !== 'struct' || seen.has(schema) || message === '') return
    seen.add(schema)
    const fields = new Map<string, string>()
    const collect = (name: string): void => {
      for (const field of messageNamed(name)?.fields ?? []) {
        if (field.kind === 'inline') collect(field.messageName)
        else fields.set(field.name, field.messageName)
      }
    }
    collect(message)
    for (const field of schema.fields.values()) {
      const below = fields.get(field.name)
      if (below === undefined) missing.push(`${path}.${field.name}`)
      else walk(field.schema, below, `${path}.${field.name}`)
    }
  }
  for (const name of messageNames()) {
    const [pkg = '', typeName = ''] = name.split('.')
    const [group = '', version = ''] = pkg.split('/')
    const gvk = kind(group === 'core' ? '' : group, version, typeName)
    const schema = schemaOf(gvk) ?? schemaOf({ ...gvk, group: `${gvk.group}.k8s.io` })
    if (schema !== undefined && messageOf(gvk) !== undefined) walk(schema, name, name)
  }
  expect(missing.filter((path) => !/^[^.]+\.\w+\.(deleteOptions\.)?(apiVersion|kind)$/.test(path))).toEqual([])
})

describe('parts that are encoded already', () => {
  const pod = { group: '', version: 'v1', kind: 'Pod' }
  const list = { ...pod, kind: 'PodList' }
  const items = [{ metadata: { name: 'a' }, spec: { nodeName: 'n' } }, { metadata: { name: 'b'.repeat(300) } }, {}]

  it('make the same list as its objects', () => {
    for (const [metadata, some] of [
      [{ resourceVersion: '12', continue: 'x', remainingItemCount: 3 }, items],
      [{}, []],
    ] as const) {
      const parts = envelopedList(list, { metadata, items: some.map((item) => encodeContent(pod, item)) })
      expect(Buffer.concat(parts)).toEqual(Buffer.from(encodeProtobuf(list, { metadata, items: some })))
    }
  })

  it('make the same object in an envelope', () => {
    for (const item of items) {
      expect(enveloped(pod, encodeContent(pod, item))).toEqual(encodeProtobuf(pod, item))
    }
  })
})

describe('rubbish', () => {
  it.each([
    ['no magic', '6162636465666768', /expected prefix \[107 56 115 0\]/],
    ['nothing but the magic', '6b387300', /no kind "" is registered/],
    ['an unknown kind', '6b387300 0a07 0a027631 120158', /no kind "X" is registered/],
    ['a length beyond the end', '6b387300 0a7f', /unexpected EOF/],
    ['a varint without end', '6b387300 ffffffffffffffffffffff', /integer overflow|unexpected EOF/],
    ['a group', '6b387300 0b', /illegal wireType 3/],
    [
      'a wrong wire type',
      '6b387300 0a0f0a02763112 09436f6e6669674d6170 1202 0801',
      /wrong wireType = 0 for field metadata/,
    ],
  ])('%s is refused', (_what, bytes, message) => {
    expect(() => decodeProtobuf(unhex(bytes))).toThrow(message)
  })
  it.each<[string, object]>([
    ['text for a map', { data: 'x' }],
    ['a number for text', { data: { a: 1 } }],
    ['text for a struct', { metadata: 'x' }],
    ['text for a list', { metadata: { finalizers: 'x' } }],
    ['no time', { metadata: { creationTimestamp: 'yesterday' } }],
    ['no base64', { binaryData: { a: '***' } }],
  ])('%s cannot be written', (_what, object) => {
    expect(() => encodeProtobuf(configMap, object)).toThrow(ProtobufError)
  })
  it('cannot nest without end', () => {
    let schema: object = { type: 'string' }
    for (let i = 0; i < 500; i += 1) schema = { not: schema }
    const crd = kind('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition')
    expect(() => encodeProtobuf(crd, { spec: { versions: [{ schema: { openAPIV3Schema: schema } }] } })).toThrow(
      /nested too deep/,
    )
  })
  it('never does anything but throw its own error', () => {
    const seed = encodeProtobuf(kind('', 'v1', 'Pod'), {
      metadata: { name: 'p', labels: { a: 'b' }, creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: {
        containers: [{ name: 'c', ports: [{ containerPort: 80 }], resources: { limits: { cpu: '1' } } }],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    })
    const change = fc.record({ at: fc.nat(seed.length - 1), to: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.nat(seed.length), (changes, cut) => {
        const bytes = seed.slice(0, seed.length - (cut % 20))
        for (const { at, to } of changes) if (at >= 4 && at < bytes.length) bytes[at] = to
        try {
          JSON.stringify(decodeProtobuf(bytes))
        } catch (error) {
          expect(error).toMatchObject({ code: 400 })
        }
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { seed: 9, numRuns: 1000 },
    )
  })
  it('keeps __proto__ as data', () => {
    const bytes = encodeProtobuf(configMap, JSON.parse('{"data":{"__proto__":"x"}}') as object)
    const data = (decodeProtobuf(bytes).object as { data: object }).data
    expect(Object.keys(data)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(data)).toBe(Object.prototype)
  })
})
