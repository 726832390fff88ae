import type { ParityCases } from '../case.ts'
import { create, get, patch, put, remove } from './build.ts'
import {
  condition,
  eachCreated,
  eachStatus,
  inVersion,
  made,
  object,
  pathOf,
  table,
  type Fields,
  type Kind,
} from './optional-build.ts'
import { optionalDevices } from './optional-devices.ts'

/**
 * Versions that are served on demand: what is read through one version of what was written through another, and the
 * kinds that have no other version. Asked of servers with `--runtime-config api/all=true`.
 */
const candidate: Kind = {
  apiVersion: 'coordination.k8s.io/v1beta1',
  kind: 'LeaseCandidate',
  plural: 'leasecandidates',
  namespaced: true,
}
const goodCandidate = {
  leaseName: 'l',
  binaryVersion: '1.1.0',
  emulationVersion: '1.0.0',
  strategy: 'OldestEmulationVersion',
}
const candidates: ParityCases = {
  ...eachCreated(candidate, 'a', {
    'nothing at all': {},
    'an empty spec': { spec: {} },
    'no versions': { spec: { leaseName: 'Bad Name', binaryVersion: '1', emulationVersion: 'x', strategy: 'Foo' } },
    'older than what it emulates': { spec: { ...goodCandidate, emulationVersion: '1.2.0' } },
    'a strategy of its own': { spec: { leaseName: 'l', binaryVersion: '1.0.0', strategy: 'example.com/mine' } },
    'a strategy that is no name': { spec: { ...goodCandidate, strategy: 'example.com/mine/x' } },
    'no emulation': { spec: { ...goodCandidate, emulationVersion: '' } },
    'pre-releases': {
      spec: { ...goodCandidate, binaryVersion: '1.0.0-alpha.2', emulationVersion: '1.0.0-alpha.10' },
    },
    'with times': {
      spec: { ...goodCandidate, pingTime: '2024-01-01T00:00:00.000000Z', renewTime: '2024-01-01T00:00:01.000000Z' },
    },
  }),
  'coordination LeaseCandidate: in both versions': {
    steps: [
      made(candidate, 'a', { spec: goodCandidate }),
      get(pathOf(inVersion(candidate, 'v1alpha2'), 'a')),
      put(pathOf(candidate, 'a'), object(candidate, 'a', { spec: goodCandidate })),
      patch('merge', pathOf(inVersion(candidate, 'v1alpha2'), 'a'), { spec: { leaseName: 'm' } }),
      patch('merge', pathOf(inVersion(candidate, 'v1alpha2'), 'a'), { spec: { binaryVersion: '1.2.0' } }),
      get(pathOf(candidate), table),
    ],
  },
  ...eachCreated(inVersion(candidate, 'v1alpha2'), 'a', { good: { spec: goodCandidate } }),
  'coordination LeaseCandidate: made by PUT': {
    steps: [
      put(
        pathOf(inVersion(candidate, 'v1alpha2'), 'a'),
        object(inVersion(candidate, 'v1alpha2'), 'a', { spec: goodCandidate }),
      ),
    ],
  },
}

const storage: Kind = {
  apiVersion: 'internal.apiserver.k8s.io/v1alpha1',
  kind: 'StorageVersion',
  plural: 'storageversions',
}
const server = (id: string, version = 'v1', more: Fields = {}): Fields => ({
  apiServerID: id,
  encodingVersion: version,
  decodableVersions: [version],
  ...more,
})
const storageVersions: ParityCases = {
  ...Object.fromEntries(
    ['a', 'Bad.pods', '{{id}}.po_ds', '{{id}}.b.c'].map((name) => [
      `StorageVersion called ${name}`,
      { steps: [create(pathOf(storage), object(storage, name, { status: { commonEncodingVersion: 'v1' } }))] },
    ]),
  ),
  ...eachStatus(
    storage,
    '{{id}}.pods',
    {},
    {
      'a version of nobody': { commonEncodingVersion: 'v2' },
      'no common version': { storageVersions: [server('x')] },
      'decodes something else': {
        commonEncodingVersion: 'v1',
        storageVersions: [server('x', 'v1', { decodableVersions: ['v2'], servedVersions: ['v9'] })],
      },
      'one server twice': { commonEncodingVersion: 'v1', storageVersions: [server('x'), server('x')] },
      'an empty server': {
        commonEncodingVersion: 'v1',
        storageVersions: [{ apiServerID: '', encodingVersion: '', decodableVersions: [] }],
      },
      'bad names': { commonEncodingVersion: 'V 1', storageVersions: [server('x Y', 'V 1')] },
      'bad conditions': { conditions: [condition('', { status: '', reason: '', message: '' }), condition('A')] },
      'a condition twice': { conditions: [condition('A'), condition('A', { reason: '' })] },
      good: {
        commonEncodingVersion: 'v1',
        storageVersions: [server('x'), server('y', 'v1', { servedVersions: ['v1'] })],
        conditions: [condition('A')],
      },
    },
  ),
}

