import type { V1Node, V1Taint } from '@kapell/openapi/types'
import { conditionOf } from './health.ts'

/** Taints that follow conditions. Source: "Taints and Tolerations", "Taint based Evictions", "Taint Nodes by Condition". */
const byCondition: { type: string; status: string; key: string }[] = [
  { type: 'Ready', status: 'False', key: 'node.kubernetes.io/not-ready' },
  { type: 'Ready', status: 'Unknown', key: 'node.kubernetes.io/unreachable' },
  { type: 'MemoryPressure', status: 'True', key: 'node.kubernetes.io/memory-pressure' },
  { type: 'DiskPressure', status: 'True', key: 'node.kubernetes.io/disk-pressure' },
  { type: 'NetworkUnavailable', status: 'True', key: 'node.kubernetes.io/network-unavailable' },
  { type: 'PIDPressure', status: 'True', key: 'node.kubernetes.io/pid-pressure' },
]
const unschedulable = 'node.kubernetes.io/unschedulable'
const evicting = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

const is = (key: string, effect: string) => (taint: V1Taint) => taint.key === key && taint.effect === effect

/** The node's taints as its conditions want them; the same list when nothing is to change. `addedAt` is RFC 3339. */
export function wantedNoSchedule(node: V1Node, addedAt: string): V1Taint[] {
  const keys = byCondition
    .filter(({ type, status }) => conditionOf(node, type)?.status === status)
    .map(({ key }) => key)
  if (node.spec?.unschedulable === true) keys.push(unschedulable)
  const ours = new Set([...byCondition.map(({ key }) => key), unschedulable])
  const taints = node.spec?.taints ?? []
  const kept = taints.filter(({ key, effect }) => effect !== 'NoSchedule' || !ours.has(key) || keys.includes(key))
  const added = keys
    .filter((key) => !kept.some(is(key, 'NoSchedule')))
    .map((key): V1Taint => ({ key, effect: 'NoSchedule', timeAdded: addedAt }))
  return kept.length === taints.length && added.length === 0 ? taints : [...kept, ...added]
}

/** The NoExecute taint a node should carry now: pods that do not tolerate it are evicted. */
export function wantedEviction(node: V1Node): string | undefined {
  const ready = conditionOf(node, 'Ready')?.status
  if (ready === 'True') return undefined
  return ready === 'False' ? evicting[0] : evicting[1]
}

export function hasEviction(node: V1Node, key: string | undefined): boolean {
  const present = evicting.filter((candidate) => node.spec?.taints?.some(is(candidate, 'NoExecute')))
  return key === undefined ? present.length === 0 : present.length === 1 && present[0] === key
}

/** Replaces whatever eviction taint there is by `key`'s, or takes it away. `addedAt` is RFC 3339. */
export function withEviction(taints: readonly V1Taint[], key: string | undefined, addedAt: string): V1Taint[] {
  const kept = taints.filter((taint) => taint.effect !== 'NoExecute' || !evicting.includes(taint.key))
  const known = taints.find((taint) => key !== undefined && is(key, 'NoExecute')(taint))
  if (key === undefined) return kept
  return [...kept, known ?? { key, effect: 'NoExecute', timeAdded: addedAt }]
}
