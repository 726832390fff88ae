import type { V1CSIStorageCapacity } from '@kapell/openapi/types'
import { defineResource } from '../../registry/definition.ts'

export const csiStorageCapacities = defineResource<V1CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  namespaced: true,
  storagePrefix: 'csistoragecapacities',
  hasGeneration: false,
})
