import type { V1PodDisruptionBudget } from '@kapell/openapi/types'
import { pathSegmentName } from '@kapell/openapi/meta/names'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { validateBudget } from './budget-rules.ts'
import { validateConditions } from '../common/conditions.ts'
import { validateCounts } from '../common/status-counts.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

const validateStatusCounts = validateCounts({
  fields: ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'],
})

const orNone = (value: string | number | undefined): string => (value === undefined ? 'N/A' : String(value))

export const podDisruptionBudgets = defineResource<V1PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  namespaced: true,
  storagePrefix: 'poddisruptionbudgets',
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  columns: [
    nameColumn,
    column('Min Available', 'string', (o) => orNone(o.spec?.minAvailable)),
    column('Max Unavailable', 'string', (o) => orNone(o.spec?.maxUnavailable)),
    column('Allowed Disruptions', 'integer', (o) => o.status?.disruptionsAllowed ?? 0),
    ageColumn,
  ],
  // Any will do.
  validateName: (name) => pathSegmentName(name),
  validate: validateBudget,
  prepareForCreate: (o) =>
    startStatus(o, { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
  prepareForUpdate: keepStatus,
  subresources: {
    status: statusView({
      validate: (next, previous, at) => [
        ...validateConditions(next.status?.conditions ?? [], at.child('status', 'conditions')),
        ...validateStatusCounts(next, previous, at),
      ],
    }),
  },
})
