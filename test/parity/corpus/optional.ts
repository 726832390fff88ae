import type { ParityCases, ParityStep } from '../case.ts'
import { create, get, patch, put, remove } from './build.ts'

/**
 * Versions that are served on demand: what is read through one version of what was written through another, and the
 * kinds that have no other version. Asked of servers with `--runtime-config api/all=true`.
 */
interface Kind {
  apiVersion: string
  kind: string
  plural: string
  namespaced?: true
}

type Fields = Record<string, unknown>

const pathOf = ({ apiVersion, plural, namespaced }: Kind, name = ''): string =>
  `/apis/${apiVersion}/${namespaced === true ? 'namespaces/{{ns}}/' : ''}${plural}${name === '' ? '' : `/${name}`}`
const object = ({ apiVersion, kind }: Kind, name: string, fields: Fields = {}, metadata: Fields = {}): Fields => ({
  apiVersion,
  kind,
  metadata: { name, ...metadata },
  ...fields,
})
const inVersion = (kind: Kind, version: string): Kind => ({
  ...kind,
  apiVersion: `${kind.apiVersion.slice(0, kind.apiVersion.indexOf('/'))}/${version}`,
})
const made = (kind: Kind, name: string, fields: Fields): ParityStep =>
  create(pathOf(kind), object(kind, name, fields), { setup: true })
/** What columns are described as is prose. */
const table = {
  headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
  ignore: ['columnDefinitions'],
}

/** One case for each of several bodies of one kind. */
const eachCreated = (kind: Kind, name: string, bodies: Record<string, Fields>): ParityCases =>
  Object.fromEntries(
    Object.entries(bodies).map(([what, fields]) => [
      `${kind.apiVersion} ${kind.kind}: ${what}`,
      { steps: [create(pathOf(kind), object(kind, name, fields))] },
    ]),
  )

