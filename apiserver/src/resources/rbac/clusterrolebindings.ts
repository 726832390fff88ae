import type { V1ClusterRoleBinding } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { bindingColumns } from './bindings.ts'

export const clusterRoleBindings = defineResource<V1ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  storagePrefix: 'clusterrolebindings',
  hasGeneration: false,
  columns: bindingColumns,
})