const policy: Kind = {
  apiVersion: 'admissionregistration.k8s.io/v1beta1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
}
const binding: Kind = { ...policy, kind: 'MutatingAdmissionPolicyBinding', plural: 'mutatingadmissionpolicybindings' }
const policySpec = {
  failurePolicy: 'Ignore',
  reinvocationPolicy: 'Never',
  matchConstraints: {
    resourceRules: [{ apiGroups: ['x.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['xs'] }],
  },
  mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }],
}
const others: ParityCases = Object.fromEntries(
  [
    [policy, '{{id}}', { spec: policySpec }, { spec: { mutations: [] } }],
    [inVersion(policy, 'v1alpha1'), '{{id}}', { spec: policySpec }, { spec: { variables: [{ name: 'a' }] } }],
    [binding, '{{id}}', { spec: { policyName: 'p' } }, { spec: {} }],
    [inVersion(binding, 'v1alpha1'), '{{id}}', { spec: { policyName: 'p' } }, { spec: { matchResources: {} } }],
    [
      { apiVersion: 'networking.k8s.io/v1beta1', kind: 'IPAddress', plural: 'ipaddresses' },
      '192.0.2.77',
      { spec: { parentRef: { resource: 'services', name: 'a', namespace: 'b' } } },
      { spec: {} },
    ],
    [
      { apiVersion: 'networking.k8s.io/v1beta1', kind: 'ServiceCIDR', plural: 'servicecidrs' },
      '{{id}}-b',
      { spec: { cidrs: ['198.51.100.0/24'] } },
      { spec: { cidrs: ['198.51.100.1/24'] } },
    ],
    [
      { apiVersion: 'storage.k8s.io/v1beta1', kind: 'VolumeAttributesClass', plural: 'volumeattributesclasses' },
      '{{id}}-b',
      { driverName: 'd.example.com', parameters: { a: 'b' } },
      { driverName: '', parameters: {} },
    ],
  ].map((row) => {
    const [kind, name, good, bad] = row as [Kind, string, Fields, Fields]
    return [
      `${kind.apiVersion} ${kind.kind}: there, in v1, and away`,
      {
        steps: [
          create(pathOf(kind), object(kind, name, bad)),
          create(pathOf(kind), object(kind, name, good)),
          get(pathOf(inVersion(kind, 'v1'), name)),
          patch('apply', `${pathOf(kind, name)}?fieldManager=m`, object(kind, name, { metadata: { name, labels: { a: 'b' } } })), // prettier-ignore
          patch('merge', pathOf(kind, name), { metadata: { finalizers: null } }),
          remove(pathOf(kind, name)),
        ],
      },
    ]
  }),
)

const groups = [
  'admissionregistration.k8s.io/v1beta1',
  'admissionregistration.k8s.io/v1alpha1',
  'coordination.k8s.io/v1beta1',
  'coordination.k8s.io/v1alpha2',
  'internal.apiserver.k8s.io/v1alpha1',
  'networking.k8s.io/v1beta1',
  'resource.k8s.io/v1beta2',
  'resource.k8s.io/v1beta1',
  'resource.k8s.io/v1alpha3',
  'storage.k8s.io/v1beta1',
]
const discovery: ParityCases = Object.fromEntries(
  [...groups, ...new Set(groups.map((text) => text.slice(0, text.indexOf('/'))))].map((path) => [
    `discovery of ${path}`,
    { steps: [get(`/apis/${path}`)] },
  ]),
)

export const optional: ParityCases = {
  ...discovery,
  ...candidates,
  ...storageVersions,
  ...optionalDevices,
  ...others,
}
