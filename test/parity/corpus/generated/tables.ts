import type { ParityCases, ParityStep } from '../../case.ts'
import { get, patch, create, remove, template } from '../build.ts'
import { collectionOf, nameOf, objectOf, type Subject } from './ask.ts'

/** Tables: names, types, formats and priorities of columns, and the cells of objects with much to show. */

/** What columns are described as is the original's prose: ours says nothing. */
const descriptions = Array.from({ length: 20 }, (_, i) => `columnDefinitions.${i}.description`)

const Accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const core = [
  'bindings', 'componentstatuses', 'configmaps', 'endpoints', 'events', 'limitranges', 'namespaces', 'nodes',
  'persistentvolumeclaims', 'persistentvolumes', 'pods', 'podtemplates', 'replicationcontrollers', 'resourcequotas',
  'secrets', 'serviceaccounts', 'services',
] // prettier-ignore
const clusterScoped = new Set(['componentstatuses', 'namespaces', 'nodes', 'persistentvolumes'])
const grouped: Record<string, string[]> = {
  'apps/v1': ['controllerrevisions', 'daemonsets', 'deployments', 'replicasets', 'statefulsets'],
  'batch/v1': ['cronjobs', 'jobs'],
  'autoscaling/v1': ['horizontalpodautoscalers'],
  'autoscaling/v2': ['horizontalpodautoscalers'],
  'policy/v1': ['poddisruptionbudgets'],
}

const paths = [
  ...core.map((plural) => (clusterScoped.has(plural) ? `/api/v1/${plural}` : `/api/v1/namespaces/{{ns}}/${plural}`)),
  ...Object.entries(grouped).flatMap(([gv, plurals]) =>
    plurals.map((plural) => `/apis/${gv}/namespaces/{{ns}}/${plural}`),
  ),
]

const heads: ParityCases = Object.fromEntries(
  paths.map((path) => [
    `columns of ${path}`,
    { keepsNothing: true, steps: [get(path, { headers: { Accept }, ignore: ['rows', 'metadata', ...descriptions] })] },
  ]),
)

interface Row {
  subject: Subject
  body: Record<string, unknown>
  status?: Record<string, unknown>
  /** Which cell tells an age. */
  ages: number[]
}

const of = (apiVersion: string, kind: string, plural: string, clusterScoped = false): Subject => ({
  apiVersion,
  kind,
  plural,
  ...(clusterScoped ? { clusterScoped } : {}),
})
const pod = of('v1', 'Pod', 'pods')
const image = 'registry.example/a:1'
const selector = { matchLabels: { app: 'a' }, matchExpressions: [{ key: 'b', operator: 'NotIn', values: ['c', 'd'] }] }
const spec = {
  automountServiceAccountToken: false,
  nodeName: 'n',
  containers: [
    { name: 'c', image },
    { name: 'd', image },
  ],
}
const started = '2026-01-02T03:04:05Z'
const container = (name: string, state: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  name, image, imageID: 'i', ready: false, restartCount: 0, state, ...more,
}) // prettier-ignore
const podRow = (status: Record<string, unknown>, more: Record<string, unknown> = {}): Row => ({
  subject: pod,
  body: { spec: { ...spec, ...more } },
  status,
  ages: [4],
})
const init = {
  initContainers: [
    { name: 'i', image },
    { name: 'j', image },
  ],
}
const ready = { type: 'Ready', status: 'True' }

