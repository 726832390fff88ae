import type { ApiError } from '../meta/status.ts'
import { decodeObject, type UnknownFields } from './decode-object.ts'

const pod = { group: '', version: 'v1', kind: 'Pod' }
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' }
const configMap = { group: '', version: 'v1', kind: 'ConfigMap' }
const secret = { group: '', version: 'v1', kind: 'Secret' }

/** The object without its identity, to compare what the rule is about. */
function decoded(gvk: { group: string; version: string; kind: string }, json: unknown): unknown {
  const {
    apiVersion: _,
    kind: __,
    metadata: ___,
    ...rest
  } = decodeObject(gvk, json, { unknownFields: 'ignore' }).object as Record<string, unknown>
  return rest
}

function failure(gvk: { group: string; version: string; kind: string }, json: unknown, text?: string): ApiError {
  try {
    decodeObject(gvk, json, { unknownFields: 'strict', text })
  } catch (error) {
    return error as ApiError
  }
  throw new Error('decoded without complaint')
}

const spec = { containers: [{ name: 'c', image: 'i' }] }
const emptyPodStatus = { status: {} }

describe('the normal form of what was sent', () => {
  it.each<[rule: string, gvk: typeof pod, json: unknown, expected: unknown]>([
    [
      'structs that are no pointers are written as {}',
      pod,
      { spec },
      { spec: { containers: [{ name: 'c', image: 'i', resources: {} }] }, ...emptyPodStatus },
    ],
    [
      'zeros that mean absent are dropped, zeros that were given to a pointer are kept',
      pod,
      { spec: { ...spec, hostNetwork: false, nodeName: '', hostUsers: false, terminationGracePeriodSeconds: 0 } },
      {
        spec: {
          containers: [{ name: 'c', image: 'i', resources: {} }],
          hostUsers: false,
          terminationGracePeriodSeconds: 0,
        },
        ...emptyPodStatus,
      },
    ],
    [
      'nulls are dropped, but for what is always written',
      pod,
      { spec: { containers: null, volumes: null, affinity: null } },
      { spec: { containers: null }, ...emptyPodStatus },
    ],
    ['empty lists and maps mean absent', configMap, { data: {}, binaryData: {} }, {}],
    [
      'an empty pointer to a struct is kept',
      pod,
      { spec: { ...spec, volumes: [{ name: 'v', emptyDir: {} }] } },
      {
        spec: { containers: [{ name: 'c', image: 'i', resources: {} }], volumes: [{ name: 'v', emptyDir: {} }] },
        ...emptyPodStatus,
      },
    ],
    ['unknown fields are pruned', configMap, { data: { a: 'b' }, nope: 1 }, { data: { a: 'b' } }],
    [
      'a quantity is written in canonical form, a number too',
      { group: '', version: 'v1', kind: 'ResourceQuota' },
      { spec: { hard: { cpu: '1000m', memory: '1024Mi', pods: 5 } } },
      { spec: { hard: { cpu: '1', memory: '1Gi', pods: '5' } }, status: {} },
    ],
    [
      'times are UTC and whole seconds',
      pod,
      { status: { startTime: '2026-01-01T02:00:00.5+02:00' } },
      { spec: { containers: null }, status: { startTime: '2026-01-01T00:00:00Z' } },
    ],
    [
      'a port may be a name or a number',
      { group: '', version: 'v1', kind: 'Service' },
      { spec: { ports: [{ port: 1, targetPort: 'http' }, { port: 2 }] } },
      {
        spec: {
          ports: [
            { port: 1, targetPort: 'http' },
            { port: 2, targetPort: 0 },
          ],
        },
        status: { loadBalancer: {} },
      },
    ],
    ['null in a map of strings is the empty string', configMap, { data: { a: null } }, { data: { a: '' } }],
    [
      'raw values are kept as they are',
      { group: 'apps', version: 'v1', kind: 'ControllerRevision' },
      { data: { spec: { a: [null, { b: 0 }] } }, revision: 1 },
      { data: { spec: { a: [null, { b: 0 }] } }, revision: 1 },
    ],
    [
      'a schema of a custom resource may be a boolean or hold schemas of its own',
      { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' },
      {
        spec: {
          group: 'g',
          names: { kind: 'K', plural: 'ks' },
          scope: 'Namespaced',
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: {
                openAPIV3Schema: {
                  additionalProperties: false,
                  items: { type: 'string', nope: 1 },
                  default: false,
                },
              },
            },
          ],
        },
      },
      {
        spec: {
          group: 'g',
          names: { kind: 'K', plural: 'ks' },
          scope: 'Namespaced',
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: {
                openAPIV3Schema: { additionalProperties: false, items: { type: 'string' }, default: false },
              },
            },
          ],
        },
        status: { conditions: null, acceptedNames: { kind: '', plural: '' }, storedVersions: null },
      },
    ],
    [
      'no body decodes as an empty object',
      { group: '', version: 'v1', kind: 'Namespace' },
      undefined,
      {
        spec: {},
        status: {},
      },
    ],
  ])('%s', (_, gvk, json, expected) => {
    expect(decoded(gvk, json)).toEqual(expected)
  })

  it('says which kind it is, and always has metadata', () => {
    expect(decodeObject(configMap, {}, { unknownFields: 'strict' }).object).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {},
    })
  })

  it('never touches a prototype', () => {
    const json: unknown = JSON.parse(
      '{"metadata":{"labels":{"__proto__":"x","constructor":"y"}},"__proto__":{"data":{"a":"b"}},"constructor":{}}',
    )
    const { object, unknown } = decodeObject(configMap, json, { unknownFields: 'warn' })
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    expect(Object.entries(object.metadata?.labels ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
    expect(unknown).toEqual(['unknown field "__proto__"', 'unknown field "constructor"'])
    expect('data' in object).toBe(false)
  })
})

