import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { SchedulerCache } from '../cache.ts'
import { CycleState } from '../framework/cycle-state.ts'
import { addPod, nodeInfo } from '../framework/node-info.ts'
import { podInfo } from '../framework/pod-info.ts'
import type { Plugin } from '../framework/plugin.ts'
import { imageLocality } from './image-locality.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { balancedAllocation } from './balanced-allocation.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { taintToleration } from './taint-toleration.ts'

const pod = (spec: Partial<V1Pod['spec']> = {}): V1Pod => ({
  metadata: { name: 'p', namespace: 'd', uid: 'u' },
  spec: { containers: [{ name: 'c', image: 'i' }], ...spec },
})
const asking = (requests: Record<string, string>): V1Pod =>
  pod({ containers: [{ name: 'c', image: 'i', resources: { requests } }] })
const listening = (hostPort: number, hostIP?: string): V1Pod =>
  pod({
    containers: [
      { name: 'c', image: 'i', ports: [{ containerPort: 80, hostPort, ...(hostIP === undefined ? {} : { hostIP }) }] },
    ],
  })
const node = (more: Partial<V1Node> = {}): V1Node => ({
  metadata: { name: 'n', labels: { zone: 'a', cores: '8' } },
  status: { allocatable: { cpu: '2', memory: '4Gi', pods: '2' } },
  ...more,
})
const tainted = (effect: 'NoSchedule' | 'PreferNoSchedule'): V1Node =>
  node({ spec: { taints: [{ key: 'k', value: 'v', effect }] } })
const needs = (key: string, operator: 'In' | 'NotIn' | 'DoesNotExist' | 'Gt' | 'Lt', ...values: string[]): V1Pod =>
  pod({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key, operator, values }] }],
        },
      },
    },
  })

type Row = [rule: string, plugin: Plugin, pod: V1Pod, node: V1Node, others: V1Pod[], reasons: string[] | undefined]
const affinityText = "node(s) didn't match Pod's node affinity/selector"
const portText = "node(s) didn't have free ports for the requested pod ports"

const rows: Row[] = [
  ['a pod that names no node fits', nodeName, pod(), node(), [], undefined],
  [
    'a pod goes to the node it names only',
    nodeName,
    pod({ nodeName: 'x' }),
    node(),
    [],
    ["node(s) didn't match the requested node name"],
  ],
  [
    'a cordoned node takes nothing',
    nodeUnschedulable,
    pod(),
    node({ spec: { unschedulable: true } }),
    [],
    ['node(s) were unschedulable'],
  ],
  [
    'a toleration lifts the cordon',
    nodeUnschedulable,
    pod({ tolerations: [{ operator: 'Exists' }] }),
    node({ spec: { unschedulable: true } }),
    [],
    undefined,
  ],
  [
    'NoSchedule keeps pods off',
    taintToleration,
    pod(),
    tainted('NoSchedule'),
    [],
    ['node(s) had untolerated taint(s)'],
  ],
  ['PreferNoSchedule does not', taintToleration, pod(), tainted('PreferNoSchedule'), [], undefined],
  [
    'a toleration with the same key and value covers',
    taintToleration,
    pod({ tolerations: [{ key: 'k', value: 'v' }] }),
    tainted('NoSchedule'),
    [],
    undefined,
  ],
  [
    'one with another value does not',
    taintToleration,
    pod({ tolerations: [{ key: 'k', value: 'w' }] }),
    tainted('NoSchedule'),
    [],
    ['node(s) had untolerated taint(s)'],
  ],
  [
    'one for another effect does not',
    taintToleration,
    pod({ tolerations: [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }] }),
    tainted('NoSchedule'),
    [],
    ['node(s) had untolerated taint(s)'],
  ],
  ['nodeSelector must match', nodeAffinity(), pod({ nodeSelector: { zone: 'b' } }), node(), [], [affinityText]],
  ['nodeSelector matches', nodeAffinity(), pod({ nodeSelector: { zone: 'a' } }), node(), [], undefined],
  ['In', nodeAffinity(), needs('zone', 'In', 'a', 'b'), node(), [], undefined],
  ['NotIn holds for an absent label', nodeAffinity(), needs('other', 'NotIn', 'a'), node(), [], undefined],
  ['DoesNotExist', nodeAffinity(), needs('zone', 'DoesNotExist'), node(), [], [affinityText]],
  ['Gt compares numbers', nodeAffinity(), needs('cores', 'Gt', '7'), node(), [], undefined],
  ['Lt compares numbers', nodeAffinity(), needs('cores', 'Lt', '7'), node(), [], [affinityText]],
  ['a free host port', nodePorts, listening(80), node(), [listening(81)], undefined],
  ['a taken host port', nodePorts, listening(80), node(), [listening(80, '10.0.0.1')], [portText]],
  [
    'the same port on two addresses',
    nodePorts,
    listening(80, '10.0.0.2'),
    node(),
    [listening(80, '10.0.0.1')],
    undefined,
  ],
  [
    'what fits exactly fits',
    nodeResourcesFit(),
    asking({ cpu: '1500m' }),
    node(),
    [asking({ cpu: '500m' })],
    undefined,
  ],
  [
    'a millicore too much',
    nodeResourcesFit(),
    asking({ cpu: '1501m' }),
    node(),
    [asking({ cpu: '500m' })],
    ['Insufficient cpu'],
  ],
  [
    'every shortage is named',
    nodeResourcesFit(),
    asking({ cpu: '3', memory: '5Gi' }),
    node(),
    [],
    ['Insufficient cpu', 'Insufficient memory'],
  ],
  [
    'extended resources that the node lacks',
    nodeResourcesFit(),
    asking({ 'a.b/gpu': '1' }),
    node(),
    [],
    ['Insufficient a.b/gpu'],
  ],
  ['a full node', nodeResourcesFit(), pod(), node(), [pod(), pod()], ['Too many pods']],
]

