import type { V1Affinity, V1Node, V1Pod, V1PodAffinityTerm, V1PodSpec } from '@kapell/openapi/types'

/** A workload by the name and with the objects of upstream's scheduler_perf. */
export interface Case {
  name: string
  /** Upstream's published floor, in pods a second, with `nodes` nodes. */
  floor: number
  /** How many times the floor is aimed for. */
  aim: number
  nodes: number
  /** Pods that are there before the measurement, and those whose placement is measured, both with `nodes` nodes. */
  initial: { count: number; pod: (i: number) => V1Pod }[]
  measured: { count: number; pod: (i: number, nodes: number) => V1Pod }
  node?: (i: number) => V1Node
  /** Pods that cannot be placed and stay in the queue meanwhile. */
  stuck?: { count: number; pod: (i: number) => V1Pod }
  /** Done beside the measurement, after each so many bindings: nodes and pods that come and go. */
  churn?: boolean
  namespaceLabels?: (name: string) => Readonly<Record<string, string>>
}

const zone = 'topology.kubernetes.io/zone'
const hostname = 'kubernetes.io/hostname'

export function node(i: number, labels: Record<string, string> = {}): V1Node {
  const name = `node-${i}`
  return {
    metadata: { name, labels: { [hostname]: name, ...labels } },
    status: { allocatable: { cpu: '4', memory: '32Gi', pods: '110' } },
  }
}

const zoned = (i: number): V1Node => node(i, { [zone]: `zone-${i % 3}` })
const oneZone = (i: number): V1Node => node(i, { [zone]: 'zone1' })

interface PodOptions {
  namespace?: string
  labels?: Record<string, string>
  cpu?: string
  memory?: string
  spec?: Partial<V1PodSpec>
}

