import type { V1PriorityClass } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'

export const priorityClasses = defineResource<V1PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  storagePrefix: 'priorityclasses',
  hasGeneration: true,
  columns: [
    nameColumn,
    column('Value', 'integer', (o) => o.value ?? 0),
    column('Global-Default', 'boolean', (o) => o.globalDefault ?? false),
    ageColumn,
    column('PreemptionPolicy', 'string', (o) => o.preemptionPolicy ?? ''),
  ],
})
