import type { V1Node, V1Pod } from '@kapell/openapi/types'
import { unresolvable, type Plugin } from '../framework/plugin.ts'

/** Features that not every node has and that this pod cannot do without. Source: enhancement 5328. */
export function featuresOf(pod: V1Pod): string[] {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]
  const restartsAll = all.some(({ restartPolicyRules }) =>
    restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  )
  return restartsAll ? ['RestartAllContainersOnContainerExits'] : []
}

const has = (node: V1Node, features: readonly string[]): boolean =>
  features.every((feature) => node.status?.declaredFeatures?.includes(feature) === true)

/** A pod goes only to nodes that say they can do what it asks for. */
export const nodeDeclaredFeatures: Plugin = {
  name: 'NodeDeclaredFeatures',
  preFilter: (_state, { pod }) => (featuresOf(pod).length === 0 ? 'skip' : undefined),
  filter: (_state, { pod }, { node }) =>
    has(node, featuresOf(pod))
      ? undefined
      : unresolvable('NodeDeclaredFeatures', "node(s) didn't match Pod's required features"),
  queueingHints: [
    { event: 'NodeAdd', isUseful: (pod, _before, after) => has(after as V1Node, featuresOf(pod)) },
    { event: 'NodeUpdate', isUseful: (pod, _before, after) => has(after as V1Node, featuresOf(pod)) },
  ],
}
