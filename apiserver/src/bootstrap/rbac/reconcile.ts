import type {
  RbacV1Subject,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
} from '@kapell/openapi/types'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { isReason } from '@kapell/openapi/meta/status'
import { missingPermissions } from '../../authorization/escalation.ts'
import {
  clusterRoleBindingResource,
  clusterRoleResource,
  roleBindingResource,
  roleResource,
} from '../../authorization/rbac-rules.ts'
import type { ObjectAccess, ResourceName } from '../../registry/services.ts'
import { aggregateRules } from './aggregate.ts'
import { autoUpdate } from './builders.ts'
import { clusterRoleBindings } from './cluster-role-bindings.ts'
import { componentRoles } from './component-roles.ts'
import { controllerRolesFirst } from './controller-roles-a-j.ts'
import { controllerRolesSecond } from './controller-roles-k-z.ts'
import { systemRoleBindings, systemRoles } from './namespaced.ts'
import { userRoles } from './user-roles.ts'

export const defaultClusterRoles: readonly V1ClusterRole[] = [
  ...userRoles,
  ...componentRoles,
  ...controllerRolesFirst,
  ...controllerRolesSecond,
]

/**
 * Creates the default roles and bindings that are missing and gives back what was taken from those that are there;
 * what an administrator added stays, and `autoupdate: "false"` keeps us away. Source: "Auto-reconciliation".
 */
export async function reconcileRbac(objects: ObjectAccess): Promise<void> {
  const aggregated = aggregateRules(mergeByName(defaultClusterRoles, objects.list<V1ClusterRole>(clusterRoleResource)))
  const clusterRoles = defaultClusterRoles.map((role) => {
    const rules = aggregated.get(role.metadata?.name ?? '')
    return rules === undefined ? role : { ...role, rules }
  })
  await Promise.all([
    ...clusterRoles.map((role) => ensure(objects, clusterRoleResource, role, completeRole)),
    ...systemRoles.map((role) => ensure(objects, roleResource, role, completeRole)),
    ...clusterRoleBindings.map((binding) => ensure(objects, clusterRoleBindingResource, binding, completeBinding)),
    ...systemRoleBindings.map((binding) => ensure(objects, roleBindingResource, binding, completeBinding)),
  ])
}

/** The defaults, with what is stored in place of a default of the same name. */
function mergeByName(defaults: readonly V1ClusterRole[], stored: readonly V1ClusterRole[]): V1ClusterRole[] {
  return [...new Map([...defaults, ...stored].map((role) => [role.metadata?.name ?? '', role])).values()]
}

/** Changes `object` towards `wanted`; false when nothing was missing. */
type Complete<T> = (object: T, wanted: T) => boolean

async function ensure<T extends KubeObject>(
  objects: ObjectAccess,
  resource: ResourceName,
  wanted: T,
  complete: Complete<T>,
): Promise<void> {
  const at = {
    name: wanted.metadata?.name ?? '',
    ...(wanted.metadata?.namespace === undefined ? {} : { namespace: wanted.metadata.namespace }),
  }
  const stored = objects.get<T>(resource, at)
  if (stored === undefined) {
    try {
      await objects.create(resource, wanted)
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error
    }
    return
  }
  if (stored.metadata?.annotations?.[autoUpdate] === 'false') return
  if (!complete(structuredClone(stored), wanted)) return
  await objects.update<T>(resource, at, (object) => {
    complete(object, wanted)
  })
}

function completeMetadata(object: KubeObject, wanted: KubeObject): boolean {
  let changed = false
  const meta = (object.metadata ??= {})
  for (const field of ['labels', 'annotations'] as const) {
    for (const [key, value] of Object.entries(wanted.metadata?.[field] ?? {})) {
      if (meta[field]?.[key] !== undefined) continue
      meta[field] = { ...meta[field], [key]: value }
      changed = true
    }
  }
  return changed
}

function completeRole(role: V1ClusterRole | V1Role, wanted: V1ClusterRole | V1Role): boolean {
  let changed = completeMetadata(role, wanted)
  const missing: V1PolicyRule[] = missingPermissions(role.rules ?? [], wanted.rules ?? [])
  if (missing.length > 0) {
    role.rules = [...(role.rules ?? []), ...missing]
    changed = true
  }
  return changed
}

type Binding = V1ClusterRoleBinding | V1RoleBinding

const sameSubject = (a: RbacV1Subject, b: RbacV1Subject): boolean =>
  a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '')

function completeBinding(binding: Binding, wanted: Binding): boolean {
  let changed = completeMetadata(binding, wanted)
  const missing = (wanted.subjects ?? []).filter((s) => !(binding.subjects ?? []).some((have) => sameSubject(have, s)))
  if (missing.length > 0) {
    binding.subjects = [...(binding.subjects ?? []), ...missing]
    changed = true
  }
  return changed
}
