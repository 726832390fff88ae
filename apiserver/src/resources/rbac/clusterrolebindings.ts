import type { V1ClusterRoleBinding } from '@kapell/openapi/types'
import { pathSegmentName } from '@kapell/openapi/meta/names'
import { defineResource } from '../../registry/definition.ts'
import { bindingColumns, defaultBinding, validateBinding, validateBindingUpdate } from './bindings.ts'

export const clusterRoleBindings = defineResource<V1ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  allowCreateOnUpdate: true,
  namespaced: false,
  storagePrefix: 'clusterrolebindings',
  hasGeneration: false,
  validateName: (name) => pathSegmentName(name),
  default: defaultBinding,
  validate: (o, at) => validateBinding(o, false, at),
  validateUpdate: validateBindingUpdate,
  columns: bindingColumns,
})