/** The status of an object, written step after step. */
const eachStatus = (kind: Kind, name: string, fields: Fields, statuses: Record<string, Fields>): ParityCases =>
  Object.fromEntries(
    Object.entries(statuses).map(([what, status]) => [
      `${kind.apiVersion} ${kind.kind} status: ${what}`,
      {
        steps: [
          create(pathOf(kind), object(kind, name, fields), {
            setup: true,
            capture: { rv: 'metadata.resourceVersion' },
          }),
          put(
            `${pathOf(kind, name)}/status`,
            object(kind, name, { ...fields, status }, { resourceVersion: '{{cap.rv}}', labels: { a: 'b' } }),
          ),
          get(`${pathOf(kind)}?fieldSelector=metadata.name%3D${name}`, table),
        ],
      },
    ]),
  )

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
const condition = (type: string, more: Fields = {}): Fields => ({
  type,
  status: 'True',
  reason: 'R',
  message: 'm',
  lastTransitionTime: '2024-01-01T00:00:00Z',
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

const rule: Kind = { apiVersion: 'resource.k8s.io/v1beta2', kind: 'DeviceTaintRule', plural: 'devicetaintrules' }
const taint = { key: 'k', effect: 'NoExecute', timeAdded: '2024-01-01T00:00:00Z' }
const rules: ParityCases = {
  ...eachCreated(rule, '{{id}}', {
    'nothing at all': {},
    'an empty taint': { spec: { taint: {} } },
    'bad names': {
      spec: {
        taint: { key: 'k e', effect: 'X', value: 'v v' },
        deviceSelector: { driver: 'D', pool: 'P_', device: '_' },
      },
    },
    'empty names': { spec: { taint, deviceSelector: { driver: '', pool: '', device: '' } } },
    good: { spec: { taint, deviceSelector: { driver: 'd.example.com', pool: 'p/q', device: 'd' } } },
  }),
  ...eachCreated(inVersion(rule, 'v1alpha3'), '{{id}}', { good: { spec: { taint, deviceSelector: { device: 'd' } } } }),
  'DeviceTaintRule: in both versions': {
    steps: [
      made(rule, '{{id}}', { spec: { taint } }),
      get(pathOf(inVersion(rule, 'v1alpha3'), '{{id}}')),
      patch('merge', pathOf(rule, '{{id}}'), {
        spec: { taint: { timeAdded: '2025-01-01T00:00:00Z', effect: 'None' } },
      }),
      patch('merge', pathOf(inVersion(rule, 'v1alpha3'), '{{id}}'), { spec: { taint: { value: 'v' } } }),
      remove(pathOf(rule, '{{id}}')),
    ],
  },
  ...eachStatus(
    rule,
    '{{id}}',
    { spec: { taint } },
    {
      'bad conditions': { conditions: [{ type: 'A', status: 'X' }, condition('A')] },
      'many conditions': { conditions: Array.from({ length: 9 }, (_, i) => condition(`A${i}`)) },
      good: { conditions: [condition('A')] },
    },
  ),
}

const pools: Kind = {
  apiVersion: 'resource.k8s.io/v1alpha3',
  kind: 'ResourcePoolStatusRequest',
  plural: 'resourcepoolstatusrequests',
}
const pool = { driver: 'd.example.com', poolName: 'p', generation: 1 }
const counted = { totalDevices: 4, allocatedDevices: 1, availableDevices: 2, unavailableDevices: 1, nodeName: 'n' }
const requests: ParityCases = {
  ...eachCreated(pools, '{{id}}', {
    'nothing at all': {},
    'an empty spec': { spec: {} },
    'a driver alone': { spec: { driver: 'D' } },
    'too little': { spec: { driver: 'd.example.com', limit: 0, poolName: '' } },
    'too much': { spec: { driver: 'd.example.com', limit: 1001, poolName: 'P Q/x' } },
  }),
  'ResourcePoolStatusRequest: never another spec': {
    steps: [
      made(pools, '{{id}}', { spec: { driver: 'd.example.com' } }),
      patch('merge', pathOf(pools, '{{id}}'), { spec: { driver: 'e.example.com' } }),
      remove(pathOf(pools, '{{id}}')),
    ],
  },
  ...eachStatus(
    pools,
    '{{id}}',
    { spec: { driver: 'd.example.com' } },
    {
      'an empty one': {},
      'fewer than none': { poolCount: -1 },
      'empty pools': { poolCount: 1, pools: [{ driver: '', poolName: '', generation: -1 }] },
      'bad pools': {
        poolCount: 0,
        pools: [
          {
            ...pool,
            poolName: 'P Q',
            ...{ totalDevices: -1, allocatedDevices: -1, availableDevices: -2, unavailableDevices: -2 },
            ...{ resourceSliceCount: 0, nodeName: 'N_', validationError: 'x'.repeat(300) },
          },
        ],
      },
      complete: {
        poolCount: 2,
        pools: [
          { ...pool, ...counted, resourceSliceCount: 1 },
          { ...pool, poolName: 'q', validationError: 'bad' },
        ],
        conditions: [condition('Complete')],
      },
      failed: { poolCount: 1, pools: [{ ...pool, ...counted }], conditions: [condition('Failed')] },
      'many conditions': { poolCount: 1, conditions: Array.from({ length: 12 }, (_, i) => condition(`A${i}`)) },
    },
  ),
  'ResourcePoolStatusRequest status: once': {
    steps: [
      made(pools, '{{id}}', { spec: { driver: 'd.example.com' } }),
      patch('merge', `${pathOf(pools, '{{id}}')}/status`, { status: { poolCount: 1 } }),
      patch('merge', `${pathOf(pools, '{{id}}')}/status`, { status: { poolCount: 2, pools: [pool] } }),
    ],
  },
}

const claim: Kind = {
  apiVersion: 'resource.k8s.io/v1beta1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  namespaced: true,
}
const claimOf = (...list: Fields[]): Fields => ({ spec: { devices: { requests: list } } })
const sub = { name: 's', deviceClassName: 'c' }
const claims: ParityCases = {
  ...eachCreated(claim, 'a', {
    'a name alone': claimOf({ name: 'r' }),
    'a class': claimOf({ name: 'r', deviceClassName: 'c' }),
    'a bad class': claimOf({ name: 'r', deviceClassName: 'C_', selectors: [{}], allocationMode: 'X' }),
    'one of several': claimOf({ name: 'r', firstAvailable: [sub] }),
    'both forms': claimOf({ name: 'r', deviceClassName: 'c', firstAvailable: [sub] }),
    'all of it': claimOf({
      name: 'r',
      deviceClassName: 'c',
      ...{ allocationMode: 'All', adminAccess: false, tolerations: [{ key: 'a' }] },
      capacity: { requests: { m: '1Gi' } },
    }),
    'fewer than none': claimOf({ deviceClassName: 'c', count: -1 }),
    'the later form': claimOf({ name: 'r', exactly: { deviceClassName: 'c' } }),
  }),
  'ResourceClaim: in every version': {
    steps: [
      made(claim, 'a', claimOf({ name: 'r', deviceClassName: 'c', count: 2 }, { name: 'q', firstAvailable: [sub] })),
      get(pathOf(inVersion(claim, 'v1'), 'a')),
      get(pathOf(inVersion(claim, 'v1beta2'), 'a')),
      get(pathOf(claim, 'a')),
      get(pathOf(claim), table),
      patch('json', pathOf(claim, 'a'), [{ op: 'replace', path: '/spec/devices/requests/0/count', value: 3 }]),
      patch('merge', pathOf(claim, 'a'), { metadata: { labels: { a: 'b' } } }),
      patch(
        'apply',
        `${pathOf(claim, 'b')}?fieldManager=m`,
        object(claim, 'b', claimOf({ name: 'r', deviceClassName: 'c' })),
      ),
      get(pathOf(inVersion(claim, 'v1'), 'b')),
      patch(
        'apply',
        `${pathOf(inVersion(claim, 'v1'), 'b')}?fieldManager=m`,
        object(inVersion(claim, 'v1'), 'b', claimOf({ name: 'r', exactly: { deviceClassName: 'd' } })),
      ),
    ],
  },
  'ResourceClaim status: of the first form': {
    steps: [
      made(claim, 'a', claimOf({ name: 'r', deviceClassName: 'c' })),
      patch('merge', `${pathOf(claim, 'a')}/status`, {
        status: {
          allocation: { devices: { results: [{ request: 'r', driver: 'd.example.com', pool: 'p', device: 'x' }] } },
        },
      }),
      patch('merge', `${pathOf(claim, 'a')}/status`, {
        status: { allocation: { devices: { results: [{ request: 'nope' }] } } },
      }),
    ],
  },
}

const template: Kind = { ...claim, kind: 'ResourceClaimTemplate', plural: 'resourceclaimtemplates' }
const slice: Kind = { apiVersion: 'resource.k8s.io/v1beta1', kind: 'ResourceSlice', plural: 'resourceslices' }
const sliceOf = (...devices: Fields[]): Fields => ({
  spec: {
    driver: 'd.example.com',
    nodeName: 'n',
    pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
    devices,
  },
})
const deviceTaint = { key: 'k', effect: 'NoExecute', timeAdded: '2024-01-01T00:00:00Z' }
const basic = { attributes: { a: { int: 1 } }, capacity: { m: { value: '1Gi' } }, taints: [deviceTaint] }
const deviceClass: Kind = { apiVersion: 'resource.k8s.io/v1beta1', kind: 'DeviceClass', plural: 'deviceclasses' }
const devices: ParityCases = {
  ...eachCreated(slice, '{{id}}', {
    'a device that is nothing': sliceOf({ name: 'd' }),
    'an empty device': sliceOf({ name: 'd', basic: {} }),
    'a bad device': sliceOf({
      name: 'D_',
      basic: { attributes: { 'a b': { int: 1, bool: true } }, taints: [{ key: 'k', effect: 'X' }] },
    }),
    'a whole device': sliceOf({ name: 'd', basic }),
    'the later form': sliceOf({ name: 'd', attributes: { a: { int: 1 } } }),
  }),
  'ResourceSlice: in every version': {
    steps: [
      made(slice, '{{id}}', sliceOf({ name: 'd', basic }, { name: 'e' })),
      get(pathOf(inVersion(slice, 'v1'), '{{id}}')),
      get(pathOf(inVersion(slice, 'v1beta2'), '{{id}}')),
      patch('json', pathOf(slice, '{{id}}'), [{ op: 'add', path: '/spec/devices/1/basic/attributes', value: { b: { bool: true } } }]), // prettier-ignore
      get(`${pathOf(slice)}?fieldSelector=spec.foo%3Dx`),
      get(`${pathOf(inVersion(slice, 'v1beta2'))}?fieldSelector=spec.foo%3Dx`),
      remove(pathOf(slice, '{{id}}')),
    ],
  },
  'ResourceClaimTemplate: in every version': {
    steps: [
      create(pathOf(template), object(template, 'a', { spec: claimOf({ name: 'r', deviceClassName: 'c' }) })),
      get(pathOf(inVersion(template, 'v1'), 'a')),
      create(pathOf(inVersion(template, 'v1beta2')), object(inVersion(template, 'v1beta2'), 'b', { spec: claimOf({ name: 'r', firstAvailable: [sub] }) })), // prettier-ignore
      get(pathOf(template, 'b')),
      patch('merge', pathOf(template, 'b'), {
        spec: { spec: { devices: { requests: [{ name: 'other', deviceClassName: 'c' }] } } },
      }),
    ],
  },
  'ResourceClaim: through the second beta': {
    steps: [
      create(pathOf(inVersion(claim, 'v1beta2')), object(inVersion(claim, 'v1beta2'), 'a', claimOf({ name: 'r', exactly: { deviceClassName: 'c' } }))), // prettier-ignore
      create(pathOf(inVersion(slice, 'v1beta2')), object(inVersion(slice, 'v1beta2'), '{{id}}', sliceOf({ name: 'd', attributes: { a: { string: 'x' } } }))), // prettier-ignore
    ],
  },
  'DeviceClass: in every version': {
    steps: [
      create(pathOf(deviceClass), object(deviceClass, '{{id}}', { spec: { selectors: [{ cel: { expression: 'true' } }] } })), // prettier-ignore
      get(pathOf(inVersion(deviceClass, 'v1'), '{{id}}')),
      create(pathOf(inVersion(deviceClass, 'v1beta2')), object(inVersion(deviceClass, 'v1beta2'), '{{id}}-2', { spec: {} })), // prettier-ignore
      create(pathOf(deviceClass), object(deviceClass, '{{id}}-3', { spec: { selectors: [{ cel: { expression: '1' } }] } })), // prettier-ignore
    ],
  },
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
  ...rules,
  ...requests,
  ...claims,
  ...devices,
  ...others,
}
