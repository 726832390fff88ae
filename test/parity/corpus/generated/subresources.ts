import type { ParityCase, ParityCases, ParityStep } from '../../case.ts'
import { core, create, get, patch, put, remove, template } from '../build.ts'
import { leastObjects, type LeastObject } from './all-kinds.ts'
import { collectionOf, nameOf, objectOf } from './ask.ts'

/** Parts of objects that have doors of their own, and what is wrong to bring there. */

const statuses = new Set([
  'Namespace',
  'Node',
  'PersistentVolumeClaim',
  'Pod',
  'ReplicationController',
  'ResourceQuota',
  'Service',
  'DaemonSet',
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'HorizontalPodAutoscaler',
  'CronJob',
  'Job',
  'CertificateSigningRequest',
  'Ingress',
  'PodDisruptionBudget',
  'ResourceClaim',
  'ServiceCIDR',
  'VolumeAttachment',
  'ValidatingAdmissionPolicy',
])
/** Deleted only once something lets go of them. */
const stays = new Set(['Namespace', 'PersistentVolumeClaim'])
const who = ['spec.username', 'spec.extra', 'spec.groups']

const condition = { type: 'Ready', status: 'True', reason: 'R', message: 'm' }

interface Place {
  path: string
  object: Record<string, unknown>
  made: ParityStep
  gone: ParityStep[]
}

function placeOf(least: LeastObject): Place {
  const list = collectionOf(least.subject)
  const path = `${list}/${nameOf(least.subject)}`
  const object = objectOf(least.subject, least.body)
  const isClusters = least.subject.clusterScoped === true && !stays.has(least.subject.kind)
  return {
    path,
    object,
    made: create(list, object, { setup: true, capture: { rv: 'metadata.resourceVersion' } }),
    gone: isClusters ? [remove(path, { gracePeriodSeconds: 0 }, { setup: true })] : [],
  }
}

function statusOf(least: LeastObject): Record<string, ParityCase> {
  const { path, object, made, gone } = placeOf(least)
  const door = `${path}/status`
  const dry = `${door}?dryRun=All`
  const ignore = least.subject.kind === 'CertificateSigningRequest' ? who : []
  const asked = (...steps: ParityStep[]): ParityCase => ({
    steps: [made, ...steps.map((step) => ({ ...step, ignore })), ...gone],
  })
  const meta = object['metadata'] as object
  return {
    read: asked(get(door), create(door, object), remove(door), get(`${path}/nothing`)),
    replaced: asked(
      put(dry, object),
      put(dry, {
        ...object,
        metadata: { ...meta, labels: { a: 'b' }, annotations: { c: 'd' }, finalizers: ['x.y/z'] },
      }),
      put(dry, { ...object, metadata: { ...meta, labels: { 'a b': 'c' } } }),
      put(dry, { ...object, status: 'x' }),
      put(dry, { ...object, metadata: { ...meta, name: 'other' } }),
      put(dry, { ...object, metadata: { ...meta, resourceVersion: '1' } }),
      put(dry, { ...object, metadata: { ...meta, resourceVersion: '{{cap.rv}}' } }),
      put(dry, { ...object, kind: 'Nope' }),
    ),
    patched: asked(
      patch('merge', dry, { status: { conditions: [condition] } }),
      patch('strategic', dry, { status: { conditions: [condition] } }),
      patch('merge', dry, { status: { conditions: [{ type: 'a b', status: 'Nope' }], observedGeneration: -1 } }),
      patch('merge', dry, { status: { replicas: -1, readyReplicas: 5, phase: 'Nope' } }),
      patch('merge', dry, { spec: null, metadata: { labels: { a: 'b' } } }),
      patch('json', dry, [{ op: 'add', path: '/status', value: null }]),
      patch('json', dry, [{ op: 'test', path: '/status/nope', value: 1 }]),
    ),
    applied: {
      ...asked(
        patch('apply', `${dry}&fieldManager=m`, {
          apiVersion: object['apiVersion'],
          kind: object['kind'],
          metadata: { name: nameOf(least.subject) },
          status: {},
        }),
        patch('apply', dry, object),
      ),
      keep: ['managedFields'],
    },
    'of none': {
      steps: [
        get(`${path}-x/status`),
        put(`${path}-x/status`, { ...object, metadata: { name: `${nameOf(least.subject)}-x` } }),
        patch('merge', `${path}-x/status`, { status: {} }),
      ],
    },
  }
}

