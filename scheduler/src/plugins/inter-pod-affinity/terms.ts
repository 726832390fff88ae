import { selectorFromLabelSelector, type Selector } from '@kapell/openapi/meta/labels'
import type { V1Pod, V1PodAffinityTerm } from '@kapell/openapi/types'
import type { Handle } from '../../framework/handle.ts'

/** A pod (anti-)affinity term, ready to be asked of other pods. Source: "Inter-pod affinity and anti-affinity". */
export interface Term {
  topologyKey: string
  matches: (other: V1Pod) => boolean
}

export interface WeightedTerm extends Term {
  weight: number
}

/** All terms of a pod. Worked out once a pod: cycles ask about every pod on every node. */
export interface PodTerms {
  affinity: readonly Term[]
  antiAffinity: readonly Term[]
  preferred: readonly WeightedTerm[]
  preferredAgainst: readonly WeightedTerm[]
}

const none: PodTerms = { affinity: [], antiAffinity: [], preferred: [], preferredAgainst: [] }

export function termsReader(handle: Handle): (pod: V1Pod) => PodTerms {
  const known = new WeakMap<V1Pod, PodTerms>()
  return (pod) => {
    const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {}
    if (podAffinity === undefined && podAntiAffinity === undefined) return none
    const found = known.get(pod)
    if (found !== undefined) return found
    const read = (term: V1PodAffinityTerm): Term => readTerm(term, pod, handle)
    const terms: PodTerms = {
      affinity: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(read),
      antiAffinity: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(read),
      preferred: (podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((w) => ({
        ...read(w.podAffinityTerm),
        weight: w.weight,
      })),
      preferredAgainst: (podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((w) => ({
        ...read(w.podAffinityTerm),
        weight: w.weight,
      })),
    }
    known.set(pod, terms)
    return terms
  }
}

function readTerm(term: V1PodAffinityTerm, owner: V1Pod, handle: Handle): Term {
  const selector = selectorFromLabelSelector(withMatchLabelKeys(term, owner))
  const inScope = namespaceScope(term, owner, handle)
  return {
    topologyKey: term.topologyKey,
    matches: (other) => inScope(other.metadata?.namespace ?? '') && selector.matches(other.metadata?.labels ?? {}),
  }
}

/** The pod's own values of the named labels join the selector. Source: KEP-3633. */
function withMatchLabelKeys(term: V1PodAffinityTerm, owner: V1Pod): V1PodAffinityTerm['labelSelector'] {
  const labels = owner.metadata?.labels ?? {}
  const joined = [
    ...(term.matchLabelKeys ?? []).map((key) => ({ key, operator: 'In' as const })),
    ...(term.mismatchLabelKeys ?? []).map((key) => ({ key, operator: 'NotIn' as const })),
  ].filter(({ key }) => Object.hasOwn(labels, key))
  if (term.labelSelector === undefined || joined.length === 0) return term.labelSelector
  const expressions = joined.map(({ key, operator }) => ({ key, operator, values: [labels[key] ?? ''] }))
  return { ...term.labelSelector, matchExpressions: [...(term.labelSelector.matchExpressions ?? []), ...expressions] }
}

function namespaceScope(term: V1PodAffinityTerm, owner: V1Pod, handle: Handle): (namespace: string) => boolean {
  const named = new Set(term.namespaces ?? [])
  if (term.namespaceSelector === undefined) {
    if (named.size === 0) named.add(owner.metadata?.namespace ?? '')
    return (namespace) => named.has(namespace)
  }
  const selector: Selector = selectorFromLabelSelector(term.namespaceSelector)
  if (selector.empty) return () => true
  return (namespace) => named.has(namespace) || selector.matches(handle.namespaceLabels(namespace) ?? {})
}
