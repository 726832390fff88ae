import type {
  RbacV1Subject,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ObjectMeta,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
} from '@kapell/openapi/types'

export { rule, urls } from '../../authorization/rule-builders.ts'

/** Default RBAC objects in short. Each is marked as ours to keep up to date. Source: "Auto-reconciliation". */

const apiGroup = 'rbac.authorization.k8s.io'
const apiVersion = `${apiGroup}/v1`
export const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate'

function metadata(name: string, labels: Record<string, string> = {}, namespace?: string): V1ObjectMeta {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    annotations: { [autoUpdate]: 'true' },
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  }
}

const aggregateLabel = (to: string): string => `${apiGroup}/aggregate-to-${to}`
const aggregateLabels = (to: string | undefined): Record<string, string> =>
  to === undefined ? {} : { [aggregateLabel(to)]: 'true' }

/** `aggregateTo` names the role that takes these rules over. */
export function clusterRole(name: string, rules: V1PolicyRule[], aggregateTo?: string): V1ClusterRole {
  return { apiVersion, kind: 'ClusterRole', metadata: metadata(name, aggregateLabels(aggregateTo)), rules }
}

/** A role whose rules are those of the roles labelled for it. */
export function aggregated(name: string, from: string, aggregateTo?: string): V1ClusterRole {
  return {
    apiVersion,
    kind: 'ClusterRole',
    metadata: metadata(name, aggregateLabels(aggregateTo)),
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [aggregateLabel(from)]: 'true' } }] },
  }
}

export const controllerRole = (name: string, rules: V1PolicyRule[]): V1ClusterRole =>
  clusterRole(`system:controller:${name}`, rules)

export function role(namespace: string, name: string, rules: V1PolicyRule[]): V1Role {
  return { apiVersion, kind: 'Role', metadata: metadata(name, {}, namespace), rules }
}

export const user = (name: string): RbacV1Subject => ({ apiGroup, kind: 'User', name })
export const group = (name: string): RbacV1Subject => ({ apiGroup, kind: 'Group', name })
export const serviceAccount = (namespace: string, name: string): RbacV1Subject => ({
  kind: 'ServiceAccount',
  name,
  namespace,
})

export function clusterRoleBinding(name: string, roleName: string, subjects: RbacV1Subject[]): V1ClusterRoleBinding {
  return {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: metadata(name),
    roleRef: { apiGroup, kind: 'ClusterRole', name: roleName },
    ...(subjects.length === 0 ? {} : { subjects }),
  }
}

export function roleBinding(
  namespace: string,
  name: string,
  roleName: string,
  subjects: RbacV1Subject[],
): V1RoleBinding {
  return {
    apiVersion,
    kind: 'RoleBinding',
    metadata: metadata(name, {}, namespace),
    roleRef: { apiGroup, kind: 'Role', name: roleName },
    subjects,
  }
}
