import type { V1Node, V1NodeAffinity, V1Pod } from '@kapell/openapi/types'
import { maxNodeScore, unresolvable, type Plugin } from '../framework/plugin.ts'
import { largest } from '../framework/scoring.ts'
import { suitsNow } from './node-changes.ts'
import { matchesNodeSelector, matchesTerm } from '@kapell/controllers/machinery/placement/node-selector'

/**
 * `nodeSelector` and node affinity; `added` is the affinity that a profile gives to every pod.
 * Source: "Assigning Pods to Nodes", "Node affinity per scheduling profile".
 */
export function nodeAffinity({ added }: { added?: V1NodeAffinity } = {}): Plugin {
  const preferred = (pod: V1Pod) => [
    ...preferences(pod),
    ...(added?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
  ]
  const matchesNow = suitsNow(
    (pod, node) => isWanted(pod, node) && (addedRule === undefined || matchesNodeSelector(addedRule, node)),
  )
  const addedRule = added?.requiredDuringSchedulingIgnoredDuringExecution
  return {
    name: 'NodeAffinity',
    local: true,
    preFilter: (_state, { pod }) => {
      const names = namedNodes(pod)
      return names === undefined ? undefined : { nodeNames: names }
    },
    filter: (_state, { pod }, { node }) => {
      if (addedRule !== undefined && !matchesNodeSelector(addedRule, node))
        return unresolvable('NodeAffinity', "node(s) didn't match scheduler-enforced node affinity")
      if (isWanted(pod, node)) return undefined
      return unresolvable('NodeAffinity', "node(s) didn't match Pod's node affinity/selector")
    },
    details: ({ pod }, { labels }) =>
      Object.entries(pod.spec?.nodeSelector ?? {})
        .filter(([key, value]) => labels[key] !== value)
        .map(([key, value]) => `wants label ${key}=${value}, the node has ${labels[key] ?? 'none'}`),
    preScore: (_state, { pod }) => (preferred(pod).length === 0 ? 'skip' : undefined),
    score: (_state, { pod }, { node }) =>
      preferred(pod)
        .filter(({ preference }) => matchesTerm(preference, node))
        .reduce((sum, { weight }) => sum + weight, 0),
    normalize: (_state, _pod, scores) => {
      const highest = Math.max(0, largest(scores))
      if (highest > 0) scores.forEach((score, i) => (scores[i] = Math.floor((score * maxNodeScore) / highest)))
    },
    queueingHints: [
      { event: 'NodeAdd', isUseful: matchesNow },
      { event: 'NodeUpdate', isUseful: matchesNow },
    ],
  }
}

function isWanted(pod: V1Pod, node: V1Node): boolean {
  const labels = node.metadata?.labels ?? {}
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  return (
    Object.entries(pod.spec?.nodeSelector ?? {}).every(([k, v]) => Object.hasOwn(labels, k) && labels[k] === v) &&
    (required === undefined || matchesNodeSelector(required, node))
  )
}

function preferences(pod: V1Pod) {
  return pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
}

/** When every alternative pins the pod to nodes by name (a DaemonSet's pods), only those need looking at. */
function namedNodes(pod: V1Pod): ReadonlySet<string> | undefined {
  const terms =
    pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
  if (terms.length === 0) return undefined
  const names = new Set<string>()
  for (const term of terms) {
    const byName = (term.matchFields ?? []).filter((r) => r.key === 'metadata.name' && r.operator === 'In')
    if (byName.length === 0) return undefined
    const [first, ...others] = byName.map((r) => r.values ?? [])
    for (const name of first ?? []) if (others.every((values) => values.includes(name))) names.add(name)
  }
  return names
}
