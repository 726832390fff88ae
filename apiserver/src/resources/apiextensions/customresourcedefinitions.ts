import type { V1CustomResourceDefinition } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

export const customResourceDefinitions = defineResource<V1CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  namespaced: false,
  storagePrefix: 'apiextensions.k8s.io/customresourcedefinitions',
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  prepareForCreate: (o) => startStatus(o),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: 'all' }) },
})
