import type {
  RbacV1Subject,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
} from '@kapell/openapi/types'
import type { UserInfo } from '../authentication/user.ts'
import type { ObjectAccess } from '../registry/services.ts'

/** RBAC as rules of a user: the slow, complete view; requests are answered by the index in `rbac.ts`. */

const group = 'rbac.authorization.k8s.io'
export const roleResource = { group, plural: 'roles' }
export const clusterRoleResource = { group, plural: 'clusterroles' }
export const roleBindingResource = { group, plural: 'rolebindings' }
export const clusterRoleBindingResource = { group, plural: 'clusterrolebindings' }

type Reader = Pick<ObjectAccess, 'get' | 'list'>

/** "system:serviceaccount:<namespace>:<name>". */
export const serviceAccountUser = (namespace: string, name: string): string =>
  `system:serviceaccount:${namespace}:${name}`

/** Whether a binding's subject is this user. `namespace` is the binding's, for service accounts that name none. */
export function subjectMatches(subject: RbacV1Subject, user: UserInfo, namespace = ''): boolean {
  switch (subject.kind) {
    case 'User':
      return user.username === subject.name
    case 'Group':
      return user.groups.includes(subject.name)
    case 'ServiceAccount': {
      const at = subject.namespace === undefined || subject.namespace === '' ? namespace : subject.namespace
      return at !== '' && user.username === serviceAccountUser(at, subject.name)
    }
    default:
      return false
  }
}

/** The rules a roleRef stands for; [] when the role is missing. */
export function roleRules(ref: { kind: string; name: string }, namespace: string, objects: Reader): V1PolicyRule[] {
  return ref.kind === 'ClusterRole'
    ? (objects.get<V1ClusterRole>(clusterRoleResource, { name: ref.name })?.rules ?? [])
    : (objects.get<V1Role>(roleResource, { namespace, name: ref.name })?.rules ?? [])
}

/** Everything a user may do in a namespace ('' asks for cluster-wide rules only), as rules. */
export function rulesFor(user: UserInfo, namespace: string, objects: Reader): V1PolicyRule[] {
  const rules: V1PolicyRule[] = []
  for (const binding of objects.list<V1ClusterRoleBinding>(clusterRoleBindingResource)) {
    if ((binding.subjects ?? []).some((s) => subjectMatches(s, user))) {
      rules.push(...roleRules(binding.roleRef, '', objects))
    }
  }
  if (namespace === '') return rules
  for (const binding of objects.list<V1RoleBinding>(roleBindingResource, { namespace })) {
    if ((binding.subjects ?? []).some((s) => subjectMatches(s, user, namespace))) {
      rules.push(...roleRules(binding.roleRef, namespace, objects))
    }
  }
  return rules
}
