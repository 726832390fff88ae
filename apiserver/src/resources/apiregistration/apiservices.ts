import type { V1APIService } from '@kapell/openapi/types'
import { pathSegmentName } from '@kapell/openapi/meta/names'
import { rfc3339 } from '@kapell/openapi/meta/time'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, nameColumn } from '../common/columns.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

function serviceCell(o: V1APIService): string {
  const service = o.spec?.service
  return service === undefined ? 'Local' : `${service.namespace ?? ''}/${service.name ?? ''}`
}

function availableCell(o: V1APIService): string {
  const condition = (o.status?.conditions ?? []).find((c) => c.type === 'Available')
  if (condition === undefined) return 'Unknown'
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason ?? ''})`
}

export const apiServices = defineResource<V1APIService>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  categories: ['api-extensions'],
  namespaced: false,
  storagePrefix: 'apiregistration.k8s.io/apiservices',
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  columns: [
    nameColumn,
    column('Service', 'string', serviceCell),
    column('Available', 'string', availableCell),
    ageColumn,
  ],
  default: (o) => {
    if (o.spec?.service !== undefined) o.spec.service.port ??= 443
  },
  validateName: (name) => pathSegmentName(name),
  prepareForCreate: (o, { now }) => {
    startStatus(o)
    if (o.spec?.service !== undefined) return
    // What this server answers for itself is always there.
    o.status = {
      conditions: [
        {
          type: 'Available',
          status: 'True',
          lastTransitionTime: rfc3339(now),
          reason: 'Local',
          message: 'Local APIServices are always available',
        },
      ],
    }
  },
  prepareForUpdate: keepStatus,
  subresources: { status: statusView({ keep: ['labels', 'annotations', 'finalizers', 'ownerReferences'] }) },
})
