import type { V1PriorityClass } from '@kapell/openapi/types'
import { forbidden } from '@kapell/openapi/meta/field-errors'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { unchanged } from '../common/validation.ts'
import { refuseSystemClass, validatePriorityClass } from './priorityclass-rules.ts'

export const priorityClasses = defineResource<V1PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  storagePrefix: 'priorityclasses',
  hasGeneration: false,
  default: (o) => {
    o.value ??= 0
    o.preemptionPolicy ??= 'PreemptLowerPriority'
  },
  // Counted once, at its making.
  prepareForCreate: (o) => {
    if (o.metadata !== undefined) o.metadata.generation = 1
  },
  // Value and policy stay as they were made, and are looked at then only.
  validateCreate: validatePriorityClass,
  validateUpdate: (next, previous, at) => [
    ...(next.value === previous.value ? [] : [forbidden(at.child('value'), 'may not be changed in an update.')]),
    ...unchanged(at.child('preemptionPolicy'), next.preemptionPolicy, previous.preemptionPolicy),
  ],
  deletion: { guard: refuseSystemClass },
  columns: [
    nameColumn,
    column('Value', 'integer', (o) => o.value ?? 0),
    column('Global-Default', 'boolean', (o) => o.globalDefault ?? false),
    ageColumn,
    column('PreemptionPolicy', 'string', (o) => o.preemptionPolicy ?? ''),
  ],
})
