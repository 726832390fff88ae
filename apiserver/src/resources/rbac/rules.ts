import type { V1AggregationRule, V1PolicyRule } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { validateLabelSelector } from '../common/validation.ts'

/** Source: "Using RBAC Authorization". */
export function validateRules(
  rules: readonly V1PolicyRule[] | undefined,
  namespaced: boolean,
  at: FieldPath,
): FieldError[] {
  return (rules ?? []).flatMap((rule, i) => {
    const here = at.index(i)
    const errors: FieldError[] = []
    const urls = rule.nonResourceURLs ?? []
    const has = (list: readonly string[] | undefined): boolean => (list ?? []).length > 0
    if (!has(rule.verbs)) errors.push(required(here.child('verbs'), 'verbs must contain at least one value'))
    if (urls.length > 0) {
      if (namespaced) {
        errors.push(invalid(here.child('nonResourceURLs'), urls, 'namespaced rules cannot apply to non-resource URLs'))
      }
      if (has(rule.apiGroups) || has(rule.resources) || has(rule.resourceNames)) {
        errors.push(
          invalid(
            here.child('nonResourceURLs'),
            urls,
            'rules cannot apply to both regular resources and non-resource URLs',
          ),
        )
      }
      return errors
    }
    if (!has(rule.apiGroups))
      errors.push(required(here.child('apiGroups'), 'resource rules must supply at least one api group'))
    if (!has(rule.resources))
      errors.push(required(here.child('resources'), 'resource rules must supply at least one resource'))
    return errors
  })
}

export function validateAggregation(rule: V1AggregationRule | undefined, at: FieldPath): FieldError[] {
  if (rule === undefined) return []
  const selectors = rule.clusterRoleSelectors ?? []
  const here = at.child('clusterRoleSelectors')
  if (selectors.length === 0)
    return [required(here, 'at least one clusterRoleSelector required if aggregationRule is non-nil')]
  return selectors.flatMap((selector, i) => {
    const errors = validateLabelSelector(selector, here.index(i))
    return errors.length === 0 ? [] : [...errors, invalid(here.index(i), null, 'invalid label selector.')]
  })
}
