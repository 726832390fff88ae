import type { ParityCases, ParityStep } from '../../case.ts'
import { core, create, get, patch, put, template } from '../build.ts'
import { replacements, type Bodies } from './ask.ts'
import { pod, podSpec } from './pods.ts'

/** Pods once they are made: what may change, and through which door. */

const image = 'registry.example/a:1'
const door = core('pods', 'a')
const made = (spec: Record<string, unknown> = {}): ParityStep =>
  create(
    core('pods'),
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', labels: { app: 'a' } }, ...podSpec(spec) },
    { setup: true },
  )

const updateBodies: Bodies = {
  'with much to change': podSpec({
    serviceAccountName: 'default',
    activeDeadlineSeconds: 60,
    terminationGracePeriodSeconds: 5,
    tolerations: [{ key: 'c', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }],
    nodeSelector: { a: 'b' },
    hostname: 'h',
    schedulingGates: [{ name: 'g' }],
    initContainers: [{ name: 'i', image }],
    containers: [{ name: 'c', image, command: ['x'], ports: [{ containerPort: 80 }] }],
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
        },
      },
    },
  }),
  'that runs': podSpec({
    serviceAccountName: 'default',
    nodeName: 'n',
    containers: [{ name: 'c', image }],
    restartPolicy: 'Never',
  }),
}

const debug = (container: Record<string, unknown>): ParityStep =>
  patch('strategic', `${door}/ephemeralcontainers`, { spec: { ephemeralContainers: [container] } })
const debuggers: Record<string, Record<string, unknown>> = {
  plain: { name: 'd', image },
  'of the name of another': { name: 'c', image },
  'without a name': { image },
  'without an image': { name: 'd' },
  'with a target': { name: 'd', image, targetContainerName: 'c' },
  'with a target that is none': { name: 'd', image, targetContainerName: 'x' },
  'with ports': { name: 'd', image, ports: [{ containerPort: 80 }] },
  'with resources': { name: 'd', image, resources: { limits: { cpu: '1' } } },
  'with a probe': { name: 'd', image, livenessProbe: { exec: { command: ['a'] } } },
  'with a hook': { name: 'd', image, lifecycle: { preStop: { exec: { command: ['a'] } } } },
  'with a policy of its own': { name: 'd', image, restartPolicy: 'Always' },
  'with a resize policy': { name: 'd', image, resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }] },
  'with a mount of nothing': { name: 'd', image, volumeMounts: [{ name: 'x', mountPath: '/x' }] },
  'with a bad name': { name: 'Bad_', image },
  'with a security context': { name: 'd', image, securityContext: { privileged: true }, stdin: true, tty: true },
}

const limited = (cpu: string): Record<string, unknown> => ({
  containers: [
    { name: 'c', image, resources: { requests: { cpu, memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } } },
  ],
})
const resize = (resources: unknown, more: Record<string, unknown> = {}): ParityStep =>
  patch('strategic', `${door}/resize`, { spec: { containers: [{ name: 'c', resources, ...more }] } })
const resizes: Record<string, ParityStep> = {
  'more cpu': resize({ requests: { cpu: '1500m' } }),
  'less memory': resize({ limits: { memory: '1500Mi' } }),
  'to guaranteed': resize({ requests: { cpu: '2', memory: '2Gi' } }),
  'requests above limits': resize({ requests: { cpu: '3' } }),
  'a negative amount': resize({ requests: { cpu: '-1' } }),
  'another resource': resize({ requests: { 'ephemeral-storage': '1Gi' } }),
  'requests gone': resize({ requests: null, limits: null }),
  'limits gone': resize({ limits: null }),
  'a resize policy': resize({}, { resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] }),
  'another image': resize({ requests: { cpu: '1500m' } }, { image: 'x' }),
  'another container': patch('strategic', `${door}/resize`, { spec: { containers: [{ name: 'z', image: 'x' }] } }),
}

const binding = (target: Record<string, unknown>, metadata: Record<string, unknown> = { name: 'a' }): ParityStep =>
  create(`${door}/binding`, { apiVersion: 'v1', kind: 'Binding', metadata, target })
