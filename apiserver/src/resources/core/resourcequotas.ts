import type { V1ResourceQuota } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { roundUpAmounts } from '../common/quantities.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { validateQuota, validateQuotaStatus, validateQuotaUpdate } from './resourcequota-rules.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

function usage(quota: V1ResourceQuota, limits: boolean): string {
  const { hard = {}, used = {} } = quota.status ?? {}
  return Object.keys(hard)
    .filter((name) => name.startsWith('limits') === limits)
    .sort()
    .map((name) => `${name}: ${used[name] ?? '0'}/${hard[name] ?? '0'}`)
    .join(', ')
}

export const resourceQuotas = defineResource<V1ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  namespaced: true,
  storagePrefix: 'resourcequotas',
  hasGeneration: false,
  columns: [
    nameColumn,
    column('Request', 'string', (o) => usage(o, false)),
    column('Limit', 'string', (o) => usage(o, true)),
    ageColumn,
  ],
  validate: validateQuota,
  validateUpdate: validateQuotaUpdate,
  default: (o) => {
    for (const amounts of [o.spec?.hard, o.status?.hard, o.status?.used]) roundUpAmounts(amounts)
  },
  prepareForCreate: (o) => {
    o.spec ??= {}
    startStatus(o)
  },
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ validate: validateQuotaStatus }) },
})
