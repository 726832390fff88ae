import type { ParityCases } from '../case.ts'
import { create, get, patch, remove } from './build.ts'
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

/** The older forms of claims and devices, and the kinds about devices that have no stable version. */
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

export const optionalDevices: ParityCases = { ...rules, ...requests, ...claims, ...devices }
