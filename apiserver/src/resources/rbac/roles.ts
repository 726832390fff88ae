import type { V1Role } from '@kapell/openapi/types'
import { pathSegmentName } from '@kapell/openapi/meta/names'
import { defineResource } from '../../registry/definition.ts'
import { validateRules } from './rules.ts'

export const roles = defineResource<V1Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  allowCreateOnUpdate: true,
  namespaced: true,
  storagePrefix: 'roles',
  hasGeneration: false,
  validateName: (name) => pathSegmentName(name),
  validate: (o, at) => validateRules(o.rules, true, at.child('rules')),
})
