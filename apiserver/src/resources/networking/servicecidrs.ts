import type { V1ServiceCIDR } from '@kapell/openapi/types'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { validateServiceCidr, validateServiceCidrUpdate } from './servicecidr-rules.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

export const serviceCidrs = defineResource<V1ServiceCIDR>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
  storagePrefix: 'servicecidrs',
  hasGeneration: false,
  columns: [nameColumn, column('CIDRs', 'string', (o) => (o.spec?.cidrs ?? []).join(',')), ageColumn],
  validateCreate: validateServiceCidr,
  validateUpdate: validateServiceCidrUpdate,
  prepareForCreate: (o) => startStatus(o),
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: 'all' }) },
})
