import { selectorFromLabelSelector, type Selector } from '@kapell/openapi/meta/labels'
import type { V1LabelSelector, V1Pod, V1TopologySpreadConstraint } from '@kapell/openapi/types'
import type { Handle } from '../../framework/handle.ts'
import type { NodeInfo } from '../../framework/node-info.ts'
import type { PodInfo } from '../../framework/pod-info.ts'
import type { Snapshot } from '../../framework/snapshot.ts'
import { matchesNodeSelector } from '@kapell/controllers/machinery/placement/node-selector'
import { tolerates } from '../tolerations.ts'

/** A spread constraint with its defaults filled in and its selector ready. Source: "Pod Topology Spread Constraints". */
export interface Constraint {
  topologyKey: string
  maxSkew: number
  minDomains: number
  /** Constraints of one identity match the same labels. */
  identity: string
  matches: (labels: Readonly<Record<string, string>>) => boolean
  honorsAffinity: boolean
  honorsTaints: boolean
}

export const hostnameLabel = 'kubernetes.io/hostname'

/** What pods that say nothing are spread by; they have no selector of their own: it is that of Service or controller. */
export type DefaultConstraint = Pick<V1TopologySpreadConstraint, 'topologyKey' | 'maxSkew' | 'whenUnsatisfiable'>

export interface SpreadArgs {
  /** Absent: the system's own, a preference only. */
  defaultConstraints?: readonly DefaultConstraint[]
}

const systemDefaults: readonly DefaultConstraint[] = [
  { topologyKey: hostnameLabel, maxSkew: 3, whenUnsatisfiable: 'ScheduleAnyway' },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5, whenUnsatisfiable: 'ScheduleAnyway' },
]

/** A pod's rules or preferences, as it states them or as it gets them by default. */
export interface Constraints {
  of: (pod: V1Pod, when: 'DoNotSchedule' | 'ScheduleAnyway') => Constraint[]
}

export function constraintsReader(handle: Handle, { defaultConstraints = systemDefaults }: SpreadArgs): Constraints {
  return {
    of: (pod, when) => {
      const stated = pod.spec?.topologySpreadConstraints ?? []
      if (stated.length > 0)
        return stated.filter((one) => one.whenUnsatisfiable === when).map((one) => constraint(one, pod))
      const defaults = defaultConstraints.filter((one) => one.whenUnsatisfiable === when)
      const family = defaults.length === 0 ? undefined : siblings(pod, handle)
      if (family === undefined) return []
      return defaults.map(({ topologyKey, maxSkew }) => ({
        topologyKey,
        maxSkew,
        ...family,
        minDomains: 1,
        honorsAffinity: true,
        honorsTaints: false,
      }))
    },
  }
}

/** Which nodes count for the constraint: policies may leave out nodes that the pod could not go to anyway. */
export function nodesCounted(c: Constraint, { pod }: PodInfo): ((node: NodeInfo) => boolean) | 'all' {
  const { nodeSelector, affinity, tolerations } = pod.spec ?? {}
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const pairs = Object.entries(nodeSelector ?? {})
  const asksNodes = c.honorsAffinity && (pairs.length > 0 || required !== undefined)
  if (!asksNodes && !c.honorsTaints) return 'all'
  return ({ node, labels }) => {
    if (asksNodes && !pairs.every(([key, value]) => labels[key] === value)) return false
    if (asksNodes && required !== undefined && !matchesNodeSelector(required, node)) return false
    if (!c.honorsTaints) return true
    return (node.spec?.taints ?? []).every(
      (taint) => taint.effect === 'PreferNoSchedule' || tolerates(tolerations, taint),
    )
  }
}

/** Pods of the namespace on each node, by slot, that the constraint counts. */
export function countMatching(c: Constraint, namespace: string, snapshot: Snapshot): Int32Array {
  return snapshot.countPods(`spread ${namespace} ${c.identity}`, ({ pod: { metadata } }) => {
    if (metadata?.namespace !== namespace || metadata.deletionTimestamp !== undefined) return false
    return c.matches(metadata.labels ?? {})
  })
}

function constraint(stated: V1TopologySpreadConstraint, pod: V1Pod): Constraint {
  const base = selectorFromLabelSelector(stated.labelSelector)
  const labels = pod.metadata?.labels ?? {}
  const alsoEqual = (stated.matchLabelKeys ?? []).filter((key) => Object.hasOwn(labels, key))
  return {
    topologyKey: stated.topologyKey,
    maxSkew: stated.maxSkew,
    minDomains: stated.minDomains ?? 1,
    identity: JSON.stringify([stated.labelSelector, alsoEqual.map((key) => [key, labels[key]])]),
    matches: (other) => base.matches(other) && alsoEqual.every((key) => other[key] === labels[key]),
    honorsAffinity: (stated.nodeAffinityPolicy ?? 'Honor') === 'Honor',
    honorsTaints: stated.nodeTaintsPolicy === 'Honor',
  }
}

/** Those that every Service of the pod and its controller select; undefined when nothing selects it. */
function siblings(pod: V1Pod, handle: Handle): Pick<Constraint, 'matches' | 'identity'> | undefined {
  const stated: V1LabelSelector[] = handle.serviceSelectors(pod).map((set) => ({ matchLabels: { ...set } }))
  const own = handle.controllerSelector(pod)
  if (own !== undefined) stated.push(own)
  const selectors: Selector[] = stated.map(selectorFromLabelSelector).filter((selector) => !selector.empty)
  if (selectors.length === 0) return undefined
  return {
    identity: JSON.stringify(stated),
    matches: (labels) => selectors.every((selector) => selector.matches(labels)),
  }
}
