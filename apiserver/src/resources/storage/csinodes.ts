import type { V1CSINode } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { validateCsiNode, validateCsiNodeUpdate } from './driver-rules.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'

export const csiNodes = defineResource<V1CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  allowUnconditionalUpdate: false,
  namespaced: false,
  storagePrefix: 'csinodes',
  hasGeneration: false,
  validate: validateCsiNode,
  validateUpdate: validateCsiNodeUpdate,
  columns: [nameColumn, column('Drivers', 'integer', (o) => (o.spec.drivers ?? []).length), ageColumn],
})
