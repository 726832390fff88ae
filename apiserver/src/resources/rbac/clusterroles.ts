import type { V1ClusterRole } from '@kapell/openapi/types'
import { pathSegmentName } from '@kapell/openapi/meta/names'
import { defineResource } from '../../registry/definition.ts'
import { validateAggregation, validateRules } from './rules.ts'

export const clusterRoles = defineResource<V1ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  allowCreateOnUpdate: true,
  namespaced: false,
  storagePrefix: 'clusterroles',
  hasGeneration: false,
  validateName: (name) => pathSegmentName(name),
  validate: (o, at) => [
    ...validateRules(o.rules, false, at.child('rules')),
    ...validateAggregation(o.aggregationRule, at.child('aggregationRule')),
  ],
})
