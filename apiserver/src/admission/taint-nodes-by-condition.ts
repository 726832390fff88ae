import type { V1Node } from '@kapell/openapi/types'
import type { AdmissionPlugin } from './admission.ts'
import { about } from './matching.ts'

const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

/** A new node takes no pods before it has said that it is ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: (a) => a.operation === 'CREATE' && about(a, '', 'nodes'),
  admit: ({ object }) => {
    const node = object as V1Node
    const taints = node.spec?.taints ?? []
    if (taints.some((t) => t.key === taint.key && t.effect === taint.effect)) return
    node.spec = { ...node.spec, taints: [...taints, { ...taint }] }
  },
}
