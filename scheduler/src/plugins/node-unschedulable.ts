import { unresolvable, type Plugin } from '../framework/plugin.ts'
import { isUncordoned } from './node-changes.ts'
import { tolerates } from './tolerations.ts'

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

/** A cordoned node takes only pods that tolerate its being so. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  local: true,
  filter: (_state, { pod }, { node }) => {
    if (node.spec?.unschedulable !== true || tolerates(pod.spec?.tolerations, taint)) return undefined
    return unresolvable('NodeUnschedulable', 'node(s) were unschedulable')
  },
  details: (_pod, { name }) => [`the node is cordoned: kubectl uncordon ${name}`],
  queueingHints: [{ event: 'NodeAdd' }, { event: 'NodeUpdate', isUseful: isUncordoned }],
}