const bindings: Record<string, ParityStep[]> = {
  'to a node': [made(), binding({ kind: 'Node', name: 'n' }), get(door)],
  'with labels and annotations': [
    made(),
    binding(
      { name: 'n' },
      { name: 'a', annotations: { x: 'y' }, labels: { 'topology.kubernetes.io/zone': 'z', o: 'p' } },
    ),
    get(door),
  ],
  'to nothing': [made(), binding({ kind: 'Node', name: '' })],
  'to a bad name': [made(), binding({ kind: 'Node', name: 'Bad_' }), get(door)],
  'of another pod': [made(), binding({ kind: 'Node', name: 'n' }, { name: 'b' })],
  'of no pod': [binding({ kind: 'Node', name: 'n' })],
  'of a gated pod': [made({ schedulingGates: [{ name: 'g' }] }), binding({ kind: 'Node', name: 'n' })],
  twice: [made(), binding({ name: 'n' }), binding({ name: 'n' })],
  'by the collection': [
    made(),
    create(core('bindings'), { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: { name: 'n' } }),
    get(door),
  ],
}

const evict = (more: Record<string, unknown> = {}, version = 'v1', name = 'a'): ParityStep =>
  create(`${door}/eviction`, { apiVersion: `policy/${version}`, kind: 'Eviction', metadata: { name }, ...more })
const budget = (spec: Record<string, unknown>): ParityStep =>
  create(
    '/apis/policy/v1/namespaces/{{ns}}/poddisruptionbudgets',
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'b' },
      spec: { selector: { matchLabels: { app: 'a' } }, ...spec },
    },
    { setup: true },
  )
const runs = patch(
  'merge',
  `${door}/status`,
  { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } },
  { setup: true },
)
const evictions: Record<string, ParityStep[]> = {
  plain: [made(), evict(), get(door)],
  'in its old version': [made(), evict({}, 'v1beta1'), get(door)],
  'of another name': [made(), evict({}, 'v1', 'b')],
  'of no pod': [evict()],
  'as a dry run': [made(), evict({ deleteOptions: { dryRun: ['All'] } }), get(door)],
  'with grace': [made({ nodeName: 'n' }), evict({ deleteOptions: { gracePeriodSeconds: 3 } }), get(door)],
  'of a wrong uid': [made(), evict({ deleteOptions: { preconditions: { uid: 'x' } } })],
  'against a budget': [made({ nodeName: 'n' }), runs, budget({ minAvailable: 1 }), evict(), get(door)],
  'of a pending pod, against a budget': [made(), budget({ minAvailable: 1 }), evict(), get(door)],
}

const podStatus = (status: Record<string, unknown>): ParityStep => patch('merge', `${door}/status`, { status })
const statuses: Record<string, Record<string, unknown>> = {
  'a phase': { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }], hostIP: '10.0.0.2' },
  'two addresses of a family': { podIPs: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }] },
  'an address that is none': { podIPs: [{ ip: 'x' }] },
  'a host address that is none': { hostIPs: [{ ip: 'x' }] },
  'a bad nomination': { nominatedNodeName: 'Bad_' },
  'a condition': {
    conditions: [{ type: 'example.com/a', status: 'True', lastTransitionTime: '2026-01-02T03:04:05Z' }],
  },
  'a condition with a bad type': { conditions: [{ type: 'a b', status: 'True' }] },
  'another class': { qosClass: 'Guaranteed' },
  'a phase that is none': { phase: 'Nope' },
  'statuses of containers': {
    containerStatuses: [{ name: 'c', ready: true, restartCount: 1, image: 'i', imageID: 'd', state: { running: {} } }],
  },
  'a negative exit': {
    containerStatuses: [
      { name: 'c', ready: false, restartCount: 0, image: 'i', imageID: 'd', state: { terminated: { exitCode: -1 } } },
    ],
  },
  'an observed generation': { observedGeneration: 7 },
  'a negative generation': { observedGeneration: -1 },
  claims: { resourceClaimStatuses: [{ name: 'x', resourceClaimName: 'y' }] },
}

const cases = <T>(title: string, rows: Record<string, T>, steps: (row: T) => ParityStep[]): ParityCases =>
  Object.fromEntries(Object.entries(rows).map(([name, row]) => [`Pod ${title}: ${name}`, { steps: steps(row) }]))

export const podDoors: ParityCases = {
  ...replacements(pod, updateBodies),
  ...cases('debugged', debuggers, (d) => [made({ nodeName: 'n' }), debug(d)]),
  ...cases('resized', resizes, (r) => [made(limited('1')), r]),
  ...cases('bound', bindings, (steps) => steps),
  ...cases('evicted', evictions, (steps) => steps),
  ...cases('status', statuses, (s) => [made(), podStatus(s)]),
  'Pod debugged: once more': {
    steps: [
      made({ nodeName: 'n' }),
      debug({ name: 'd', image }),
      debug({ name: 'd', image: 'x' }),
      debug({ name: 'e', image }),
      put(`${door}/ephemeralcontainers`, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'a' },
        spec: template().spec,
      }),
      get(door),
    ],
  },
}
