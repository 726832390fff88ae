import type { V1Node, V1NodeSelector, V1NodeSelectorRequirement, V1NodeSelectorTerm } from '@kapell/openapi/types'

/** Terms are alternatives; within a term everything must hold. An empty term matches nothing. */
export function matchesNodeSelector(selector: V1NodeSelector, node: V1Node): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesTerm(term, node))
}

export function matchesTerm(term: V1NodeSelectorTerm, node: V1Node): boolean {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  if (expressions.length === 0 && fields.length === 0) return false
  const labels = node.metadata?.labels ?? {}
  return (
    expressions.every((r) => matchesRequirement(r, Object.hasOwn(labels, r.key) ? labels[r.key] : undefined)) &&
    fields.every((r) => matchesRequirement(r, r.key === 'metadata.name' ? node.metadata?.name : undefined))
  )
}

function matchesRequirement({ operator, values = [] }: V1NodeSelectorRequirement, actual: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return actual !== undefined && values.includes(actual)
    case 'NotIn':
      return actual === undefined || !values.includes(actual)
    case 'Exists':
      return actual !== undefined
    case 'DoesNotExist':
      return actual === undefined
    case 'Gt':
    case 'Lt':
      return compares(operator, actual, values[0])
    default:
      return false
  }
}

function compares(operator: 'Gt' | 'Lt', actual: string | undefined, limit: string | undefined): boolean {
  if (actual === undefined || limit === undefined) return false
  if (!/^[-+]?\d+$/.test(actual) || !/^[-+]?\d+$/.test(limit)) return false
  return operator === 'Gt' ? BigInt(actual) > BigInt(limit) : BigInt(actual) < BigInt(limit)
}
