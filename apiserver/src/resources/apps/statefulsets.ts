import type { V1StatefulSet } from '@kapell/openapi/types'
import { dns1123Label, maskTrailingDash } from '@kapell/openapi/meta/names'
import { dropDisabledOfTemplate } from '../core/pods/prepare.ts'
import { column, defineResource } from '../../registry/definition.ts'
import { ageColumn, containerColumns, labelSelectorText, nameColumn } from '../common/columns.ts'
import { validateCounts } from '../common/status-counts.ts'
import { keepStatus, startStatus, statusView } from '../common/status.ts'

import {
  defaultStatefulSet,
  dropMaxUnavailable,
  statefulSetWarnings,
  validateNewStatefulSet,
  validateStatefulSet,
  validateStatefulSetUpdate,
} from './statefulset-rules.ts'

export const statefulSets = defineResource<V1StatefulSet>({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  namespaced: true,
  storagePrefix: 'statefulsets',
  hasGeneration: true,
  columns: [
    nameColumn,
    column('Ready', 'string', (o) => `${o.status?.readyReplicas ?? 0}/${o.spec?.replicas ?? 0}`),
    ageColumn,
    ...containerColumns<V1StatefulSet>((o) => o.spec?.template.spec),
  ],
  default: defaultStatefulSet,
  validateName: (name, prefix) => dns1123Label(prefix ? maskTrailingDash(name) : name),
  prepareForCreate: (o) => {
    dropMaxUnavailable(o)
    dropDisabledOfTemplate(o.spec?.template)
    startStatus(o, { replicas: 0, availableReplicas: 0 })
  },
  prepareForUpdate: (next, previous) => {
    dropMaxUnavailable(next)
    dropDisabledOfTemplate(next.spec?.template)
    keepStatus(next, previous)
  },
  validate: validateStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  validateCreate: validateNewStatefulSet,
  warnings: statefulSetWarnings,
  subresources: {
    status: statusView({
      validate: validateCounts({
        fields: [
          'replicas',
          'readyReplicas',
          'currentReplicas',
          'updatedReplicas',
          'availableReplicas',
          'observedGeneration',
          'collisionCount',
        ],
        parts: [
          ['readyReplicas', 'replicas', 'status.replicas'],
          ['currentReplicas', 'replicas', 'status.replicas'],
          ['updatedReplicas', 'replicas', 'status.replicas'],
          ['availableReplicas', 'replicas', 'status.replicas'],
          ['availableReplicas', 'readyReplicas', 'status.readyReplicas'],
        ],
        growing: ['collisionCount'],
      }),
    }),
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
