import { unresolvable, type Plugin } from '../framework/plugin.ts'

/** A pod that names its node goes there or nowhere. */
export const nodeName: Plugin = {
  name: 'NodeName',
  local: true,
  filter: (_state, { pod }, node) => {
    const wanted = pod.spec?.nodeName ?? ''
    if (wanted === '' || wanted === node.name) return undefined
    return unresolvable('NodeName', "node(s) didn't match the requested node name")
  },
  queueingHints: [{ event: 'NodeAdd' }],
}