function pods(kind: string, { namespace = 'ns', labels, cpu = '100m', memory = '500Mi', spec }: PodOptions = {}) {
  return (i: number): V1Pod => ({
    metadata: {
      name: `${kind}-${i}`,
      namespace,
      uid: `${namespace}/${kind}-${i}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(labels === undefined ? {} : { labels }),
    },
    spec: {
      containers: [{ name: 'pause', image: 'registry.k8s.io/pause:3.10', resources: { requests: { cpu, memory } } }],
      ...spec,
    },
  })
}

const term = (topologyKey: string, color: string, namespaces?: string[]): V1PodAffinityTerm => ({
  topologyKey,
  labelSelector: { matchLabels: { color } },
  ...(namespaces === undefined ? {} : { namespaces }),
})
const required = (kind: 'podAffinity' | 'podAntiAffinity', of: V1PodAffinityTerm): V1Affinity => ({
  [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [of] },
})
const preferred = (kind: 'podAffinity' | 'podAntiAffinity', of: V1PodAffinityTerm): V1Affinity => ({
  [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: of }] },
})
const spreading = (whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway') => [
  { maxSkew: 5, topologyKey: zone, whenUnsatisfiable, labelSelector: { matchLabels: { color: 'blue' } } },
]

const plain = pods('plain')
const both = ['sched-1', 'sched-0']

export const cases: readonly Case[] = [
  {
    name: 'SchedulingBasic, 10,000 pods',
    floor: 680,
    aim: 2,
    nodes: 5000,
    initial: [{ count: 1000, pod: plain }],
    measured: { count: 10_000, pod: pods('basic') },
  },
  {
    name: 'SchedulingBasic, 50,000 pods',
    floor: 810,
    aim: 2,
    nodes: 5000,
    initial: [{ count: 5000, pod: plain }],
    measured: { count: 50_000, pod: pods('basic') },
  },
  {
    name: 'SchedulingDaemonset',
    floor: 1100,
    aim: 2,
    nodes: 15_000,
    initial: [],
    measured: {
      count: 30_000,
      pod: (i, nodes) =>
        pods('daemon', {
          cpu: '10m',
          memory: '10Mi',
          spec: {
            affinity: {
              nodeAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: {
                  nodeSelectorTerms: [
                    { matchFields: [{ key: 'metadata.name', operator: 'In', values: [`node-${i % nodes}`] }] },
                  ],
                },
              },
            },
          },
        })(i),
    },
  },
  {
    name: 'SchedulingWhileGated',
    floor: 910,
    aim: 2,
    nodes: 1,
    initial: [],
    stuck: { count: 10_000, pod: pods('gated', { spec: { schedulingGates: [{ name: 'test.k8s.io/hold' }] } }) },
    measured: { count: 20_000, pod: pods('free', { cpu: '0', memory: '0' }) },
    node: (i) => ({ ...node(i), status: { allocatable: { cpu: '40000', memory: '9Ti', pods: '90000' } } }),
  },
  {
    name: 'MixedChurn',
    floor: 710,
    aim: 2,
    nodes: 5000,
    initial: [],
    measured: { count: 10_000, pod: pods('mixed') },
    churn: true,
  },
  {
    name: 'Unschedulable',
    floor: 590,
    aim: 2,
    nodes: 5000,
    initial: [],
    stuck: { count: 200, pod: pods('huge', { cpu: '9', memory: '500Mi' }) },
    measured: { count: 10_000, pod: pods('fits') },
  },
  {
    name: 'PreemptionAsync',
    floor: 570,
    aim: 2,
    nodes: 5000,
    initial: [{ count: 20_000, pod: pods('low', { cpu: '900m', memory: '500Mi' }) }],
    measured: { count: 5000, pod: pods('high', { cpu: '3', memory: '500Mi', spec: { priority: 10 } }) },
  },
  {
    name: 'Anti-affinity of a host, preferred',
    floor: 543,
    aim: 2,
    nodes: 5000,
    initial: [{ count: 1000, pod: pods('there', { labels: { color: 'green' } }) }],
    measured: {
      count: 2000,
      pod: pods('apart', {
        labels: { color: 'green' },
        spec: { affinity: preferred('podAntiAffinity', term(hostname, 'green')) },
      }),
    },
  },
  {
    name: 'TopologySpreading, hard',
    floor: 460,
    aim: 2,
    nodes: 5000,
    initial: [{ count: 1000, pod: plain }],
    node: zoned,
    measured: {
      count: 5000,
      pod: pods('spread', {
        labels: { color: 'blue' },
        spec: { topologySpreadConstraints: spreading('DoNotSchedule') },
      }),
    },
  },
  {
    name: 'TopologySpreading, soft',
    floor: 340,
    aim: 2,
    nodes: 5000,
    initial: [{ count: 1000, pod: plain }],
    node: zoned,
    measured: {
      count: 5000,
      pod: pods('spread', {
        labels: { color: 'blue' },
        spec: { topologySpreadConstraints: spreading('ScheduleAnyway') },
      }),
    },
  },
  {
    name: 'NodeAffinity',
    floor: 220,
    aim: 2,
    nodes: 5000,
    node: oneZone,
    initial: [{ count: 1000, pod: plain }],
    measured: {
      count: 10_000,
      pod: pods('zoned', {
        spec: {
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [{ matchExpressions: [{ key: zone, operator: 'In', values: ['zone1', 'zone2'] }] }],
              },
            },
          },
        },
      }),
    },
  },
  {
    name: 'Mixed base pods',
    floor: 140,
    aim: 10,
    nodes: 5000,
    node: oneZone,
    initial: [
      { count: 2000, pod: plain },
      { count: 2000, pod: mixed('near', 'blue', required('podAffinity', term(zone, 'blue', both)), 'sched-0') },
      {
        count: 2000,
        pod: mixed('apart', 'green', required('podAntiAffinity', term(hostname, 'green', both)), 'sched-0'),
      },
      {
        count: 2000,
        pod: mixed('rather-near', 'red', preferred('podAffinity', term(hostname, 'red', both)), 'sched-0'),
      },
      {
        count: 2000,
        pod: mixed('rather-apart', 'yellow', preferred('podAntiAffinity', term(hostname, 'yellow', both)), 'sched-0'),
      },
    ],
    measured: { count: 1000, pod: plainNamed('measured') },
  },
  {
    name: 'Affinity, preferred',
    floor: 90,
    aim: 10,
    nodes: 5000,
    initial: [
      { count: 5000, pod: mixed('there', 'red', preferred('podAffinity', term(hostname, 'red', both)), 'sched-0') },
    ],
    measured: {
      count: 5000,
      pod: mixed('near', 'red', preferred('podAffinity', term(hostname, 'red', both)), 'sched-1'),
    },
  },
  {
    name: 'Anti-affinity of a host, required',
    floor: 60,
    aim: 10,
    nodes: 5000,
    initial: [
      {
        count: 1000,
        pod: mixed('there', 'green', required('podAntiAffinity', term(hostname, 'green', both)), 'sched-0'),
      },
    ],
    measured: {
      count: 1000,
      pod: mixed('apart', 'green', required('podAntiAffinity', term(hostname, 'green', both)), 'sched-1'),
    },
  },
  {
    name: 'Affinity in one zone, required',
    floor: 35,
    aim: 10,
    nodes: 5000,
    node: oneZone,
    initial: [
      { count: 5000, pod: mixed('there', 'blue', required('podAffinity', term(zone, 'blue', both)), 'sched-0') },
    ],
    measured: { count: 5000, pod: mixed('near', 'blue', required('podAffinity', term(zone, 'blue', both)), 'sched-1') },
  },
  {
    name: 'Anti-affinity with a namespace selector',
    floor: 24,
    aim: 10,
    nodes: 6000,
    initial: [{ count: 4000, pod: (i) => selecting(`init-ns-${i % 100}`, 'there')(i) }],
    measured: { count: 1000, pod: selecting('measure-ns-0', 'apart') },
    namespaceLabels: () => ({ team: 'devops' }),
  },
]

function plainNamed(kind: string): (i: number) => V1Pod {
  return pods(kind)
}

function mixed(kind: string, color: string, affinity: V1Affinity, namespace: string): (i: number) => V1Pod {
  return pods(kind, { namespace, labels: { color }, spec: { affinity } })
}

function selecting(namespace: string, kind: string): (i: number) => V1Pod {
  return pods(kind, {
    namespace,
    labels: { color: 'green' },
    spec: {
      affinity: required('podAntiAffinity', {
        topologyKey: hostname,
        labelSelector: { matchLabels: { color: 'green' } },
        namespaceSelector: { matchLabels: { team: 'devops' } },
      }),
    },
  })
}
