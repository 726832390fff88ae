import type { V1RoleBinding } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { bindingColumns } from './bindings.ts'

export const roleBindings = defineResource<V1RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
  storagePrefix: 'rolebindings',
  hasGeneration: false,
  columns: bindingColumns,
})
