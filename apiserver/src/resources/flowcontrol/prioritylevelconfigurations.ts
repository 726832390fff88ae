import type { V1PriorityLevelConfiguration } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { defaultPriorityLevel, validatePriorityLevel } from './rules.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

const queuing = (o: V1PriorityLevelConfiguration) => o.spec?.limited?.limitResponse?.queuing
const orNone = (value: number | undefined): string | number => value ?? '<none>'

export const priorityLevelConfigurations = defineResource<V1PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  plural: 'prioritylevelconfigurations',
  namespaced: false,
  storagePrefix: 'prioritylevelconfigurations',
  hasGeneration: true,
  columns: [
    nameColumn,
    column('Type', 'string', (o) => o.spec?.type ?? ''),
    column('NominalConcurrencyShares', 'string', (o) => orNone(o.spec?.limited?.nominalConcurrencyShares)),
    column('Queues', 'string', (o) => orNone(queuing(o)?.queues)),
    column('HandSize', 'string', (o) => orNone(queuing(o)?.handSize)),
    column('QueueLengthLimit', 'string', (o) => orNone(queuing(o)?.queueLengthLimit)),
    ageColumn,
  ],
  default: defaultPriorityLevel,
  validate: validatePriorityLevel,
  prepareForCreate: (o) => startStatus(o),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: 'all' }) },
})