const pod = core('pods', 'a')
const madePod = create(
  core('pods'),
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: template().spec },
  { setup: true },
)
const onPod = (...steps: ParityStep[]): ParityCase => ({ steps: [madePod, ...steps] })
const wholePod = (spec: Record<string, unknown>): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a' },
  spec: { ...template().spec, ...spec },
})
const account = core('serviceaccounts', 'default')
const token = (spec: unknown, more: Record<string, unknown> = {}): ParityStep =>
  create(
    `${account}/token`,
    { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec, ...more },
    {
      ignore: ['status', 'spec.audiences', 'spec.boundObjectRef.uid', 'metadata'],
    },
  )
const csr = '/apis/certificates.k8s.io/v1/certificatesigningrequests/{{id}}'
const request = leastObjects.find(({ subject }) => subject.kind === 'CertificateSigningRequest')
const approval = (conditions: unknown[], more: Record<string, unknown> = {}): ParityStep =>
  put(`${csr}/approval?dryRun=All`, {
    ...(request === undefined ? {} : objectOf(request.subject, request.body)),
    status: { conditions, ...more },
  })
const decided = (type: string, status = 'True'): object => ({ type, status, reason: 'R', message: 'm' })

const doors: ParityCases = {
  'Pod ephemeralcontainers: wrong': onPod(
    get(`${pod}/ephemeralcontainers`),
    create(`${pod}/ephemeralcontainers`, {}),
    put(`${pod}/ephemeralcontainers?dryRun=All`, wholePod({ ephemeralContainers: [{ name: 'd', image: 'i' }] })),
    put(`${pod}/ephemeralcontainers?dryRun=All`, wholePod({ ephemeralContainers: [{ name: '', image: '' }] })),
    put(`${pod}/ephemeralcontainers?dryRun=All`, wholePod({ ephemeralContainers: 'x' })),
    put(`${pod}/ephemeralcontainers?dryRun=All`, {
      apiVersion: 'v1',
      kind: 'EphemeralContainers',
      metadata: { name: 'a' },
    }),
    patch('merge', `${pod}/ephemeralcontainers?dryRun=All`, { spec: { containers: [{ name: 'c', image: 'other' }] } }),
    patch('merge', `${pod}-x/ephemeralcontainers`, { spec: {} }),
  ),
  'Pod resize: wrong': onPod(
    get(`${pod}/resize`),
    create(`${pod}/resize`, {}),
    put(`${pod}/resize?dryRun=All`, wholePod({ hostname: 'h' })),
    put(`${pod}/resize?dryRun=All`, wholePod({ containers: [{ name: 'c', image: 'other' }] })),
    patch('merge', `${pod}/resize?dryRun=All`, { spec: { containers: 'x' } }),
    patch('merge', `${pod}-x/resize`, { spec: {} }),
  ),
  'Pod binding: wrong': onPod(
    get(`${pod}/binding`),
    create(`${pod}/binding?dryRun=All`, { apiVersion: 'v1', kind: 'Binding', target: { name: 'n' } }),
    create(`${pod}/binding?dryRun=All`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }),
    create(`${pod}/binding?dryRun=All`, { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: 'x' }),
    create(`${pod}/binding?dryRun=All`, {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'a', namespace: 'other' },
      target: { name: 'n' },
    }),
    create(`${pod}/binding?dryRun=All&fieldValidation=Strict`, {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'a' },
      target: { name: 'n', nope: 1 },
    }),
  ),
  'Pod eviction: wrong': onPod(
    get(`${pod}/eviction`),
    create(`${pod}/eviction`, { apiVersion: 'policy/v1', kind: 'Eviction' }),
    create(`${pod}/eviction?dryRun=All`, { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a' } }),
    create(`${pod}/eviction`, { apiVersion: 'policy/v2', kind: 'Eviction', metadata: { name: 'a' } }),
    create(`${pod}/eviction`, { apiVersion: 'policy/v1', kind: 'Pod', metadata: { name: 'a' } }),
    create(`${pod}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'a' },
      deleteOptions: 'x',
    }),
    create(`${pod}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'a' },
      deleteOptions: { propagationPolicy: 'Nope' },
    }),
    create(`${pod}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'a' },
      deleteOptions: { dryRun: ['Some'] },
    }),
    create(`${pod}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name: 'a', namespace: 'other' },
    }),
  ),
  'ServiceAccount token: wrong': {
    steps: [
      get(`${account}/token`),
      token({}),
      token({ expirationSeconds: 599 }),
      token({ expirationSeconds: 4294967297 }),
      token({ expirationSeconds: -1 }),
      token({ expirationSeconds: 600, audiences: ['a', 'b'] }),
      token({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'nosuch' } }),
      token({ boundObjectRef: { kind: 'Pod', apiVersion: 'v2', name: 'nosuch' } }),
      token({ boundObjectRef: { kind: 'Secret', apiVersion: 'v1', name: 'nosuch' } }),
      token({ boundObjectRef: { kind: 'Node', apiVersion: 'v1', name: 'nosuch' } }),
      token({ boundObjectRef: { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' } }),
      token({ boundObjectRef: {} }),
      token({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'nosuch', uid: 'x' } }),
      token('x'),
      token({ audiences: 'x' }),
      token({}, { metadata: { name: 'other' } }),
      token({}, { metadata: { namespace: 'other' } }),
      token({}, { kind: 'Pod' }),
      token({}, { apiVersion: 'authentication.k8s.io/v1beta1' }),
      token({}, { nope: 1 }),
      create(`${core('serviceaccounts', 'nosuch')}/token`, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {},
      }),
    ],
  },
  'Namespace finalize: wrong': {
    steps: [
      get('/api/v1/namespaces/{{ns}}/finalize'),
      patch('merge', '/api/v1/namespaces/{{ns}}/finalize', {}),
      put('/api/v1/namespaces/{{ns}}/finalize?dryRun=All', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: '{{ns}}' },
        spec: { finalizers: ['a b'] },
      }),
      put('/api/v1/namespaces/{{ns}}/finalize?dryRun=All', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: '{{ns}}' },
        spec: { finalizers: ['example.com/x', 'kubernetes'] },
      }),
      put('/api/v1/namespaces/{{ns}}/finalize?dryRun=All', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'other' },
      }),
      put('/api/v1/namespaces/nosuch-{{id}}/finalize', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'nosuch-{{id}}' },
      }),
    ],
  },
  ...(request === undefined
    ? {}
    : {
        'CertificateSigningRequest approval: wrong': {
          steps: [
            create(collectionOf(request.subject), objectOf(request.subject, request.body), { setup: true }),
            ...[
              get(`${csr}/approval`),
              approval([decided('Approved')]),
              approval([decided('Denied')]),
              approval([decided('Approved', 'False')]),
              approval([decided('Approved'), decided('Denied')]),
              approval([decided('Approved'), decided('Approved')]),
              approval([decided('Failed')]),
              approval([decided('')]),
              approval([decided('Approved', 'Nope')]),
              approval([{ type: 'Approved' }]),
              approval([decided('Approved')], { certificate: 'eA==' }),
              patch('merge', `${csr}/status?dryRun=All`, { status: { conditions: [decided('Approved')] } }),
              patch('merge', `${csr}/status?dryRun=All`, { status: { conditions: [decided('Failed')] } }),
              patch('merge', `${csr}/status?dryRun=All`, { status: { certificate: 'eA==' } }),
              create(`${csr}/approval`, {}),
            ].map((step) => ({ ...step, ignore: who })),
            remove(csr, undefined, { setup: true }),
          ],
        },
      }),
}

const titled = (least: LeastObject, door: string, cases: Record<string, ParityCase>): ParityCases =>
  Object.fromEntries(
    Object.entries(cases).map(([title, kase]) => [
      `${least.subject.apiVersion} ${least.subject.kind} ${door}: ${title}`,
      kase,
    ]),
  )

export const subresources: ParityCases = Object.assign(
  {},
  ...leastObjects
    .filter(({ subject }) => statuses.has(subject.kind))
    .map((least) => titled(least, 'status', statusOf(least))),
  doors,
) as ParityCases
