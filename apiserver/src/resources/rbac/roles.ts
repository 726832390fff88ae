import type { V1Role } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'

export const roles = defineResource<V1Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
  storagePrefix: 'roles',
  hasGeneration: false,
})
