import type { V1ReplicaSet } from '@kapell/openapi/types'
import { dropDisabledOfTemplate } from '../core/pods/prepare.ts'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, containerColumns, formatLabelSelector, labelSelectorText, nameColumn } from '../common/columns.ts'
import { namedTemplateWarnings } from '../common/template-warnings.ts'
import { unchangedSelector } from '../common/validation.ts'
import { defaultPodTemplate } from '../core/pods/defaults.ts'
import { replicaCounts, validateCounts } from '../common/status-counts.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

import { validateReplicaSet } from './replicaset-rules.ts'

export const replicaSets = defineResource<V1ReplicaSet>({
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  namespaced: true,
  storagePrefix: 'replicasets',
  hasGeneration: true,
  columns: [
    nameColumn,
    column('Desired', 'integer', (o) => o.spec?.replicas ?? 0),
    column('Current', 'integer', (o) => o.status?.replicas ?? 0),
    column('Ready', 'integer', (o) => o.status?.readyReplicas ?? 0),
    ageColumn,
    ...containerColumns<V1ReplicaSet>((o) => o.spec?.template?.spec),
    column('Selector', 'string', (o) => formatLabelSelector(o.spec?.selector), { priority: 1 }),
  ],
  default: (o) => {
    if (o.spec === undefined) return
    o.spec.replicas ??= 1
    defaultPodTemplate(o.spec.template)
  },
  prepareForCreate: (o) => {
    dropDisabledOfTemplate(o.spec?.template)
    startStatus(o, { replicas: 0 })
  },
  validate: validateReplicaSet,
  validateUpdate: (next, previous, at) =>
    unchangedSelector(at.child('spec', 'selector'), next.spec?.selector, previous.spec?.selector),
  warnings: namedTemplateWarnings,
  prepareForUpdate: (next, previous) => {
    dropDisabledOfTemplate(next.spec?.template)
    keepStatus(next, previous)
  },
  subresources: {
    status: statusView({ validate: validateCounts(replicaCounts) }),
    scale: {
      type: 'scale',
      getSpecReplicas: (o) => o.spec?.replicas ?? 0,
      setSpecReplicas: (o, replicas) => {
        if (o.spec !== undefined) o.spec.replicas = replicas
      },
      statusReplicas: (o) => o.status?.replicas ?? 0,
      selector: (o) => labelSelectorText(o.spec?.selector),
    },
  },
})