describe('what is wrong is said in the words that clients know', () => {
  const prefix = (kind: string): string => `${kind} in version "v1" cannot be handled as a ${kind}: `
  it.each<[gvk: typeof pod, json: unknown, message: string]>([
    [pod, { spec: 'x' }, 'json: cannot unmarshal string into Go struct field Pod.spec of type v1.PodSpec'],
    [
      pod,
      { spec: { containers: { name: 'c' } } },
      'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      pod,
      { spec: { containers: ['c'] } },
      'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type v1.Container',
    ],
    [
      pod,
      { spec: { containers: [{ name: 1 }] } },
      'json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string',
    ],
    [
      pod,
      { spec: { ...spec, restartPolicy: 1 } },
      'json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
    ],
    [
      pod,
      { spec: { ...spec, hostNetwork: 'true' } },
      'json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool',
    ],
    [
      deployment,
      { spec: { replicas: 1.5 } },
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      deployment,
      { spec: { replicas: 4294967296 } },
      'json: cannot unmarshal number 4294967296 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      configMap,
      { metadata: { labels: { a: 1 } } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      configMap,
      { metadata: { creationTimestamp: 'yesterday' } },
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
    [
      configMap,
      { metadata: { creationTimestamp: 5 } },
      'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
    ],
    // Structs that show no name in JSON are on the way; keys of maps are not.
    [
      pod,
      { spec: { ...spec, volumes: [{ configMap: { name: 7 } }] } },
      'json: cannot unmarshal number into Go struct field ConfigMapVolumeSource.spec.volumes.VolumeSource.configMap.LocalObjectReference.name of type string',
    ],
    [
      { group: 'certificates.k8s.io', version: 'v1', kind: 'CertificateSigningRequest' },
      { spec: { extra: { a: {} } } },
      'json: cannot unmarshal object into Go struct field CertificateSigningRequestSpec.spec.extra of type v1.ExtraValue',
    ],
    [
      { group: 'networking.k8s.io', version: 'v1', kind: 'NetworkPolicy' },
      { spec: { policyTypes: 'x' } },
      'json: cannot unmarshal string into Go struct field NetworkPolicySpec.spec.policyTypes of type []v1.PolicyType',
    ],
    [
      { group: '', version: 'v1', kind: 'Service' },
      { spec: { ports: [{ targetPort: 1.5 }] } },
      'json: cannot unmarshal number 1.5 into Go struct field ServicePort.spec.ports.targetPort of type int32',
    ],
    [
      { group: '', version: 'v1', kind: 'ResourceQuota' },
      { spec: { hard: [] } },
      'json: cannot unmarshal array into Go struct field ResourceQuotaSpec.spec.hard of type v1.ResourceList',
    ],
    [secret, { data: { a: 'YQ' } }, 'illegal base64 data at input byte 0'],
    [secret, { data: { a: '***' } }, 'illegal base64 data at input byte 0'],
    [
      pod,
      { spec: { containers: [{ name: 'c', resources: { requests: { memory: '' } } }] } },
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ])('%j %j', (gvk, json, message) => {
    const error = failure(gvk, json)
    expect(error.message).toBe(prefix(gvk.kind) + message)
    expect([error.code, error.reason]).toEqual([400, 'BadRequest'])
  })

  it('names a kind that does not exist', () => {
    expect(failure({ group: '', version: 'v1', kind: 'Nope' }, {}).message).toContain(
      'no kind "Nope" is registered for version "v1" in scheme',
    )
  })

  it('refuses what nests too deep', () => {
    let schema: Record<string, unknown> = {}
    for (let i = 0; i < 5000; i++) schema = { not: schema }
    const error = failure(
      { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' },
      { spec: { versions: [{ schema: { openAPIV3Schema: schema } }] } },
    )
    expect(error.message).toContain('exceeded max depth')
  })
})

describe('unknown and duplicate fields', () => {
  const text =
    '{"metadata":{"bogus":1,"name":"a"},"data":{"k":"1","k":"2"},"spec":{},"nope":{"x":{"y":1}}, "data":{"k":"3"}}'
  const told = [
    'unknown field "metadata.bogus"',
    'duplicate field "data.k"',
    'unknown field "spec"',
    'unknown field "nope"',
    'duplicate field "data"',
  ]
  it.each<[mode: UnknownFields, expected: string[]]>([
    ['ignore', []],
    ['warn', told],
  ])('%s', (unknownFields, expected) => {
    const { object, unknown } = decodeObject(configMap, JSON.parse(text), { unknownFields, text })
    expect(unknown).toEqual(expected)
    expect(object).toMatchObject({ data: { k: '3' }, metadata: { name: 'a' } })
  })

  it('strict refuses, and names them all', () => {
    expect(failure(configMap, JSON.parse(text), text).message).toBe(
      `ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: ${told.join(', ')}`,
    )
  })

  it('names the place in a list', () => {
    const json = { spec: { containers: [{ name: 'c', ports: [{ hostport: 1 }] }] } }
    expect(decodeObject(pod, json, { unknownFields: 'warn' }).unknown).toEqual([
      'unknown field "spec.containers[0].ports[0].hostport"',
    ])
  })

  it('tells what the parser found first', () => {
    const problems = ['line 5: key "name" already set in map']
    expect(decodeObject(configMap, { nope: 1 }, { unknownFields: 'warn', problems }).unknown).toEqual([
      ...problems,
      'unknown field "nope"',
    ])
  })
})
