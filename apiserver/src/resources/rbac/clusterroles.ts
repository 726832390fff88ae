import type { V1ClusterRole } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'

export const clusterRoles = defineResource<V1ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  storagePrefix: 'clusterroles',
  hasGeneration: false,
})
