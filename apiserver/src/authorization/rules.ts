import type { V1PolicyRule } from '@kapell/openapi/types'
import type { AuthorizationAttributes } from '../registry/services.ts'

/** A policy rule prepared for matching many requests. Source: "Using RBAC Authorization", "Referring to resources". */
export interface CompiledRule {
  matches(attributes: AuthorizationAttributes): boolean
}

function setOf(values: readonly string[] | undefined): ReadonlySet<string> | 'all' {
  return (values ?? []).includes('*') ? 'all' : new Set(values)
}

const has = (set: ReadonlySet<string> | 'all', value: string): boolean => set === 'all' || set.has(value)

export function compileRule(rule: V1PolicyRule): CompiledRule {
  const verbs = setOf(rule.verbs)
  const groups = setOf(rule.apiGroups)
  const resources = setOf(rule.resources)
  const names = (rule.resourceNames ?? []).length === 0 ? undefined : new Set(rule.resourceNames)
  const urls = rule.nonResourceURLs ?? []
  return {
    matches: ({ verb, group = '', resource, subresource = '', name = '', path = '' }) => {
      if (!has(verbs, verb)) return false
      if (resource === undefined) return urls.some((url) => urlMatches(url, path))
      if (!has(groups, group) || !resourceMatches(resources, resource, subresource)) return false
      return names === undefined || names.has(name)
    },
  }
}

/** "pods", "pods/log", "*" and "*\/scale". */
function resourceMatches(resources: ReadonlySet<string> | 'all', resource: string, subresource: string): boolean {
  if (resources === 'all') return true
  if (subresource === '') return resources.has(resource)
  return resources.has(`${resource}/${subresource}`) || resources.has(`*/${subresource}`)
}

/** "*" is any path, "/x/*" whatever begins with "/x/". */
export function urlMatches(pattern: string, path: string): boolean {
  return pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)))
}
