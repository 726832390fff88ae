import type { V1ClusterRole, V1PolicyRule } from '@kapell/openapi/types'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'

/** Aggregated roles take their rules from one another; a chain longer than this is a loop. */
const maxDepth = 10

const nameOf = (role: V1ClusterRole): string => role.metadata?.name ?? ''

/**
 * The rules every aggregated ClusterRole should have, by name: those of the roles its selectors match, in the order of
 * their names, each once. Source: "Aggregated ClusterRoles".
 */
export function aggregateRules(roles: readonly V1ClusterRole[]): Map<string, V1PolicyRule[]> {
  const byName = [...roles].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  const rules = new Map(byName.map((role) => [nameOf(role), role.rules ?? []]))
  const aggregates = byName.flatMap((role) => {
    if (role.aggregationRule === undefined) return []
    const selectors = (role.aggregationRule.clusterRoleSelectors ?? []).map((s) => selectorFromLabelSelector(s))
    const sources = byName.filter(
      (source) => source !== role && selectors.some((s) => s.matches(source.metadata?.labels ?? {})),
    )
    return [{ name: nameOf(role), sources: sources.map(nameOf) }]
  })
  for (let depth = 0; depth < maxDepth; depth++) {
    let changed = false
    for (const { name, sources } of aggregates) {
      const next = distinct(sources.flatMap((source) => rules.get(source) ?? []))
      if (JSON.stringify(next) === JSON.stringify(rules.get(name))) continue
      rules.set(name, next)
      changed = true
    }
    if (!changed) break
  }
  return new Map(aggregates.map(({ name }) => [name, rules.get(name) ?? []]))
}

function distinct(rules: readonly V1PolicyRule[]): V1PolicyRule[] {
  return [...new Map(rules.map((rule) => [JSON.stringify(rule), rule])).values()]
}
