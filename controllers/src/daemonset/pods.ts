import { controllerReference } from '@kapell/controllers/machinery/owner-refs'
import { daemonSets } from '@kapell/openapi/meta/refs'
import type { V1DaemonSet, V1Node, V1NodeSelectorTerm, V1Pod, V1Toleration } from '@kapell/openapi/types'
import { revisionHashLabel } from '../shared/controller-revisions.ts'
import { matchesNode, untolerated } from '../shared/node-selection.ts'
import { podFromTemplate } from '../shared/pod-from-template.ts'

/** A DaemonSet's pods and the nodes they belong on. Source: concepts page "DaemonSet". */
export const generationAnnotation = 'deprecated.daemonset.template.generation'
const generationLabel = 'pod-template-generation'

const always: readonly V1Toleration[] = [
  { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' },
  { key: 'node.kubernetes.io/disk-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/memory-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/pid-pressure', operator: 'Exists', effect: 'NoSchedule' },
  { key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' },
]
const onHostNetwork: V1Toleration = {
  key: 'node.kubernetes.io/network-unavailable',
  operator: 'Exists',
  effect: 'NoSchedule',
}

function tolerationsOf(own: readonly V1Toleration[] | undefined, hostNetwork: boolean): V1Toleration[] {
  const added = hostNetwork ? [...always, onHostNetwork] : always
  const same = (a: V1Toleration, b: V1Toleration): boolean =>
    a.key === b.key && a.effect === b.effect && a.operator === b.operator && (a.value ?? '') === (b.value ?? '')
  return [...(own ?? []), ...added.filter((one) => !(own ?? []).some((other) => same(one, other)))]
}

/** The pod for a node: the scheduler binds it there, and nowhere else. */
export function podFor(set: V1DaemonSet, node: string, hash: string): V1Pod {
  const pod = podOf(set)
  const generation = set.metadata?.annotations?.[generationAnnotation]
  const affinity = pod.spec?.affinity
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const here = [{ key: 'metadata.name', operator: 'In', values: [node] }]
  const terms: V1NodeSelectorTerm[] = required?.nodeSelectorTerms.map((term) => ({ ...term, matchFields: here })) ?? [
    { matchFields: here },
  ]
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: {
        ...pod.metadata?.labels,
        ...(generation === undefined ? {} : { [generationLabel]: generation }),
        [revisionHashLabel]: hash,
      },
    },
    spec: {
      ...pod.spec,
      containers: pod.spec?.containers ?? [],
      affinity: {
        ...affinity,
        nodeAffinity: {
          ...affinity?.nodeAffinity,
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
        },
      },
    },
  }
}

/** Without a node: what is asked whether it may run on one. */
export function podOf(set: V1DaemonSet): V1Pod {
  const pod = podFromTemplate({
    template: set.spec?.template ?? {},
    namespace: set.metadata?.namespace ?? '',
    owner: controllerReference(set, daemonSets),
  })
  return {
    ...pod,
    spec: {
      ...pod.spec,
      containers: pod.spec?.containers ?? [],
      tolerations: tolerationsOf(pod.spec?.tolerations, pod.spec?.hostNetwork === true),
    },
  }
}

/** Whether the set's pod is to be on the node, and whether one that is there may stay. */
export function verdictFor(pod: V1Pod, node: V1Node): { shouldRun: boolean; mayStay: boolean } {
  const fixed = pod.spec?.nodeName
  if (fixed !== undefined && fixed !== '' && fixed !== node.metadata?.name) return { shouldRun: false, mayStay: false }
  if (!matchesNode(pod, node)) return { shouldRun: false, mayStay: false }
  if (untolerated(pod, node, ['NoSchedule', 'NoExecute']) === undefined) return { shouldRun: true, mayStay: true }
  return { shouldRun: false, mayStay: untolerated(pod, node, ['NoExecute']) === undefined }
}

/** The node a pod is on or meant for. */
export function targetNode(pod: V1Pod): string | undefined {
  if (pod.spec?.nodeName !== undefined && pod.spec.nodeName !== '') return pod.spec.nodeName
  const terms =
    pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  for (const { matchFields = [] } of terms)
    for (const { key, operator, values = [] } of matchFields)
      if (key === 'metadata.name' && operator === 'In' && values.length === 1) return values[0]
  return undefined
}
