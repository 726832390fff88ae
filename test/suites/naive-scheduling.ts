import type { V1LabelSelector, V1Node, V1Pod, V1PodAffinityTerm } from '@kapell/openapi/types'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'

/**
 * The rules of inter-pod affinity and topology spread in their plainest form: every pod on every node is asked every
 * time, nothing is kept. What the scheduler decides with counters must never differ from this.
 */
export interface PlacedPod {
  pod: V1Pod
  node: V1Node
}

export type NamespaceLabelsOf = (namespace: string) => Readonly<Record<string, string>>

export function naiveSpreadAllows(pod: V1Pod, node: V1Node, nodes: readonly V1Node[], placed: readonly PlacedPod[]) {
  const hard = (pod.spec?.topologySpreadConstraints ?? []).filter((c) => c.whenUnsatisfiable === 'DoNotSchedule')
  const keyed = nodes.filter((n) => hard.every((c) => labelsOf(n)[c.topologyKey] !== undefined))
  return hard.every(({ topologyKey, labelSelector, maxSkew, minDomains = 1 }) => {
    const here = labelsOf(node)[topologyKey]
    if (here === undefined) return false
    const selects = selectorFromLabelSelector(labelSelector)
    const counts = new Map(keyed.map((n) => [labelsOf(n)[topologyKey], 0]))
    for (const other of placed) {
      const domain = labelsOf(other.node)[topologyKey]
      const counted = keyed.includes(other.node) && other.pod.metadata?.namespace === pod.metadata?.namespace
      if (counted && selects.matches(other.pod.metadata?.labels ?? {}))
        counts.set(domain, (counts.get(domain) ?? 0) + 1)
    }
    const fewest = counts.size < minDomains ? 0 : Math.min(...counts.values())
    const self = selects.matches(pod.metadata?.labels ?? {}) ? 1 : 0
    return (counts.get(here) ?? 0) + self - fewest <= maxSkew
  })
}

export function naiveAffinityAllows(
  pod: V1Pod,
  node: V1Node,
  placed: readonly PlacedPod[],
  namespaces: NamespaceLabelsOf,
): boolean {
  const wanted = pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
  const unwanted = antiAffinity(pod)
  const shares = (key: string, other: V1Node): boolean =>
    labelsOf(node)[key] !== undefined && labelsOf(node)[key] === labelsOf(other)[key]
  const matches = (term: V1PodAffinityTerm, owner: V1Pod, other: V1Pod): boolean =>
    termMatches(term, owner, other, namespaces)
  const isJoinable = (other: PlacedPod): boolean => wanted.every((term) => matches(term, pod, other.pod))
  const joinable = placed.filter(isJoinable)
  const hasKeys = wanted.every((term) => labelsOf(node)[term.topologyKey] !== undefined)
  const joins = wanted.every((term) => joinable.some((other) => shares(term.topologyKey, other.node)))
  const somebody = joinable.some((o) => wanted.some((term) => labelsOf(o.node)[term.topologyKey] !== undefined))
  const isFirst = !somebody && wanted.every((term) => matches(term, pod, pod))
  if (wanted.length > 0 && (!hasKeys || !(joins || isFirst))) return false
  return placed.every(
    (other) =>
      !unwanted.some((term) => matches(term, pod, other.pod) && shares(term.topologyKey, other.node)) &&
      !antiAffinity(other.pod).some((term) => matches(term, other.pod, pod) && shares(term.topologyKey, other.node)),
  )
}

/** What the pods that are there, and the pod itself, make of a node: the sum of the weights of what matches. */
export function naiveAffinityScore(
  pod: V1Pod,
  node: V1Node,
  placed: readonly PlacedPod[],
  namespaces: NamespaceLabelsOf,
): number {
  const shares = (key: string, other: V1Node): boolean =>
    labelsOf(node)[key] !== undefined && labelsOf(node)[key] === labelsOf(other)[key]
  let score = 0
  for (const other of placed) {
    const add = (owner: V1Pod, asked: V1Pod): void => {
      for (const [term, weight] of preferences(owner))
        if (termMatches(term, owner, asked, namespaces) && shares(term.topologyKey, other.node)) score += weight
    }
    add(pod, other.pod)
    add(other.pod, pod)
    for (const term of other.pod.spec?.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])
      if (termMatches(term, other.pod, pod, namespaces) && shares(term.topologyKey, other.node)) score += 1
  }
  return score
}

function preferences(pod: V1Pod): [V1PodAffinityTerm, number][] {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {}
  return [
    ...(podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((p): [V1PodAffinityTerm, number] => [
      p.podAffinityTerm,
      p.weight,
    ]),
    ...(podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      (p): [V1PodAffinityTerm, number] => [p.podAffinityTerm, -p.weight],
    ),
  ]
}

function antiAffinity(pod: V1Pod): V1PodAffinityTerm[] {
  return pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []
}

function termMatches(term: V1PodAffinityTerm, owner: V1Pod, other: V1Pod, namespaces: NamespaceLabelsOf): boolean {
  const namespace = other.metadata?.namespace ?? ''
  const selected = term.namespaceSelector as V1LabelSelector | undefined
  const named = term.namespaces ?? (selected === undefined ? [owner.metadata?.namespace ?? ''] : [])
  const inScope =
    named.includes(namespace) ||
    (selected !== undefined && selectorFromLabelSelector(selected).matches(namespaces(namespace)))
  return inScope && selectorFromLabelSelector(term.labelSelector).matches(other.metadata?.labels ?? {})
}

function labelsOf(node: V1Node): Readonly<Record<string, string>> {
  return node.metadata?.labels ?? {}
}
