import type { V1Service } from '@kapell/openapi/types'
import { defineResource } from '../../../registry/definition.ts'
import { keepStatus, startStatus, statusView } from '../../common/status.ts'
import { serviceColumns } from './columns.ts'

export const services = defineResource<V1Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  namespaced: true,
  storagePrefix: 'services/specs',
  hasGeneration: false,
  columns: serviceColumns,
  selectableFields: {
    'spec.clusterIP': (o) => o.spec?.clusterIP ?? '',
    'spec.type': (o) => o.spec?.type ?? '',
  },
  prepareForCreate: (o) => startStatus(o, { loadBalancer: {} }),
  prepareForUpdate: keepStatus,
  subresources: {
    status: statusView(),
    proxy: {
      type: 'connect',
      kind: 'ServiceProxyOptions',
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      handler: 'service-proxy',
    },
  },
})
