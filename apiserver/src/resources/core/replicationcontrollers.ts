import type { V1ReplicationController } from '@kapell/openapi/types'
import { dns1123Subdomain } from '@kapell/openapi/meta/names'
import { dropDisabledOfTemplate } from './pods/prepare.ts'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, containerColumns, formatLabels, nameColumn } from '../common/columns.ts'
import { namedTemplateWarnings } from '../common/template-warnings.ts'
import { replicaCounts, validateCounts } from '../common/status-counts.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

import { defaultController, validateController } from './replicationcontroller-rules.ts'

export const replicationControllers = defineResource<V1ReplicationController>({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  namespaced: true,
  storagePrefix: 'controllers',
  hasGeneration: true,
  // The beginning of a generated name is looked at with its end only.
  validateName: (name, prefix) => (prefix ? [] : dns1123Subdomain(name)),
  columns: [
    nameColumn,
    column('Desired', 'integer', (o) => o.spec?.replicas ?? 0),
    column('Current', 'integer', (o) => o.status?.replicas ?? 0),
    column('Ready', 'integer', (o) => o.status?.readyReplicas ?? 0),
    ageColumn,
    ...containerColumns<V1ReplicationController>((o) => o.spec?.template?.spec),
    column('Selector', 'string', (o) => formatLabels(o.spec?.selector), { priority: 1 }),
  ],
  selectableFields: { 'status.replicas': (o) => String(o.status?.replicas ?? 0) },
  default: defaultController,
  validate: validateController,
  warnings: namedTemplateWarnings,
  prepareForCreate: (o) => {
    dropDisabledOfTemplate(o.spec?.template)
    startStatus(o, { replicas: 0 })
  },
  prepareForUpdate: (next, previous) => {
    dropDisabledOfTemplate(next.spec?.template)
    keepStatus(next, previous)
  },
  deletion: { orphanByDefault: true },
  subresources: {
    status: statusView({ validate: validateCounts(replicaCounts) }),
    scale: {
      type: 'scale',
      getSpecReplicas: (o) => o.spec?.replicas ?? 0,
      setSpecReplicas: (o, replicas) => {
        ;(o.spec ??= {}).replicas = replicas
      },
      statusReplicas: (o) => o.status?.replicas ?? 0,
      selector: (o) => (o.spec?.selector === undefined ? '' : formatLabels(o.spec.selector)),
    },
  },
})
