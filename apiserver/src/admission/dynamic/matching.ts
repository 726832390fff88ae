import type { KubeObject } from '@kapell/openapi/meta/object'
import type { Selector } from '@kapell/openapi/meta/labels'
import type { MatchRule, ResourcePath } from './types.ts'

/** Which requests a rule means: pure decisions. Source: "Dynamic Admission Control", "Matching requests". */

export interface MatchRequest extends ResourcePath {
  operation: string
  name: string
  /** False for cluster-scoped objects, namespaces among them. */
  inNamespace: boolean
}

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(value))

function resourceMatches(resources: readonly string[] | undefined, { plural, subresource }: ResourcePath): boolean {
  return (resources ?? []).some((pattern) => {
    const slash = pattern.indexOf('/')
    const wanted = slash < 0 ? pattern : pattern.slice(0, slash)
    const part = slash < 0 ? '' : pattern.slice(slash + 1)
    return (wanted === '*' || wanted === plural) && (part === '*' || part === subresource)
  })
}

export function ruleMatches(rule: MatchRule, request: MatchRequest): boolean {
  const { scope = '*', resourceNames = [] } = rule
  return (
    has(rule.operations, request.operation) &&
    has(rule.apiGroups, request.group) &&
    has(rule.apiVersions, request.version) &&
    resourceMatches(rule.resources, request) &&
    (scope === '*' || (scope === 'Namespaced') === request.inNamespace) &&
    (resourceNames.length === 0 || resourceNames.includes(request.name))
  )
}

/**
 * The resource under which the rules want to see the request: as it was made or, with matchPolicy Equivalent, another
 * version of the same objects. Undefined when they do not want it.
 */
export function matchedAs<T extends { group: string; version: string; plural: string }>(
  rules: readonly MatchRule[],
  request: MatchRequest,
  options: { own: T; others: () => readonly T[] },
): T | undefined {
  if (rules.some((rule) => ruleMatches(rule, request))) return options.own
  for (const other of options.others()) {
    const { group, version, plural } = other
    const seen = { ...request, group, version, plural }
    if (rules.some((rule) => ruleMatches(rule, seen))) return other
  }
  return undefined
}

/** An empty selector matches everything, others what is there to be stored or what is stored now. */
export function objectMatches(
  selector: Selector,
  object: KubeObject | undefined,
  oldObject: KubeObject | undefined,
): boolean {
  if (selector.empty) return true
  return [object, oldObject].some((one) => one?.metadata !== undefined && selector.matches(one.metadata.labels))
}

const configurations = new Set([
  'validatingwebhookconfigurations',
  'mutatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
])

/** What dynamic admission itself is set up with: else a broken webhook could never be removed. */
export function isExempt({ group, plural }: { group: string; plural: string }): boolean {
  return group === 'admissionregistration.k8s.io' && configurations.has(plural)
}
