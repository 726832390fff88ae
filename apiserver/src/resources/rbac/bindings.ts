import type { RbacV1Subject, V1RoleRef } from '@kapell/openapi/types'
import type { KubeObject } from '@kapell/openapi/meta/object'
import { column, type Column } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'

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
