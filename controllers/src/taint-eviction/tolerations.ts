import type { V1Taint, V1Toleration } from '@kapell/openapi/types'

/**
 * How long a pod may stay on a node with these NoExecute taints: 0 when one is not tolerated, the shortest of the
 * tolerations' seconds when all are, undefined for ever. Source: "Taint based Evictions".
 */
export function staySeconds(taints: readonly V1Taint[], tolerations: readonly V1Toleration[]): number | undefined {
  let shortest: number | undefined
  for (const taint of taints) {
    const covering = tolerations.filter((toleration) => covers(toleration, taint))
    if (covering.length === 0) return 0
    for (const { tolerationSeconds } of covering)
      if (tolerationSeconds !== undefined) shortest = Math.min(shortest ?? Infinity, Math.max(0, tolerationSeconds))
  }
  return shortest
}

function covers({ key = '', operator, value = '', effect = '' }: V1Toleration, taint: V1Taint): boolean {
  if (effect !== '' && effect !== taint.effect) return false
  if (key !== '' && key !== taint.key) return false
  if (operator === 'Exists') return true
  return key !== '' && value === (taint.value ?? '')
}
