import type { Handle } from '../../framework/handle.ts'
import type { Plugin } from '../../framework/plugin.ts'
import { countTerms, filterTerms } from './filter.ts'
import { normalizeRange, scoreDomains, weighDomains } from './score.ts'
import { termsReader } from './terms.ts'

/** Brings pods together or keeps them apart, by the labels of what already runs in a topology domain. */
export function interPodAffinity(handle: Handle): Plugin {
  const termsOf = termsReader(handle)
  return {
    name: 'InterPodAffinity',
    preFilter: (state, pod, snapshot) => {
      countTerms(state, pod, snapshot, termsOf)
      return undefined
    },
    filter: filterTerms,
    preScore: (state, pod, _nodes, snapshot) => weighDomains(state, pod, snapshot, termsOf),
    score: scoreDomains,
    normalize: (_state, _pod, scores) => normalizeRange(scores),
    queueingHints: [
      { event: 'NodeAdd' },
      { event: 'NodeUpdate' },
      { event: 'AssignedPodAdd' },
      { event: 'AssignedPodUpdate' },
      { event: 'AssignedPodDelete' },
      { event: 'PodUpdate' },
    ],
  }
}
