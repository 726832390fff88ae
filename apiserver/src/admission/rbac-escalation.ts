import type { V1ClusterRole, V1ClusterRoleBinding, V1PolicyRule, V1Role, V1RoleBinding } from '@kapell/openapi/types'
import { forbiddenError } from '@kapell/openapi/meta/status'
import { escalation } from '../authorization/escalation.ts'
import { roleRules, rulesFor } from '../authorization/rbac-rules.ts'
import type { Services } from '../registry/services.ts'
import { sameJson } from '../resources/common/validation.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts'
import { nameOf, named, refusedName } from './matching.ts'

/**
 * Nobody hands out permissions they do not hold, unless they may `escalate` roles or `bind` them.
 * Source: "Using RBAC Authorization", "Privilege escalation prevention and bootstrapping".
 */

const group = 'rbac.authorization.k8s.io'
const everything: V1PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

export const rbacEscalation: AdmissionPlugin = {
  name: 'RBACEscalation',
  handles: (a) =>
    a.resource.group === group && a.subresource === '' && (a.operation === 'CREATE' || a.operation === 'UPDATE'),
  validate: async (attributes, services) => {
    if (attributes.user.groups.includes('system:masters')) return
    switch (attributes.resource.plural) {
      case 'roles':
      case 'clusterroles':
        return checkRole(attributes, services)
      default:
        return checkBinding(attributes, services)
    }
  },
}

async function checkRole(a: AdmissionAttributes, services: Services): Promise<void> {
  const next = a.object as V1Role | V1ClusterRole
  const old = a.oldObject as V1Role | V1ClusterRole | undefined
  const aggregates = (next as V1ClusterRole).aggregationRule
  const same =
    sameJson(next.rules ?? [], old?.rules ?? []) &&
    sameJson(aggregates, (old as V1ClusterRole | undefined)?.aggregationRule)
  if (old !== undefined && same) return
  if (await may('escalate', a, nameOf(a), services)) return
  const wanted = [...(next.rules ?? []), ...(aggregates === undefined ? [] : everything)]
  refuseEscalation(a, wanted, services)
}

async function checkBinding(a: AdmissionAttributes, services: Services): Promise<void> {
  const next = a.object as V1RoleBinding | V1ClusterRoleBinding
  const old = a.oldObject as V1RoleBinding | V1ClusterRoleBinding | undefined
  if (old !== undefined && sameJson(next.roleRef, old.roleRef) && sameJson(next.subjects ?? [], old.subjects ?? []))
    return
  const { kind, name } = next.roleRef
  const decision = await services.authorize({
    user: a.user,
    verb: 'bind',
    group,
    version: '*',
    resource: kind === 'ClusterRole' ? 'clusterroles' : 'roles',
    name,
    ...(a.namespace === '' ? {} : { namespace: a.namespace }),
  })
  if (decision.allowed) return
  refuseEscalation(a, roleRules(next.roleRef, a.namespace, services.objects), services)
}

async function may(verb: string, a: AdmissionAttributes, name: string, services: Services): Promise<boolean> {
  const decision = await services.authorize({
    user: a.user,
    verb,
    group,
    version: '*',
    resource: a.resource.plural,
    ...(name === '' ? {} : { name }),
    ...(a.namespace === '' ? {} : { namespace: a.namespace }),
  })
  return decision.allowed
}

function refuseEscalation(a: AdmissionAttributes, wanted: readonly V1PolicyRule[], services: Services): void {
  const why = escalation(a.user, rulesFor(a.user, a.namespace, services.objects), wanted)
  if (why !== undefined) throw forbiddenError(named(a), refusedName(a), why)
}