describe('filters', () => {
  it.each(rows)('%s', (_rule, plugin, wanted, on, others, reasons) => {
    const info = nodeInfo(on)
    others.forEach((other, i) => addPod(info, { ...podInfo(other), uid: `other-${i}` }))
    expect(plugin.filter?.(new CycleState(), podInfo(wanted), info)?.reasons).toEqual(reasons)
  })

  it('asking for more than the node has in all cannot be helped by making room', () => {
    const verdict = nodeResourcesFit().filter?.(new CycleState(), podInfo(asking({ cpu: '5' })), nodeInfo(node()))
    expect(verdict?.code).toBe('unresolvable')
  })
})

describe('NodeAffinity.preFilter', () => {
  it('looks only at nodes that the pod is pinned to by name', () => {
    const pinned = pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['x'] }] }],
          },
        },
      },
    })
    const empty = new SchedulerCache()
    expect(nodeAffinity().preFilter?.(new CycleState(), podInfo(pinned), empty)).toEqual({ nodeNames: new Set(['x']) })
    expect(nodeAffinity().preFilter?.(new CycleState(), podInfo(needs('zone', 'In', 'a')), empty)).toBeUndefined()
  })
})

/** Recorded from upstream 1.36: nodes of 10 CPUs and 10Gi, used as the row says. */
describe('NodeResourcesBalancedAllocation.score', () => {
  const asked = (cpu: string, memory: string): Record<string, string> => ({
    ...(cpu === '' ? {} : { cpu }),
    ...(memory === '' ? {} : { memory }),
  })
  it.each([
    ['1', '1Gi', '2', '6Gi', 75],
    ['1', '', '', '', 72],
    ['1', '', '', '5Gi', 77],
    ['', '1Gi', '9', '1Gi', 77],
    ['1', '4Gi', '5', '', 82],
    ['1', '4Gi', '2', '6Gi', 67],
    ['', '', '9', '1Gi', 0],
  ])('cpu %p and memory %p on a node with %p and %p used: %i', (cpu, memory, usedCpu, usedMemory, score) => {
    const on = nodeInfo({ metadata: { name: 'n' }, status: { allocatable: { cpu: '10', memory: '10Gi', pods: '10' } } })
    addPod(on, podInfo(asking(asked(usedCpu, usedMemory))))
    const info = podInfo(asking(asked(cpu, memory)))
    expect(balancedAllocation().score?.(new CycleState(), info, on)).toBe(score)
  })
})

