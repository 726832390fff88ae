import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { unresolvable, type Plugin } from '../framework/plugin.ts'
import { suitsNow } from './node-changes.ts'
import { tolerates } from './tolerations.ts'

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }

const isOpenTo = (pod: V1Pod, node: V1Node): boolean =>
  node.spec?.unschedulable !== true || tolerates(pod.spec?.tolerations, taint)
const opened = suitsNow(isOpenTo)

/** A cordoned node takes only pods that tolerate its being so. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  local: true,
  filter: (_state, { pod }, { node }) => {
    if (isOpenTo(pod, node)) return undefined
    return unresolvable('NodeUnschedulable', 'node(s) were unschedulable')
  },
  details: (_pod, { name }) => [`the node is cordoned: kubectl uncordon ${name}`],
  queueingHints: [
    { event: 'NodeAdd', isUseful: opened },
    { event: 'NodeUpdate', isUseful: opened },
  ],
}
