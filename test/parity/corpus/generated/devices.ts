import type { ParityCases } from '../../case.ts'
import { create } from '../build.ts'
import { collectionOf, objectOf, type Subject } from './ask.ts'

/** What drivers tell of devices and claims ask of them, rule by rule: what one wrong thing at a time does not reach. */

const many = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
const named = (count: number, prefix: string, value: unknown): Record<string, unknown> =>
  Object.fromEntries(many(count, (i) => [`${prefix}${i}`, value]))

const slice = { driver: 'd.example.com', pool: { name: 'p', generation: 1, resourceSliceCount: 1 } }
const device = (more: Record<string, unknown>): object => ({
  ...slice,
  allNodes: true,
  devices: [{ name: 'd', ...more }],
})
const counter = { value: '1' }

const slices: Record<string, object> = {
  'bindingConditions only': device({ bindingConditions: ['a'] }),
  'both cond': device({ bindingConditions: ['a'], bindingFailureConditions: ['b'], bindsToNode: true }),
  'cond dup+bad': device({ bindingConditions: ['a', 'a', ' '], bindingFailureConditions: ['b', 'b', ''] }),
  'same in both': device({ bindingConditions: ['a'], bindingFailureConditions: ['a'] }),
  '5 conds': device({
    bindingConditions: ['a', 'b', 'c', 'd', 'e'],
    bindingFailureConditions: ['f', 'g', 'h', 'i', 'j'],
  }),
  'per device without': { ...slice, allNodes: true, devices: [{ name: 'd' }], perDeviceNodeSelection: true },
  'per device without allNodes': { ...slice, devices: [{ name: 'd' }], perDeviceNodeSelection: true },
  'per device ok': { ...slice, devices: [{ name: 'd', allNodes: true }], perDeviceNodeSelection: true },
  'per device two': { ...slice, devices: [{ name: 'd', allNodes: true, nodeName: 'n' }], perDeviceNodeSelection: true },
  'per device bad node': { ...slice, devices: [{ name: 'd', nodeName: 'Bad_' }], perDeviceNodeSelection: true },
  'per device allNodes false': { ...slice, devices: [{ name: 'd', allNodes: false }], perDeviceNodeSelection: true },
  'per device nodeSelector': {
    ...slice,
    devices: [{ name: 'd', nodeSelector: { nodeSelectorTerms: [{}, {}] } }],
    perDeviceNodeSelection: true,
  },
  'per device nodeName empty': { ...slice, devices: [{ name: 'd', nodeName: '' }], perDeviceNodeSelection: true },
  'not per device nodeName+sel bad': device({ nodeName: 'Bad_', nodeSelector: {} }),
  'per device false': { ...slice, allNodes: true, devices: [{ name: 'd' }], perDeviceNodeSelection: false },
  consumes: device({ consumesCounters: [{ counterSet: 's', counters: { m: { value: '1' } } }] }),
  'consumes bad': device({
    consumesCounters: [
      { counterSet: '', counters: {} },
      { counterSet: 'Bad_', counters: { 'Bad Key': { value: '-1' } } },
      { counterSet: 'Bad_', counters: { a: {} } },
    ],
  }),
  'devices and sharedCounters': {
    ...slice,
    allNodes: true,
    devices: [{ name: 'd' }],
    sharedCounters: [{ name: 's', counters: { m: { value: '1' } } }],
  },
  'counters bad': {
    ...slice,
    allNodes: true,
    sharedCounters: [
      { name: '', counters: {} },
      { name: 'Bad_', counters: { Bad_: { value: '-1' } } },
      { name: 'a', counters: { a: { value: '1' } } },
      { name: 'a', counters: { a: { value: '1' } } },
    ],
  },
  'reqPolicy empty': device({ capacity: { m: { value: '1Gi', requestPolicy: {} } } }),
  'rp empty': device({ allowMultipleAllocations: true, capacity: { m: { value: '4Gi', requestPolicy: {} } } }),
  'rp default': device({
    allowMultipleAllocations: true,
    capacity: { m: { value: '4Gi', requestPolicy: { default: '1' } } },
  }),
  'rp valid': device({
    allowMultipleAllocations: true,
    capacity: { m: { value: '4Gi', requestPolicy: { default: '1Gi', validValues: ['1Gi', '2Gi'] } } },
  }),
  'rp validNoDefault': device({
    allowMultipleAllocations: true,
    capacity: { m: { value: '4Gi', requestPolicy: { validValues: ['1Gi'] } } },
  }),
  'rp valid no in': device({
    allowMultipleAllocations: true,
    capacity: { m: { value: '4Gi', requestPolicy: { default: '3Gi', validValues: ['2Gi', '1Gi'] } } },
  }),
  'rp valid unsorted dup': device({
    allowMultipleAllocations: true,
    capacity: { m: { value: '4Gi', requestPolicy: { default: '1Gi', validValues: ['2Gi', '1Gi', '1Gi'] } } },
  }),
  'rp range': device({
    allowMultipleAllocations: true,
    capacity: {
      m: { value: '4Gi', requestPolicy: { default: '1Gi', validRange: { min: '1Gi', max: '4Gi', step: '1Gi' } } },
    },
  }),
  'rp range bad': device({
    allowMultipleAllocations: true,
    capacity: {
      m: { value: '4Gi', requestPolicy: { default: '5Gi', validRange: { min: '4Gi', max: '1Gi', step: '3Gi' } } },
    },
  }),
  'rp range no min': device({
    allowMultipleAllocations: true,
    capacity: { m: { value: '4Gi', requestPolicy: { default: '1Gi', validRange: {} } } },
  }),
  'rp both': device({
    allowMultipleAllocations: true,
    capacity: {
      m: { value: '4Gi', requestPolicy: { default: '1Gi', validValues: ['1Gi'], validRange: { min: '1Gi' } } },
    },
  }),
  'rp range above': device({
    allowMultipleAllocations: true,
    capacity: { m: { value: '4Gi', requestPolicy: { default: '1Gi', validRange: { min: '1Gi', max: '400Gi' } } } },
  }),
  'rp range step bad': device({
    allowMultipleAllocations: true,
    capacity: {
      m: { value: '4Gi', requestPolicy: { default: '1500Mi', validRange: { min: '1Gi', max: '3500Mi', step: '1Gi' } } },
    },
  }),
  'rp values above': device({
    allowMultipleAllocations: true,
    capacity: { m: { value: '4Gi', requestPolicy: { default: '1Gi', validValues: ['1Gi', '8Gi'] } } },
  }),
  'rp min>value': device({
    allowMultipleAllocations: true,
    capacity: { m: { value: '4Gi', requestPolicy: { default: '9Gi', validRange: { min: '9Gi' } } } },
  }),
  'allowMultiple without policy': device({ allowMultipleAllocations: true, capacity: { m: { value: '-1' } } }),
  'attrs bad': device({
    attributes: {
      'Bad Key!': { bool: true },
      a: {},
      b: { int: 1, bool: true },
      c: { version: 'x' },
      d: { string: '' },
      e: { string: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' },
      f: { version: '1.2.3-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a' },
    },
  }),
  'attrs lists': device({
    attributes: {
      a: { ints: [1, 2] },
      b: { bools: [true] },
      c: { strings: ['x', ''] },
      d: { versions: ['1.0.0', 'x'] },
      e: { ints: [] },
    },
  }),
  taints: device({
    taints: [
      { key: '', effect: '' },
      { key: 'Bad Key', effect: 'Wrong', value: '-x' },
      { key: 'k', effect: 'NoSchedule' },
      { key: 'k', effect: 'NoSchedule' },
    ],
  }),
  mappings: device({
    nodeAllocatableResourceMappings: {
      'Bad Key!': {},
      cpu: { capacityKey: 'a/b/c' },
      memory: { capacityKey: 'm', allocationMultiplier: '2' },
    },
  }),
  'names dup': { ...slice, allNodes: true, devices: [{ name: 'a' }, { name: 'a' }, { name: '' }, { name: 'A_' }] },
  'no node': { ...slice, devices: [{ name: 'd' }] },
  false: { ...slice, allNodes: false, devices: [{ name: 'd' }] },
  two: { ...slice, allNodes: true, devices: [{ name: 'd' }], nodeName: 'n' },
  'bad node': { ...slice, devices: [{ name: 'd' }], nodeName: 'Bad_' },
  'empty node': { ...slice, devices: [{ name: 'd' }], nodeName: '' },
  'nodesel 2': { ...slice, devices: [{ name: 'd' }], nodeSelector: { nodeSelectorTerms: [{}, {}] } },
  'nodesel 0': { ...slice, devices: [{ name: 'd' }], nodeSelector: { nodeSelectorTerms: [] } },
  'three and per': { ...slice, allNodes: true, devices: [{ name: 'd' }], nodeName: 'n', perDeviceNodeSelection: true },
  pool: {
    ...slice,
    pool: { name: '', generation: -1, resourceSliceCount: 0 },
    allNodes: true,
    devices: [{ name: 'd' }],
  },
  'pool bad': {
    ...slice,
    pool: { name: 'a//b', generation: 1, resourceSliceCount: 1 },
    allNodes: true,
    devices: [{ name: 'd' }],
  },
  driver: { ...slice, driver: '', allNodes: true, devices: [{ name: 'd' }] },
  'driver bad': { ...slice, driver: 'Bad_', allNodes: true, devices: [{ name: 'd' }] },
  'driver upper': { ...slice, driver: 'None', allNodes: true, devices: [{ name: 'd' }] },
  'consumes many': device({ consumesCounters: many(9, (i) => ({ counterSet: `s${i}`, counters: { m: counter } })) }),
  'consumes many counters': device({
    consumesCounters: many(2, (i) => ({ counterSet: `s${i}`, counters: named(33, 'm', counter) })),
  }),
  'consumes two bad': device({
    consumesCounters: [{ counterSet: '' }, { counterSet: 'Bad_', counters: { 'Bad Key': counter } }],
  }),
  'many counter sets': {
    ...slice,
    allNodes: true,
    sharedCounters: many(9, (i) => ({ name: `s${i}`, counters: { m: counter } })),
  },
  'many counters': { ...slice, allNodes: true, sharedCounters: [{ name: 's', counters: named(33, 'm', counter) }] },
  'many attributes': device({ attributes: named(33, 'a', { int: 1 }) }),
  'many attributes and capacities': device({
    attributes: named(20, 'a', { int: 1 }),
    capacity: named(13, 'c', counter),
  }),
  'many taints': device({ taints: many(17, (i) => ({ key: `k${i}`, effect: 'NoSchedule' })) }),
  'many devices': { ...slice, allNodes: true, devices: many(129, (i) => ({ name: `d${i}` })) },
  'many tainted devices': {
    ...slice,
    allNodes: true,
    devices: many(65, (i) => ({ name: `d${i}`, taints: [{ key: 'k', effect: 'NoSchedule' }] })),
  },
  'a long pool': { ...slice, allNodes: true, pool: { ...slice.pool, name: 'a'.repeat(254) } },
  'a long driver': { ...slice, allNodes: true, driver: 'a'.repeat(64) },
  'many values': device({
    allowMultipleAllocations: true,
    capacity: { m: { value: '4Gi', requestPolicy: { default: '1Gi', validValues: many(12, (i) => `${i + 1}Mi`) } } },
  }),
}
const claims: Record<string, object> = {
  'claim match a': {
    devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }], constraints: [{ matchAttribute: 'a' }] },
  },
  'claim match a/b': {
    devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }], constraints: [{ matchAttribute: 'a/b' }] },
  },
  'claim match a/b/c': {
    devices: {
      requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }],
      constraints: [{ matchAttribute: 'a/b/c' }],
    },
  },
  'claim match /b': {
    devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }], constraints: [{ matchAttribute: '/b' }] },
  },
  'claim match a/': {
    devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }], constraints: [{ matchAttribute: 'a/' }] },
  },
  'claim match A.com/b': {
    devices: {
      requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }],
      constraints: [{ matchAttribute: 'A.com/b' }],
    },
  },
  'claim match ': {
    devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }], constraints: [{ matchAttribute: '' }] },
  },
  'claim match a.com/b-c': {
    devices: {
      requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }],
      constraints: [{ matchAttribute: 'a.com/b-c' }],
    },
  },
  'claim match a.com/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx': {
    devices: {
      requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }],
      constraints: [{ matchAttribute: 'a.com/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' }],
    },
  },
  'claim distinct': {
    devices: {
      requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }],
      constraints: [{ distinctAttribute: 'a' }, { matchAttribute: 'a.com/b', distinctAttribute: 'a.com/b' }, {}],
    },
  },
  'claim driver None': {
    devices: {
      requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }],
      config: [{ opaque: { driver: 'None', parameters: {} } }],
    },
  },
  'claim driver A.example.com': {
    devices: {
      requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }],
      config: [{ opaque: { driver: 'A.example.com', parameters: {} } }],
    },
  },
  'claim driver a_b': {
    devices: {
      requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }],
      config: [{ opaque: { driver: 'a_b', parameters: {} } }],
    },
  },
  'claim capacity': {
    devices: {
      requests: [
        {
          name: 'a',
          exactly: { deviceClassName: 'c', capacity: { requests: { m: '1', 'Bad Key!': '-1', 'a/b/c': '1' } } },
        },
      ],
    },
  },
  'claim toleration': {
    devices: {
      requests: [
        {
          name: 'a',
          exactly: {
            deviceClassName: 'c',
            tolerations: [
              { key: '', operator: 'Equal' },
              { operator: 'Exists', value: 'x' },
              { key: 'k', operator: 'Wrong', effect: 'Wrong' },
              { key: 'k', effect: 'NoSchedule', tolerationSeconds: 5 },
              { key: 'k', effect: 'NoExecute', tolerationSeconds: -5 },
            ],
          },
        },
      ],
    },
  },
  'claim first': {
    devices: {
      requests: [
        {
          name: 'a',
          firstAvailable: [
            { name: 'x', deviceClassName: 'c', allocationMode: 'All', count: 2 },
            { name: 'x', deviceClassName: '', count: -1, selectors: [{ cel: { expression: '1' } }] },
          ],
        },
      ],
    },
  },
  'claim selectors': {
    devices: {
      requests: [
        {
          name: 'a',
          exactly: {
            deviceClassName: 'C_',
            selectors: [
              {},
              { cel: { expression: '' } },
              { cel: { expression: 'device.foo == 1' } },
              { cel: { expression: "device.attributes['a'].b == 1" } },
            ],
          },
        },
      ],
    },
  },
  'claim none': { devices: { requests: [{ name: 'a' }, { name: '' }] } },
  'claim both': {
    devices: {
      requests: [
        { name: 'a', exactly: { deviceClassName: 'c' }, firstAvailable: [{ name: 'x', deviceClassName: 'c' }] },
      ],
    },
  },
  'claim config': {
    devices: {
      requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }],
      config: [
        { requests: ['x', 'a', 'a', 'a/b'], opaque: { driver: 'd', parameters: [1] } },
        { opaque: { driver: 'd' } },
        {},
      ],
    },
  },
  'claim alloc': {
    devices: {
      requests: [
        { name: 'a', exactly: { deviceClassName: 'c', allocationMode: 'Wrong', count: 5 } },
        { name: 'b', exactly: { deviceClassName: 'c', allocationMode: 'All', count: 0 } },
        { name: 'c', exactly: { deviceClassName: 'c', count: -1 } },
      ],
    },
  },
}
const templates: Record<string, object> = {
  'template all meta': {
    metadata: {
      name: 'c',
      generateName: 'x',
      namespace: 'n',
      uid: 'u',
      resourceVersion: '1',
      generation: 3,
      selfLink: 's',
      finalizers: ['a'],
      ownerReferences: [{ apiVersion: 'v1', kind: 'K', name: 'n', uid: 'u' }],
      deletionTimestamp: '2026-01-02T03:04:05Z',
      deletionGracePeriodSeconds: 1,
      creationTimestamp: '2026-01-02T03:04:05Z',
      managedFields: [{ manager: 'm' }],
    },
    spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }] } },
  },
}
const classes: Record<string, object> = {
  'class driver None': { config: [{ opaque: { driver: 'None', parameters: { a: 1 } } }] },
  'class driver A.example.com': { config: [{ opaque: { driver: 'A.example.com', parameters: { a: 1 } } }] },
  'class driver a_b': { config: [{ opaque: { driver: 'a_b', parameters: { a: 1 } } }] },
  'class driver ': { config: [{ opaque: { driver: '', parameters: { a: 1 } } }] },
  'class ext a': { extendedResourceName: 'a' },
  'class ext example.com/A': { extendedResourceName: 'example.com/A' },
  'class ext kubernetes.io/x': { extendedResourceName: 'kubernetes.io/x' },
  'class ext requests.example.com/x': { extendedResourceName: 'requests.example.com/x' },
  'class ext example.com/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx': {
    extendedResourceName: 'example.com/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  },
  'class ext example.com/x/y': { extendedResourceName: 'example.com/x/y' },
  'class ext Example.com/x': { extendedResourceName: 'Example.com/x' },
  'class ext ': { extendedResourceName: '' },
}

const apiVersion = 'resource.k8s.io/v1'
const asked = (subject: Subject, specs: Record<string, object>): ParityCases =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      `${subject.kind}: ${name}`,
      { keepsNothing: true, steps: [create(`${collectionOf(subject)}?dryRun=All`, objectOf(subject, { spec }))] },
    ]),
  )

export const devices: ParityCases = {
  ...asked({ apiVersion, kind: 'ResourceSlice', plural: 'resourceslices', clusterScoped: true }, slices),
  ...asked({ apiVersion, kind: 'ResourceClaim', plural: 'resourceclaims' }, claims),
  ...asked({ apiVersion, kind: 'ResourceClaimTemplate', plural: 'resourceclaimtemplates' }, templates),
  ...asked({ apiVersion, kind: 'DeviceClass', plural: 'deviceclasses', clusterScoped: true }, classes),
}
