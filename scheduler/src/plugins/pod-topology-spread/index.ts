import type { V1Pod } from '@kapell/openapi/types'
import type { Handle } from '../../framework/handle.ts'
import type { Plugin } from '../../framework/plugin.ts'
import { constraintsReader, type SpreadArgs } from './constraints.ts'
import { countDomains, filterSpread } from './filter.ts'
import { normalizeSpread, prepareScore, scoreSpread } from './score.ts'
import { labelsChange, taintsChange } from '../node-changes.ts'

/** Spreads pods over hosts, zones, or whatever labels say: as a rule, or as a preference. */
export function podTopologySpread(handle: Handle, args: SpreadArgs = {}): Plugin {
  const constraints = constraintsReader(handle, args)
  /** Whether the other pod changes what any of the pod's rules count. */
  const isCounted = (pod: V1Pod, other: V1Pod): boolean => {
    if (pod.metadata?.namespace !== other.metadata?.namespace) return false
    return constraints.of(pod, 'DoNotSchedule').some((c) => c.matches(other.metadata?.labels ?? {}))
  }
  return {
    name: 'PodTopologySpread',
    preFilter: (state, pod, snapshot) => countDomains({ state, pod, snapshot, constraints }),
    filter: filterSpread,
    preScore: (state, pod, nodes, snapshot) => prepareScore({ state, pod, nodes, snapshot, constraints }),
    score: scoreSpread,
    normalize: normalizeSpread,
    queueingHints: [
      { event: 'NodeAdd' },
      { event: 'NodeDelete' },
      { event: 'NodeUpdate', isUseful: (...change) => labelsChange(...change) || taintsChange(...change) },
      { event: 'AssignedPodAdd', isUseful: (pod, _before, after) => isCounted(pod, after as V1Pod) },
      {
        event: 'AssignedPodUpdate',
        isUseful: (pod, before, after) => isCounted(pod, before as V1Pod) !== isCounted(pod, after as V1Pod),
      },
      { event: 'AssignedPodDelete', isUseful: (pod, before) => isCounted(pod, before as V1Pod) },
      { event: 'PodUpdate' },
    ],
  }
}