const rows: Record<string, Row> = {
  'pod that waits': podRow({ phase: 'Pending', containerStatuses: [container('c', { waiting: { reason: 'ContainerCreating' } }), container('d', { waiting: { reason: 'ImagePullBackOff' } })] }),
  'pod that runs': podRow({ phase: 'Running', conditions: [ready], podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }],  containerStatuses: [container('c', { running: { startedAt: started } }, { ready: true }), container('d', { running: { startedAt: started } }, { ready: true })] }),
  'pod that runs in part': podRow({ phase: 'Running', containerStatuses: [container('c', { running: { startedAt: started } }, { ready: true }), container('d', { terminated: { exitCode: 0, reason: 'Completed' } })] }),
  'pod that crashes': podRow({ phase: 'Running', containerStatuses: [container('c', { waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 3 }), container('d', { terminated: { exitCode: 2 } }, { restartCount: 2 })] }),
  'pod that was killed': podRow({ phase: 'Failed', reason: 'Evicted', message: 'm' }),
  'pod that ended by a signal': podRow({ phase: 'Failed', containerStatuses: [container('c', { terminated: { exitCode: 137, signal: 9 } }), container('d', { terminated: { exitCode: 1, reason: 'Error' } })] }),
  'pod that succeeded': podRow({ phase: 'Succeeded', containerStatuses: [container('c', { terminated: { exitCode: 0, reason: 'Completed' } }), container('d', { terminated: { exitCode: 0, reason: 'Completed' } })] }),
  'pod that initializes': podRow({ phase: 'Pending', initContainerStatuses: [container('i', { running: { startedAt: started } }), container('j', { waiting: { reason: 'PodInitializing' } })] }, init),
  'pod whose init container fails': podRow({ phase: 'Pending', initContainerStatuses: [container('i', { terminated: { exitCode: 1, reason: 'Error' } }, { restartCount: 2 }), container('j', { waiting: { reason: 'PodInitializing' } })] }, init),
  'pod whose init container waits': podRow({ phase: 'Pending', initContainerStatuses: [container('i', { waiting: { reason: 'ErrImagePull' } })] }, init),
  'pod with readiness gates': podRow({ phase: 'Running', conditions: [{ type: 'example.com/a', status: 'True' }, ready] }, { readinessGates: [{ conditionType: 'example.com/a' }, { conditionType: 'example.com/b' }] }),
  'pod at a gate': { subject: pod, body: { spec: { ...spec, nodeName: '', schedulingGates: [{ name: 'g' }] } }, ages: [4] },
  deployment: { subject: of('apps/v1', 'Deployment', 'deployments'), body: { spec: { replicas: 3, selector: { matchLabels: { app: 'a' } }, template: template() } }, status: { replicas: 3, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 1 }, ages: [4] },
  'replica set': { subject: of('apps/v1', 'ReplicaSet', 'replicasets'), body: { spec: { replicas: 3, selector, template: template() } }, status: { replicas: 3, readyReplicas: 2 }, ages: [4] },
  'daemon set': { subject: of('apps/v1', 'DaemonSet', 'daemonsets'), body: { spec: { selector, template: template({ nodeSelector: { x: 'y', a: 'b' } }) } }, status: { desiredNumberScheduled: 3, currentNumberScheduled: 2, numberReady: 1, updatedNumberScheduled: 1, numberAvailable: 1, numberMisscheduled: 0 }, ages: [7] },
  'stateful set': { subject: of('apps/v1', 'StatefulSet', 'statefulsets'), body: { spec: { serviceName: 's', replicas: 3, selector, template: template() } }, status: { replicas: 3, readyReplicas: 2 }, ages: [2] },
  'replication controller': { subject: of('v1', 'ReplicationController', 'replicationcontrollers'), body: { spec: { replicas: 3, selector: { app: 'a' }, template: template() } }, status: { replicas: 3, readyReplicas: 2 }, ages: [4] },
  'controller revision': { subject: of('apps/v1', 'ControllerRevision', 'controllerrevisions'), body: { metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 's', uid: 'u', controller: true }] }, data: { a: 1 }, revision: 3 }, ages: [3] },
  job: { subject: of('batch/v1', 'Job', 'jobs'), body: { spec: { completions: 3, parallelism: 2, template: template({ restartPolicy: 'Never' }) } }, status: { startTime: '2026-01-02T03:04:05Z', succeeded: 2, active: 1 }, ages: [3, 4, 7] },
  'job without a count': { subject: of('batch/v1', 'Job', 'jobs'), body: { spec: { parallelism: 4, template: template({ restartPolicy: 'Never' }) } }, status: { succeeded: 1 }, ages: [3, 4, 7] },
  'suspended job': { subject: of('batch/v1', 'Job', 'jobs'), body: { spec: { suspend: true, template: template({ restartPolicy: 'Never' }) } }, status: { conditions: [{ type: 'Suspended', status: 'True' }] }, ages: [3, 4, 7] },
  'cron job': { subject: of('batch/v1', 'CronJob', 'cronjobs'), body: { spec: { schedule: '*/5 * * * *', timeZone: 'Europe/Berlin', suspend: true, jobTemplate: { spec: { template: template({ restartPolicy: 'Never' }) } } } }, status: { active: [{ name: 'j' }] }, ages: [6] },
  autoscaler: { subject: of('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'), body: { spec: { minReplicas: 2, maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }, { type: 'Pods', pods: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '5' } } }, { type: 'External', external: { metric: { name: 'm' }, target: { type: 'Value', value: '5' } } }] } }, status: { currentReplicas: 3, currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '40m' } } }] }, ages: [6] },
  'autoscaler by outer metrics': { subject: of('autoscaling/v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'), body: { spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, metrics: [{ type: 'External', external: { metric: { name: 'm' }, target: { type: 'AverageValue', averageValue: '5' } } }, { type: 'Object', object: { metric: { name: 'm' }, describedObject: { kind: 'Service', name: 's' }, target: { type: 'Value', value: '5' } } }] } }, ages: [6] },
  budget: { subject: of('policy/v1', 'PodDisruptionBudget', 'poddisruptionbudgets'), body: { spec: { minAvailable: '30%', selector } }, status: { disruptionsAllowed: 2, currentHealthy: 1, desiredHealthy: 1, expectedPods: 3 }, ages: [4] },
  service: { subject: of('v1', 'Service', 'services'), body: { spec: { clusterIP: 'None', selector: { b: 'c', a: 'b' }, ports: [{ name: 'a', port: 80 }, { name: 'b', port: 53, protocol: 'UDP' }], externalIPs: ['203.0.113.1'] } }, ages: [5] },
  'service of another name': { subject: of('v1', 'Service', 'services'), body: { spec: { type: 'ExternalName', externalName: 'x.example' } }, ages: [5] },
  volume: { subject: of('v1', 'PersistentVolume', 'persistentvolumes', true), body: { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany', 'ReadWriteOnce'], storageClassName: 's', hostPath: { path: '/a' }, claimRef: { namespace: 'n', name: 'c' } } }, status: { phase: 'Bound', reason: 'R' }, ages: [9] },
  claim: { subject: of('v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'), body: { spec: { accessModes: ['ReadWriteOnce'], storageClassName: 's', volumeName: 'v', resources: { requests: { storage: '1Gi' } } } }, status: { phase: 'Bound', capacity: { storage: '2Gi' }, accessModes: ['ReadWriteOnce', 'ReadOnlyMany'] }, ages: [7] },
  quota: { subject: of('v1', 'ResourceQuota', 'resourcequotas'), body: { spec: { hard: { pods: '10', 'limits.cpu': '4', 'requests.cpu': '2' } } }, status: { hard: { pods: '10', 'limits.cpu': '4', 'requests.cpu': '2' }, used: { pods: '1', 'limits.cpu': '500m', 'requests.cpu': '1' } }, ages: [3] },
  secret: { subject: of('v1', 'Secret', 'secrets'), body: { data: { a: 'Yg==', c: 'ZA==' } }, ages: [3] },
  'config map': { subject: of('v1', 'ConfigMap', 'configmaps'), body: { data: { a: 'b' }, binaryData: { c: 'ZA==' } }, ages: [2] },
  'service account': { subject: { ...of('v1', 'ServiceAccount', 'serviceaccounts'), name: 'zz' }, body: { secrets: [{ name: 'a' }, { name: 'b' }] }, ages: [2] },
  endpoints: { subject: of('v1', 'Endpoints', 'endpoints'), body: { subsets: [{ addresses: ['1', '2', '3', '4'].map((n) => ({ ip: `10.0.0.${n}` })), ports: [{ port: 80 }] }] }, ages: [2] },
  'pod template': { subject: of('v1', 'PodTemplate', 'podtemplates'), body: { template: template() }, ages: [] },
  node: { subject: of('v1', 'Node', 'nodes', true), body: { metadata: { labels: { 'node-role.kubernetes.io/a': '', 'node-role.kubernetes.io/b': 'x', 'kubernetes.io/role': 'c' } }, spec: { unschedulable: true } }, status: { conditions: [ready], addresses: [{ type: 'InternalIP', address: '10.0.0.1' }, { type: 'ExternalIP', address: '203.0.113.1' }], nodeInfo: { kubeletVersion: 'v1', osImage: 'o', kernelVersion: 'k', containerRuntimeVersion: 'r' } }, ages: [3] },
} // prettier-ignore

const one = ([title, { subject, body, status, ages }]: [string, Row]): [string, ParityCases[string]] => {
  const door = `${collectionOf(subject)}/${nameOf(subject)}`
  const steps: ParityStep[] = [create(collectionOf(subject), objectOf(subject, body), { setup: true })]
  if (status !== undefined) steps.push(patch('merge', `${door}/status`, { status }, { setup: true }))
  // Conditions of rows say again what the cells of finished pods do.
  const ignore = ['columnDefinitions', 'metadata', 'rows.0.conditions', ...ages.map((i) => `rows.0.cells.${i}`)]
  steps.push(get(`${door}?includeObject=None`, { headers: { Accept }, ignore }))
  if (subject.clusterScoped === true) steps.push(remove(door, { gracePeriodSeconds: 0 }, { codeOnly: true }))
  return [`cells of a ${title}`, { steps }]
}

export const tables: ParityCases = { ...heads, ...Object.fromEntries(Object.entries(rows).map(one)) }
