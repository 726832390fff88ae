import type { V1Node, V1NodeCondition } from '@kapell/openapi/types'

/** What this controller remembers of a node between looks, on its own clock: the node's clock may differ. */
export interface Observed {
  /** The last sign of life: the lease's renewal and the Ready condition's heartbeat, as last seen. */
  sign: string
  /** When that sign was first seen, in milliseconds of our clock. */
  seenAtMs: number
}

/** How long a node may be silent. Source: kube-controller-manager's --node-monitor-grace-period. */
export const gracePeriodMs = 50_000

/** Conditions that a silent node can no longer vouch for. */
const vouchedFor = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']

export function observe(
  before: Observed | undefined,
  node: V1Node,
  leaseRenewTime: string | undefined,
  nowMs: number,
): Observed {
  const ready = conditionOf(node, 'Ready')
  const sign = `${leaseRenewTime ?? ''}|${ready?.lastHeartbeatTime ?? ''}|${ready?.status ?? ''}`
  return before?.sign === sign ? before : { sign, seenAtMs: nowMs }
}

/** The conditions of a node that has been silent too long; undefined when nothing is to change. */
export function unknownConditions(
  node: V1Node,
  observed: Observed,
  nowMs: number,
  time: string,
): V1NodeCondition[] | undefined {
  if (nowMs < observed.seenAtMs + gracePeriodMs) return undefined
  const changed: V1NodeCondition[] = []
  for (const type of vouchedFor) {
    const known = conditionOf(node, type)
    if (known?.status === 'Unknown') continue
    changed.push(
      known === undefined
        ? {
            type,
            status: 'Unknown',
            reason: 'NodeStatusNeverUpdated',
            message: 'Kubelet never posted node status.',
            lastHeartbeatTime: node.metadata?.creationTimestamp ?? time,
            lastTransitionTime: time,
          }
        : {
            ...known,
            status: 'Unknown',
            reason: 'NodeStatusUnknown',
            message: 'Kubelet stopped posting node status.',
            lastTransitionTime: time,
          },
    )
  }
  return changed.length === 0 ? undefined : changed
}

export function conditionOf(node: V1Node, type: string): V1NodeCondition | undefined {
  return node.status?.conditions?.find((condition) => condition.type === type)
}
