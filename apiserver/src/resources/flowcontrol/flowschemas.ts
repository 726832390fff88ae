import type { V1FlowSchema } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { validateFlowSchema } from './rules.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

export const flowSchemas = defineResource<V1FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  plural: 'flowschemas',
  namespaced: false,
  storagePrefix: 'flowschemas',
  hasGeneration: true,
  columns: [
    nameColumn,
    column('PriorityLevel', 'string', (o) => o.spec?.priorityLevelConfiguration.name ?? ''),
    column('MatchingPrecedence', 'string', (o) => o.spec?.matchingPrecedence ?? 0),
    column('DistinguisherMethod', 'string', (o) => o.spec?.distinguisherMethod?.type ?? '<none>'),
    ageColumn,
    column(
      'MissingPL',
      'string',
      (o) => (o.status?.conditions ?? []).find((c) => c.type === 'Dangling')?.status ?? '?',
    ),
  ],
  default: (o) => {
    if (o.spec !== undefined && (o.spec.matchingPrecedence ?? 0) === 0) o.spec.matchingPrecedence = 1000
  },
  validate: validateFlowSchema,
  prepareForCreate: (o) => startStatus(o),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: 'all' }) },
})
