import { unresolvable, type Plugin } from '../framework/plugin.ts'

/** A pod with gates does not enter the queue. Source: KEP-3521. */
export const schedulingGates: Plugin = {
  name: 'SchedulingGates',
  preEnqueue: (pod) => {
    const gates = (pod.spec?.schedulingGates ?? []).map((gate) => gate.name)
    if (gates.length === 0) return undefined
    return unresolvable('SchedulingGates', `waiting for scheduling gates: [${gates.join(' ')}]`)
  },
  queueingHints: [{ event: 'PodUpdate' }],
}
