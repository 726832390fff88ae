import { selectorFromLabelSelector, type Selector } from '@kapell/openapi/meta/labels'
import type { V1LabelSelector, V1Pod, V1TopologySpreadConstraint } from '@kapell/openapi/types'
import type { Handle } from '../../framework/handle.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import { matchesNodeSelector } from '@kapell/controllers/machinery/placement/node-selector'
import { tolerates } from '../tolerations.ts'

/** A spread constraint with its defaults filled in and its selector ready. Source: "Pod Topology Spread Constraints". */
export interface Constraint {
  topologyKey: string
  maxSkew: number
  minDomains: number
  matches: (labels: Readonly<Record<string, string>>) => boolean
  honorsAffinity: boolean
  honorsTaints: boolean
}

export const hostnameLabel = 'kubernetes.io/hostname'

/** What the cluster spreads by when a pod says nothing: a preference only. */
const systemDefaults = [
  { topologyKey: hostnameLabel, maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
]

export function statedConstraints(pod: V1Pod, when: 'DoNotSchedule' | 'ScheduleAnyway'): Constraint[] {
  return (pod.spec?.topologySpreadConstraints ?? [])
    .filter((stated) => stated.whenUnsatisfiable === when)
    .map((stated) => constraint(stated, pod))
}

/** Pods of one Service or controller spread over hosts and zones, without anybody asking. */
export function defaultConstraints(pod: V1Pod, handle: Handle): Constraint[] {
  if ((pod.spec?.topologySpreadConstraints ?? []).length > 0) return []
  const matches = siblings(pod, handle)
  if (matches === undefined) return []
  return systemDefaults.map((known) => ({
    ...known,
    minDomains: 1,
    matches,
    honorsAffinity: true,
    honorsTaints: false,
  }))
}

/** Whether the node counts for the constraint: policies may leave out nodes the pod could not go to anyway. */
export function countsNode(c: Constraint, { pod }: PodInfo, { node }: NodeInfo): boolean {
  if (c.honorsAffinity && !affinityAllows(pod, node)) return false
  if (!c.honorsTaints) return true
  return (node.spec?.taints ?? []).every(
    (taint) => taint.effect === 'PreferNoSchedule' || tolerates(pod.spec?.tolerations, taint),
  )
}

export function countMatching(c: Constraint, namespace: string, node: NodeInfo): number {
  let count = 0
  for (const { pod } of node.pods.values())
    if (
      pod.metadata?.namespace === namespace &&
      pod.metadata.deletionTimestamp === undefined &&
      c.matches(pod.metadata.labels ?? {})
    )
      count++
  return count
}

function constraint(stated: V1TopologySpreadConstraint, pod: V1Pod): Constraint {
  const base = selectorFromLabelSelector(stated.labelSelector)
  const labels = pod.metadata?.labels ?? {}
  const alsoEqual = (stated.matchLabelKeys ?? []).filter((key) => Object.hasOwn(labels, key))
  return {
    topologyKey: stated.topologyKey,
    maxSkew: stated.maxSkew,
    minDomains: stated.minDomains ?? 1,
    matches: (other) => base.matches(other) && alsoEqual.every((key) => other[key] === labels[key]),
    honorsAffinity: (stated.nodeAffinityPolicy ?? 'Honor') === 'Honor',
    honorsTaints: stated.nodeTaintsPolicy === 'Honor',
  }
}

/** Those that every Service of the pod and its controller select; undefined when nothing selects it. */
function siblings(pod: V1Pod, handle: Handle): Constraint['matches'] | undefined {
  const selectors: Selector[] = handle
    .serviceSelectors(pod)
    .map((set) => selectorFromLabelSelector({ matchLabels: { ...set } }))
  const own: V1LabelSelector | undefined = handle.controllerSelector(pod)
  if (own !== undefined) selectors.push(selectorFromLabelSelector(own))
  const stating = selectors.filter((selector) => !selector.empty)
  if (stating.length === 0) return undefined
  return (labels) => stating.every((selector) => selector.matches(labels))
}

function affinityAllows(pod: V1Pod, node: NodeInfo['node']): boolean {
  const labels = node.metadata?.labels ?? {}
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return (
    Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value) &&
    (required === undefined || matchesNodeSelector(required, node))
  )
}
