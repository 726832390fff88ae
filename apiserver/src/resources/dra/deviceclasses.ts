import type { V1DeviceClass } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'

export const deviceClasses = defineResource<V1DeviceClass>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  namespaced: false,
  storagePrefix: 'deviceclasses',
  hasGeneration: true,
  columns: [nameColumn, ageColumn],
})
