import { selectorFromLabelSelector, type Selector } from '@kapell/openapi/meta/labels'
import type { V1LabelSelector, V1Pod, V1PodAffinityTerm, V1WeightedPodAffinityTerm } from '@kapell/openapi/types'

/** A pod (anti-)affinity term, ready to be asked of other pods. Source: "Inter-pod affinity and anti-affinity". */
export interface Term {
  topologyKey: string
  /** Terms of one identity match the same pods. */
  identity: string
  selector: Selector
  /** The namespaces named, or the owner's own. */
  namespaces: ReadonlySet<string>
  namespaceSelector: Selector | undefined
}

export interface WeightedTerm extends Term {
  weight: number
}

export interface PodTerms {
  affinity: readonly Term[]
  antiAffinity: readonly Term[]
  preferred: readonly WeightedTerm[]
  preferredAgainst: readonly WeightedTerm[]
}

/** Labels of a namespace; undefined when it is not known. */
export type NamespaceLabels = (namespace: string) => Readonly<Record<string, string>> | undefined

export const noTerms: PodTerms = { affinity: [], antiAffinity: [], preferred: [], preferredAgainst: [] }

export function affinityTerms(pod: V1Pod): PodTerms {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {}
  if (podAffinity === undefined && podAntiAffinity === undefined) return noTerms
  const read = (term: V1PodAffinityTerm): Term => readTerm(term, pod)
  const weighed = ({ podAffinityTerm, weight }: V1WeightedPodAffinityTerm): WeightedTerm => ({
    ...readTerm(podAffinityTerm, pod),
    weight,
  })
  return {
    affinity: (podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(read),
    antiAffinity: (podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(read),
    preferred: (podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighed),
    preferredAgainst: (podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(weighed),
  }
}

export function termMatches(term: Term, { metadata }: V1Pod, labelsOf: NamespaceLabels): boolean {
  return inScope(term, metadata?.namespace ?? '', labelsOf) && term.selector.matches(metadata?.labels ?? {})
}

function inScope({ namespaces, namespaceSelector }: Term, namespace: string, labelsOf: NamespaceLabels): boolean {
  if (namespaces.has(namespace)) return true
  if (namespaceSelector === undefined) return false
  return namespaceSelector.empty || namespaceSelector.matches(labelsOf(namespace) ?? {})
}

function readTerm(term: V1PodAffinityTerm, owner: V1Pod): Term {
  const labelSelector = withMatchLabelKeys(term, owner)
  const { namespaceSelector } = term
  const named = term.namespaces ?? []
  const namespaces =
    named.length === 0 && namespaceSelector === undefined ? [owner.metadata?.namespace ?? ''] : [...named].sort()
  return {
    topologyKey: term.topologyKey,
    identity: JSON.stringify([namespaces, namespaceSelector, labelSelector]),
    selector: selectorFromLabelSelector(labelSelector),
    namespaces: new Set(namespaces),
    namespaceSelector: namespaceSelector === undefined ? undefined : selectorFromLabelSelector(namespaceSelector),
  }
}

/** The pod's own values of the named labels join the selector. Source: KEP-3633. */
function withMatchLabelKeys(term: V1PodAffinityTerm, owner: V1Pod): V1LabelSelector | undefined {
  const labels = owner.metadata?.labels ?? {}
  const joined = [
    ...(term.matchLabelKeys ?? []).map((key) => ({ key, operator: 'In' as const })),
    ...(term.mismatchLabelKeys ?? []).map((key) => ({ key, operator: 'NotIn' as const })),
  ].filter(({ key }) => Object.hasOwn(labels, key))
  if (term.labelSelector === undefined || joined.length === 0) return term.labelSelector
  const expressions = joined.map(({ key, operator }) => ({ key, operator, values: [labels[key] ?? ''] }))
  return { ...term.labelSelector, matchExpressions: [...(term.labelSelector.matchExpressions ?? []), ...expressions] }
}
