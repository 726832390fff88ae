import type { RbacV1Subject, V1RoleRef } from '@kapell/openapi/types'
import { invalid, required, type FieldError, type FieldPath } from '@kapell/openapi/meta/field-errors'
import { dns1123Subdomain, pathSegmentName } from '@kapell/openapi/meta/names'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { column, type Column } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { nameErrors, sameJson, unsupported } from '../common/validation.ts'

/** What RoleBinding and ClusterRoleBinding share. */
export interface BindingLike extends KubeObject {
  roleRef: V1RoleRef
  subjects?: RbacV1Subject[]
}

const names = (binding: BindingLike, kind: string): string =>
  (binding.subjects ?? [])
    .filter((s) => s.kind === kind)
    .map((s) => (kind === 'ServiceAccount' ? `${s.namespace ?? ''}/${s.name}` : s.name))
    .join(', ')

export const bindingColumns: Column<BindingLike>[] = [
  nameColumn,
  column('Role', 'string', (o) => `${o.roleRef.kind}/${o.roleRef.name}`),
  ageColumn,
  column('Users', 'string', (o) => names(o, 'User'), { priority: 1 }),
  column('Groups', 'string', (o) => names(o, 'Group'), { priority: 1 }),
  column('ServiceAccounts', 'string', (o) => names(o, 'ServiceAccount'), { priority: 1 }),
]

const apiGroup = 'rbac.authorization.k8s.io'

/** Who leaves the group out means ours; service accounts are of the core group. */
export function defaultBinding(binding: BindingLike): void {
  if (binding.roleRef !== undefined && (binding.roleRef.apiGroup ?? '') === '') binding.roleRef.apiGroup = apiGroup
  for (const subject of binding.subjects ?? []) {
    if ((subject.apiGroup ?? '') !== '') continue
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup = apiGroup
  }
}

export function validateBinding(binding: BindingLike, namespaced: boolean, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const ref = at.child('roleRef')
  const { apiGroup: group = '', kind = '', name = '' } = binding.roleRef ?? {}
  if (group !== apiGroup) errors.push(unsupported(ref.child('apiGroup'), group, [apiGroup]))
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole']
  if (!kinds.includes(kind)) errors.push(unsupported(ref.child('kind'), kind, kinds))
  if (name === '') errors.push(required(ref.child('name')))
  else errors.push(...nameErrors(ref.child('name'), name, pathSegmentName))
  for (const [i, subject] of (binding.subjects ?? []).entries()) {
    errors.push(...validateSubject(subject, namespaced, at.child('subjects').index(i)))
  }
  return errors
}

function validateSubject(subject: RbacV1Subject, namespaced: boolean, at: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  const group = subject.apiGroup ?? ''
  if (subject.name === '') errors.push(required(at.child('name')))
  switch (subject.kind) {
    case 'ServiceAccount':
      if (subject.name !== '') errors.push(...nameErrors(at.child('name'), subject.name, dns1123Subdomain))
      if (group !== '') errors.push(unsupported(at.child('apiGroup'), group, ['']))
      if (!namespaced && (subject.namespace ?? '') === '') errors.push(required(at.child('namespace')))
      break
    case 'User':
    case 'Group':
      if (group !== apiGroup) errors.push(unsupported(at.child('apiGroup'), group, [apiGroup]))
      break
    default:
      errors.push(unsupported(at.child('kind'), subject.kind, ['ServiceAccount', 'User', 'Group']))
  }
  return errors
}

/** A binding never changes its role: who needs another makes another. */
export function validateBindingUpdate(next: BindingLike, previous: BindingLike, at: FieldPath): FieldError[] {
  if (sameJson(next.roleRef, previous.roleRef)) return []
  const { apiGroup: group, kind, name } = next.roleRef
  return [invalid(at.child('roleRef'), { APIGroup: group, Kind: kind, Name: name }, 'cannot change roleRef')]
}