describe('queueing hints', () => {
  const small = node({ status: { allocatable: { cpu: '1', memory: '1Gi', pods: '10' } } })
  const large = node({ status: { allocatable: { cpu: '8', memory: '8Gi', pods: '10' } } })
  const labelled = node({ metadata: { name: 'n', labels: { disk: 'ssd' } } })
  const tainted = node({ spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } })
  const cordoned = node({ spec: { unschedulable: true } })
  const onSsd = pod({ nodeSelector: { disk: 'ssd' } })
  const two = asking({ cpu: '2' })
  it.each<[string, Plugin, string, V1Pod, unknown, unknown, boolean]>([
    ['a new node that is too small', nodeResourcesFit(), 'NodeAdd', two, undefined, small, false],
    ['a new node that could hold the pod', nodeResourcesFit(), 'NodeAdd', two, undefined, large, true],
    ['a node that grew, but not enough', nodeResourcesFit(), 'NodeUpdate', two, cordoned, small, false],
    ['a node that grew', nodeResourcesFit(), 'NodeUpdate', two, small, large, true],
    ['a sign of life', nodeResourcesFit(), 'NodeUpdate', two, large, { ...large }, false],
    ['a pod that asks for less', nodeResourcesFit(), 'AssignedPodUpdate', two, asking({ cpu: '2' }), pod(), true],
    ['a pod that asks for more', nodeResourcesFit(), 'AssignedPodUpdate', two, pod(), asking({ cpu: '2' }), false],
    ['a node without the label', nodeAffinity(), 'NodeAdd', onSsd, undefined, large, false],
    ['a node that got the label', nodeAffinity(), 'NodeUpdate', onSsd, large, labelled, true],
    ['a node that had it before', nodeAffinity(), 'NodeUpdate', onSsd, labelled, { ...labelled }, false],
    ['a new node with the taint', taintToleration, 'NodeAdd', pod(), undefined, tainted, false],
    ['a node that lost its taint', taintToleration, 'NodeUpdate', pod(), tainted, large, true],
    ['a cordoned node', nodeUnschedulable, 'NodeAdd', pod(), undefined, cordoned, false],
    ['a node that is uncordoned', nodeUnschedulable, 'NodeUpdate', pod(), cordoned, large, true],
    ['a pod that held another port', nodePorts, 'AssignedPodDelete', listening(80), listening(81), undefined, false],
    ['a pod that held the port', nodePorts, 'AssignedPodDelete', listening(80), listening(80), undefined, true],
  ])('%s', (_rule, plugin, event, waiting, before, after, useful) => {
    const hints = (plugin.queueingHints ?? []).filter((hint) => hint.event === event)
    expect(hints.some(({ isUseful }) => isUseful?.(waiting, before, after) ?? true)).toBe(useful)
  })
})

/** Recorded from upstream 1.36: an image of 900 MiB that one of three nodes has. */
describe('ImageLocality.score', () => {
  const big = { name: 'c', image: 'img/big:v1' }
  const other = { name: 'd', image: 'x' }
  const volumes = [{ name: 'v', image: { reference: 'img/big:v1' } }]
  it.each([
    ['one container', { containers: [big] }, 28],
    ['two containers', { containers: [big, other] }, 14],
    ['an init container', { containers: [other], initContainers: [big] }, 14],
    ['a sidecar', { containers: [big], initContainers: [{ ...other, restartPolicy: 'Always' }] }, 14],
    ['a volume', { containers: [other], volumes }, 28],
    ['a container and a volume', { containers: [big], volumes }, 59],
  ])('%s', (_rule, spec, score) => {
    const cache = new SchedulerCache()
    const images = [{ names: ['img/big:v1'], sizeBytes: 900 * 2 ** 20 }]
    for (const name of ['a', 'b', 'c'])
      cache.setNode({ metadata: { name }, status: { images: name === 'a' ? images : [] } })
    const state = new CycleState()
    const info = podInfo(pod(spec))
    imageLocality.preScore?.(state, info, cache.nodes, cache)
    const scores = cache.nodes.map((on) => imageLocality.score?.(state, info, on))
    expect(scores).toEqual([score, 0, 0])
  })
})
