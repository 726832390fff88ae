import type { ParityCase, ParityCases } from '../case.ts'
import { create, get, patch, put, remove, template } from './build.ts'

/** The same questions over every kind that a cluster's daily life is made of. */
interface Kind {
  apiVersion: string
  kind: string
  plural: string
  body?: Record<string, unknown>
}

const selector = { matchLabels: { app: 'a' } }
const container = { name: 'c', image: 'registry.example/a:1' }
const jobTemplate = { spec: { restartPolicy: 'Never', containers: [container] } }

const kinds: Kind[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', plural: 'configmaps', body: { data: { a: 'b' } } },
  { apiVersion: 'v1', kind: 'Secret', plural: 'secrets', body: { stringData: { a: 'b' } } },
  { apiVersion: 'v1', kind: 'ServiceAccount', plural: 'serviceaccounts' },
  { apiVersion: 'v1', kind: 'Pod', plural: 'pods', body: { spec: { containers: [container] } } },
  { apiVersion: 'v1', kind: 'PodTemplate', plural: 'podtemplates', body: { template: template() } },
  { apiVersion: 'v1', kind: 'Service', plural: 'services', body: { spec: { ports: [{ port: 80 }] } } },
  {
    apiVersion: 'v1',
    kind: 'Endpoints',
    plural: 'endpoints',
    body: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] },
  },
  {
    apiVersion: 'v1',
    kind: 'LimitRange',
    plural: 'limitranges',
    body: { spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] } },
  },
  { apiVersion: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas', body: { spec: { hard: { pods: '10' } } } },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    plural: 'persistentvolumeclaims',
    body: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  },
  {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    plural: 'replicationcontrollers',
    body: { spec: { selector: { app: 'a' }, template: template() } },
  },
  {
    apiVersion: 'v1',
    kind: 'Event',
    plural: 'events',
    body: {
      involvedObject: { kind: 'Pod', namespace: '{{ns}}', name: 'p' },
      reason: 'R',
      message: 'm',
      type: 'Normal',
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    plural: 'deployments',
    body: { spec: { selector, template: template() } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    plural: 'replicasets',
    body: { spec: { selector, template: template() } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    plural: 'daemonsets',
    body: { spec: { selector, template: template() } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    plural: 'statefulsets',
    body: { spec: { serviceName: 's', selector, template: template() } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    plural: 'controllerrevisions',
    body: { data: { a: 1 }, revision: 1 },
  },
  { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', body: { spec: { template: jobTemplate } } },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    plural: 'cronjobs',
    body: { spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: jobTemplate } } } },
  },
  {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    plural: 'leases',
    body: { spec: { holderIdentity: 'a', leaseDurationSeconds: 15 } },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    plural: 'endpointslices',
    body: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    plural: 'roles',
    body: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    plural: 'rolebindings',
    body: {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
      subjects: [{ kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  },
]

const root = ({ apiVersion }: Kind): string => (apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`)
const collection = (kind: Kind): string => `${root(kind)}/namespaces/{{ns}}/${kind.plural}`
const object = (kind: Kind, name: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  apiVersion: kind.apiVersion,
  kind: kind.kind,
  metadata: { name, ...more },
  ...kind.body,
})

function casesOf(kind: Kind): ParityCases {
  const path = collection(kind)
  const made = create(path, object(kind, 'a'), { setup: true })
  const cases: Record<string, ParityCase> = {
    create: { steps: [create(path, object(kind, 'a'))] },
    'create twice': { steps: [made, create(path, object(kind, 'a'))] },
    'create with a bad name': { steps: [create(path, object(kind, 'Bad_Name'))] },
    'create with bad labels': { steps: [create(path, object(kind, 'a', { labels: { 'a b': 'c d' } }))] },
    'create without a name': { steps: [create(path, { ...object(kind, 'a'), metadata: {} })] },
    'create elsewhere': { steps: [create(path, object(kind, 'a', { namespace: 'other' }))] },
    'create nothing': {
      steps: [create(path, { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name: 'a' } })],
    },
    'unknown field, strict': { steps: [create(`${path}?fieldValidation=Strict`, { ...object(kind, 'a'), wrong: 1 })] },
    'unknown field, warned of': { steps: [create(`${path}?fieldValidation=Warn`, { ...object(kind, 'a'), wrong: 1 })] },
    'unknown field, ignored': { steps: [create(`${path}?fieldValidation=Ignore`, { ...object(kind, 'a'), wrong: 1 })] },
    'dry run': { steps: [create(`${path}?dryRun=All`, object(kind, 'a')), get(`${path}/a`)] },
    'get a missing one': { steps: [get(`${path}/a`)] },
    'label it': { steps: [made, patch('merge', `${path}/a`, { metadata: { labels: { x: 'y' } } }), get(`${path}/a`)] },
    'stale update': {
      steps: [
        create(path, object(kind, 'a'), { setup: true, capture: { rv: 'metadata.resourceVersion' } }),
        patch('merge', `${path}/a`, { metadata: { labels: { x: 'y' } } }, { setup: true }),
        put(`${path}/a`, object(kind, 'a', { resourceVersion: '{{cap.rv}}' })),
      ],
    },
    'update under another name': { steps: [made, put(`${path}/a`, object(kind, 'b'))] },
    delete: { steps: [made, remove(`${path}/a`, { gracePeriodSeconds: 0 }), get(`${path}/a`)] },
    'delete with the wrong uid': { steps: [made, remove(`${path}/a`, { preconditions: { uid: 'x' } })] },
    'delete held back by a finalizer': {
      steps: [
        create(path, object(kind, 'a', { finalizers: ['example.com/f'] }), { setup: true }),
        remove(`${path}/a`, { gracePeriodSeconds: 0 }),
        patch('merge', `${path}/a`, { metadata: { finalizers: null } }),
        get(`${path}/a`),
      ],
    },
    'list as a table': {
      steps: [
        made,
        get(path, {
          headers: { Accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
          ignore: ['metadata', 'columnDefinitions', 'rows'],
        }),
      ],
    },
  }
  return Object.fromEntries(
    Object.entries(cases).map(([name, kase]) => [`${kind.apiVersion} ${kind.kind}: ${name}`, kase]),
  )
}

export const everyKind: ParityCases = Object.assign({}, ...kinds.map(casesOf)) as ParityCases
