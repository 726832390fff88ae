import type { ParityCases } from '../case.ts'
import { core, create, deployment, get, grouped, patch, pod, put, remove, template } from './build.ts'

const pods = core('pods')
const services = core('services')
const deployments = grouped('apps/v1', 'deployments')
const service = (name: string, spec: Record<string, unknown>) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'a' }, ports: [{ port: 80 }], ...spec },
})
const rich = {
  serviceAccountName: 'default',
  initContainers: [{ name: 'i', image: 'registry.example/i:1', command: ['true'] }],
  containers: [
    {
      name: 'c',
      image: 'registry.example/a',
      ports: [{ containerPort: 80, name: 'web' }],
      env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
      resources: { requests: { cpu: '100m' }, limits: { memory: '64Mi' } },
      readinessProbe: { httpGet: { path: '/', port: 'web' } },
      livenessProbe: { exec: { command: ['true'] } },
      lifecycle: { preStop: { sleep: { seconds: 1 } } },
      securityContext: { runAsNonRoot: true, capabilities: { drop: ['ALL'] } },
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
    },
  ],
  volumes: [
    { name: 'v', configMap: { name: 'm' } },
    { name: 'e', emptyDir: {} },
  ],
}

export const workloads: ParityCases = {
  'pod: a rich one': { steps: [create(pods, pod('a', rich))] },
  'pod: its spec cannot change': {
    steps: [
      create(pods, pod('a'), { setup: true }),
      patch('merge', `${pods}/a`, { spec: { restartPolicy: 'Never' } }),
      patch('strategic', `${pods}/a`, { spec: { containers: [{ name: 'c', image: 'registry.example/a:2' }] } }),
    ],
  },
  'pod: binding': {
    steps: [
      create(pods, pod('a'), { setup: true }),
      create(`${pods}/a/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'a' },
        target: { kind: 'Node', name: 'n' },
      }),
      create(`${pods}/a/binding`, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: 'a' },
        target: { kind: 'Node', name: 'm' },
      }),
      get(`${pods}/a`),
    ],
  },
  'pod: status by its own door only': {
    steps: [
      create(pods, pod('a'), { setup: true }),
      patch('merge', `${pods}/a`, { status: { message: 'x' } }),
      patch('merge', `${pods}/a/status`, { status: { message: 'x' }, metadata: { labels: { x: 'y' } } }),
    ],
  },
  'pod: deletion with grace': {
    steps: [
      create(pods, pod('a', { nodeName: 'n' }), { setup: true }),
      remove(`${pods}/a`),
      remove(`${pods}/a`, { gracePeriodSeconds: 0 }),
      get(`${pods}/a`),
    ],
  },
  'pod: a volume mount without its volume': {
    steps: [
      create(
        pods,
        pod('a', { containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'x', mountPath: '/x' }] }] }),
      ),
    ],
  },
  'pod: requests above limits': {
    steps: [
      create(
        pods,
        pod('a', {
          containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }],
        }),
      ),
    ],
  },
  'pod: ports that are none': {
    steps: [
      create(
        pods,
        pod('a', {
          containers: [
            { name: 'c', image: 'i', ports: [{ containerPort: 0 }, { containerPort: 70000, protocol: 'X' }] },
          ],
        }),
      ),
    ],
  },
  'pod: nonsense everywhere': {
    steps: [
      create(
        pods,
        pod('a', {
          restartPolicy: 'Sometimes',
          dnsPolicy: 'Nope',
          nodeSelector: { 'a b': 'c' },
          tolerations: [{ operator: 'Nope' }],
        }),
      ),
    ],
  },
  'pod: generated name': { steps: [create(pods, { ...pod(''), metadata: { generateName: 'Bad_' } })] },
  'deployment: defaults': { steps: [create(deployments, deployment('a'))] },
  'deployment: rolling update by percentage': {
    steps: [
      create(
        deployments,
        deployment('a', {
          replicas: 4,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: 0 } },
        }),
      ),
    ],
  },
  'deployment: nothing may be unavailable nor surge': {
    steps: [
      create(
        deployments,
        deployment('a', { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
      ),
    ],
  },
  'deployment: a selector that does not match its template': {
    steps: [create(deployments, deployment('a', { selector: { matchLabels: { app: 'b' } } }))],
  },
  'deployment: the selector cannot change': {
    steps: [
      create(deployments, deployment('a'), { setup: true }),
      patch('merge', `${deployments}/a`, {
        spec: { selector: { matchLabels: { app: 'b' } }, template: { metadata: { labels: { app: 'b' } } } },
      }),
    ],
  },
  'deployment: generation counts changes of the spec': {
    steps: [
      create(deployments, deployment('a'), { setup: true }),
      patch('merge', `${deployments}/a`, { metadata: { labels: { x: 'y' } } }),
      patch('merge', `${deployments}/a`, { spec: { replicas: 3 } }),
      patch('merge', `${deployments}/a/status`, { status: { replicas: 3 } }),
    ],
  },
  'deployment: scale': {
    steps: [
      create(deployments, deployment('a'), { setup: true }),
      get(`${deployments}/a/scale`),
      patch('merge', `${deployments}/a/scale`, { spec: { replicas: 5 } }),
      put(`${deployments}/a/scale`, {
        apiVersion: 'autoscaling/v1',
        kind: 'Scale',
        metadata: { name: 'a' },
        spec: { replicas: -1 },
      }),
    ],
  },
  'service: a node port': { steps: [create(services, service('a', { type: 'NodePort' }))] },
  'service: headless': { steps: [create(services, service('a', { clusterIP: 'None' }))] },
  'service: external name': {
    steps: [create(services, service('a', { type: 'ExternalName', externalName: 'x.example' }))],
  },
  'service: an address outside the range': { steps: [create(services, service('a', { clusterIP: '1.2.3.4' }))] },
  'service: the cluster IP stays': {
    steps: [
      create(services, service('a', {}), { setup: true }),
      patch('merge', `${services}/a`, { spec: { clusterIP: 'None' } }),
    ],
  },
  'service: two ports need names': { steps: [create(services, service('a', { ports: [{ port: 80 }, { port: 81 }] }))] },
  'service: from cluster IP to node port and back': {
    steps: [
      create(services, service('a', {}), { setup: true }),
      patch('merge', `${services}/a`, { spec: { type: 'NodePort' } }),
      patch('merge', `${services}/a`, { spec: { type: 'ClusterIP' } }),
    ],
  },
  'namespace: create, finalize, delete': {
    steps: [
      create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '{{id}}' } }),
      remove('/api/v1/namespaces/{{id}}'),
      create('/api/v1/namespaces/{{id}}/configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }),
      put(
        '/api/v1/namespaces/{{id}}/finalize',
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: '{{id}}' }, spec: {} },
        { codeOnly: true },
      ),
      get('/api/v1/namespaces/{{id}}'),
    ],
  },
  'namespace: default stays': { steps: [remove('/api/v1/namespaces/default')] },
  'job: the template cannot change': {
    steps: [
      create(
        grouped('batch/v1', 'jobs'),
        {
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: { name: 'j' },
          spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i:1' }] } } },
        },
        { setup: true },
      ),
      patch(
        'strategic',
        grouped('batch/v1', 'jobs', 'j'),
        { spec: { template: { spec: { containers: [{ name: 'c', image: 'i:2' }] } } } },
        { ignore: ['message', 'details'] },
      ),
    ],
  },
  'job: restart policy Always': {
    steps: [
      create(grouped('batch/v1', 'jobs'), {
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name: 'j' },
        spec: { template: { spec: { containers: [{ name: 'c', image: 'i:1' }] } } },
      }),
    ],
  },
  'cron job: a schedule that is none': {
    steps: [
      create(grouped('batch/v1', 'cronjobs'), {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'c' },
        spec: {
          schedule: 'x',
          jobTemplate: {
            spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i:1' }] } } },
          },
        },
      }),
    ],
  },
  'replica set: more labels in the template than in the selector': {
    steps: [
      create(grouped('apps/v1', 'replicasets'), {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: 'r' },
        spec: { replicas: 2, selector: { matchLabels: { app: 'a' } }, template: template() },
      }),
    ],
  },
  'secret: immutable': {
    steps: [
      create(
        core('secrets'),
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, immutable: true, data: { a: 'Yg==' } },
        { setup: true },
      ),
      patch('merge', core('secrets', 's'), { data: { a: 'Yw==' } }),
      patch('merge', core('secrets', 's'), { immutable: false }),
    ],
  },
  'secret: a type that demands keys': {
    steps: [
      create(core('secrets'), { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, type: 'kubernetes.io/tls' }),
    ],
  },
  'service account token': {
    steps: [
      create(core('serviceaccounts', 'default/token'), {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: 60 },
      }),
      create(core('serviceaccounts', 'default/token'), {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {},
      }),
    ],
  },
}
