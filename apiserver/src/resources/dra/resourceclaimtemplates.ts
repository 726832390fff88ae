import type { V1ResourceClaimTemplate } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { defaultClaimSpec } from './rules.ts'

export const resourceClaimTemplates = defineResource<V1ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  namespaced: true,
  storagePrefix: 'resourceclaimtemplates',
  hasGeneration: false,
  default: (o) => defaultClaimSpec(o.spec?.spec),
  columns: [nameColumn, ageColumn],
})
