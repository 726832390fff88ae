import { defineController, type ControllerContext } from '@kapell/controllers/machinery/controller'
import { keyOf, type Lister } from '@kapell/controllers/machinery/store'
import { selectorFromLabelSelector } from '@kapell/openapi/meta/labels'
import { clusterRoles } from '@kapell/openapi/meta/refs'
import type { V1ClusterRole } from '@kapell/openapi/types'
import { sameMeaning } from '../shared/equal.ts'

interface Dependencies {
  context: ControllerContext
  roles: Lister<V1ClusterRole>
}

/** Gives a role the rules of all roles its aggregationRule selects. Source: "Using RBAC", "Aggregated ClusterRoles". */
export const clusterRoleAggregationController = defineController<Dependencies, V1ClusterRole>({
  name: 'clusterrole-aggregation-controller',
  queue: 'ClusterRoleAggregator',
  workers: 5,
  setup: (context) => {
    const roles = context.informer(clusterRoles)
    // Any role may be part of any aggregate.
    const wake = (): void => {
      for (const role of roles.lister.list()) if (role.aggregationRule !== undefined) context.queue.add(keyOf(role))
    }
    roles.onChange({ add: wake, update: wake, delete: wake })
    return { context, roles: roles.lister }
  },
  reconcile: async (name, { context, roles }) => {
    const role = roles.get(name)
    if (role?.aggregationRule === undefined) return
    const rules = aggregate(role, roles.list())
    if (sameMeaning(rules, role.rules)) return
    const body = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules }
    const options = { fieldManager: 'clusterrole-aggregation-controller', force: true }
    await context.client.resource(clusterRoles).patch(name, 'apply', body, options)
  },
})

/** The rules of the selected roles, in the order of selectors and names, each once. */
export function aggregate(role: V1ClusterRole, all: readonly V1ClusterRole[]): NonNullable<V1ClusterRole['rules']> {
  const byName = [...all].sort((a, b) => ((a.metadata?.name ?? '') < (b.metadata?.name ?? '') ? -1 : 1))
  const rules: NonNullable<V1ClusterRole['rules']> = []
  const seen = new Set<string>()
  for (const one of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = selectorFromLabelSelector(one)
    for (const other of byName) {
      if (other.metadata?.name === role.metadata?.name || !selector.matches(other.metadata?.labels)) continue
      for (const rule of other.rules ?? []) {
        const text = JSON.stringify(rule)
        if (!seen.has(text)) rules.push(rule)
        seen.add(text)
      }
    }
  }
  return rules
}
