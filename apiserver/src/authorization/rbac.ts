import type {
  RbacV1Subject,
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1PolicyRule,
  V1Role,
  V1RoleBinding,
} from '@kapell/openapi/types'
import type { UserInfo } from '../authentication/user.ts'
import type { AuthorizationAttributes, ObjectAccess } from '../registry/services.ts'
import { allow, noOpinion, type Authorizer } from './authorizer.ts'
import {
  clusterRoleBindingResource,
  clusterRoleResource,
  roleBindingResource,
  roleResource,
  serviceAccountUser,
} from './rbac-rules.ts'
import { compileRule, type CompiledRule } from './rules.ts'

/**
 * RBAC over indexes that follow the caches: a request looks at the bindings of its own user and groups only.
 * Source: "Using RBAC Authorization".
 */
export function createRbacAuthorizer(objects: Pick<ObjectAccess, 'follow'>): Authorizer {
  const clusterRoles = new Map<string, CompiledRule[]>()
  const roles = new Map<string, CompiledRule[]>()
  const clusterBindings = new BindingIndex()
  const bindings = new BindingIndex()

  objects.follow<V1ClusterRole>(clusterRoleResource, (key, role) => setRules(clusterRoles, key, role?.rules, role))
  objects.follow<V1Role>(roleResource, (key, role) => setRules(roles, key, role?.rules, role))
  objects.follow<V1ClusterRoleBinding>(clusterRoleBindingResource, (key, binding) => clusterBindings.set(key, binding))
  objects.follow<V1RoleBinding>(roleBindingResource, (key, binding) => bindings.set(key, binding))

  function decide(attributes: AuthorizationAttributes): ReturnType<Authorizer> {
    const missing: string[] = []
    const subjects = subjectKeys(attributes.user)
    for (const grant of clusterBindings.of('', subjects)) {
      const rules = clusterRoles.get(grant.roleName)
      if (rules === undefined) missing.push(notFoundText('ClusterRole', grant.roleName))
      else if (rules.some((rule) => rule.matches(attributes))) {
        return allow(
          `RBAC: allowed by ClusterRoleBinding "${grant.name}" of ClusterRole "${grant.roleName}" to ${grant.subject}`,
        )
      }
    }
    const namespace = attributes.namespace ?? ''
    if (attributes.resource !== undefined && namespace !== '') {
      for (const grant of bindings.of(namespace, subjects)) {
        const rules =
          grant.roleKind === 'ClusterRole'
            ? clusterRoles.get(grant.roleName)
            : roles.get(`${namespace}/${grant.roleName}`)
        if (rules === undefined) missing.push(notFoundText(grant.roleKind, grant.roleName))
        else if (rules.some((rule) => rule.matches(attributes))) {
          return allow(
            `RBAC: allowed by RoleBinding "${grant.name}/${namespace}" of ${grant.roleKind} "${grant.roleName}" to ${grant.subject}`,
          )
        }
      }
    }
    if (missing.length === 0) return noOpinion()
    const texts = [...new Set(missing)]
    return noOpinion(`RBAC: ${texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`}`)
  }
  return decide
}

function setRules(
  into: Map<string, CompiledRule[]>,
  key: string,
  rules: V1PolicyRule[] | undefined,
  role: object | undefined,
): void {
  if (role === undefined) into.delete(key)
  else into.set(key, (rules ?? []).map(compileRule))
}

const notFoundText = (kind: string, name: string): string =>
  `${kind.toLowerCase()}.rbac.authorization.k8s.io "${name}" not found`

interface Grant {
  /** The binding's name. */
  name: string
  roleKind: 'Role' | 'ClusterRole'
  roleName: string
  /** `Group "system:authenticated"`, for the reason. */
  subject: string
}

interface Subject {
  key: string
  text: string
}

/** The keys under which bindings for this user are indexed. */
function subjectKeys(user: UserInfo): string[] {
  return [`User/${user.username}`, ...user.groups.map((group) => `Group/${group}`)]
}

function subjectOf(subject: RbacV1Subject, namespace: string): Subject | undefined {
  switch (subject.kind) {
    case 'User':
    case 'Group':
      return { key: `${subject.kind}/${subject.name}`, text: `${subject.kind} ${JSON.stringify(subject.name)}` }
    case 'ServiceAccount': {
      const at = subject.namespace === undefined || subject.namespace === '' ? namespace : subject.namespace
      if (at === '') return undefined
      return { key: `User/${serviceAccountUser(at, subject.name)}`, text: `ServiceAccount "${subject.name}/${at}"` }
    }
    default:
      return undefined
  }
}

interface BindingObject {
  metadata?: { name?: string; namespace?: string }
  roleRef: { kind: string; name: string }
  subjects?: RbacV1Subject[]
}

/** Bindings by namespace and subject. */
class BindingIndex {
  readonly #grants = new Map<string, Map<string, Grant>>()
  /** Which entries of the index a binding holds, to take them out again. */
  readonly #held = new Map<string, string[]>()

  set(key: string, binding: BindingObject | undefined): void {
    for (const entry of this.#held.get(key) ?? []) {
      const grants = this.#grants.get(entry)
      grants?.delete(key)
      if (grants?.size === 0) this.#grants.delete(entry)
    }
    this.#held.delete(key)
    if (binding === undefined) return
    const namespace = binding.metadata?.namespace ?? ''
    const entries: string[] = []
    for (const subject of binding.subjects ?? []) {
      const indexed = subjectOf(subject, namespace)
      if (indexed === undefined) continue
      const entry = `${namespace} ${indexed.key}`
      if (entries.includes(entry)) continue
      entries.push(entry)
      let grants = this.#grants.get(entry)
      if (grants === undefined) this.#grants.set(entry, (grants = new Map()))
      grants.set(key, {
        name: binding.metadata?.name ?? '',
        roleKind: binding.roleRef.kind === 'ClusterRole' ? 'ClusterRole' : 'Role',
        roleName: binding.roleRef.name,
        subject: indexed.text,
      })
    }
    this.#held.set(key, entries)
  }

  *of(namespace: string, subjects: readonly string[]): Iterable<Grant> {
    for (const subject of subjects) yield* this.#grants.get(`${namespace} ${subject}`)?.values() ?? []
  }
}
