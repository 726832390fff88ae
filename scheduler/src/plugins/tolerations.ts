import type { V1Toleration } from '@kapell/openapi/types'

interface Taint {
  key: string
  value?: string
  effect: string
}

/** Whether any of the tolerations covers the taint. Source: "Taints and Tolerations". */
export function tolerates(tolerations: readonly V1Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some((toleration) => covers(toleration, taint))
}

function covers(toleration: V1Toleration, taint: Taint): boolean {
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false
  if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false
  switch (toleration.operator ?? 'Equal') {
    case 'Exists':
      return true
    case 'Equal':
      return (toleration.key ?? '') !== '' && (toleration.value ?? '') === (taint.value ?? '')
    case 'Lt':
    case 'Gt':
      return compares(toleration, taint)
    default:
      return false
  }
}

/** Numeric operators (KEP-5471): the taint's value below or above the toleration's. */
function compares(toleration: V1Toleration, taint: Taint): boolean {
  const wanted = integer(toleration.value)
  const actual = integer(taint.value)
  if (wanted === undefined || actual === undefined) return false
  return toleration.operator === 'Lt' ? actual < wanted : actual > wanted
}

function integer(text: string | undefined): bigint | undefined {
  return text !== undefined && /^-?(0|[1-9]\d*)$/.test(text) ? BigInt(text) : undefined
}
