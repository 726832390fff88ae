import { parseQuantity } from '@kapell/openapi/meta/quantity'
import type {
  V1Node,
  V1NodeSelectorRequirement,
  V1NodeSelectorTerm,
  V1Pod,
  V1Taint,
  V1Toleration,
} from '@kapell/openapi/types'

/** Whether a pod may be on a node. Source: "Assigning Pods to Nodes", "Taints and Tolerations". */
export function matchesNode(pod: V1Pod, node: V1Node): boolean {
  const labels = node.metadata?.labels ?? {}
  if (!Object.entries(pod.spec?.nodeSelector ?? {}).every(([key, value]) => labels[key] === value)) return false
  const required = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (required === undefined) return true
  return required.nodeSelectorTerms.some((term) => matchesTerm(term, node))
}

function matchesTerm(term: V1NodeSelectorTerm, node: V1Node): boolean {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  // A term that says nothing matches nothing.
  if (expressions.length + fields.length === 0) return false
  const labels = node.metadata?.labels ?? {}
  return (
    expressions.every((one) => matchesRequirement(one, labels[one.key])) &&
    fields.every((one) => one.key === 'metadata.name' && matchesRequirement(one, node.metadata?.name))
  )
}

function matchesRequirement({ operator, values = [] }: V1NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return value !== undefined
    case 'DoesNotExist':
      return value === undefined
    case 'Gt':
    case 'Lt':
      return compare(value, values[0], operator)
    default:
      return false
  }
}

function compare(value: string | undefined, bound: string | undefined, operator: 'Gt' | 'Lt'): boolean {
  const whole = /^-?[0-9]+$/
  if (value === undefined || bound === undefined || !whole.test(value) || !whole.test(bound)) return false
  const order = parseQuantity(value).cmp(parseQuantity(bound))
  return operator === 'Gt' ? order > 0 : order < 0
}

export function tolerates(tolerations: readonly V1Toleration[] | undefined, taint: V1Taint): boolean {
  return (tolerations ?? []).some(
    ({ key = '', operator = 'Equal', value = '', effect = '' }) =>
      (effect === '' || effect === taint.effect) &&
      (key === '' || key === taint.key) &&
      (operator === 'Exists' || (operator === 'Equal' && key !== '' && value === (taint.value ?? ''))),
  )
}

/** The first taint of these effects that the pod does not tolerate. */
export function untolerated(pod: V1Pod, node: V1Node, effects: readonly string[]): V1Taint | undefined {
  return (node.spec?.taints ?? []).find(
    (taint) => effects.includes(taint.effect) && !tolerates(pod.spec?.tolerations, taint),
  )
}
