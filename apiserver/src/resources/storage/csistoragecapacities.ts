import type { V1CSIStorageCapacity } from '@kapell/openapi/types'
import { dns1123Subdomain } from '@kapell/openapi/meta/names'
import { defineResource } from '../../registry/definition.ts'
import { invalid } from '@kapell/openapi/meta/field-errors'
import { isNegative, nameErrors, unchanged, validateLabelSelector } from '../common/validation.ts'

export const csiStorageCapacities = defineResource<V1CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  allowUnconditionalUpdate: false,
  namespaced: true,
  storagePrefix: 'csistoragecapacities',
  hasGeneration: false,
  validate: (o, at) => [
    ...nameErrors(at.child('storageClassName'), o.storageClassName ?? '', dns1123Subdomain),
    ...validateLabelSelector(o.nodeTopology, at.child('nodeTopology')),
    ...(o.capacity?.startsWith('-') === true ? [invalid(at.child('capacity'), o.capacity, isNegative)] : []),
  ],
  validateUpdate: (next, previous, at) => [
    ...unchanged(at.child('nodeTopology'), next.nodeTopology, previous.nodeTopology),
    ...unchanged(at.child('storageClassName'), next.storageClassName, previous.storageClassName),
  ],
})
