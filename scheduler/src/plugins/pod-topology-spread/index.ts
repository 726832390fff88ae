import type { Handle } from '../../framework/handle.ts'
import type { Plugin } from '../../framework/plugin.ts'
import { countDomains, filterSpread } from './filter.ts'
import { normalizeSpread, prepareScore, scoreSpread } from './score.ts'

/** Spreads pods over hosts, zones, or whatever labels say: as a rule, or as a preference. */
export function podTopologySpread(handle: Handle): Plugin {
  return {
    name: 'PodTopologySpread',
    preFilter: (state, pod, snapshot) => {
      countDomains(state, pod, snapshot)
      return undefined
    },
    filter: filterSpread,
    preScore: (state, pod, nodes, snapshot) => prepareScore(state, pod, nodes, snapshot, handle),
    score: scoreSpread,
    normalize: normalizeSpread,
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
