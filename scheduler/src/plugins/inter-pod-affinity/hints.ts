import type { V1Pod } from '@kapell/openapi/types'
import { affinityTerms, termMatches, type PodTerms } from '../../framework/affinity-terms.ts'
import type { Handle } from '../../framework/handle.ts'
import type { QueueingHint } from '../../framework/plugin.ts'
import { labelsChange } from '../node-changes.ts'

/** A pod that appeared may be one to join; one that left may be one that was in the way. Source: KEP-4247. */
export function affinityHints({ namespaceLabels }: Handle): QueueingHint[] {
  const termsOf = remembered()
  const isWanted = (pod: V1Pod, other: V1Pod): boolean =>
    termsOf(pod).affinity.some((term) => termMatches(term, other, namespaceLabels))
  const wasInTheWay = (pod: V1Pod, other: V1Pod): boolean =>
    termsOf(pod).antiAffinity.some((term) => termMatches(term, other, namespaceLabels)) ||
    termsOf(other).antiAffinity.some((term) => termMatches(term, pod, namespaceLabels))
  return [
    { event: 'NodeAdd' },
    { event: 'NodeUpdate', isUseful: labelsChange },
    { event: 'AssignedPodAdd', isUseful: (pod, _before, after) => isWanted(pod, after as V1Pod) },
    {
      event: 'AssignedPodUpdate',
      isUseful: (pod, before, after) => isWanted(pod, after as V1Pod) || wasInTheWay(pod, before as V1Pod),
    },
    { event: 'AssignedPodDelete', isUseful: (pod, before) => wasInTheWay(pod, before as V1Pod) },
    { event: 'PodUpdate' },
  ]
}

function remembered(): (pod: V1Pod) => PodTerms {
  const known = new WeakMap<V1Pod, PodTerms>()
  return (pod) => {
    const terms = known.get(pod) ?? affinityTerms(pod)
    known.set(pod, terms)
    return terms
  }
}
