import type { ParityCases, ParityStep } from '../case.ts'
import { core, create, grouped, patch, remove } from './build.ts'

/** Single fields, each as it should not be: what the original says of each. Found by trying all fields of all kinds. */

const labels = { a: 'b' }
const template = (spec: Record<string, unknown> = {}) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image: 'a' }], ...spec },
})
const selector = { matchLabels: labels }
const dry = (path: string): string => `${path}?dryRun=All`

const make = (
  apiVersion: string,
  kind: string,
  plural: string,
  rest: Record<string, unknown>,
  name = 'a',
): ParityStep => {
  const path = apiVersion === 'v1' ? core(plural) : grouped(apiVersion, plural)
  return create(dry(path), { apiVersion, kind, metadata: { name }, ...rest })
}
const makeWide = (apiVersion: string, kind: string, plural: string, rest: Record<string, unknown>): ParityStep => {
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`
  return create(dry(`${root}/${plural}`), { apiVersion, kind, metadata: { name: '{{id}}' }, ...rest })
}

const named = (name: string): ParityStep[] => [
  make('v1', 'Pod', 'pods', { spec: template().spec }, name),
  make('apps/v1', 'Deployment', 'deployments', { spec: { selector, template: template() } }, name),
  make('apps/v1', 'ReplicaSet', 'replicasets', { spec: { selector, template: template() } }, name),
  make('apps/v1', 'DaemonSet', 'daemonsets', { spec: { selector, template: template() } }, name),
  make(
    'v1',
    'ReplicationController',
    'replicationcontrollers',
    { spec: { selector: labels, template: template() } },
    name,
  ),
]
const restartPolicy = 'Never'
const job = (spec: Record<string, unknown>, name = 'a'): ParityStep =>
  make('batch/v1', 'Job', 'jobs', { spec: { template: template({ restartPolicy }), ...spec } }, name)
const cronJob = (spec: Record<string, unknown>, name = 'a'): ParityStep =>
  make('batch/v1', 'CronJob', 'cronjobs', { spec: { schedule: '* * * * *', jobTemplate: { spec } } }, name)
const indexed = { completionMode: 'Indexed', completions: 150_000, parallelism: 20_000 }
const volume = (spec: Record<string, unknown>): ParityStep =>
  makeWide('v1', 'PersistentVolume', 'persistentvolumes', {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...spec },
  })
const iscsi = { targetPortal: `${'x'.repeat(70)}:3260`, iqn: 'iqn.2001-04.com.example:a', lun: 0, initiatorName: 'iqn.2001-04.com.example:b' } // prettier-ignore
const pod = (spec: Record<string, unknown>): ParityStep =>
  make('v1', 'Pod', 'pods', { spec: { ...template().spec, ...spec } })
const service = (spec: Record<string, unknown>): ParityStep =>
  make('v1', 'Service', 'services', { spec: { ports: [{ port: 80 }], ...spec } })
const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 's', uid: 'u', controller: true }
const node = (status: Record<string, unknown>): ParityStep => makeWide('v1', 'Node', 'nodes', { status })
const file = { fileKeyRef: { volumeName: 'v', path: 'a', key: 'K' } }

const steps: Record<string, ParityStep[]> = {
  'names with dots': named('a.b'),
  'names that are long': named('x'.repeat(64)),
  'names of jobs': [job({}, 'a.b'), job(indexed, 'a.b'), cronJob({ template: template({ restartPolicy }) }, 'a.b')],
  'jobs of many indexes': [
    job(indexed),
    job({ ...indexed, backoffLimitPerIndex: 1 }),
    job({ ...indexed, backoffLimitPerIndex: 1, maxFailedIndexes: 20_000 }),
    cronJob({ ...indexed, template: template({ restartPolicy }) }),
  ],
  'periods below zero': [
    make('v1', 'PodTemplate', 'podtemplates', { template: template({ terminationGracePeriodSeconds: -1 }) }),
    make('apps/v1', 'Deployment', 'deployments', { spec: { selector, template: template({ terminationGracePeriodSeconds: -1 }) } }),
    pod({ terminationGracePeriodSeconds: -1 }),
  ], // prettier-ignore
  'deadlines in templates': [
    make('apps/v1', 'DaemonSet', 'daemonsets', { spec: { selector, template: template({ activeDeadlineSeconds: 5 }) } }),
    make('apps/v1', 'ReplicaSet', 'replicasets', { spec: { selector, template: template({ activeDeadlineSeconds: 5 }) } }),
    make('v1', 'ReplicationController', 'replicationcontrollers', { spec: { selector: labels, template: template({ activeDeadlineSeconds: 5 }) } }),
  ], // prettier-ignore
  'amounts below a thousandth': [
    make('v1', 'LimitRange', 'limitranges', { spec: { limits: [{ type: 'Container', min: { cpu: '0.0001' } }] } }),
    make('v1', 'ResourceQuota', 'resourcequotas', { spec: { hard: { cpu: '0.0001' } } }),
    make('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims', { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '0.0001' } } } }),
    pod({ resources: { requests: { cpu: '0.0001' } } }),
    node({ capacity: { cpu: '0.0001' } }),
  ], // prettier-ignore
  'what nodes say of themselves': [
    node({ capacity: { cpu: '-1' }, allocatable: { cpu: '1' } }),
    node({ declaredFeatures: ['A', 'A'] }),
    node({ declaredFeatures: ['A'.repeat(300)] }),
  ],
  volumes: [
    volume({ persistentVolumeReclaimPolicy: 'Recycle', nfs: { server: 's', path: '/p' } }),
    volume({ capacity: { storage: '1Gi', a: '0' }, nfs: { server: 's', path: '/p' } }),
    volume({ iscsi }),
    pod({ volumes: [{ name: 'v', iscsi }] }),
    pod({ volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: '/a' } }] } }] }),
  ],
  'variables of files': [
    pod({ volumes: [{ name: 'v', emptyDir: {} }], containers: [{ name: 'c', image: 'a', env: [{ name: 'A', valueFrom: file }] }] }),
    pod({ volumes: [{ name: 'v', configMap: { name: 'm' } }], containers: [{ name: 'c', image: 'a', env: [{ name: 'A', valueFrom: file }] }] }),
  ], // prettier-ignore
  'groups of pods': [pod({ schedulingGroup: { podGroupName: 'a' } })],
  'headless services': [
    service({ clusterIP: 'None', externalIPs: ['1.2.3.4'] }),
    service({ clusterIP: 'None', loadBalancerIP: '1.2.3.4', sessionAffinity: 'ClientIP' }),
    service({ externalIPs: ['1.2.3.4'] }),
    service({ type: 'LoadBalancer', loadBalancerSourceRanges: [' x '] }),
  ],
  'owners named twice': [
    create(dry(core('configmaps')), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', ownerReferences: [owner, owner] } }),
    create(core('configmaps'), { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owned', ownerReferences: [owner], generation: 5 } }),
    patch('json', core('configmaps', 'owned'), [{ op: 'add', path: '/metadata/ownerReferences/-', value: owner }]),
    patch('merge', core('configmaps', 'owned'), { metadata: { generateName: '/a' } }),
  ], // prettier-ignore
  'classes': [
    makeWide('storage.k8s.io/v1', 'StorageClass', 'storageclasses', { provisioner: 'a', parameters: { '': 'a' } }),
    makeWide('storage.k8s.io/v1', 'VolumeAttributesClass', 'volumeattributesclasses', { driverName: 'a', parameters: { '': 'a' } }),
    makeWide('networking.k8s.io/v1', 'IngressClass', 'ingressclasses', { spec: { controller: `a/${'x'.repeat(300)}` } }),
    makeWide('storage.k8s.io/v1', 'CSINode', 'csinodes', { spec: { drivers: [{ name: 'a', nodeID: 'x'.repeat(200) }, { name: 'b', nodeID: 'x'.repeat(300) }] } }),
    makeWide('networking.k8s.io/v1', 'ServiceCIDR', 'servicecidrs', { spec: { cidrs: ['192.0.2.0/24', '192.0.2.0/24'] } }),
  ], // prettier-ignore
  'wrong types': [
    pod({ volumes: [{ name: 'v', configMap: { name: 7 } }] }),
    make('networking.k8s.io/v1', 'NetworkPolicy', 'networkpolicies', { spec: { policyTypes: 'x' } }),
    make('networking.k8s.io/v1', 'Ingress', 'ingresses', { spec: { rules: [{ http: [] }] } }),
    volume({ csi: [] }),
    volume({ accessModes: [7] }),
    pod({ containers: [{ name: 'c', image: 'a', livenessProbe: { exec: [] }, securityContext: { capabilities: { add: [7] } } }] }),
  ], // prettier-ignore
  'pods that change': [
    create(core('pods'), { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', labels }, spec: { ...template().spec, nodeSelector: { 'beta.kubernetes.io/os': 'linux' } } }),
    patch('merge', core('pods', 'p'), { metadata: { labels: null } }),
    patch('merge', core('pods', 'p'), { metadata: { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' } } }),
    patch('merge', core('pods', 'p'), { spec: { runtimeClassName: '' } }),
  ], // prettier-ignore
}

const definition = (openAPIV3Schema: Record<string, unknown>, more: Record<string, unknown> = {}): ParityStep =>
  create(dry('/apis/apiextensions.k8s.io/v1/customresourcedefinitions'), {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.fields.example.com' },
    spec: {
      group: 'fields.example.com',
      names: { plural: 'things', kind: 'Thing' },
      scope: 'Namespaced',
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
      ...more,
    },
  })
const object = 'object'
const short = { maxLength: 3 }
const intOrString = [{ type: 'integer' }, { type: 'string' }]
const webhook = (service: object) => ({
  conversion: { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig: { service } } },
})

Object.assign(steps, {
  'schemas: other fields': [
    definition({ type: object, additionalProperties: false, properties: { a: { type: object, properties: { b: { type: 'string' } }, additionalProperties: false } } }),
    definition({ type: object, additionalProperties: true }),
    definition({ type: object, additionalProperties: { type: 'string' } }),
  ],
  'schemas: combinations': [
    definition({ type: object, anyOf: [{ properties: { b: { type: 'string' } } }, { properties: { z: short } }], properties: { any: { type: object, anyOf: intOrString }, any2: { anyOf: intOrString }, all: { type: object, allOf: [{ anyOf: intOrString }] } } }),
    definition({ type: object, properties: { a: { type: object, oneOf: [{ properties: { q: short } }] } } }),
    definition({ type: object, properties: { a: { type: object, oneOf: [{ type: 'nope', title: 'x', uniqueItems: true, default: 1, properties: { q: { $ref: 'x' } } }] }, b: { type: 'array' } } }),
    definition({ type: object, properties: { d: { 'x-kubernetes-int-or-string': true, anyOf: [...intOrString].reverse() } } }),
  ],
  'schemas: what stops what': [
    definition({ type: object, properties: { a: { title: 'x' }, b: { type: object, 'x-kubernetes-validations': [{ rule: 'nope' }] }, c: { type: 'array', default: 'x', items: { type: 'string' } } } }),
    definition({ type: object, properties: { a: { type: 'array', 'x-kubernetes-list-type': 'map' }, b: { type: object, 'x-kubernetes-validations': [{ rule: 'nope' }] }, c: { type: 'string', default: 1 } } }),
    definition({ type: object, properties: { a: { type: 'array', items: [{ type: 'string' }] }, b: { title: 'x' } } }),
    definition({ type: object, $schema: 'x', properties: { b: { title: 'x' } } }),
    definition({ type: 'nope', properties: { b: { title: 'x' } } }),
    definition({ nullable: true, properties: { b: { title: 'x' } } }),
  ],
  'schemas: resources in them': [
    definition({ type: object, properties: { c: { type: object, 'x-kubernetes-embedded-resource': true }, d: { 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }, e: { type: object, 'x-kubernetes-embedded-resource': true, properties: { kind: { type: 'integer' } } } } }),
  ],
  'schemas: values before': [
    definition({ type: object, properties: { c: { type: 'string', 'x-kubernetes-validations': [{ rule: "self != ''", optionalOldSelf: false }] } } }),
  ],
  'schemas: a format of nothing': [definition({ type: object, format: 'aa' })],
  'definitions: conversion': [
    definition({ type: object }, webhook({ name: 'a' })),
    definition({ type: object }, webhook({ namespace: 'a' })),
    definition({ type: object }, { conversion: { ...webhook({ name: 'a', namespace: 'b' }).conversion, strategy: 'Nope' } }),
  ],
  'definitions: without what they need': [
    create('/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'nones.fields.example.com' }, spec: { group: 'fields.example.com', names: { plural: 'nones', kind: 'None' }, scope: 'Namespaced', versions: [{ name: 'v1', served: false, storage: true, schema: { openAPIV3Schema: { type: object } } }] } }, { codeOnly: true }),
    patch('merge', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nones.fields.example.com', { spec: null }),
    patch('merge', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nones.fields.example.com', { spec: { versions: null } }),
    remove('/apis/apiextensions.k8s.io/v1/customresourcedefinitions/nones.fields.example.com', undefined, { codeOnly: true }),
  ],
  'versions taken away': [
    create(grouped('coordination.k8s.io/v1', 'leases'), { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec: {} }, { codeOnly: true }),
    patch('merge', grouped('coordination.k8s.io/v1', 'leases', 'l'), { metadata: { resourceVersion: null, labels } }),
    patch('json', grouped('coordination.k8s.io/v1', 'leases', 'l'), [{ op: 'replace', path: '/metadata/resourceVersion', value: '0' }]),
    patch('merge', grouped('coordination.k8s.io/v1', 'leases', 'l'), { metadata: { labels } }),
  ],
  'reviews with metadata': [
    create('/apis/authentication.k8s.io/v1/tokenreviews', { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: { name: 'n', labels, creationTimestamp: '2026-01-02T03:04:05Z', selfLink: 'x', uid: 'u', namespace: 'x' }, spec: { token: 'x' } }),
    create('/apis/authorization.k8s.io/v1/subjectaccessreviews', { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: { creationTimestamp: '2026-01-02T03:04:05Z', selfLink: 'x', uid: 'u', namespace: 'x' }, spec: { user: 'nobody', resourceAttributes: { verb: 'get', resource: 'pods' } } }),
  ],
  'rare parts of templates': [
    make('apps/v1', 'StatefulSet', 'statefulsets', { spec: { serviceName: 's', selector, template: template(), volumeClaimTemplates: [{ apiVersion: 'x', kind: 'y', metadata: { name: 'c' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }] } }),
    job({ template: template({ restartPolicy, ephemeralContainers: [{ name: 'e', image: ' ', lifecycle: {} }] }) }),
    make('apps/v1', 'Deployment', 'deployments', { spec: { selector, template: template({ terminationGracePeriodSeconds: -1, affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'z' }] } }, containers: [{ name: 'c', image: 'a', ports: [{ containerPort: 1, name: 'x' }] }, { name: 'd', image: 'a', ports: [{ containerPort: 2, name: 'x' }] }] }) } }),
  ],
  'sets of pods with names': [
    make('apps/v1', 'StatefulSet', 'statefulsets', { spec: { serviceName: 's', selector, template: template({ hostname: 'Bad_Value!', subdomain: 'x.y' }) } }),
    make('apps/v1', 'Deployment', 'deployments', { spec: { selector, template: template({ hostname: 'Bad_Value!' }) } }),
    make('apps/v1', 'Deployment', 'deployments', { spec: { selector, template: template({ schedulingGroup: { podGroupName: 'a' }, runtimeClassName: '' }) } }),
    make('apps/v1', 'Deployment', 'deployments', { spec: { selector, template: template({ schedulingGroup: { podGroupName: 'a' }, containers: [{ name: 'c', image: 'a', lifecycle: { stopSignal: 'SIGTERM' } }] }) } }),
  ],
} satisfies Record<string, ParityStep[]>) // prettier-ignore

const account: ParityStep = create(
  core('serviceaccounts'),
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } },
  { codeOnly: true },
)

export const fields: ParityCases = Object.fromEntries(
  Object.entries(steps).map(([name, list]) => [name, { steps: [account, ...list] }]),
)
