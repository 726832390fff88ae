import type { V1RoleBinding } from '@kapell/openapi/types'
import { pathSegmentName } from '@kapell/openapi/meta/names'
import { defineResource } from '../../registry/definition.ts'
import { bindingColumns, defaultBinding, validateBinding, validateBindingUpdate } from './bindings.ts'

export const roleBindings = defineResource<V1RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  allowCreateOnUpdate: true,
  namespaced: true,
  storagePrefix: 'rolebindings',
  hasGeneration: false,
  validateName: (name) => pathSegmentName(name),
  default: defaultBinding,
  validate: (o, at) => validateBinding(o, true, at),
  validateUpdate: validateBindingUpdate,
  columns: bindingColumns,
})
