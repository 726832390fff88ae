import type { V1Node } from '@kapell/openapi/types'
import { conditionOf } from './health.ts'

/**
 * How fast evictions may begin in a zone: slower, or not at all, when much of it is unwell, for then the fault is more
 * likely ours. Source: "Nodes", "Rate limits on eviction".
 */
export interface EvictionRates {
  normalPerSecond: number
  /** In a zone with more than `unhealthyShare` of its nodes unwell, when it is large. */
  disruptedPerSecond: number
  largeZone: number
  unhealthyShare: number
}

export const defaultRates: EvictionRates = {
  normalPerSecond: 0.1,
  disruptedPerSecond: 0.01,
  largeZone: 50,
  unhealthyShare: 0.55,
}

export function zoneOf(node: V1Node): string {
  const labels = node.metadata?.labels ?? {}
  return `${labels['topology.kubernetes.io/region'] ?? ''}:${labels['topology.kubernetes.io/zone'] ?? ''}`
}

/** Evictions a second that each zone allows now. When every zone is wholly down, none does. */
export function evictionRates(nodes: readonly V1Node[], rates: EvictionRates = defaultRates): Map<string, number> {
  const zones = new Map<string, { ready: number; unready: number }>()
  for (const node of nodes) {
    const zone = zones.get(zoneOf(node)) ?? { ready: 0, unready: 0 }
    if (conditionOf(node, 'Ready')?.status === 'True') zone.ready++
    else zone.unready++
    zones.set(zoneOf(node), zone)
  }
  const allDown = [...zones.values()].every(({ ready, unready }) => ready === 0 && unready > 0)
  const out = new Map<string, number>()
  for (const [name, { ready, unready }] of zones) {
    const total = ready + unready
    const disrupted = unready > 2 && unready / total >= rates.unhealthyShare
    if (allDown) out.set(name, 0)
    else if (ready === 0 || !disrupted) out.set(name, rates.normalPerSecond)
    else out.set(name, total > rates.largeZone ? rates.disruptedPerSecond : 0)
  }
  return out
}

/** One allowance a zone: an eviction may begin when the last one is long enough ago. */
export class EvictionAllowance {
  readonly #nextAtMs = new Map<string, number>()

  /** True, and the allowance is used up for a while, when a node of the zone may be evicted now. */
  take(zone: string, perSecond: number, nowMs: number): boolean {
    if (perSecond <= 0 || nowMs < (this.#nextAtMs.get(zone) ?? 0)) return false
    this.#nextAtMs.set(zone, nowMs + 1000 / perSecond)
    return true
  }
}
