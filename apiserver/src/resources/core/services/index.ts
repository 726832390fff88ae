import type { V1Service } from '@kapell/openapi/types'
import { dns1123Label, maskTrailingDash } from '@kapell/openapi/meta/names'
import { defineResource } from '../../../registry/definition.ts'
import { statusView } from '../../common/status.ts'
import { allocateService, releaseService } from './allocate.ts'
import { serviceColumns } from './columns.ts'
import { defaultService } from './defaults.ts'
import { prepareService, prepareServiceUpdate } from './prepare.ts'
import { validateServiceStatus } from './status-rules.ts'
import { validateService, validateServiceUpdate } from './validation.ts'
import { serviceWarnings } from './warnings.ts'

export const services = defineResource<V1Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  allowCreateOnUpdate: true,
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
  validateName: (name, prefix) => dns1123Label(prefix ? maskTrailingDash(name) : name),
  default: defaultService,
  prepareForCreate: prepareService,
  prepareForUpdate: prepareServiceUpdate,
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  warnings: serviceWarnings,
  allocate: allocateService,
  release: releaseService,
  subresources: {
    status: statusView({ validate: validateServiceStatus }),
    proxy: {
      type: 'connect',
      kind: 'ServiceProxyOptions',
      methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
      verbs: ['create', 'delete', 'get', 'patch', 'update'],
      handler: 'service-proxy',
    },
  },
})
